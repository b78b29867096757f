"""The desks of the console's pages, over a gateway."""

from ticketgate.operations.quarantine_desk import QuarantineDesk
from ticketgate.operations.triage_desk import TriageDesk
from ticketgate.wiring.gateway import Gateway


def lane_desks(gateway: Gateway) -> tuple[TriageDesk, QuarantineDesk]:
    """The triage lane and the quarantine of a gateway."""
    settings, policy = gateway.settings, gateway.policy
    parts = (gateway.store, gateway.clock, gateway.directory, gateway.desk.snapshot)
    return TriageDesk(*parts, settings.roles, policy), QuarantineDesk(
        *parts, settings.roles, policy
    )

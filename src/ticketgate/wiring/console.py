"""The desks of the console's pages, over a gateway."""

from ticketgate.operations.exception_desk import ExceptionDesk
from ticketgate.operations.quarantine_desk import QuarantineDesk
from ticketgate.operations.triage_desk import TriageDesk
from ticketgate.wiring.gateway import Gateway


def lane_desks(gateway: Gateway) -> tuple[TriageDesk, QuarantineDesk, ExceptionDesk]:
    """The triage lane, the quarantine and the exceptions of a gateway."""
    settings, policy = gateway.settings, gateway.in_force
    parts = (gateway.store, gateway.clock, gateway.directory, gateway.desk.snapshot)
    own = {name: source.own_users for name, source in gateway.sources.items()}
    rights = (settings.roles, policy, own)
    return (
        TriageDesk(*parts, *rights),
        QuarantineDesk(*parts, *rights, gateway.sources),
        ExceptionDesk(*parts, *rights, gateway.sources),
    )

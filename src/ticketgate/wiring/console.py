"""The desks of the console's pages, over a gateway."""

from ticketgate.operations.triage_desk import TriageDesk
from ticketgate.wiring.gateway import Gateway


def triage_desk(gateway: Gateway) -> TriageDesk:
    """The triage lane of a gateway."""
    return TriageDesk(
        store=gateway.store,
        clock=gateway.clock,
        directory=gateway.directory,
        snapshot=gateway.desk.snapshot,
        roles=gateway.settings.roles,
        policy=gateway.policy,
    )

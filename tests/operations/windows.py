"""Tickets with windows, for tests of access that is approved for later."""

from datetime import timedelta
from typing import Final

from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket

from ticketgate.domain.instants import to_text
from ticketgate.domain.tickets.ticket import Ticket

HOUR: Final = timedelta(hours=1)
TEN_HOURS: Final = 10 * 3600


def in_hours(gate: Gate, hours: float) -> str:
    """So many hours from now."""
    return to_text(gate.clock.at + hours * HOUR)


def scheduled(gate: Gate, start: float = 10, end: float | None = 11) -> Ticket:
    """A ticket of Alice's whose window begins in `start` hours."""
    ends = "" if end is None else in_hours(gate, end)
    return access_ticket(window_start=in_hours(gate, start), window_end=ends)


def plan(gate: Gate) -> Gate:
    """Alice has asked for access from in ten hours on, for an hour; Bob and Carol approved it."""
    gate.deliver(scheduled(gate))
    gate.approve("bob", "carol")
    return gate

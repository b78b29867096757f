"""Access that is approved for later: it waits, is looked at again, begins, and ends."""

from datetime import timedelta

import pytest
from tests.operations.kit import Gate, only
from tests.operations.tickets import access_ticket

from ticketgate.domain.instants import to_text

HOUR = timedelta(hours=1)


def in_hours(gate: Gate, hours: float) -> str:
    return to_text(gate.clock.at + hours * HOUR)


@pytest.fixture
def planned(gate: Gate) -> Gate:
    """Alice has asked for access from in ten hours on, for an hour; Bob and Carol approved it."""
    gate.deliver(access_ticket(window_start=in_hours(gate, 10), window_end=in_hours(gate, 11)))
    gate.approve("bob", "carol")
    return gate


def test_what_is_approved_for_later_waits_begins_and_ends(planned: Gate) -> None:
    start = planned.clock.at + 10 * HOUR
    planned.settle()
    assert planned.grant_states() == ["planned"]
    planned.tick(10 * 3600 - 1)
    assert planned.grant_states() == ["planned"]
    assert planned.members() == set()
    planned.tick(1)
    assert planned.grant_states() == ["active"]
    grant = only(planned)
    assert (grant.since, grant.not_after) == (start, start + HOUR)
    planned.tick(3600)
    assert planned.grant_states() == ["revoked"]
    assert planned.members() == set()

"""A revision that comes behind a newer one takes away what it would have in order; nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.operations.kit import Gate, approve, log_of, only
from tests.operations.rebuilt import compared
from tests.operations.test_extend_grant import extend, extendable
from tests.operations.test_tell_outcome import last
from tests.operations.tickets import SOURCE, access_ticket, account, edited

from ticketgate.connector_api import Missing, Ticket
from ticketgate.domain.requests.velocity import Rate, Velocity
from ticketgate.operations.requests.velocity import set_limits
from ticketgate.ports import Transaction

FIRST = access_ticket()
PASSED_ON = edited(FIRST, requested_for=account("bob"))
PASSED_BACK = edited(PASSED_ON, requested_for=account("alice"))


@pytest.fixture
def checked(gate: Gate) -> Iterator[Gate]:
    """Whatever happens, the log verifies, and its replay makes the same tables."""
    yield gate
    assert not gate.verified().failing
    assert compared(gate) == []


@pytest.fixture
def late(checked: Gate) -> Gate:
    """Alice has access since revision 1; revision 3 has come, and revision 2 has not yet."""
    approve(checked)
    checked.settle()
    assert checked.deliver(PASSED_BACK) == "identity"
    checked.settle()
    assert checked.members() == {"alice"}
    return checked


def row(gate: Gate) -> object:
    with gate.db() as looking:
        return looking.tickets.find(FIRST.key)


def test_it_ends_the_access_and_leaves_the_ticket_and_its_requests_as_they_are(late: Gate) -> None:
    before, asked = row(late), late.requests()
    assert late.deliver(PASSED_ON) == "stale"
    late.settle()
    assert log_of(late)[-2:] == [("revoking", "late_revision"), ("revoked", "late_revision")]
    assert late.members() == set()
    assert (row(late), late.requests()) == (before, asked)


def test_who_had_it_is_told_why_in_words(late: Gate) -> None:
    late.deliver(PASSED_ON)
    assert "was for somebody else, or asked something else, for a while" in last(late).text


@pytest.mark.parametrize(
    "what",
    [
        edited(FIRST, short_description="any news?"),
        replace(edited(FIRST), variables={"role": Missing.ABSENT, "duration": ""}),
        edited(FIRST, requested_for=Missing.ABSENT),
    ],
)
def test_one_that_asks_the_same_or_does_not_tell_ends_nothing(late: Gate, what: Ticket) -> None:
    assert late.deliver(what) == "stale"
    late.settle()
    assert late.members() == {"alice"}


def test_access_that_was_approved_on_a_newer_revision_stays(checked: Gate) -> None:
    checked.deliver(FIRST)
    checked.deliver(PASSED_BACK)
    checked.approve("bob", "carol")
    checked.settle()
    assert only(checked).ticket_version == PASSED_BACK.version
    assert checked.deliver(PASSED_ON) == "stale"
    checked.settle()
    assert checked.members() == {"alice"}


def test_so_does_access_that_was_extended_on_a_newer_revision(checked: Gate) -> None:
    checked.restart(extendable(checked.policy))
    approve(checked)
    checked.settle()
    checked.deliver(PASSED_BACK)
    extend(checked)
    checked.deliver(PASSED_ON)
    checked.settle()
    assert checked.members() == {"alice"}
    (record,) = checked.records("grant.extended")
    assert record["ticket_version"] == PASSED_BACK.version


def test_access_that_was_not_given_yet_is_cancelled(checked: Gate) -> None:
    approve(checked)
    checked.deliver(PASSED_BACK)
    checked.deliver(PASSED_ON)
    checked.settle()
    assert log_of(checked) == [("planned", "approved"), ("cancelled", "late_revision")]


def test_beyond_the_limit_of_its_source_it_waits_as_any_end_by_a_ticket(late: Gate) -> None:
    limits = {SOURCE: Velocity(closings=Rate(0, timedelta(minutes=10)))}
    late.write(partial(set_limits, limits=limits))
    late.deliver(PASSED_ON)
    assert late.grant_states() == ["active"]
    (record,) = late.records("revocation.held")
    assert record["cause"] == "late_revision"
    late.tick(900)
    assert late.members() == set()


def noted(gate: Gate, version: int | None) -> None:
    """The only grant, as if it had noted this."""

    def save(tx: Transaction, now: datetime) -> None:
        del now
        grant = only(gate)
        tx.grants.save(replace(grant, version=grant.version + 1, ticket_version=version))

    gate.write(save)


def test_a_grant_that_never_noted_its_revision_is_ended(late: Gate) -> None:
    noted(late, None)
    late.deliver(PASSED_ON)
    assert late.grant_states() == ["revoking"]
    noted(late, FIRST.version)  # as its log has it

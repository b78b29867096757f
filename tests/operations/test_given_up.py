"""Access that was given up is ours when it is given again, and goes at the end of that."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.operations.emergencies import faults_of
from tests.operations.fakes import GROUP, principal
from tests.operations.kit import Gate, approve, only
from tests.operations.rebuilt import compared
from tests.operations.test_abandon import Office, office, stuck

from ticketgate.domain.cases.exception_case import ExceptionCase
from ticketgate.domain.grants.grant import Grant
from ticketgate.operations.cases import exceptions
from ticketgate.operations.cases.exceptions import resolve_exception
from ticketgate.operations.grants.given_up import MAY_STAND
from ticketgate.ports import Transaction

__all__ = ["office", "stuck"]
LIFE = 7200


@pytest.fixture
def left(office: Office) -> Iterator[Gate]:
    """Alice's access was given up, and stands; the target answers again."""
    assert [office.say(one) for one in ("dan", "erin")] == ["", ""]
    office.gate.target.heal()
    assert office.gate.members() == {"alice"}
    yield office.gate
    assert faults_of(office.gate.records()) == (set(), set())


def given(gate: Gate, ticket: str) -> Grant:
    """Alice asks again, and has it."""
    approve(gate, ticket)
    gate.tick()
    grant = gate.grants()[-1]
    assert grant.state.value == "active"
    return grant


def owed(gate: Gate) -> list[ExceptionCase]:
    with gate.db() as looking:
        return looking.exceptions.open_of(MAY_STAND)


def seen_to(gate: Gate) -> None:
    """Erin looks at the target, and resolves the exception."""
    (case,) = owed(gate)
    by = partial(resolve_exception, ident=case.id, person="erin", reason="HR gave it to her")
    gate.write(by)


def test_what_stands_of_it_is_ours_and_goes_at_the_end_of_the_next_grant(left: Gate) -> None:
    (case,) = owed(left)
    assert given(left, "t2").baseline is False
    intent = left.records("grant.provisioning")[-1]
    assert (intent["before"], intent["baseline"], intent["plan"]) == ("present", False, "remove")
    assert owed(left) == [case]
    left.tick(LIFE)
    assert (left.grant_states(), left.members()) == (["abandoned", "revoked"], set())
    assert owed(left) == []
    (record,) = left.records("exception.resolved")
    assert (record["id"], record["cause"], record["person"]) == (case.id, "void", "")


def test_once_somebody_has_seen_to_it_what_stands_is_baseline(left: Gate) -> None:
    seen_to(left)
    assert given(left, "t2").baseline is True
    left.tick(LIFE)
    assert (left.grant_states(), left.members()) == (["abandoned", "revoked"], {"alice"})


def test_what_stood_before_and_was_given_up_stays_baseline(approved: Gate) -> None:
    approved.target.groups[GROUP].add(principal("alice"))
    approved.run_targets()
    assert only(approved).baseline is True
    for seconds in (LIFE, 61):  # nothing runs but housekeeping
        approved.clock.at += timedelta(seconds=seconds)
        approved.keeper.step()
    office = Office(approved)
    assert [office.say(one) for one in ("dan", "erin")] == ["", ""]
    assert given(approved, "t2").baseline is True
    approved.tick(LIFE)
    assert approved.members() == {"alice"}
    assert len(owed(approved)) == 1
    assert faults_of(approved.records()) == (set(), set())


def test_it_is_settled_only_once_nobody_holds_it_any_more(left: Gate) -> None:
    given(left, "t2")
    left.tick(60)
    given(left, "t3")
    left.tick(LIFE - 60)
    assert left.grant_states() == ["abandoned", "released_shared", "active"]
    assert (left.members(), len(owed(left))) == ({"alice"}, 1)
    left.tick(60)
    assert (left.members(), owed(left)) == (set(), [])


def test_what_is_given_up_twice_is_settled_once_for_both(left: Gate) -> None:
    given(left, "t2")
    left.target.down = True
    left.tick(LIFE)
    left.tick(61)
    ident = left.grants()[-1].id
    again = Office(left)
    view = again.desk.view(ident, "dan")
    shown = getattr(view, "shown", "")
    assert [again.say(one, shown=shown, ident=ident) for one in ("dan", "erin")] == ["", ""]
    left.target.heal()
    assert len(owed(left)) == 2
    assert given(left, "t3").baseline is False
    left.tick(LIFE)
    assert (left.members(), owed(left)) == (set(), [])


def test_of_another_account_of_hers_it_is_not_known_to_be_gone(left: Gate) -> None:
    def elsewhere(tx: Transaction, now: datetime) -> None:
        del now
        (grant,) = tx.grants.listed("abandoned", 9)
        tx.grants.save(replace(grant, version=grant.version + 1, principal="id-old"))

    left.write(elsewhere)
    assert given(left, "t2").baseline is False  # the log tells no accounts
    left.tick(LIFE)
    assert (left.members(), len(owed(left))) == (set(), 1)


def test_nothing_is_given_up_that_would_have_no_exception_of_its_own(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = office.view().shown
    monkeypatch.setattr(exceptions, "OPEN_MAX", 0)
    assert office.say("dan", shown=shown) == "given_up_full"
    assert office.gate.grant_states() == ["revoke_overdue"]
    monkeypatch.setattr(exceptions, "OPEN_MAX", 1)
    assert [office.say(one) for one in ("dan", "erin")] == ["", ""]


def test_both_verifiers_see_a_gateway_that_calls_it_baseline(left: Gate) -> None:
    given(left, "t2")
    records = left.records()
    last = max(at for at, one in enumerate(records) if one["type"] == "grant.provisioning")
    honest, records[last] = records[last], records[last] | {"baseline": True}
    assert faults_of(records) == ({last}, {last})
    for other in ({"subject": "act_x"}, {"entitlement": "x"}, {"target": "x"}):
        first, second = faults_of([*records[:last], honest | other | {"baseline": True}])
        assert first == second  # of something else; that it moved is a fault by itself
    assert compared(left) == []


def test_both_verifiers_let_it_be_baseline_once_it_is_seen_to(left: Gate) -> None:
    seen_to(left)
    given(left, "t2")
    records = left.records()
    assert faults_of(records) == (set(), set())
    (closed,) = [at for at, one in enumerate(records) if one["type"] == "exception.resolved"]
    begun = [at for at, one in enumerate(records) if one["type"] == "grant.provisioning"][-1]
    open_still = [*records[:closed], *records[closed + 1 :]]
    assert faults_of(open_still) == ({begun - 1}, {begun - 1})

"""Whoever had a hand in access does not judge the exceptions about it."""

from dataclasses import replace
from datetime import timedelta

from tests.operations import emergencies
from tests.operations.kit import Gate, folder, only
from tests.operations.lane import Lane
from tests.operations.test_abandon import Office, office, stuck
from tests.operations.test_signals import LOOK, report_approved, watch
from tests.operations.tickets import access_ticket, report_ticket

from ticketgate.domain.policy.signal_rules import QUIET
from ticketgate.operations.attending.attend import own_exception
from ticketgate.operations.attending.party import hands_of

__all__ = ["office", "stuck"]
PEOPLE = ("alice", "bob", "carol", "dan", "erin", "mallory")


def barred(gate: Gate) -> dict[str, str]:
    """Why these people may not judge the one exception that is open; who may is left out."""
    snapshot = gate.directory.read(gate.clock.now())
    with gate.db() as looking:
        (case,) = looking.exceptions.waiting(9)
        found = {one: own_exception(looking, case, one, snapshot) for one in PEOPLE}
    return {one: refusal.code for one, refusal in found.items() if refusal is not None}


def test_neither_who_gave_up_nor_who_approved_says_that_nothing_stands(office: Office) -> None:
    assert [office.say(one) for one in ("dan", "erin")] == ["", ""]
    hands = ("bob", "carol", "dan", "erin")
    assert barred(office.gate) == {"alice": "own_exception"} | dict.fromkeys(hands, "own_exception")
    lane = Lane(office.gate)
    assert lane.attend("resolve", "erin", view=lane.excepted("erin")) == "own_exception"
    assert office.gate.records("exception.resolved") == []


def test_who_gave_the_questioned_approval_does_not_judge_the_pattern(gate: Gate) -> None:
    watch(gate, replace(QUIET, shopping=timedelta(days=7)))
    gate.deliver(report_ticket("r1"))
    gate.run_mail()
    gate.decide("bob", "deny")
    report_approved(gate, "r2", "erin")
    gate.tick(LOOK)
    assert barred(gate) == {"alice": "own_exception", "erin": "own_exception"}


def test_who_invoked_or_reviewed_an_emergency_has_a_hand_in_it_and_its_access() -> None:
    with folder() as path:
        gate = Gate(path, emergencies.policy_with())
        try:
            made = emergencies.invoke(gate)
            gate.settle()
            with gate.db() as looking:
                about = [made.id, only(gate).id]
                assert [hands_of(looking, one) for one in about] == [{"bob"}, {"bob"}]
                assert hands_of(looking, "tkt_none") == frozenset()
        finally:
            gate.stop()


def test_who_asks_in_another_ticket_has_no_hand_in_it(active: Gate) -> None:
    active.deliver(access_ticket("t2"))
    with active.db() as looking:
        assert hands_of(looking, only(active).id) == {"alice", "bob", "carol"}

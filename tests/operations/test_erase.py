"""Erasing: what nothing holds back goes everywhere at once, and the log says so and stays whole."""

import json
from contextlib import closing
from datetime import timedelta
from typing import Any, Final

import pytest
from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket, closed, printer_incident, report_ticket

from ticketgate.adapters.sqlite import schema
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.log.erasure import Erasure, Retained
from ticketgate.domain.log.retention import Retention
from ticketgate.operations.desks.control import Control, told_erasure
from ticketgate.operations.evidence.erase import DIGESTS_PER_RECORD, Eraser, What
from ticketgate.operations.evidence.prune import Pruner
from ticketgate.operations.people.actors import disclosed_actor

ACTOR: Final = "os:0@host"
DAY: Final = timedelta(days=1)
KEEP: Final = Retention(decisions=30 * DAY)
ALICE: Final = What(person="alice")
BOB: Final = What(person="bob")


def erase(gate: Gate, what: What = ALICE, retention: Retention = KEEP) -> Erasure:
    return Eraser(gate.store, retention, gate.clock.now).erase(what, ACTOR, "she asked for it")


def ended(gate: Gate, ident: str = "t1") -> None:
    """Alice had access by a ticket that is closed; the grant is revoked and settled."""
    gate.deliver(access_ticket(ident))
    gate.approve("bob", "carol")
    gate.settle()
    gate.deliver(closed(access_ticket(ident)))
    gate.settle()
    assert set(gate.grant_states()) == {"revoked"}
    gate.clock.at += timedelta(minutes=3)


def held(gate: Gate, *words: str) -> dict[str, set[str]]:
    """Which of these words stand where in the database: word -> tables."""
    found: dict[str, set[str]] = {word: set() for word in words}
    with closing(schema.connect(gate.path, read_only=True)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        for name in names:
            for row in db.execute(f"SELECT * FROM {name}"):  # noqa: S608 -- a name of the schema
                text = repr(row)
                for word in words:
                    if word in text:
                        found[word].add(name)
    return found


def disclosed(gate: Gate) -> list[tuple[str, str, bool]]:
    """(kind, subject, given) of each disclosure, in order."""
    sql = "SELECT kind, subject, encoded IS NOT NULL FROM evidence_disclosure ORDER BY rowid"
    with closing(schema.connect(gate.path, read_only=True)) as db:
        return [(kind, subject, bool(given)) for kind, subject, given in db.execute(sql)]


# --- what goes -------------------------------------------------------------------------------


def test_all_of_a_person_goes_once_its_time_is_over(gate: Gate) -> None:
    ended(gate)
    with gate.db() as looking:
        actor = looking.people.actor("alice") or ""
    gate.clock.at += 31 * DAY
    assert all(held(gate, "alice", "billing migration").values())
    done = erase(gate)
    assert done.retained == ()
    assert done.erased.keys() == {"actor", "content", "decision", "ticket"}
    assert done.bodies == 2
    found = held(
        gate, "billing migration", "62826bf03710200044e0bfc8bcbe5df1", "RITM-t1", "id-alice"
    )
    assert not any(found.values()), found
    assert held(gate, "alice") == {"alice": set()}
    assert held(gate, actor)[actor] == {
        "access_grant", "evidence_disclosure", "evidence_entry", "evidence_naming", "letter",
        "request",
    }  # fmt: skip
    report = gate.verified()
    assert not report.failing
    assert report.tally.erased == sum(done.erased.values())


def test_it_is_recorded_by_whom_and_why(gate: Gate) -> None:
    ended(gate)
    done = erase(gate)
    (told,) = gate.records("disclosure.erased")
    assert (told["_seq"],) == done.records
    assert told["by"] == ACTOR
    assert len(told["digests"]) == sum(done.erased.values())
    assert ("operator", "", True) in disclosed(gate)
    assert "she asked" not in json.dumps(gate.records())


def test_more_digests_than_a_record_holds_go_in_several(gate: Gate) -> None:
    for number in range(3):
        ended(gate, f"t{number}")
    gate.clock.at += 31 * DAY
    for number in range(60):
        gate.deliver(printer_incident(f"p{number}"))
        gate.deliver(closed(printer_incident(f"p{number}")))
    done = erase(gate)
    sizes = [len(one["digests"]) for one in gate.records("disclosure.erased")]
    assert len(sizes) == len(done.records) == 1 + sum(done.erased.values()) // DIGESTS_PER_RECORD
    assert max(sizes) <= DIGESTS_PER_RECORD


def test_who_approved_is_put_out_of_every_table(gate: Gate) -> None:
    ended(gate)
    gate.clock.at += 31 * DAY
    assert erase(gate, BOB).retained == ()
    assert held(gate, "'bob'")["'bob'"] == set()
    with gate.db() as looking:
        (request,) = gate.requests()
        approvers = {one.approver for one in looking.requests.approvals(request.id)}
        assert {one[:4] for one in approvers} == {"act_", "caro"}
        assert looking.people.actor("bob") is None


def test_somebody_who_comes_back_gets_another_actor(gate: Gate) -> None:
    ended(gate)
    gate.clock.at += 31 * DAY
    erase(gate)
    gate.deliver(access_ticket("t2"))
    assert gate.states()[-1] == "awaiting"
    assert len({one["actor"] for one in gate.records("actor.minted")}) == len(
        gate.records("actor.minted")
    )


def test_a_ticket_that_was_erased_stays_over(gate: Gate) -> None:
    ended(gate)
    erase(gate)
    with gate.db() as looking:
        row = looking.tickets.find(access_ticket().key)
    assert row is not None
    assert (row.ticket.version, dict(row.ticket.fields), row.shapers) == (None, {}, ())
    for version in (1, 2, 3):
        assert gate.deliver(access_ticket(version=version)) == "terminal"
    assert gate.states() == ["approved"]


def test_one_record_is_erased_for_itself(gate: Gate) -> None:
    ended(gate)
    index = gate.records("decision.recorded")[0]["_seq"]
    done = erase(gate, What(record=index))
    assert done.erased == {"decision": 1}
    assert erase(gate, What(record=index)) == Erasure({}, 0, ())
    assert len(gate.records("disclosure.erased")) == 1


def test_an_older_revision_leaves_the_ticket_as_it_is(gate: Gate) -> None:
    ended(gate)
    older, newest = (one["_seq"] for one in gate.records("ticket.classified"))
    assert erase(gate, What(record=older)).bodies == 2
    with gate.db() as looking:
        row = looking.tickets.find(access_ticket().key)
        assert row is not None
        assert row.ticket.text("reason") == "billing migration"
    assert erase(gate, What(record=newest)).bodies == 0
    with gate.db() as looking:
        row = looking.tickets.find(access_ticket().key)
        assert row is not None
        assert dict(row.ticket.fields) == {}


def test_what_a_platform_claimed_goes_with_its_body(gate: Gate) -> None:
    gate.deliver(b'{"parent": "t1", "state": "approved"}')
    (claim,) = gate.records("ticket.approval_claimed")
    assert ("content", "bob", True) in disclosed(gate)
    done = erase(gate, What(record=claim["_seq"]))
    assert (done.erased, done.bodies) == ({"content": 4}, 1)
    gate.deliver(b'{"parent": "t2", "state": "approved"}')
    assert erase(gate, BOB).erased == {"content": 1}


def test_an_actor_who_was_told_twice_is_erased_twice(gate: Gate) -> None:
    ended(gate)
    gate.clock.at += 31 * DAY
    with gate.db() as looking:
        actor = looking.people.actor("alice") or ""
    again = gate.write(lambda tx, _now: tx.append(disclosed_actor("alice", actor)))
    first = next(one["_seq"] for one in gate.records("actor.minted") if one["actor"] == actor)
    assert erase(gate, What(record=first)).erased == {"actor": 1}
    assert erase(gate, What(record=again.index)).erased == {"actor": 1}


def test_an_operators_words_go_too(gate: Gate) -> None:
    ended(gate)
    erase(gate)
    (told,) = gate.records("disclosure.erased")
    assert erase(gate, What(record=told["_seq"])).erased == {"operator": 1}


# --- what stays ------------------------------------------------------------------------------


def codes(done: Erasure) -> set[tuple[str, str, str]]:
    return {
        (one.code, one.kind, "" if one.until is None else f"{one.until:%m-%d}")
        for one in done.retained
    }


def test_who_asked_and_who_approved_stay_until_the_decisions_time_is_over(gate: Gate) -> None:
    ended(gate)
    closed_on = gate.requests()[0].closed_at
    assert closed_on is not None
    for what in (ALICE, BOB):
        assert codes(erase(gate, what)) == {
            ("retained_until", "actor", f"{closed_on + 30 * DAY:%m-%d}")
        }
    gate.clock.at += 30 * DAY
    for what in (ALICE, BOB):
        assert erase(gate, what).erased == {"actor": 1}


def test_without_a_set_time_they_stay_for_good(gate: Gate) -> None:
    ended(gate)
    gate.clock.at += 10_000 * DAY
    assert codes(erase(gate, retention=Retention())) == {("retained_until", "actor", "")}


@pytest.mark.parametrize("state", ["awaiting", "active", "open", "just ended"])
def test_nothing_of_what_is_live_goes(gate: Gate, state: str) -> None:
    gate.deliver(access_ticket())
    if state != "awaiting":
        gate.approve("bob", "carol")
        gate.settle()
    if state == "open":
        gate.tick(5 * 3600)
        assert gate.grant_states() == ["revoked"]
    if state == "just ended":
        gate.deliver(closed(access_ticket()))
        gate.settle()
    done = erase(gate)
    assert done.erased == {}
    assert {one.code for one in done.retained} == {"retained_until"}
    assert gate.records("disclosure.erased") == []
    assert done.bodies == 0


def test_a_denied_request_on_a_closed_ticket_is_not_live(gate: Gate) -> None:
    gate.deliver(report_ticket())
    gate.run_mail()
    gate.decide("erin", "deny")
    gate.deliver(closed(report_ticket()))
    assert {one.kind for one in erase(gate).retained} == {"actor"}


def test_a_delivery_that_waits_keeps_its_body(gate: Gate) -> None:
    ended(gate)
    gate.receive(access_ticket(version=9), hint="t1")
    assert erase(gate).bodies == 2
    assert gate.work() == 1


def test_an_editor_is_kept_like_who_asked(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.deliver(access_ticket(version=2, by="alice", updated_by="mallory", reason="other"))
    done = erase(gate, What(person="mallory"))
    assert done.erased == {}
    gate.deliver(closed(access_ticket(version=2)))
    done = erase(gate, What(person="mallory"))
    assert {one.kind for one in done.retained} == {"actor"}
    assert "ticket" in done.erased


def test_somebody_who_did_nothing_has_nothing_to_erase(gate: Gate) -> None:
    assert erase(gate, What(person="nobody")) == Erasure({}, 0, ())


def test_a_preview_says_the_same_and_changes_nothing(gate: Gate) -> None:
    ended(gate)
    size = gate.evidence_size()
    seen = Eraser(gate.store, KEEP, gate.clock.now).preview(ALICE)
    assert gate.evidence_size() == size
    done = erase(gate)
    assert (seen.erased, seen.retained) == (done.erased, done.retained)


# --- by command ------------------------------------------------------------------------------


def control(gate: Gate) -> Control:
    now = gate.clock.now
    return Control(gate.store, Eraser(gate.store, KEEP, now), Pruner(gate.store, KEEP, now))


def test_the_command_line_asks_for_it(gate: Gate) -> None:
    ended(gate)
    asked = {"do": "erase", "person": "alice", "reason": " she left "}
    told = control(gate).carry_out(ACTOR, asked)
    assert told["erased"]["content"] > 0
    (kept,) = told["retained"]
    assert kept["code"] == "retained_until"
    assert kept["until"].startswith("2026-12-22")
    assert kept["about"].startswith("actor act_")
    assert told["records"] == [gate.records("disclosure.erased")[0]["_seq"]]
    nothing = control(gate).carry_out(ACTOR, {"do": "erase", "record": 0, "reason": "x"})
    assert (nothing["erased"], nothing["retained"]) == ({}, [])
    told = control(gate).carry_out(ACTOR, {"do": "prune", "before": 5, "reason": "x"})
    assert told == {"first": 0, "boundary": 0, "held": "size"}
    told = control(gate).carry_out(ACTOR, {"do": "prune", "older_than": 36_525, "reason": "x"})
    assert told == {"first": 0, "boundary": 0, "held": "size"}
    assert control(gate).carry_out(ACTOR, {"do": "pruning"}) == {"pending": False}
    told = control(gate).carry_out(ACTOR, {"do": "revoke", "person": "x", "reason": "x"})
    assert told == {"revoked": []}
    live = told_erasure(Erasure({}, 0, (Retained("retained_until", "ticket", ("", ""), 1, None),)))
    assert live["retained"][0]["until"] is None


@pytest.mark.parametrize(
    "asked",
    [
        {"do": "erase", "person": "alice"},
        {"do": "erase", "reason": " ", "person": "alice"},
        {"do": "erase", "reason": "x"},
        {"do": "erase", "reason": "x", "person": "alice", "record": 1},
        {"do": "erase", "reason": "x", "record": -1},
        {"do": "erase", "reason": "x", "record": "1"},
        {"do": "prune", "reason": "x"},
        {"do": "prune", "reason": "x", "before": 1, "older_than": 1},
        {"do": "prune", "reason": "x", "before": -1},
        {"do": "prune", "reason": "x", "older_than": -1},
        {"do": "prune", "reason": "", "before": 1},
        {"do": "prune", "reason": "x", "before": True},
        {"do": "prune", "reason": "x", "before": 2**53},
        {"do": "prune", "reason": "x", "older_than": False},
        {"do": "prune", "reason": "x", "older_than": 1.5},
        {"do": "prune", "reason": "x", "older_than": 36_526},
        {"do": "prune", "reason": "x", "older_than": 10**18},
        {"do": "erase", "reason": "x", "record": True},
        {"do": "erase", "reason": "x", "record": 2**64},
        {"do": "nothing", "reason": "x"},
    ],
    ids=repr,
)
def test_anything_else_is_refused(gate: Gate, asked: dict[str, Any]) -> None:
    size = gate.evidence_size()
    with pytest.raises(TicketgateError) as refused:
        control(gate).carry_out(ACTOR, asked)
    assert refused.value.code == "usage"
    assert gate.evidence_size() == size


def test_rows_of_an_export_are_taken_in_through_the_same_door(gate: Gate) -> None:
    asked = {"do": "surface", "source": "snow-prod", "rows": []}
    assert control(gate).carry_out("os:0@host", asked) == {"added": 0}

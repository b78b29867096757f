"""Quarantine: a named person has a parked delivery worked off again, or dismisses it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.domain.planted import PLANTED
from tests.operations.kit import WHY, Gate, code_of
from tests.operations.lane import Lane, doubtful
from tests.operations.tickets import (
    ACCOUNTS,
    access_ticket,
    account,
    body_of,
    closed,
    edited,
    printer_incident,
)

from ticketgate.connector_api import Missing, Ticket
from ticketgate.domain.errors import Refusal, StoreUnavailableError

UNREADABLE = b"[1]"


@pytest.fixture
def lane(gate: Gate) -> Lane:
    return Lane(gate)


def without_source(gate: Gate, webhook: str = "msg-lost:t1", **changes: int | None) -> None:
    """A delivery that comes while its source is not configured."""
    whole = gate.deliveries
    gate.deliveries = replace(whole, sources={})
    gate.receive(access_ticket(**changes), webhook, hint="t1")  # type: ignore[arg-type]
    gate.work()
    gate.deliveries = whole


def test_what_is_released_is_worked_off_as_it_is(gate: Gate, lane: Lane) -> None:
    without_source(gate)
    view = lane.parked()
    assert (view.reason, view.ticket, view.numbers, view.whole) == ("no_source", "t1", (), True)
    assert lane.judge("release") == ""
    assert gate.states() == []
    gate.work()
    assert gate.states() == ["awaiting"]
    assert lane.moves() == [
        ("", "accepted", "received"),
        ("accepted", "quarantined", "no_source"),
        ("quarantined", "released", "released"),
        ("released", "processed", "identity"),
    ]
    assert lane.quarantine.listed("bob") == ()


def test_what_is_unreadable_still_comes_back_with_its_reason_now(gate: Gate, lane: Lane) -> None:
    gate.receive(UNREADABLE, quarantine="no_table")
    first = lane.parked()
    assert lane.judge("release") == ""
    gate.work()
    assert lane.parked().reason == "not_a_record"
    assert lane.moves()[-1] == ("released", "quarantined", "not_a_record")
    assert lane.judge("release", view=first) == "shown_changed"


def test_a_dismissed_one_never_counts_and_blocks_nothing(gate: Gate, lane: Lane) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    gate.deliver(UNREADABLE)
    assert lane.parked().blocks == (("RITM-t1", "prod-db-admin"),)
    assert code_of(gate.decide("bob")) == "ticket_backlog"
    assert lane.judge("dismiss") == ""
    assert code_of(gate.decide("bob")) == ""
    assert gate.work() == 0
    record = gate.records("delivery.dismissed")[0]
    assert record["reason"] == "not_a_record"
    assert len(record["sd"]) == 1
    assert WHY not in str(gate.records())


def test_a_released_one_blocks_until_it_is_worked_off(gate: Gate, lane: Lane) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    gate.deliver(UNREADABLE)
    assert lane.judge("release") == ""
    assert code_of(gate.decide("bob")) == "ticket_backlog"
    gate.work()
    assert code_of(gate.decide("bob")) == "ticket_backlog"
    assert lane.judge("dismiss") == ""
    assert code_of(gate.decide("bob")) == ""


def test_a_release_behind_what_was_worked_off_since_moves_nothing_back(
    gate: Gate, lane: Lane
) -> None:
    without_source(gate, version=1)
    gate.deliver(edited(access_ticket(), reason="a newer reason"))
    assert lane.judge("release") == ""
    gate.work()
    assert lane.moves()[-1] == ("released", "processed", "stale")
    assert gate.requests()[0].reason == "a newer reason"


def test_without_a_version_only_the_platform_can_say(gate: Gate, lane: Lane) -> None:
    without_source(gate, version=None)
    gate.deliver(replace(access_ticket(version=None, reason="a newer reason")))
    assert lane.judge("release") == ""
    gate.work()
    assert lane.moves()[-1] == ("released", "quarantined", "needs_poll")
    assert gate.requests()[0].reason == "a newer reason"


def test_a_released_closing_closes(gate: Gate, lane: Lane) -> None:
    gate.deliver(access_ticket())
    whole = gate.deliveries
    gate.deliveries = replace(whole, sources={})
    gate.receive(closed(access_ticket()), hint="t1")
    gate.work()
    gate.deliveries = whole
    assert lane.parked().numbers == ("RITM-t1",)
    assert lane.judge("release", "carol") == ""
    gate.work()
    assert gate.states() == ["withdrawn"]


def test_what_blocks_comes_first_and_what_a_later_revision_cleared_last(
    gate: Gate, lane: Lane
) -> None:
    without_source(gate)
    gate.clock.at += timedelta(minutes=1)
    gate.deliver(edited(access_ticket()))
    gate.receive(b'{"a": 1}', "msg-x", quarantine="no_mapping")
    gate.receive(UNREADABLE, "msg-y", quarantine="no_table", source="other")
    gate.deliver(UNREADABLE)
    found = lane.quarantine.listed("bob")
    assert not isinstance(found, Refusal)
    assert [one.reason for one in found] == [
        "not_a_record",
        "no_source",
        "no_mapping",
        "no_table",
    ]
    assert [bool(one.blocks) for one in found] == [True, False, False, False]
    assert found[1].age_seconds == 60


def test_of_another_ticket_it_blocks_nothing_of_this(gate: Gate, lane: Lane) -> None:
    gate.deliver(access_ticket("t1"))
    gate.receive(UNREADABLE, "msg:t2", hint="t2", quarantine="no_table")
    assert lane.parked().blocks == ()


def test_a_body_that_is_gone_can_only_be_dismissed(gate: Gate, lane: Lane) -> None:
    gate.deliver(UNREADABLE)
    gate.write(lambda tx, now: tx.deliveries.drop_bodies(now + timedelta(days=1)))
    assert not lane.parked().whole
    assert lane.judge("release") == "body_dropped"
    assert lane.judge("dismiss") == ""


def test_the_body_of_a_released_one_is_kept_while_it_waits(gate: Gate, lane: Lane) -> None:
    without_source(gate)
    assert lane.judge("release") == ""
    gate.write(lambda tx, now: tx.deliveries.drop_bodies(now + timedelta(days=1)))
    gate.work()
    assert gate.states() == ["awaiting"]


def test_nobody_judges_a_delivery_of_their_own_ticket(gate: Gate, lane: Lane) -> None:
    gate.deliver(access_ticket())
    gate.receive(UNREADABLE, "msg:t1", hint="t1", quarantine="no_table")
    for who in ("alice", "alice-admin"):
        assert lane.parked(who).barred is not None
        assert lane.judge("dismiss", who) == "own_ticket"
    assert lane.parked("bob").barred is None
    assert lane.judge("dismiss", "bob") == ""


def test_who_has_access_by_a_source_judges_nothing_that_may_be_of_it(
    gate: Gate, lane: Lane
) -> None:
    gate.receive(UNREADABLE, "msg-0", quarantine="no_table")
    assert lane.parked("alice").barred is None  # nothing of hers lives there
    gate.deliver(access_ticket(), "same")
    assert lane.judge("dismiss", "alice") == "own_ticket"
    assert lane.judge("dismiss", "bob") == ""
    gate.approve("bob", "carol")
    gate.settle()
    gate.receive(closed(access_ticket()), "same")
    assert lane.parked("alice").reason == "id_conflict"
    for who in ("alice", "alice-admin"):
        assert lane.judge("dismiss", who) == "own_ticket"
    assert lane.judge("dismiss", "bob") == ""
    gate.receive(UNREADABLE, "msg-1", quarantine="no_table", source="other")
    assert lane.judge("dismiss", "alice") == ""


def test_an_id_that_told_a_ticket_of_theirs_before_bars_too(gate: Gate, lane: Lane) -> None:
    """Nobody can tell yet what it asks, so no request stands on it."""
    gate.deliver(doubtful(), "same")
    gate.receive(closed(doubtful()), "same")
    assert gate.requests() == []
    assert lane.judge("dismiss", "alice") == "own_ticket"
    assert lane.judge("dismiss", "bob") == ""


def test_whose_ticket_it_is_stands_in_the_body_as_well(gate: Gate, lane: Lane) -> None:
    """Nothing of Alice's lives at the source, and no id tells the ticket."""
    gate.receive(access_ticket(), quarantine="no_mapping")
    view = lane.parked("alice")
    assert (view.ticket, view.numbers) == ("t1", ())
    assert view.told is not None
    assert (view.told.number, view.told.opener, view.told.held) == ("RITM-t1", "Alice", None)
    for who in ("alice", "alice-admin"):
        barred = lane.parked(who).barred
        assert barred is not None
        assert barred.code == "own_ticket"
        for what in ("dismiss", "release"):
            assert lane.judge(what, who) == "own_ticket"
    assert lane.judge("dismiss", "bob") == ""


@pytest.mark.parametrize("how", ["writer", "beneficiary", "of a ticket that is known", "row"])
def test_so_does_whoever_wrote_or_gets_it(gate: Gate, lane: Lane, how: str) -> None:
    what: Ticket | bytes = access_ticket(by="erin", beneficiary="erin", updated_by="erin")
    gate.receive(what, quarantine="no_mapping")
    assert lane.parked("alice").barred is None, "the control"
    assert lane.judge("dismiss", "alice") == ""
    if how == "writer":
        what = access_ticket(by="erin", beneficiary="erin", updated_by=ACCOUNTS["alice"])
    elif how == "beneficiary":
        what = access_ticket(by="erin")
    else:
        gate.deliver(printer_incident("p1"))
        what = printer_incident("p1", version=None, opened_by=account("erin"))
        what = replace(what, updated_by="system")
    if how == "row":
        what = b'{"parent": "p1", "state": "approved"}'
    gate.receive(what, quarantine="no_mapping")
    assert lane.judge("dismiss", "alice") == "own_ticket"
    assert lane.judge("dismiss", "bob") == ""


def test_a_body_that_our_own_code_fails_on_tells_no_ticket(gate: Gate, lane: Lane) -> None:
    gate.deliver(b'{"boom": 1}')
    view = lane.parked("alice")
    assert (view.reason, view.ticket, view.told) == ("poison", "", None)
    assert lane.judge("dismiss", "alice") == ""


def test_what_differs_from_the_revision_that_is_held_is_shown_without_secrets(
    gate: Gate, lane: Lane
) -> None:
    token = PLANTED["github"][1]
    first = printer_incident("p1")
    gate.deliver(first)
    gate.deliver(replace(first, fields={**first.fields, "description": f"see {token}"}))
    view = lane.parked()
    assert view.told is not None
    assert (view.reason, view.told.held, view.told.version) == ("version_conflict", 1, 1)
    masked = "see ⟦secret: github token, 40 characters⟧"
    assert view.told.differences == (("description", "", masked),)
    assert token not in repr(view)
    gate.deliver(edited(first, priority="3"))
    assert lane.judge("dismiss", view=view) == "shown_changed"
    later = lane.parked().told
    assert later is not None
    assert later.held == 2
    assert [name for name, _, _ in later.differences] == ["description", "priority"]
    assert lane.judge("dismiss") == ""


@pytest.mark.parametrize(("part", "seen"), [("104", []), ("90", ["description"])])
def test_what_it_leaves_to_the_held_revision_is_no_difference(
    gate: Gate, lane: Lane, part: str, seen: list[str]
) -> None:
    first = replace(printer_incident("p1", description="no toner"), told_in={"description": "104"})
    gate.deliver(first)
    fields = {**first.fields, "description": Missing.ABSENT, "priority": "3"}
    gate.deliver(replace(first, fields=fields, told_in={"description": part}))
    told = lane.parked().told
    assert told is not None
    assert [name for name, _, _ in told.differences if name != "priority"] == seen


def test_the_raw_body_of_a_dismissed_one_goes(gate: Gate, lane: Lane) -> None:
    gate.receive(UNREADABLE, quarantine="no_table")
    with gate.db() as looking:
        (row,) = looking.deliveries.quarantined(1)
        assert looking.deliveries.body(row.seq) == UNREADABLE
    assert lane.judge("dismiss") == ""
    with gate.db() as looking:
        assert looking.deliveries.body(row.seq) is None


def on_disk(gate: Gate) -> bytes:
    """Every byte of the database's files, as they lie there."""
    files = [gate.path.with_name(gate.path.name + one) for one in ("", "-wal")]
    return b"".join(one.read_bytes() for one in files if one.exists())


def test_nor_does_it_stay_in_the_files(
    gate: Gate, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.receive(b'["the body of the one"]', quarantine="no_table")
    assert b"the body of the one" in on_disk(gate)
    assert lane.judge("dismiss") == ""
    assert b"the body of the one" not in on_disk(gate)
    gate.receive(b'["the body of the other"]', quarantine="no_table")
    with monkeypatch.context() as kept:
        kept.setattr(type(gate.store), "scrub", unavailable)
        assert lane.judge("dismiss") == ""
    assert b"the body of the other" in on_disk(gate), "the control"
    gate.tick(3000)  # a heartbeat
    assert b"the body of the other" not in on_disk(gate)


def unavailable(_store: object) -> bool:
    raise StoreUnavailableError("the file is away", next_step="wait")


def test_a_body_that_is_too_old_leaves_the_files_as_well(gate: Gate) -> None:
    gate.tick()
    gate.receive(b'["the body of the one"]', quarantine="no_table")
    gate.tick(31 * 86400)
    assert b"the body of the one" not in on_disk(gate)


@pytest.mark.parametrize(
    ("what", "person", "why", "code"),
    [
        ("dismiss", "erin", WHY, "not_triage"),
        ("dismiss", "svc-ticketgate", WHY, "not_human"),
        ("destroy", "bob", WHY, "what"),
        ("dismiss", "bob", "so", "justification"),
        ("release", "bob", "so", "justification"),
    ],
)
def test_what_is_refused_records_nothing(
    gate: Gate, lane: Lane, what: str, person: str, why: str, code: str
) -> None:
    gate.deliver(UNREADABLE)
    view = lane.parked()
    size = gate.evidence_size()
    assert lane.judge(what, person, why=why, view=view) == code
    assert gate.evidence_size() == size


def test_what_is_not_quarantined_is_not_found(gate: Gate, lane: Lane) -> None:
    gate.deliver(UNREADABLE)
    view = lane.parked()
    assert lane.judge("dismiss") == ""
    assert lane.judge("dismiss", view=view) == "not_found"
    found = lane.quarantine.view(view.id, "bob")
    assert isinstance(found, Refusal)
    assert found.code == "not_found"


def test_the_sender_may_mend_a_body_that_was_dismissed(gate: Gate, lane: Lane) -> None:
    gate.receive(UNREADABLE, "msg-1", quarantine="no_table")
    assert lane.judge("dismiss") == ""
    assert gate.receive(UNREADABLE, "msg-1").status == "duplicate"
    assert gate.receive(body_of(access_ticket()), "msg-1").status == "accepted"
    assert gate.receive(body_of(access_ticket(reason="else")), "msg-1").status == "quarantined"
    assert lane.judge("dismiss") == ""
    assert gate.receive(body_of(access_ticket(reason="more")), "msg-1").status == "quarantined"


def test_a_look_is_recorded_once_an_hour(gate: Gate, lane: Lane) -> None:
    gate.deliver(UNREADABLE)
    for _ in range(3):
        lane.parked()
    looks = [one["request"] for one in gate.records("view.recorded")]
    assert looks == ["quarantine", lane.parked().id]


def test_who_has_not_the_role_sees_nothing_and_without_a_directory_nobody_does(
    gate: Gate, lane: Lane
) -> None:
    gate.deliver(UNREADABLE)
    view = lane.parked()
    codes = []
    for person in ("erin", "bob"):
        gate.directory.unreadable = person == "bob"
        for found in (lane.quarantine.listed(person), lane.quarantine.view(view.id, person)):
            assert isinstance(found, Refusal)
            codes.append(found.code)
    assert codes == ["not_triage", "not_triage", "directory_unreadable", "directory_unreadable"]
    assert lane.judge("dismiss", view=view) == "directory_unreadable"
    gate.directory.unreadable = False

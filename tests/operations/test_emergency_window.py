"""The window of an emergency comes in parts, and the parts are all that was done in it."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from tests.operations.emergencies import HOUR, STEP_UP, desk_of, invoke, policy_with
from tests.operations.kit import Gate, folder
from tests.operations.tickets import access_ticket

from ticketgate.adapters.sqlite.evidence_tables import SqliteEvidence
from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Draft
from ticketgate.domain.instants import to_text
from ticketgate.operations.emergencies import emergency_window
from ticketgate.operations.emergencies.emergency_window import Window
from ticketgate.ports import Transaction


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as place:
        made = Gate(place, policy_with())
        try:
            yield made
        finally:
            made.stop()


def part(gate: Gate, ident: str, behind: int | None = None) -> Window:
    view = desk_of(gate).view(ident, gate.session("carol", STEP_UP), behind)
    assert not isinstance(view, Refusal), view
    assert view.window is not None
    return view.window


def parts(gate: Gate, ident: str) -> list[Window]:
    found = [part(gate, ident)]
    while found[-1].behind is not None:
        found.append(part(gate, ident, found[-1].behind))
    return found


def busy(gate: Gate) -> Emergency:
    """Alice is in an emergency and asks for more meanwhile, as others do."""
    begun = invoke(gate, "alice")
    gate.settle()
    for number in range(3):
        gate.deliver(access_ticket(f"t{number}"))
        gate.deliver(access_ticket(f"u{number}", requested_for="snow-bob"))
    gate.run_mail()
    gate.tick(HOUR)
    gate.settle()
    return begun


def everything(gate: Gate, begun: Emergency) -> list[int]:
    """Read from the whole log, without its index."""
    with gate.db() as looking:
        names = [begun.id, begun.grant, looking.people.actor("alice") or "nobody"]
        head = looking.evidence.head()
        assert head is not None
        until = to_text(begun.invoked_at + timedelta(hours=1, days=1))
        return [
            index
            for index, _, entry in looking.evidence.entries(begun.index, head.size)
            if any(f'"{one}"'.encode() in entry for one in names)
            and json.loads(entry)["_ts"] <= until
        ]


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_the_parts_are_everything_on_record_once_and_in_order(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    begun = busy(gate)
    gate.tick(2 * 24 * HOUR)
    gate.deliver(access_ticket("t9"))  # names her, behind the window
    monkeypatch.setattr(emergency_window, "SHOWN_MAX", size)
    found = parts(gate, begun.id)
    assert all(len(one.done) <= size for one in found)
    indexes = [done.index for one in found for done in one.done]
    assert indexes == everything(gate, begun)
    assert len(indexes) > 8


def test_where_just_as_much_is_there_as_is_shown_there_is_no_more(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = busy(gate)
    gate.tick(2 * 24 * HOUR)
    whole = part(gate, begun.id)
    assert whole.behind is None
    monkeypatch.setattr(emergency_window, "SHOWN_MAX", len(whole.done))
    assert part(gate, begun.id) == whole
    monkeypatch.setattr(emergency_window, "SHOWN_MAX", len(whole.done) - 1)
    assert part(gate, begun.id).behind == whole.done[-2].index


def test_every_part_has_what_was_said_at_the_invocation(gate: Gate) -> None:
    begun = busy(gate)
    last = part(gate, begun.id, 10**9)
    assert (last.done, last.behind) == ((), None)
    assert last.reason == part(gate, begun.id).reason != ""


def test_what_is_behind_an_earlier_record_begins_at_the_invocation(gate: Gate) -> None:
    begun = busy(gate)
    assert part(gate, begun.id, 0).done[0].index == begun.index


def others(tx: Transaction, now: datetime) -> None:
    for number in range(1000):
        tx.append(Draft("notification.sent", {"what": "grant", "about": f"grt_9{number:04}"}))


def test_what_others_do_does_not_have_to_be_read(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = busy(gate)
    part(gate, begun.id)  # that somebody looked is on record, once an hour
    read: list[int] = []
    entry = SqliteEvidence.entry

    def counted(self: SqliteEvidence, index: int) -> bytes | None:
        read.append(index)
        return entry(self, index)

    def none(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(SqliteEvidence, "entry", counted)
    monkeypatch.setattr(SqliteEvidence, "entries", none)
    shown = len(part(gate, begun.id).done)
    few = len(read)
    gate.write(others)
    read.clear()
    assert len(part(gate, begun.id).done) == shown
    assert len(read) <= few + 10  # to find the end of a log that is many times as long

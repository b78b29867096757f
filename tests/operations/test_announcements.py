"""Announcements: receivers are told of records, once each, whatever fails between."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.kit import ORIGIN, Gate
from tests.operations.tickets import access_ticket, closed
from typing_extensions import override

from ticketgate.connector_api import ConnectorError, Refused, Throttled, Unavailable
from ticketgate.domain.grants.command import CommandKind, CommandState
from ticketgate.domain.telling.announcement import EVENTS, Announcement
from ticketgate.operations.cases.exceptions import open_exception
from ticketgate.operations.telling import announce
from ticketgate.operations.telling.announce import (
    Announcer,
    announced,
    begin_announcing,
    not_announced,
)
from ticketgate.operations.workers.run_announcements import AnnouncementRunner
from ticketgate.ports import Operation, Receivers


@dataclass
class Heard(Receivers):
    """Receivers that keep what they are told; `faults` are met in order."""

    wanted: dict[str, frozenset[str]] = field(default_factory=dict)
    told: list[tuple[str, Announcement]] = field(default_factory=list)
    faults: list[ConnectorError] = field(default_factory=list)

    @property
    @override
    def events(self) -> Mapping[str, frozenset[str]]:
        return self.wanted

    @override
    def send(self, receiver: str, what: Announcement) -> str:
        if self.faults:
            raise self.faults.pop(0)
        self.told.append((receiver, what))
        return ""


class Telling:
    """A gate with receivers."""

    def __init__(self, gate: Gate, **wanted: tuple[str, ...]) -> None:
        self.gate = gate
        self.heard = Heard({name: frozenset(events) for name, events in wanted.items()})
        self.log: list[tuple[str, str]] = []
        self.restart()

    def restart(self) -> None:
        gate, heard = self.gate, self.heard
        gate.write(partial(begin_announcing, receivers=bool(heard.events)))
        self.announcer = Announcer(gate.store, heard.events)
        self.runner = AnnouncementRunner(gate.store, heard, ORIGIN, self._log)

    def _log(self, event: str, code: str) -> None:
        self.log.append((event, code))

    def tell(self) -> list[str]:
        """Read what is new and try what is due; the types that were told since."""
        before = len(self.heard.told)
        while self.announcer.step() == 0.0:
            pass
        for command in self.gate.due(CommandKind.ANNOUNCE):
            self.runner.run(command, self.gate.desk.snapshot())
        return [one.type for _, one in self.heard.told[before:]]

    def waiting(self) -> int:
        self.gate.clock.at += timedelta(days=30)
        return len(self.gate.due(CommandKind.ANNOUNCE))


def sent(gate: Gate, what: str = "announcement") -> list[dict[str, object]]:
    found = gate.records("notification.sent", "notification.failed")
    return [one for one in found if one["what"] == what]


def test_a_receiver_is_told_the_whole_story_in_order(gate: Gate) -> None:
    telling = Telling(gate, ops=EVENTS)
    gate.deliver(access_ticket())
    gate.approve("bob", "carol", seconds=3600)
    gate.settle()
    gate.deliver(closed(access_ticket()))
    gate.settle()
    assert telling.tell() == ["opened", "asked", "approved", "active", "ended"]
    (opened,) = gate.records("request.opened")
    first = telling.heard.told[0][1]
    assert (first.index, first.time, first.request) == (
        opened["_seq"],
        opened["_ts"],
        opened["id"],
    )
    assert (first.ticket, first.number) == (opened["ticket"], gate.requests()[0].ticket_number)
    assert len({one.id for _, one in telling.heard.told}) == 5
    assert [one["receiver"] for one in sent(gate)] == ["ops"] * 5
    assert telling.tell() == []


def test_each_is_told_what_it_listens_to_and_one_record_once(gate: Gate) -> None:
    telling = Telling(gate, both=("asked", "opened"), one=("asked",), other=("denied",))
    gate.deliver(access_ticket())
    telling.tell()
    assert sorted((name, one.type) for name, one in telling.heard.told) == [
        ("both", "opened"),
        ("one", "asked"),
    ]


def test_what_was_before_the_first_receiver_is_told_nobody(gate: Gate) -> None:
    gate.deliver(access_ticket())
    telling = Telling(gate, ops=EVENTS)
    assert telling.tell() == []
    gate.deliver(access_ticket("t2"))
    assert telling.tell() == ["opened"]


def test_what_happened_while_no_receiver_was_configured_is_told_nobody(gate: Gate) -> None:
    telling = Telling(gate, ops=EVENTS)
    telling.heard.wanted.clear()
    telling.restart()
    gate.deliver(access_ticket())
    assert telling.announcer.step() == announce.IDLE_SECONDS
    telling.heard.wanted["ops"] = frozenset(EVENTS)
    telling.restart()
    assert telling.tell() == []


def test_a_restart_between_goes_on_where_it_was_and_doubles_nothing(gate: Gate) -> None:
    telling = Telling(gate, ops=EVENTS)
    gate.deliver(access_ticket())
    telling.announcer.step()
    gate.restart()
    telling.restart()
    gate.deliver(access_ticket("t2"))
    assert telling.tell() == ["opened", "opened"]


def test_two_readers_of_the_same_records_queue_them_once(gate: Gate) -> None:
    telling = Telling(gate, ops=EVENTS)
    late = Announcer(gate.store, telling.heard.events)
    gate.deliver(access_ticket())
    with stopped_before_queueing(late) as go_on:
        telling.announcer.step()
        go_on()
    assert telling.tell() == ["opened"]


@contextmanager
def stopped_before_queueing(announcer: Announcer) -> Iterator[Callable[[], None]]:
    """`announcer` has read, and queues what it read when the test says so."""
    store = announcer._store
    held: list[Operation[None]] = []

    class Holding:
        reading = staticmethod(store.reading)

        @staticmethod
        def write(operation: Operation[None]) -> None:
            held.append(operation)

    announcer._store = Holding()  # type: ignore[assignment]
    announcer.step()
    announcer._store = store
    (operation,) = held
    yield partial(store.write, operation)


def test_a_long_stretch_of_no_news_is_read_in_parts_and_its_end_is_noted(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce, "READ_MAX", 2)
    monkeypatch.setattr(announce, "NOTE_EVERY", 4)
    telling = Telling(gate, ops=("emergency.invoked",))
    for number in range(3):
        gate.deliver(access_ticket(f"t{number}"))
    assert telling.announcer.step() == 0.0
    assert telling.tell() == []
    with gate.db() as looking:
        upto = looking.announcements.upto()
    assert upto is not None
    assert gate.evidence_size() - upto < 4


def test_what_may_still_go_is_tried_again_under_the_same_id(gate: Gate) -> None:
    telling = Telling(gate, ops=("opened",))
    telling.heard.faults = [Unavailable("away"), Throttled("busy", retry_after=100)]
    gate.deliver(access_ticket())
    assert telling.tell() == []
    gate.clock.at += timedelta(seconds=2)
    assert telling.tell() == []
    gate.clock.at += timedelta(seconds=99)
    assert telling.tell() == []
    gate.clock.at += timedelta(seconds=2)
    assert telling.tell() == ["opened"]
    assert [one["type"] for one in sent(gate)] == ["notification.sent"]
    assert [code for _, code in telling.log] == ["target_unavailable", "target_throttled"]


def test_what_a_receiver_refuses_is_an_exception_once(gate: Gate) -> None:
    telling = Telling(gate, ops=("opened", "exception.opened"))
    telling.heard.faults = [Refused("no"), Refused("no"), Refused("no")]
    gate.deliver(access_ticket())
    gate.deliver(access_ticket("t2"))
    telling.tell()
    telling.tell()
    assert telling.tell() == []
    assert [one["code"] for one in sent(gate)] == ["target_refused"] * 3
    (case,) = [one for one in gate.records("exception.opened") if one["code"] == "receiver_failed"]
    assert case["about"] == sent(gate)[0]["about"]


def test_a_receiver_that_is_away_for_a_day_is_given_up_and_the_rest_goes_on(gate: Gate) -> None:
    telling = Telling(gate, ops=("opened",))
    telling.heard.faults = [Unavailable("away"), Unavailable("away")]
    gate.deliver(access_ticket())
    telling.tell()
    gate.clock.at += timedelta(days=1)
    assert telling.tell() == []
    assert [one["type"] for one in sent(gate)] == ["notification.failed"]
    assert telling.waiting() == 0


def test_a_receiver_that_left_the_settings_is_told_nothing_more(gate: Gate) -> None:
    telling = Telling(gate, ops=("opened",))
    gate.deliver(access_ticket())
    telling.announcer.step()
    telling.heard.wanted.clear()
    telling.tell()
    assert telling.waiting() == 0
    assert sent(gate) == []


def test_of_a_record_that_retention_took_nothing_is_told(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    telling = Telling(gate, ops=("opened",))
    gate.deliver(access_ticket())
    telling.announcer.step()
    none = "ticketgate.adapters.sqlite.evidence_tables.SqliteEvidence.entries"
    monkeypatch.setattr(none, lambda *_: iter(()))
    for command in gate.due(CommandKind.ANNOUNCE):
        telling.runner.run(command, gate.desk.snapshot())
    assert telling.waiting() == 0
    assert sent(gate) == []


def test_a_record_about_no_request_is_told_without_one(gate: Gate) -> None:
    telling = Telling(gate, ops=("exception.opened",))
    opened = partial(open_exception, code="directory_down", subject="directory", about="")
    gate.write(opened)
    assert telling.tell() == ["exception.opened"]
    assert (telling.heard.told[0][1].request, telling.heard.told[0][1].ticket) == ("", "")


def test_what_was_settled_meanwhile_is_settled_once(gate: Gate) -> None:
    telling = Telling(gate, ops=("opened",))
    gate.deliver(access_ticket())
    telling.announcer.step()
    (command,) = gate.due(CommandKind.ANNOUNCE)
    done = partial(announced, ident=command.id, code="", retryable=False)
    gate.write(done)
    gate.write(done)
    telling.runner.run(command, gate.desk.snapshot())  # its row is gone
    assert len(sent(gate)) == 1
    gate.write(partial(announced, ident="cmd_none", code="", retryable=False))
    gate.write(partial(not_announced, ident="cmd_none"))
    with gate.db() as looking:
        found = looking.commands.get(command.id)
    assert found is not None
    assert found.state is CommandState.DONE

"""Pruning: old segments go one at a time, what is needed stays, and the rest of the log holds."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from tests.filled import beats
from tests.operations.fakes import MORNING
from tests.operations.kit import ORIGIN, Gate, folder
from tests.operations.rebuilt import compared
from tests.operations.tickets import access_ticket, closed, report_ticket
from tests.segments import SHORT, short_segments
from typing_extensions import override

from ticketgate.adapters.sqlite import schema
from ticketgate.adapters.sqlite.evidence_tables import SqliteEvidence
from ticketgate.domain.errors import EvidenceError, TicketgateError
from ticketgate.domain.evidence import parse_disclosure, parse_entry
from ticketgate.domain.log.merkle import root_of
from ticketgate.domain.log.retention import Retention
from ticketgate.domain.verifying.replay import Replay
from ticketgate.domain.verifying.snapshot import digest_of_snapshot, to_snapshot
from ticketgate.operations.evidence.prune import (
    IDLE_SECONDS,
    LOOK_EVERY,
    Prunable,
    Pruner,
    Wish,
    prunable,
    prune_segment,
)
from ticketgate.ports import Reading

DAY: Final = timedelta(days=1)
YEAR: Final = Retention(entries=365 * DAY, decisions=365 * DAY)
ASK: Final = Wish("os:0@host", "it is old enough", before=10**9)


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    """A segment takes as long as it has entries, whatever is looked at."""
    with short_segments():
        yield


@pytest.fixture(scope="module")
def filled() -> Iterator[Path]:
    """The database of a gate with a whole story, and a segment and some more of records."""
    with folder() as path:
        gate = Gate(path)
        gate.deliver(access_ticket())
        gate.approve("bob", "carol")
        gate.settle()
        gate.deliver(closed(access_ticket()))
        gate.settle()
        assert gate.grant_states() == ["revoked"]
        gate.stop()
        beats(gate.path, ORIGIN, SHORT, gate.clock.at)
        yield gate.path


@pytest.fixture(scope="module")
def once(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same a year later, its first segment being pruned."""
    path = tmp_path_factory.mktemp("once") / "gate.db"
    with grown(filled, 366) as gate:
        assert pruner(gate).step() == 0.0
        with closing(sqlite3.connect(path)) as copy, closing(sqlite3.connect(gate.path)) as db:
            db.backup(copy)
    return path


class Later(Gate):
    """A gate that starts after what was pruned was pruned."""

    @override
    def start(self) -> None:
        self.clock.at = MORNING + 367 * DAY
        self.webhooks = 10**9
        super().start()


@contextmanager
def grown(filled: Path, days: float = 0, more: int = 0, kind: type[Gate] = Gate) -> Iterator[Gate]:
    """A gate of its own on a copy of that database with `more` records, so many days later."""
    with folder() as path:
        shutil.copy(filled, path / "gate.db")
        if more:
            beats(path / "gate.db", ORIGIN, more, MORNING)
        gate = kind(path)
        gate.ids.count = gate.webhooks = gate.webhooks + 10**9
        gate.clock.at += timedelta(days=days)
        try:
            yield gate
        finally:
            gate.stop()


def pruner(gate: Gate, retention: Retention = YEAR) -> Pruner:
    return Pruner(gate.store, retention, gate.clock.now)


def first(gate: Gate) -> int:
    with gate.store.reading() as looking:
        return looking.evidence.first()


def may_go(gate: Gate, retention: Retention = YEAR, wish: Wish | None = None) -> Prunable:
    with gate.store.reading() as looking:
        return prunable(looking, gate.clock.now(), retention, wish)


def assert_it_holds(gate: Gate) -> None:
    report = gate.verified()
    assert not report.failing, [verdict.faults for verdict in report.failing]
    assert report["state"].holds
    assert compared(gate) == []


def test_what_the_settings_do_not_keep_goes_by_itself(filled: Path) -> None:
    with grown(filled, 366, more=SHORT) as gate:
        before = replayed(gate)
        keeper = pruner(gate)
        assert [keeper.step() for _ in range(3)] == [0.0, 0.0, IDLE_SECONDS]
        assert first(gate) == 2 * SHORT
        told = gate.records("retention.pruned")
        assert [one["boundary"] for one in told] == [SHORT, 2 * SHORT]
        with gate.store.reading() as looking:
            ((boundary, snapshot),) = looking.evidence.snapshots()
        assert boundary == 2 * SHORT
        assert told[-1]["snapshot"] == digest_of_snapshot(snapshot)
        assert snapshot == to_snapshot(before, boundary)
        assert_it_holds(gate)


def replayed(gate: Gate) -> Replay:
    """What replaying the two segments knows: of beats that follow each other the last one."""
    replay = Replay()
    with gate.store.reading() as looking:
        for index, _, entry in looking.evidence.entries(0, 2 * SHORT):
            if b'"type":"heartbeat"' not in entry or index == 2 * SHORT - 1:
                replay.take(index, parse_entry(entry))
    return replay


def test_what_replaying_knows_is_folded_from_the_first_entry_that_is_left(filled: Path) -> None:
    with grown(filled) as gate, gate.store.reading() as looking:
        keeper = pruner(gate)
        folded, replay = keeper._fold(looking, 0, 20), Replay()
        for end in (20, 40):  # the second one goes on from the first
            for index, _, entry in looking.evidence.entries(end - 20, end):
                replay.take(index, parse_entry(entry))
            assert folded == to_snapshot(replay, end)
            folded = keeper._fold(looking, end, end + 20)
        approved = next(
            index
            for index, _, entry in looking.evidence.entries(0, 100)
            if b'"type":"request.approved"' in entry
        )
        with pytest.raises(EvidenceError, match="does not hold is not pruned"):
            pruner(gate)._fold(looking, approved, approved + 1)  # it was asked for before


def test_hashes_stay_so_that_every_checkpoint_still_holds(filled: Path) -> None:
    with grown(filled, 366) as gate:
        with gate.store.reading() as looking:
            size = looking.evidence.tree().size
            before = looking.evidence.hashes(0, 0, size)
        pruner(gate).step()
        with gate.store.reading() as looking:
            assert looking.evidence.hashes(0, 0, size) == before
            assert looking.evidence.tree().size == size + 5  # the record, and the actors anew
            assert looking.evidence.entry(0) is None
            assert list(looking.evidence.disclosures(0, SHORT)) == []
        assert root_of(before)


def test_the_log_goes_on_after_it(once: Path) -> None:
    with grown(once, kind=Later) as gate:
        assert first(gate) == SHORT
        gate.deliver(access_ticket("t2"))
        gate.approve("bob", "carol")
        gate.settle()
        assert gate.grant_states() == ["revoked", "active"]
        assert_it_holds(gate)


def test_whom_an_actor_stands_for_is_told_anew(filled: Path, once: Path) -> None:
    with grown(filled) as gate:
        before = {one["actor"] for one in gate.records("actor.minted")}
    with grown(once, kind=Later) as gate:
        minted = gate.records("actor.minted")
        assert {one["actor"] for one in minted} == before
        assert all(one["_seq"] >= SHORT for one in minted)
        with gate.store.reading() as looking:
            assert looking.keeping.actors_below(SHORT) == []
        gate.deliver(access_ticket("t2"))
        assert {one["actor"] for one in gate.records("actor.minted")} == before


def test_nothing_goes_before_its_time(filled: Path) -> None:
    with grown(filled, 365) as gate:
        assert may_go(gate) == Prunable(0, 0, "age")
        assert pruner(gate).step() == IDLE_SECONDS
        assert pruner(gate, Retention()).step() == IDLE_SECONDS
        assert may_go(gate, Retention()) == Prunable(0, 0, "age")
        assert may_go(gate, Retention(), ASK) == Prunable(0, 0, "retained_until")
        assert pruner(gate, Retention()).ask(ASK) == Prunable(0, 0, "retained_until")
        gate.clock.at += timedelta(seconds=1)
        assert may_go(gate) == Prunable(0, SHORT, "size")


def test_decisions_are_kept_for_their_own_time(filled: Path) -> None:
    with grown(filled, 366) as gate:
        kept = Retention(entries=DAY, decisions=400 * DAY)
        assert may_go(gate, kept) == Prunable(0, 0, "retained_until")
        assert may_go(gate, Retention(entries=DAY)) == Prunable(0, 0, "retained_until")
        gate.clock.at += 35 * DAY
        assert may_go(gate, kept).boundary == SHORT


@pytest.mark.parametrize("what", ["request", "grant", "delivery"])
def test_what_is_live_holds_everything_back_that_came_with_it(filled: Path, what: str) -> None:
    with grown(filled) as gate:
        gate.receive(report_ticket("r1"))
        if what != "delivery":
            gate.work()
        if what == "grant":
            gate.approve("erin")
            gate.settle()
            assert gate.grant_states() == ["revoked", "active"]
        gate.clock.at += 400 * DAY
        assert may_go(gate) == Prunable(0, 0, "retained_until")


def test_an_operator_asks_within_what_the_settings_keep(filled: Path) -> None:
    keep = Retention(entries=DAY, decisions=DAY)
    with grown(filled, 30) as gate:
        least = Wish("os:0@host", "x", before=SHORT - 1)
        assert may_go(gate, keep, least) == Prunable(0, 0, "before")
        below = Wish("os:0@host", "old; pw: Summer2026!", before=SHORT)
        assert may_go(gate, keep, below) == Prunable(0, SHORT, "size")
        older = Wish("os:0@host", "x", older_than=31 * DAY)
        assert may_go(gate, keep, older) == Prunable(0, 0, "age")
        young = Wish("os:0@host", "x", older_than=DAY / 2)
        assert may_go(gate, Retention(entries=31 * DAY, decisions=DAY), young).held == "age"
        keeper = pruner(gate, Retention(decisions=DAY))
        assert keeper.ask(older).boundary == 0
        assert not keeper.pending
        assert keeper.ask(below) == Prunable(0, SHORT, "size")
        assert keeper.pending
        assert [keeper.step() for _ in range(3)] == [0.0, 0.0, IDLE_SECONDS]
        assert not keeper.pending
        (told,) = gate.records("retention.pruned")
        assert told["by"] == "os:0@host"
        with gate.store.reading() as looking:
            (hidden,) = looking.erasing.at(told["_seq"])
            ((_, _, encoded),) = looking.evidence.disclosures(told["_seq"], told["_seq"] + 1)
        assert hidden.kind == "operator"
        assert encoded is not None
        assert parse_disclosure(encoded)[2] == "old; pw: ⟦secret: password, 11 characters⟧"
        assert_it_holds(gate)


def test_a_log_that_does_not_hold_is_not_pruned(filled: Path) -> None:
    with grown(filled, 366) as gate:
        with closing(schema.connect(gate.path)) as db:
            db.execute("DROP TRIGGER evidence_no_update")
            db.execute(
                "UPDATE evidence_entry SET entry = CAST(replace(CAST(entry AS TEXT),"
                ' \'"to":"approved"\', \'"to":"denied"\') AS BLOB) WHERE idx < 1000'
            )
        keeper = pruner(gate)
        with pytest.raises(EvidenceError, match="does not hold is not pruned"):
            keeper.step()
        assert first(gate) == 0
        assert keeper.step() == IDLE_SECONDS  # it is not tried again at once
        gate.clock.at += LOOK_EVERY
        with pytest.raises(EvidenceError):
            keeper.step()


def test_a_segment_goes_in_its_turn_only(filled: Path) -> None:
    with grown(filled, 366) as gate:
        for boundary in (2 * SHORT, SHORT + 1, 3 * SHORT, 0):
            size = gate.evidence_size()
            with pytest.raises(EvidenceError):
                gate.write(
                    partial(
                        prune_segment, boundary=boundary, snapshot=b"{}", wish=None, retention=YEAR
                    )
                )
            assert gate.evidence_size() == size


def test_an_entry_that_is_missing_stops_it(filled: Path) -> None:
    with grown(filled, 366) as gate:
        with closing(schema.connect(gate.path)) as db:
            db.execute("DROP TRIGGER evidence_no_delete")
            db.execute("DELETE FROM evidence_entry WHERE idx = ?", (SHORT - 1,))
        with pytest.raises(EvidenceError, match="is missing"):
            may_go(gate)


def test_what_is_not_pruned_begins_at_its_first_entry(filled: Path) -> None:
    with closing(schema.connect(filled, read_only=True)) as db:
        assert SqliteEvidence(db).pruned() is None


class Late(Pruner):
    """It was held up between the look and the transaction."""

    def __init__(self, gate: Gate, meanwhile: Callable[[], object]) -> None:
        super().__init__(gate.store, YEAR, gate.clock.now)
        self._meanwhile = meanwhile

    @override
    def _fold(self, looking: Reading, first: int, boundary: int) -> bytes:
        self._meanwhile()
        return b"{}"  # what replaying knows is no matter here


def test_what_became_live_since_the_look_holds_the_segment_back(filled: Path) -> None:
    with grown(filled, 366) as gate:

        def live_again() -> None:
            with closing(schema.connect(gate.path)) as db:
                db.execute("UPDATE access_grant SET state = 'active'")

        size = gate.evidence_size()
        late = Late(gate, live_again)
        assert late.ask(ASK).boundary == SHORT
        assert late.step() == 0.0
        assert not late.told()
        assert first(gate) == 0
        assert gate.evidence_size() == size
        assert may_go(gate).held == "retained_until"


def test_what_did_not_become_live_meanwhile_goes(filled: Path) -> None:
    """The control of the test above."""
    with grown(filled, 366) as gate:
        late = Late(gate, lambda: None)
        assert late.ask(ASK).boundary == SHORT
        assert late.step() == 0.0
        assert first(gate) == SHORT


def test_a_wish_that_failed_is_told_to_who_asked(filled: Path) -> None:
    with grown(filled, 366) as gate:

        def fail() -> None:
            raise EvidenceError("it does not hold")

        def fail_otherwise() -> None:
            raise KeyError("alice")

        late = Late(gate, fail)
        with pytest.raises(EvidenceError):
            late.step()
        assert not late.told()  # nobody asked
        late.ask(ASK)
        assert late.told()
        with pytest.raises(EvidenceError):
            late.step()
        with pytest.raises(EvidenceError, match="does not hold"):
            late.told()
        late = Late(gate, fail_otherwise)
        late.ask(ASK)
        with pytest.raises(KeyError):
            late.step()
        with pytest.raises(TicketgateError, match="see its log") as told:
            late.told()
        assert told.value.code == "error"
        late.ask(ASK)
        assert late.told()


def test_a_wish_that_comes_meanwhile_is_not_lost(filled: Path) -> None:
    with grown(filled, 366) as gate:
        keep = Retention(decisions=DAY, disclosures=DAY)

        def meanwhile() -> int:
            keeper.ask(ASK)
            return 0

        keeper = Pruner(gate.store, keep, gate.clock.now, meanwhile)
        keeper.step()
        assert keeper.pending

"""What is committed is signed: by one at a time, and never from a snapshot that is too old."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier, Event

import pytest
from tests.keys import ORIGIN, key_of
from tests.operations.kit import Gate

from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.adapters.sqlite.store import open_store
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.log.checkpoint import Checkpoint, parse_checkpoint
from ticketgate.domain.log.merkle import ReadHashes
from ticketgate.operations.evidence.checkpoint import SIGN_WITHIN_SECONDS, Checkpointer
from ticketgate.operations.evidence.gateway_records import heartbeat

WAIT_SECONDS = 20.0
ROUNDS = 40


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "memory"


def signing(gate: Gate, memory: Path) -> Checkpointer:
    """One of several, each with a signer of its own, as processes have."""
    return Checkpointer(gate.store, CheckpointSigner([key_of("alice")], memory), ORIGIN)


def beat(gate: Gate) -> None:
    gate.store.write(partial(heartbeat, refused={}, duplicates=0))


def committed(gate: Gate) -> Checkpoint:
    with gate.store.reading() as looking:
        tree = looking.evidence.tree()
        return Checkpoint(ORIGIN, tree.size, tree.root())


def newest(memory: Path) -> Checkpoint:
    return parse_checkpoint((memory / "latest").read_bytes()).checkpoint


def sign_at_once(gate: Gate, signers: list[Checkpointer]) -> None:
    """Each signs again and again on a thread of its own, while one more writes."""
    ready = Barrier(len(signers) + 1)

    def work(step: Callable[[], object]) -> None:
        ready.wait(WAIT_SECONDS)
        for _ in range(ROUNDS):
            step()

    steps: list[Callable[[], object]] = [partial(beat, gate), *(one.sign for one in signers)]
    with ThreadPoolExecutor(len(signers) + 1) as pool:
        for done in [pool.submit(work, one) for one in steps]:
            done.result(WAIT_SECONDS)


def test_two_threads_that_sign_while_another_writes_are_never_refused(
    gate: Gate, memory: Path
) -> None:
    one = signing(gate, memory)
    sign_at_once(gate, [one, one])
    one.sign()
    assert newest(memory) == committed(gate)


def test_two_signers_of_one_memory_are_never_refused(gate: Gate, memory: Path) -> None:
    sign_at_once(gate, [signing(gate, memory), signing(gate, memory)])
    signing(gate, memory).sign()
    assert newest(memory) == committed(gate)


def test_the_snapshot_is_taken_once_nobody_else_signs(gate: Gate, memory: Path) -> None:
    first, second = (CheckpointSigner([key_of("alice")], memory) for _ in range(2))
    inside, go_on = Event(), Event()

    @contextmanager
    def slow() -> Iterator[tuple[Checkpoint, ReadHashes]]:
        with gate.store.reading() as looking:
            tree = looking.evidence.tree()
            inside.set()
            assert go_on.wait(WAIT_SECONDS)
            yield Checkpoint(ORIGIN, tree.size, tree.root()), looking.evidence.hashes

    with ThreadPoolExecutor(2) as pool:
        older = pool.submit(first.sign, slow)
        assert inside.wait(WAIT_SECONDS)
        beat(gate)
        newer = pool.submit(Checkpointer(gate.store, second, ORIGIN).sign)
        go_on.set()
        before = parse_checkpoint(older.result(WAIT_SECONDS)).checkpoint
        after = parse_checkpoint(newer.result(WAIT_SECONDS) or b"").checkpoint
    assert (before.size + 1, after) == (after.size, committed(gate))


def test_a_snapshot_that_was_taken_before_another_signed_looks_rolled_back(
    gate: Gate, memory: Path
) -> None:
    signer = CheckpointSigner([key_of("alice")], memory)
    with gate.store.reading() as looking:
        tree = looking.evidence.tree()
        older = Checkpoint(ORIGIN, tree.size, tree.root()), looking.evidence.hashes
        beat(gate)
        signing(gate, memory).sign()
        with pytest.raises(TicketgateError) as told:
            signer.sign(lambda: nullcontext(older))
    assert told.value.code == "rolled_back"


def test_a_step_signs_only_what_is_new(gate: Gate, memory: Path) -> None:
    checkpointer = signing(gate, memory)
    assert checkpointer.step() == SIGN_WITHIN_SECONDS
    (memory / "latest").unlink()
    assert checkpointer.step() == SIGN_WITHIN_SECONDS
    assert not (memory / "latest").exists()
    beat(gate)
    checkpointer.step()
    assert newest(memory) == committed(gate)


def test_a_log_that_became_shorter_is_refused_without_a_new_record(
    gate: Gate, memory: Path
) -> None:
    checkpointer = signing(gate, memory)
    checkpointer.step()
    gate.store.stop()
    with closing(sqlite3.connect(gate.path)) as database:
        kept = database.execute("SELECT * FROM evidence_head").fetchone()
        database.execute("UPDATE evidence_head SET size = 0, frontier = NULL")
        database.commit()
        with pytest.raises(TicketgateError) as told:
            checkpointer.step()
        assert told.value.code == checkpointer.failed == "rolled_back"
        marks = ", ".join("?" * len(kept))
        database.execute("DELETE FROM evidence_head")
        database.execute(f"INSERT INTO evidence_head VALUES ({marks})", kept)  # noqa: S608 -- ours
        database.commit()
    gate.start()
    checkpointer = signing(gate, memory)
    checkpointer.step()
    assert checkpointer.failed == ""


def test_signing_is_behind_since_the_oldest_record_that_is_not_signed(
    gate: Gate, memory: Path
) -> None:
    checkpointer = signing(gate, memory)
    checkpointer.sign()
    assert checkpointer.behind(gate.clock.now() + timedelta(days=1)) == 0
    beat(gate)
    since = gate.clock.now()
    gate.clock.at += timedelta(seconds=20)
    beat(gate)
    assert checkpointer.behind(since + timedelta(seconds=30)) == pytest.approx(30)
    assert checkpointer.behind(since - timedelta(seconds=30)) == 0
    checkpointer.sign()
    assert checkpointer.behind(since + timedelta(seconds=30)) == 0
    (memory / "latest").unlink()
    assert checkpointer.behind(since + timedelta(seconds=30)) >= 30
    (memory / "latest").mkdir()
    with pytest.raises(TicketgateError) as told:
        checkpointer.behind(since)
    assert told.value.code == "signer"


def test_an_empty_log_is_not_signed_and_that_of_a_signed_one_is_refused(
    gate: Gate, memory: Path, tmp_path: Path
) -> None:
    store = open_store(
        tmp_path / "empty.db", ORIGIN, gate.ids, lambda *_: gate.clock.now, lambda: None
    )
    store.start()
    try:
        signer = CheckpointSigner([key_of("alice")], memory)
        empty = Checkpointer(store, signer, ORIGIN)
        assert empty.sign() is None
        assert not memory.exists()
        signing(gate, memory).sign()
        with pytest.raises(TicketgateError) as told:
            empty.sign()
        assert told.value.code == empty.failed == "rolled_back"
        (memory / "latest").unlink()
        assert empty.sign() is None
        assert empty.failed == ""
    finally:
        store.stop()

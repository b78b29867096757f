"""The start of a signed log: what was signed must still be there, or nothing is served."""

import re
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs
from tests.keys import ORIGIN, key_of
from tests.test_wiring import built, copied, running, wait_until

from ticketgate.adapters.keys import ed25519
from ticketgate.adapters.process.instance_lock import InstanceLock
from ticketgate.domain.errors import ConfigurationError, StoreUnavailableError, TicketgateError
from ticketgate.domain.log.checkpoint import Checkpoint, check_signatures, parse_checkpoint
from ticketgate.domain.log.merkle import EMPTY_ROOT
from ticketgate.domain.log.note import Note
from ticketgate.operations.evidence.gateway_records import heartbeat
from ticketgate.wiring import commands
from ticketgate.wiring.gateway import Gateway
from ticketgate.wiring.signing import BEHIND_SECONDS_MAX, signing_check

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied(tmp_path / "config")


def signed(folder: Path) -> Checkpoint:
    """The newest checkpoint in the signer's memory."""
    latest = folder / "data/checkpoints/latest"
    if not latest.exists():
        return Checkpoint("", 0, EMPTY_ROOT)
    return parse_checkpoint(latest.read_bytes()).checkpoint


def beat(gateway: Gateway, times: int) -> None:
    """Write as many records."""
    for number in range(times):
        gateway.store.write(partial(heartbeat, refused={}, duplicates=number))


def copy_of(folder: Path, name: str) -> Path:
    """A consistent copy of the database, as a backup makes one."""
    with (
        closing(sqlite3.connect(folder / "data/ticketgate.db")) as source,
        closing(sqlite3.connect(folder / name)) as target,
    ):
        source.backup(target)
    return folder / name


def put_back(folder: Path, backup: Path) -> None:
    """What a person does who has lost the database."""
    for suffix in ("-wal", "-shm"):
        (folder / f"data/ticketgate.db{suffix}").unlink(missing_ok=True)
    shutil.copy(backup, folder / "data/ticketgate.db")


def test_every_record_is_signed_within_a_second_and_at_the_end(folder: Path) -> None:
    with running(folder) as gateway:
        beat(gateway, 3)
        with gateway.store.reading() as looking:
            size = looking.evidence.tree().size
        wait_until(lambda: signed(folder).size >= size)
        beat(gateway, 1)
    found = parse_checkpoint((folder / "data/checkpoints/latest").read_bytes())
    with commands.look(folder) as looking:
        tree = looking.evidence.tree()
    assert found.checkpoint == Checkpoint("gate.example.com/evidence", tree.size, tree.root())
    told = check_signatures(found.note, [key_of("alice").public], ed25519.verify, datetime.now(UTC))
    assert told.keys == (key_of("alice").public,)


def test_two_hundred_and_fifty_six_records_are_signed_without_waiting(folder: Path) -> None:
    with running(folder) as gateway:
        wait_until(lambda: signed(folder).size > 0)
        woken: list[frozenset[str]] = []
        gateway.store.writer.after_commit = woken.append
        beat(gateway, 256)
    assert any("evidence" in words for words in woken)


def test_a_restored_backup_is_refused_with_the_numbers_of_the_missing_records(
    folder: Path,
) -> None:
    with running(folder) as gateway:
        backup = copy_of(folder, "backup.db")
        beat(gateway, 5)
    size = signed(folder).size
    put_back(folder, backup)
    with commands.look(folder) as looking:
        kept = looking.evidence.tree().size
    with pytest.raises(TicketgateError) as told:
        built(folder)
    assert told.value.code == "rolled_back"
    assert f"records #{kept} to #{size - 1} are missing" in told.value.reason
    assert signed(folder).size == size
    InstanceLock(folder / "data" / "instance.lock").release()


def test_a_deleted_database_is_refused(folder: Path) -> None:
    with running(folder):
        pass
    put_back(folder, copy_of(folder, "spare.db"))
    (folder / "data/ticketgate.db").unlink()
    with pytest.raises(TicketgateError, match="records #0 to #") as told:
        built(folder)
    assert told.value.code == "rolled_back"


def test_a_fork_of_the_same_length_or_longer_is_refused(folder: Path) -> None:
    with running(folder) as gateway:
        backup = copy_of(folder, "backup.db")
        beat(gateway, 2)
    theirs = (folder / "data/checkpoints").rename(folder / "true memory")
    put_back(folder, backup)
    with running(folder) as gateway:  # a gateway that was made to forget writes another history
        beat(gateway, 9)
    shutil.rmtree(folder / "data/checkpoints")
    theirs.rename(folder / "data/checkpoints")
    with pytest.raises(TicketgateError) as told:
        built(folder)
    assert told.value.code == "forked"


def test_what_was_not_signed_when_it_was_killed_is_signed_at_the_next_start(folder: Path) -> None:
    with running(folder) as gateway:
        wait_until(lambda: signed(folder).size > 0)
        memory = (folder / "data/checkpoints/latest").read_bytes()
        beat(gateway, 4)
    (folder / "data/checkpoints/latest").write_bytes(memory)
    unsigned = signed(folder).size
    gateway = built(folder)
    assert signed(folder).size >= unsigned + 4
    gateway.start()
    gateway.stop()


def test_a_rollback_while_it_runs_is_loud(folder: Path) -> None:
    latest = folder / "data/checkpoints/latest"
    with running(folder) as gateway:
        wait_until(lambda: gateway.readiness()["signing"] == (True, "signs"))
        kept = latest.read_bytes()
        more = Checkpoint(ORIGIN, signed(folder).size + 100, EMPTY_ROOT)
        note = Note(more.text, ()).with_lines([key_of("alice").line(more.text)])
        latest.write_bytes(note.encoded())
        with capture_logs() as lines:
            beat(gateway, 1)
            wait_until(lambda: not gateway.readiness()["signing"][0])
            wait_until(lambda: bool(lines))
        assert gateway.readiness()["signing"][1].startswith("rolled_back: ")
        assert (lines[0]["event"], lines[0]["code"]) == ("loop.failed", "rolled_back")
        latest.write_bytes(kept)
        wait_until(lambda: gateway.readiness()["signing"] == (True, "signs"))


def test_records_that_are_not_signed_are_told(folder: Path) -> None:
    gateway = built(folder)
    gateway.store.start()
    try:
        assert signing_check(None, NOW) == {"signing": (False, "nothing is signed now")}
        checkpointer = gateway._checkpointer
        beat(gateway, 1)
        now = gateway.clock.now()
        for late, ready in ((BEHIND_SECONDS_MAX - 1, True), (BEHIND_SECONDS_MAX + 1, False)):
            well, told = signing_check(checkpointer, now + timedelta(seconds=late))["signing"]
            assert (well, told[:38]) == (ready, "the oldest record that is not signed i")
        seen = generate_latest(gateway.meters.registry).decode()
        assert re.search(r"(?m)^ticketgate_checkpoint_age_seconds [0-9.e-]+$", seen)
        memory = folder / "data/checkpoints/latest"
        memory.parent.mkdir()
        memory.write_bytes(b"no checkpoint")
        well, told = signing_check(checkpointer, now)["signing"]
        assert not well
        seen = generate_latest(gateway.meters.registry).decode()
        assert "\nticketgate_checkpoint_age_seconds " not in seen
        memory.unlink()
    finally:
        gateway.stop()


def test_a_store_of_another_log_is_refused_and_the_lock_let_go(folder: Path) -> None:
    with running(folder):
        path = folder / "ticketgate.yaml"
    path.write_text(path.read_text().replace("gate.example.com/evidence", "other.example/evidence"))
    with pytest.raises(ConfigurationError, match="has a key of 'gate"):
        built(folder)
    commands.new_signing_key(folder, folder / "secrets" / "signing.key")
    with pytest.raises(StoreUnavailableError, match="belongs to the log"):
        built(folder)
    InstanceLock(folder / "data" / "instance.lock").release()

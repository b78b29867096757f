"""Keys rotate while a gateway runs: who vouches for whom, who signs, and what a crash leaves."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.keys import ORIGIN, key_of
from tests.killer import DEAD
from tests.test_signed_start import beat, signed
from tests.test_wiring import built, copied, is_whole, records, running

from ticketgate.adapters.keys import ed25519
from ticketgate.adapters.keys.signing_keys import KeyFileError, read_keys, write_keys
from ticketgate.adapters.process.control import actor_name
from ticketgate.adapters.process.instance_lock import InstanceLock
from ticketgate.domain.errors import StoreUnavailableError, TicketgateError
from ticketgate.domain.log.checkpoint import parse_checkpoint
from ticketgate.domain.log.note import VerifierKey, parse_vkey
from ticketgate.domain.log.trust import LogKey, follow_key
from ticketgate.wiring import commands, evidence
from ticketgate.wiring.gateway import Gateway

ME = actor_name(os.getuid())
ROTATE = {"do": "rotate_key"}
END = {"do": "end_key"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied(tmp_path / "config")


def key_file(folder: Path) -> Path:
    return folder / "secrets" / "signing.key"


def held(folder: Path) -> list[VerifierKey]:
    """The public keys of the file, the current one first."""
    return [key.public for key in read_keys(key_file(folder), ORIGIN)]


def signers(folder: Path) -> set[bytes]:
    """The key ids on the newest checkpoint, each of which verifies."""
    note = parse_checkpoint((folder / "data/checkpoints/latest").read_bytes()).note
    keys = {key.id: key for key in [key_of("alice").public, *held(folder)]}
    for line in note.lines:
        public = keys[line.key_id].public
        assert ed25519.verify(public, note.text.encode(), line.signature)
    return {line.key_id for line in note.lines}


def followed(folder: Path) -> tuple[LogKey, ...]:
    """The keys that a verifier believes who trusted Alice's at the start."""
    keys: tuple[LogKey, ...] = (LogKey(key_of("alice").public),)
    for index, record in enumerate(records(folder)):
        if str(record["type"]).startswith("key."):
            keys = follow_key(keys, ORIGIN, index, record, ed25519.verify)
    return keys


def test_a_new_key_is_vouched_for_and_both_sign_until_the_old_one_ends(folder: Path) -> None:
    old = key_of("alice").public
    with running(folder) as gateway:
        told = gateway.carry_out(ME, ROTATE)
        new = parse_vkey(str(told["key"]))
        assert held(folder) == [new, old]
        assert key_file(folder).stat().st_mode & 0o777 == 0o600
        assert signers(folder) == {new.id, old.id}
        beat(gateway, 3)
        ended = gateway.carry_out(ME, END)
        assert ended["key"] == old.text
        assert held(folder) == [new]
        assert key_file(folder).stat().st_mode & 0o777 == 0o600
        assert signers(folder) == {new.id}
    assert signers(folder) == {new.id}
    at_rotation, at_end = (int(str(one["record"]).split("#")[1]) for one in (told, ended))
    assert followed(folder) == (LogKey(old, 0, at_end + 1), LogKey(new, at_rotation))
    rotated = records(folder)[at_rotation]
    assert (rotated["old"], rotated["by"]) == (old.text, ME)
    assert is_whole(folder)
    with running(folder):
        assert signers(folder) == {new.id}
    assert is_whole(folder)


def test_only_two_keys_sign_at_once_and_the_last_one_never_ends(folder: Path) -> None:
    with running(folder) as gateway:
        with pytest.raises(TicketgateError, match="only one key signs") as told:
            gateway.carry_out(ME, END)
        assert told.value.code == "usage"
        gateway.carry_out(ME, ROTATE)
        before = key_file(folder).read_bytes()
        with pytest.raises(TicketgateError, match="two keys sign already") as told:
            gateway.carry_out(ME, ROTATE)
        assert told.value.code == "usage"
        assert key_file(folder).read_bytes() == before


def test_who_may_revoke_over_the_socket_may_not_rotate(folder: Path) -> None:
    with running(folder) as gateway:
        for asked in (ROTATE, END):
            with pytest.raises(TicketgateError, match="own account") as told:
                gateway.carry_out(actor_name(os.getuid() + 4711), asked)
            assert told.value.code == "not_allowed"
    assert held(folder) == [key_of("alice").public]


def test_a_gateway_that_signs_nothing_rotates_nothing(folder: Path) -> None:
    (folder / "policy.yaml").write_text("version: 1\n")

    gateway = Gateway(commands.load_to_revoke(folder, {}))
    gateway.start()
    try:
        with pytest.raises(TicketgateError, match="signs nothing now"):
            gateway.carry_out(ME, ROTATE)
    finally:
        gateway.stop()


def test_a_key_file_that_cannot_be_written_changes_nothing(folder: Path) -> None:
    with running(folder) as gateway:
        size = signed(folder).size
        key_file(folder).with_name("signing.key.new").mkdir()
        with pytest.raises(KeyFileError, match="cannot be written"):
            gateway.carry_out(ME, ROTATE)
        key_file(folder).with_name("signing.key.new").rmdir()
        assert held(folder) == [key_of("alice").public]
        assert not [one for one in records(folder) if one["type"] == "key.rotated"]
        gateway.carry_out(ME, ROTATE)
        assert signed(folder).size > size


class Failing:
    """A store whose commits can be made to fail, or to kill."""

    def __init__(self) -> None:
        self.fault: BaseException | None = None

    def __call__(self) -> None:
        if self.fault is not None:
            raise self.fault


def test_a_record_that_does_not_commit_leaves_the_old_key_alone(folder: Path) -> None:

    commit = Failing()
    with running(folder, before_commit=commit) as gateway:
        commit.fault = sqlite3.OperationalError("database or disk is full")
        with pytest.raises(StoreUnavailableError):
            gateway.carry_out(ME, ROTATE)
        assert held(folder) == [key_of("alice").public]
        commit.fault = None
        gateway.carry_out(ME, ROTATE)
        both = held(folder)
        commit.fault = sqlite3.OperationalError("database or disk is full")
        with pytest.raises(StoreUnavailableError):
            gateway.carry_out(ME, END)
        assert held(folder) == both
        commit.fault = None
        beat(gateway, 1)
    assert signers(folder) == {key.id for key in both}
    assert is_whole(folder)


class Landing:
    """A store whose commits land, and are told to have failed."""

    def __init__(self) -> None:
        self.gateway: Gateway | None = None

    def __call__(self) -> None:
        if self.gateway is not None:
            self.gateway.store.writer._db.execute("COMMIT")
            raise sqlite3.OperationalError("disk I/O error")


def test_a_commit_that_landed_and_was_told_to_have_failed_is_settled_by_the_log(
    folder: Path,
) -> None:
    commit = Landing()
    old = key_of("alice").public
    with running(folder, before_commit=commit) as gateway:
        for loop in gateway._loops:
            loop.stop()  # nothing else commits
        commit.gateway = gateway
        with pytest.raises(StoreUnavailableError):
            gateway.carry_out(ME, ROTATE)
        commit.gateway = None
        new, kept = held(folder)
        assert kept == old
        assert [one["new"] for one in rotations(folder)] == [new.text]
        gateway.carry_out(ME, {"do": "checkpoint"})
        assert signers(folder) == {old.id, new.id}
        commit.gateway = gateway
        with pytest.raises(StoreUnavailableError):
            gateway.carry_out(ME, END)
        commit.gateway = None
        assert held(folder) == [new]
        gateway.carry_out(ME, {"do": "checkpoint"})
        assert signers(folder) == {new.id}
        gateway.carry_out(ME, ROTATE)
    assert len(rotations(folder)) == 2
    assert is_whole(folder)


def test_what_could_not_be_settled_at_once_is_settled_before_anything_else(folder: Path) -> None:
    """The record of an end commits, its file cannot be written: the next rotation drops the key."""
    blocked = key_file(folder).with_name("signing.key.new")
    with running(folder) as gateway:
        first = parse_vkey(str(gateway.carry_out(ME, ROTATE)["key"]))
        blocked.mkdir()
        with pytest.raises(KeyFileError, match="cannot be written"):
            gateway.carry_out(ME, END)
        blocked.rmdir()
        assert held(folder) == [first, key_of("alice").public]
        gateway.carry_out(ME, {"do": "checkpoint"})
        assert signers(folder) == {first.id}
        second = parse_vkey(str(gateway.carry_out(ME, ROTATE)["key"]))
        assert held(folder) == [second, first]
    assert signers(folder) == {first.id, second.id}
    assert is_whole(folder)


def killed(folder: Path, moment: str) -> None:
    """A gateway of its own process dies at this moment."""
    killer = Path(__file__).with_name("killer.py")
    done = subprocess.run([sys.executable, str(killer), str(folder), moment], check=False)
    assert done.returncode == DEAD


def rotations(folder: Path) -> list[dict[str, Any]]:
    return [one for one in records(folder) if one["type"] == "key.rotated"]


def test_killed_between_key_file_and_record_the_rotation_is_completed(folder: Path) -> None:
    killed(folder, "rotate")
    new, old = held(folder)
    assert old == key_of("alice").public
    assert not rotations(folder)
    with running(folder) as gateway:
        beat(gateway, 1)
    (rotated,) = rotations(folder)
    assert (rotated["new"], rotated["by"]) == (new.text, "start")
    assert [one.key for one in followed(folder)] == [old, new]
    assert signers(folder) == {old.id, new.id}
    with running(folder):
        pass
    assert len(rotations(folder)) == 1
    assert is_whole(folder)


def test_killed_between_the_end_and_the_key_file_the_ended_key_is_dropped(folder: Path) -> None:
    killed(folder, "end")
    key_file(folder).with_name("signing.key.new").rmdir()
    new, old = held(folder)
    assert [one["key"] for one in records(folder) if one["type"] == "key.ended"] == [old.text]
    with running(folder) as gateway:
        assert held(folder) == [new]
        beat(gateway, 1)
    assert signers(folder) == {new.id}
    assert is_whole(folder)


def test_a_key_file_of_ended_keys_alone_is_refused(folder: Path) -> None:
    with running(folder) as gateway:
        gateway.carry_out(ME, ROTATE)
        gateway.carry_out(ME, END)
    write_keys(key_file(folder), [key_of("alice")])
    memory = (folder / "data/checkpoints/latest").read_bytes()
    with pytest.raises(TicketgateError, match="has ended by the log") as told:
        built(folder)
    assert told.value.code == "signing_key"
    assert (folder / "data/checkpoints/latest").read_bytes() == memory
    InstanceLock(folder / "data" / "instance.lock").release()


# --- the first signing ----------------------------------------------------------------------------


def line_ids(note: bytes) -> set[bytes]:
    return {line.key_id for line in parse_checkpoint(note).note.lines}


def test_an_ended_key_signs_nothing_at_the_next_start(folder: Path) -> None:
    killed(folder, "end")
    key_file(folder).with_name("signing.key.new").rmdir()
    new, _ = held(folder)
    gateway = built(folder)
    assert signers(folder) == {new.id}
    gateway.start()
    gateway.stop()
    assert held(folder) == [new]


def test_an_ended_key_signs_nothing_for_a_copy(folder: Path) -> None:
    killed(folder, "end")
    key_file(folder).with_name("signing.key.new").rmdir()
    new, _ = held(folder)
    assert line_ids(evidence.newest_checkpoint(folder)) == {new.id}
    assert held(folder) == [new]
    assert is_whole(folder)


def test_a_key_that_the_log_does_not_name_signs_nothing_until_it_does(folder: Path) -> None:
    killed(folder, "rotate")
    new, old = held(folder)
    gateway = built(folder)
    assert signers(folder) == {old.id}
    gateway.start()
    gateway.stop()
    assert signers(folder) == {old.id, new.id}


def test_a_copy_completes_a_rotation_that_was_cut_short(folder: Path) -> None:
    killed(folder, "rotate")
    new, old = held(folder)
    note = evidence.newest_checkpoint(folder)
    (rotated,) = rotations(folder)
    assert (rotated["new"], rotated["by"]) == (new.text, "start")
    assert line_ids(note) == {old.id, new.id}
    assert parse_checkpoint(note).checkpoint.size == len(records(folder))
    assert is_whole(folder)

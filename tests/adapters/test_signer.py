"""The signer's memory: what it keeps, refuses, and gives up after a restore."""

from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path

import pytest
from tests.keys import ORIGIN, key_of
from tests.segments import SHORT, WHOLE

from ticketgate.adapters.keys import signer as signing
from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.log.checkpoint import Checkpoint, parse_checkpoint
from ticketgate.domain.log.merkle import root_of

ALICE, BOB, WITNESS = key_of("alice"), key_of("bob"), key_of("witness", "witness.example")


class Log:
    """A log in memory: its leaves, and the hashes of its tree."""

    def __init__(self, *words: str) -> None:
        self.leaves = [sha256(word.encode()).digest() for word in words]

    def read(self, level: int, first: int, count: int) -> list[bytes]:
        width = 256**level
        return [
            root_of(self.leaves[at * width : (at + 1) * width]) if level else self.leaves[at]
            for at in range(first, first + count)
        ]

    def at(self, size: int, origin: str = ORIGIN) -> Checkpoint:
        return Checkpoint(origin, size, root_of(self.leaves[:size]))


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "memory"


@pytest.fixture
def signer(memory: Path) -> CheckpointSigner:
    return CheckpointSigner([ALICE], memory)


def words(count: int) -> list[str]:
    return [f"record {number}" for number in range(count)]


def sign(signer: CheckpointSigner, log: Log, size: int, origin: str = ORIGIN) -> bytes:
    return signer.sign(lambda: nullcontext((log.at(size, origin), log.read)))


def refused(signer: CheckpointSigner, log: Log, size: int, origin: str = ORIGIN) -> TicketgateError:
    with pytest.raises(TicketgateError) as told:
        sign(signer, log, size, origin)
    return told.value


def keep(signer: CheckpointSigner, log: Log, *sizes: int) -> None:
    """Sign, and keep as what others vouched for."""
    for size in sizes:
        signer.add(sign(signer, log, size), ())


def test_looking_makes_no_folder(signer: CheckpointSigner, memory: Path) -> None:
    assert (signer.newest(), signer.kept(), signer.token(1)) == (None, [], None)
    assert not memory.exists()
    sign(signer, Log("a"), 1)
    assert memory.stat().st_mode & 0o777 == 0o700


def test_the_first_is_kept_and_the_same_again_is_given_again(
    signer: CheckpointSigner, memory: Path
) -> None:
    log = Log(*words(3))
    note = sign(signer, log, 2)
    assert signer.newest() == signer.note(2) == note == sign(signer, log, 2)
    assert sign(signer, log, 3) == signer.newest()
    assert signer.kept() == [2]
    assert (memory / "latest").stat().st_mode & 0o777 == 0o600


def test_of_each_segment_one_is_kept_and_before_the_newest(
    signer: CheckpointSigner, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a crash leaves between the two is a kept one that is not the newest yet."""
    assert signing.KEEP_EVERY == WHOLE
    monkeypatch.setattr(signing, "KEEP_EVERY", SHORT)
    log = Log(*words(SHORT + 1))
    sign(signer, log, 0)
    sign(signer, log, SHORT - 1)
    (memory / "latest.new").mkdir()
    assert "cannot be used" in refused(signer, log, SHORT).reason
    assert signer.kept() == [0, SHORT]
    (memory / "latest.new").rmdir()
    sign(signer, log, SHORT + 1)
    assert signer.kept() == [0, SHORT, SHORT + 1]


def test_a_key_that_came_signs_the_same_checkpoint_too(signer: CheckpointSigner) -> None:
    log = Log(*words(2))
    sign(signer, log, 2)
    signer.use([BOB, ALICE])
    assert signer.keys == (BOB.public, ALICE.public)
    lines = parse_checkpoint(sign(signer, log, 2)).note.lines
    assert {line.key_id for line in lines} == {ALICE.public.id, BOB.public.id}


def test_a_smaller_log_another_of_the_same_size_and_one_of_another_name_are_refused(
    signer: CheckpointSigner,
) -> None:
    log = Log(*words(9))
    sign(signer, log, 5)
    fault = refused(signer, log, 3)
    assert (fault.code, "#3 to #4 are missing" in fault.reason) == ("rolled_back", True)
    other = Log(*words(4), "x", *words(9))
    assert refused(signer, other, 5).code == "forked"
    assert refused(signer, other, 9).code == "forked"
    assert refused(signer, log, 9, "other.example/evidence").code == "signer"
    sign(signer, log, 9)


def test_a_fork_is_found_between_the_kept_checkpoints(signer: CheckpointSigner) -> None:
    log = Log(*words(9))
    keep(signer, log, 2, 4, 6, 9)
    forked = Log(*words(5), "x", *words(20))
    assert "between #4 and #8" in refused(signer, forked, 12).reason
    assert signer.loss(forked.at(12), forked.read) == ("forked", log.at(9), 4)
    assert signer.loss(forked.at(7), forked.read) == ("forked", log.at(9), 4)
    assert signer.loss(log.at(7), log.read) == ("rolled_back", log.at(9), 7)
    nothing = Log("x", *words(20))
    assert "between #0 and #8" in refused(signer, nothing, 12).reason


def test_where_nothing_was_signed_nothing_is_lost(signer: CheckpointSigner) -> None:
    with pytest.raises(TicketgateError, match="nothing was signed"):
        signer.loss(Log("a").at(1), Log("a").read)


def test_what_others_added_stays_with_the_checkpoint(signer: CheckpointSigner) -> None:
    log = Log(*words(5))
    first, second = sign(signer, log, 3), sign(signer, log, 4)
    for note, text in ((first, log.at(3).text), (second, log.at(4).text)):
        whole = signer.add(note, [WITNESS.line(text)])
        again = signer.add(note, [BOB.line(text)])
        assert len(parse_checkpoint(whole).note.lines) == 2
        assert len(parse_checkpoint(again).note.lines) == 3
    assert signer.newest() == signer.note(4)
    assert signer.note(3) != first
    with pytest.raises(TicketgateError, match="no checkpoint of size 5"):
        signer.note(5)


def test_a_checkpoint_is_added_also_where_nothing_is_remembered(
    signer: CheckpointSigner, tmp_path: Path
) -> None:
    note = sign(CheckpointSigner([ALICE], tmp_path / "other"), Log("a"), 1)
    signer.add(note, ())
    assert (signer.newest(), signer.kept()) == (None, [1])


def test_a_token_is_kept_beside_its_checkpoint(signer: CheckpointSigner) -> None:
    sign(signer, Log("a"), 1)
    signer.keep_token(1, b"token")
    assert signer.token(1) == b"token"
    assert signer.kept() == [1]


def test_what_is_forgotten_lies_under_names_of_its_own(
    signer: CheckpointSigner, memory: Path
) -> None:
    lost = Log(*words(6))
    keep(signer, lost, 2, 4, 6)
    signer.add(signer.note(6), [WITNESS.line(lost.at(6).text)])
    signer.keep_token(4, b"of the first")
    signer.forget(lost.at(6), 3)
    assert (signer.newest(), signer.kept(), signer.token(4)) == (None, [2], None)
    again = Log(*words(3), "x", "y", "z")
    keep(signer, again, 4, 6)
    signer.keep_token(4, b"of the second")
    signer.forget(again.at(6), 3)
    for log, token in ((lost, b"of the first"), (again, b"of the second")):
        four, six = (f"lost-{size}-{log.at(size).root.hex()[:16]}" for size in (4, 6))
        assert parse_checkpoint((memory / four).read_bytes()).checkpoint == log.at(4)
        assert (memory / f"{four}.tsr").read_bytes() == token
        assert parse_checkpoint((memory / six).read_bytes()).checkpoint == log.at(6)
    kept = memory / f"lost-6-{lost.at(6).root.hex()[:16]}"
    assert len(parse_checkpoint(kept.read_bytes()).note.lines) == 2


def test_only_the_newest_is_forgotten(signer: CheckpointSigner) -> None:
    log = Log(*words(3))
    for _ in range(2):
        with pytest.raises(TicketgateError, match="declared lost") as told:
            signer.forget(log.at(2), 0)
        assert told.value.code == "signer"
        sign(signer, log, 3)
    signer.forget(log.at(3), 3)
    assert (signer.newest(), signer.kept()) == (None, [3])


@pytest.mark.parametrize("name", ["latest", "2"])
def test_a_memory_that_cannot_be_read_or_is_none_is_refused(
    signer: CheckpointSigner, memory: Path, name: str
) -> None:
    log = Log(*words(9))
    keep(signer, log, 2, 5)
    forked = Log(*words(3), "x", *words(9))
    (memory / name).write_bytes(b"no checkpoint")
    fault = refused(signer, forked, 9)
    assert (fault.code, "is no checkpoint" in fault.reason) == ("signer", True)
    (memory / name).unlink()
    (memory / name).mkdir()
    fault = refused(signer, forked, 9)
    assert (fault.code, "cannot be read" in fault.reason) == ("signer", True)


def test_a_kept_checkpoint_under_a_wrong_name_is_refused(
    signer: CheckpointSigner, memory: Path
) -> None:
    log = Log(*words(9))
    keep(signer, log, 2, 5)
    (memory / "2").rename(memory / "3")
    assert "of that size" in refused(signer, Log("x", *words(9)), 9).reason


def test_a_memory_that_is_no_folder_is_refused(signer: CheckpointSigner, memory: Path) -> None:
    memory.parent.mkdir()
    memory.touch()
    assert refused(signer, Log("a"), 1).code == "signer"
    for look in (signer.kept, signer.newest):
        with pytest.raises(TicketgateError, match="cannot be read") as told:
            look()
        assert told.value.code == "signer"

"""The export goes on where it was cut and ends with the same bytes; it is never put over others."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.filled import fill, sign
from tests.keys import ORIGIN, key_of
from tests.operations.copies import Shelf, bytes_of
from typing_extensions import override

from ticketgate.adapters.copies.bundle_writer import BundleWriter
from ticketgate.domain.errors import TicketgateError
from ticketgate.operations.evidence.export_evidence import Wanted

# --- interrupted and extended ---------------------------------------------------------------------


class CutError(Exception):
    """Where the power went."""


class Cut(BundleWriter):
    """A folder whose process dies at its n-th step, in the middle of what it writes."""

    def __init__(self, path: Path, steps: int) -> None:
        super().__init__(path)
        self._steps = steps

    def _step(self) -> None:
        self._steps -= 1
        if self._steps == 0:
            raise CutError

    @override
    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        def cut() -> Iterator[bytes]:
            for chunk in chunks:
                yield chunk[: len(chunk) // 2]
                self._step()
                yield chunk[len(chunk) // 2 :]

        super().write(name, cut())
        self._step()

    @override
    def write_soon(self, name: str, data: bytes) -> None:
        self._step()
        super().write_soon(name, data)

    @override
    def remove(self, name: str) -> None:
        self._step()
        super().remove(name)

    @override
    def settle(self) -> None:
        self._step()
        super().settle()


def is_cut(shelf: Shelf, place: Path, wanted: Wanted, steps: int) -> bool:
    """Export, dying at this step; False where it ends before."""
    try:
        shelf.export(place, wanted, Cut(place, steps))
    except CutError:
        return True
    return False


def test_it_goes_on_from_wherever_it_was_cut_and_ends_with_the_same_bytes(small: Shelf) -> None:
    wanted = small.wanted(shipped={"README": b"x"}, tiles=True, receipts={"proofs/a.tlog-proof": 3})
    small.export(small.folder / "whole", wanted)
    whole, steps = bytes_of(small.folder / "whole"), 1
    while is_cut(small, small.folder / f"{steps}", wanted, steps):
        place = small.folder / f"{steps}"
        assert is_cut(small, place, wanted, 3)  # and once more
        small.export(place, wanted)
        assert bytes_of(place) == whole, steps
        steps += 1
    assert steps > 15


def test_an_extension_that_was_cut_ends_as_a_copy_made_at_once(small: Shelf) -> None:
    wanted = small.wanted(tiles=True)
    small.export(small.folder / "old", wanted)
    fill(small.path, ORIGIN, 600)
    wanted = small.wanted(tiles=True)
    small.export(small.folder / "whole", wanted)
    whole, steps = bytes_of(small.folder / "whole"), 1
    while True:
        place = small.folder / f"{steps}"
        shutil.copytree(small.folder / "old", place)
        cut = is_cut(small, place, wanted, steps)
        if cut:
            small.export(place, wanted)
        assert bytes_of(place) == whole, steps
        if not cut:
            break
        steps += 1
    assert steps > 15


def test_segments_that_are_whole_are_not_written_again(large: Shelf) -> None:
    place, wanted = large.folder / "copy", large.wanted()
    large.export(place, wanted)
    before = (place / "log/000000.jsonl").stat().st_ino
    (place / ".progress").write_bytes(wanted.signed.note.encoded())
    (place / "origin").unlink()
    large.export(place, wanted)
    assert (place / "log/000000.jsonl").stat().st_ino == before
    assert not (place / ".progress").exists()


DAMAGES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "without its last newline": lambda data: data[:-1],
    "half of it": lambda data: data[: len(data) // 2],
    "another last line": lambda data: data[:-9] + b"x" + data[-8:],
    "without its first line": lambda data: data[data.index(b"\n") + 1 :],
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_segment_that_is_not_whole_is_written_again(small: Shelf, damage: str) -> None:
    place = small.folder / "copy"
    small.export(place)
    whole = bytes_of(place)
    (place / "log/000000.jsonl").write_bytes(DAMAGES[damage](whole["log/000000.jsonl"]))
    small.export(place)
    assert bytes_of(place) == whole


def test_an_export_that_was_ended_before_it_had_begun_is_begun(small: Shelf) -> None:
    place = small.folder / "copy"
    (place / "log").mkdir(parents=True)
    (place / ".progress.new").write_bytes(b"half a no")
    small.export(place)
    assert not list(place.rglob("*.new"))


# --- refused --------------------------------------------------------------------------------------


def refusal(shelf: Shelf, place: Path) -> str:
    """Why the folder is refused; nothing in it is changed."""
    before = bytes_of(place)
    with pytest.raises(TicketgateError) as told:
        shelf.export(place)
    assert told.value.code == "usage"
    assert bytes_of(place) == before
    return told.value.reason


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("letters/alice.txt", "'letters/alice.txt', which is no part"),
        ("log/000000.jsonl", "no whole copy"),
        ("log/0.jsonl", "'log/0.jsonl', which is no part"),
        ("log/000000.jsonl.new", "which is no part"),
        ("origin", "no whole copy"),
    ],
)
def test_a_folder_with_something_else_is_refused(small: Shelf, name: str, why: str) -> None:
    path = small.folder / "copy" / name
    path.parent.mkdir(parents=True)
    path.write_text("hers")
    assert why in refusal(small, small.folder / "copy")


def test_a_foreign_file_in_an_interrupted_copy_is_refused(small: Shelf) -> None:
    place = small.folder / "copy"
    assert is_cut(small, place, small.wanted(), 4)
    (place / "notes.txt").write_text("hers")
    assert "'notes.txt'" in refusal(small, place)


def test_a_copy_of_another_log_or_history_is_refused(small: Shelf, tmp_path: Path) -> None:
    place = small.folder / "copy"
    small.export(place)
    (place / "checkpoint").write_bytes(b"no note")
    assert "its checkpoint is no checkpoint" in refusal(small, place)
    shutil.rmtree(place)
    small.export(place)
    (place / "origin").write_text("other.example/evidence\n")
    assert "another log" in refusal(small, place)
    for name, count, why in (
        ("other.example/evidence", 300, "a copy of 'other.example/evidence'"),
        (ORIGIN, 301, "301 records, which this log does not have"),
        (ORIGIN, 299, "another history"),
    ):
        (tmp_path / f"{count}").mkdir()
        other = Shelf(tmp_path / f"{count}")
        fill(other.path, name, count, pad=64)
        note = sign(other.path, key_of("alice", name), other.folder / "memory")
        shutil.rmtree(place)
        small.export(place)
        (place / "checkpoint").write_bytes(note)
        assert why in refusal(small, place)

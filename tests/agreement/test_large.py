"""Logs of more than one segment: gaps, doubled segments, leaf hashes, bases, snapshots, tiles.

What does not depend on the size of a segment is tried with short ones.
"""

from pathlib import Path
from typing import Final

import pytest
from tests.agreement.both import Asked, Told, agreed
from tests.agreement.bundles import Files, laid_out
from tests.agreement.catching import by_command_lines, by_the_gateways, by_the_other, note
from tests.agreement.conftest import MORE, Large
from tests.segments import SHORT
from tests.verifier import bundle_writer as writer
from tests.verifier.bundle_writer import LOG_KEY, SEGMENT

pytestmark = [pytest.mark.slow, pytest.mark.untraced]
FIRST, LAST = "log/000000.jsonl", "log/000001.jsonl"
SNAPSHOT: Final = f"snapshots/{SEGMENT}.json"
SHORT_COUNT: Final = SHORT + MORE
SHORT_SNAPSHOT: Final = f"snapshots/{SHORT}.json"
COUNT: Final = SEGMENT + MORE
QUICK: Final = Asked(quick=True)


def asked(space: Path, files: Files, what: Asked = Asked()) -> Told:  # noqa: B008 -- it is frozen
    folder = space / str(len(list(space.iterdir())))
    return agreed(laid_out(folder, files), what)


def without(files: Files, name: str) -> Files:
    return {other: data for other, data in files.items() if other != name}


def test_a_log_of_two_segments_holds(large: Large, space: Path) -> None:
    found = asked(space, large.files)
    assert (found.exit, found.numbers["size"], found.numbers["signed_to"]) == (0, COUNT, COUNT)
    assert found.numbers["leaf"] == large.log.leaves[-1].hex()
    assert asked(space, large.files, QUICK).exit == 0


@pytest.mark.parametrize("quick", [False, True])
def test_a_missing_segment_is_a_gap_at_its_first_index(
    large: Large, space: Path, *, quick: bool
) -> None:
    what = Asked(quick=quick)
    bad = {"structure": 0, "signed": 0}
    assert asked(space, without(large.files, FIRST), what).bad == bad
    bad = {"structure": SEGMENT, "signed": SEGMENT}
    assert asked(space, without(large.files, LAST), what).bad == bad


def test_a_segment_twice_is_caught_also_where_both_are_right(shorter: Large, space: Path) -> None:
    found = asked(space, shorter.files | {"log/000000.leaves": shorter.leaves}, QUICK)
    assert (found.exit, found.bad) == (1, {"structure": 0})


def test_a_segment_with_a_line_too_few_or_too_many_is_caught_there(
    shorter: Large, space: Path
) -> None:
    lines = shorter.files[FIRST].splitlines(keepends=True)
    short = shorter.files | {FIRST: b"".join(lines[:-1])}
    assert asked(space, short, QUICK).bad["structure"] == SHORT - 1
    long = shorter.files | {FIRST: shorter.files[FIRST] + lines[0]}
    found = asked(space, long, QUICK)
    assert (found.bad, found.numbers["size"]) == ({"structure": SHORT}, SHORT_COUNT)


def test_an_edit_at_the_end_of_a_segment_is_caught_by_the_next_one(
    shorter: Large, space: Path
) -> None:
    lines = shorter.files[FIRST].splitlines(keepends=True)
    lines[-1] = lines[-1].replace(b'"duplicates":0', b'"duplicates":1')
    found = asked(space, shorter.files | {FIRST: b"".join(lines)})
    assert found.bad == {"structure": SHORT, "signed": SHORT_COUNT}


def test_leaf_hashes_stand_for_what_was_pruned(large: Large, space: Path) -> None:
    told = asked(space, large.pruned())
    assert (told.exit, told.states["semantics"], told.states["signed"]) == (4, "none", "holds")
    found = asked(space, large.pruned() | {SNAPSHOT: large.start})
    assert (found.exit, found.states["semantics"]) == (0, "holds")
    assert found.numbers == told.numbers


def test_a_wrong_leaf_hash_is_caught_by_the_root(shorter: Large, space: Path) -> None:
    for at, bad in (
        (100, {"signed": SHORT_COUNT}),
        (SHORT * 32 - 1, {"signed": SHORT_COUNT, "structure": SHORT}),
    ):
        hashes = bytearray(shorter.leaves)
        hashes[at] ^= 1
        files = shorter.pruned() | {"log/000000.leaves": bytes(hashes)}
        assert asked(space, files, QUICK).bad == bad


@pytest.mark.parametrize("change", ["time", "boundary", "form", "none"])
def test_another_snapshot_is_caught_at_its_boundary(
    shorter: Large, space: Path, change: str
) -> None:
    other = {
        "time": shorter.start.replace(b'"time":"2026-11-22', b'"time":"2026-11-20'),
        "boundary": shorter.start.replace(b"%d" % SHORT, b"%d" % (2 * SHORT)),
        "form": shorter.start + b"\n",
        "none": b"",
    }[change]
    assert other != shorter.start
    found = asked(space, shorter.pruned() | {SHORT_SNAPSHOT: other})
    assert (found.exit, found.bad) == (1, {"semantics": SHORT})


def test_a_base_has_what_is_left_out_or_is_found_to_be_another(shorter: Large, space: Path) -> None:
    base = laid_out(space / "base", shorter.files)
    found = asked(space, shorter.pruned() | {SHORT_SNAPSHOT: shorter.start}, Asked(base=base))
    assert (found.exit, found.states["semantics"]) == (0, "holds")
    (base / FIRST).write_bytes(
        shorter.files[FIRST].replace(b'"duplicates":0', b'"duplicates":2', 8)
    )
    found = asked(space, shorter.pruned() | {SHORT_SNAPSHOT: shorter.start}, Asked(base=base))
    assert (found.exit, found.bad) == (1, {"structure": 1})


def tile(large: Large, level: int, number: int, width: int = 256) -> bytes:
    """Hashes of a tile, by the recursion of RFC 6962."""
    span = 256**level
    starts = range(number * 256 * span, (number * 256 + width) * span, span)
    return b"".join(writer.root(large.log.leaves[at : at + span]) for at in starts)


def test_tiles_of_every_level_are_held_against_the_tree(large: Large, space: Path) -> None:
    full, rest = divmod(COUNT, 256)
    right = {
        "tile/0/255": tile(large, 0, 255),
        f"tile/0/{full:03d}.p/{rest}": tile(large, 0, full, rest),
        "tile/1/000": tile(large, 1, 0),
        "tile/1/001.p/1": tile(large, 1, 1, 1),
        "tile/2/000.p/1": tile(large, 2, 0, 1),
    }
    assert asked(space, large.files | right, QUICK).exit == 0
    # The tree is the same over leaf hashes, which are sooner read than entries.
    shorter = large.pruned()
    assert asked(space, shorter | right, QUICK).bad == {}
    for name, data in right.items():
        wrong = {name: data[:-1] + bytes([data[-1] ^ 1])}
        assert asked(space, shorter | wrong, QUICK).bad == {"structure": COUNT}, name
    for name in ("tile/0/258", "tile/1/001.p/2", "tile/2/000.p/2", "tile/3/000.p/1"):
        assert asked(space, shorter | {name: bytes(32)}, QUICK).bad == {"structure": COUNT}


def test_two_histories_of_more_than_a_segment_are_proved_to_be_two(
    shorter: Large, space: Path, tmp_path: Path
) -> None:
    bundle = laid_out(space / "b", shorter.files)
    known, trust = tmp_path / "known", tmp_path / "trust"
    trust.write_text(writer.policy())
    for size in (3, SHORT, SHORT + 1):
        known.write_bytes(note(size, writer.sha(b"other")))
        written = []
        for place, verified in enumerate((by_the_gateways, by_the_other)):
            file = tmp_path / f"fork{size}-{place}"
            words = [str(bundle), "--quick", "--known", str(known), "--fork-proof", str(file)]
            assert verified(words).bad == {"anchored": size}
            written.append(file.read_bytes())
        assert written[0] == written[1]
        words = ["--fork", str(tmp_path / f"fork{size}-0"), "--trust", str(trust)]
        assert [one.exit for one in by_command_lines(words)] == [0, 0]
    assert LOG_KEY.vkey in trust.read_text()

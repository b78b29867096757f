"""Logs of more than one segment: processes, left-out and pruned parts, tiles."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.agreement.bundles import laid_out
from tests.segments import SHORT, short_segments
from tests.verifier import bundle_writer as writer
from tests.verifier.asking import Answer, Apart, flipped
from tests.verifier.bundle_writer import LOG_KEY, SEGMENT, Log, Signer

from ticketgate.verifier import verify

pytestmark = pytest.mark.untraced

NEXT = Signer(LOG_KEY.name, 1, 3)


def snapshot(segment: int, **parts: object) -> bytes:
    """What replaying starts from at the second segment, by the size of the first."""
    empty: dict[str, object] = {
        "approved": [],
        "automatic": [],
        "ballots": [],
        "folded": [],
        "keys": [],
        "restoring": False,
        "revisions": [],
    }
    return writer.canonical(
        empty | {"boundary": segment, "time": "2026-11-22T02:40:00.000000Z"} | parts
    )


STATE = snapshot(
    SHORT,
    approved=[["r2", "act_bob", "db", "scim", 3600]],
    ballots=[
        {
            "approvers": [["m1", 1, 1, ["act_ann"]]], "denied": False, "id": "r1", "links": [],
            "need": [["m1", 1, 1, 1]], "parties": ["act_bob"], "seconds": [["m1", 1, 3600]],
        }
    ],
    folded=[
        {
            "id": "r1", "index": 9, "on": "request", "state": "awaiting",
            "said": {"entitlement": "db", "target": "scim"},
        }
    ],
    revisions=[["t1", 1]],
)  # fmt: skip


def long_log(segment: int) -> Log:
    """A full segment and some: pruned later on record, and going on from what was before."""
    log = Log().opened().beats(segment + 1)
    log.add("retention.pruned", boundary=segment, snapshot=writer.sha(STATE).hex())
    return log


def going_on(log: Log) -> Log:
    steps = writer.REQUEST | {"stages": [1]}
    log.move("request", "r1", "awaiting", "approved", "request.approved", **steps)
    for request in ("r1", "r2"):
        grant = writer.GRANT | {
            "request": request,
            "seconds": 600,
            "activate_by": "2099-01-01T00:00:00.000000Z",
        }
        log.move("grant", f"g{request}", "", "planned", "grant.planned", **grant)
    log.move("ticket", "t1", "", "identity", "ticket.classified", **writer.TICKET, revision=2)
    return log


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Log, Path]:
    log = going_on(long_log(SEGMENT))
    return log, log.write(tmp_path_factory.mktemp("long") / "b")


@pytest.fixture
def pruned(whole: tuple[Log, Path], tmp_path: Path) -> Path:
    """The same bundle, its first segment being left out."""
    return left_out(whole, tmp_path / "p", SEGMENT)


def left_out(whole: tuple[Log, Path], folder: Path, segment: int) -> Path:
    bundle = shutil.copytree(whole[1], folder)
    (bundle / "log" / "000000.jsonl").unlink()
    (bundle / "log" / "000000.leaves").write_bytes(b"".join(whole[0].leaves[:segment]))
    return bundle


@pytest.fixture
def short(tmp_path: Path) -> Iterator[tuple[Log, Path]]:
    """Such a log of short segments, which the verifier knows as such."""
    with short_segments(verify):
        log = going_on(long_log(SHORT))
        yield log, log.write(tmp_path / "short")


@pytest.fixture
def short_pruned(short: tuple[Log, Path], tmp_path: Path) -> Path:
    """The same bundle, its first segment being left out."""
    return left_out(short, tmp_path / "short-p", SHORT)


def test_processes_find_what_one_finds(whole: tuple[Log, Path], tmp_path: Path) -> None:
    log, bundle = whole[0], shutil.copytree(whole[1], tmp_path / "b")
    (bundle / "checkpoints").mkdir()
    for size in (1, 77, SEGMENT - 1, SEGMENT, SEGMENT + 1):
        note = writer.checkpoint(size, writer.root(log.leaves[:size]), LOG_KEY)
        (bundle / "checkpoints" / f"{size}").write_bytes(note)
    one, two = Apart(bundle, "--quick"), Apart(bundle, "--quick", "--jobs", "2")
    assert (one.exit, one.document) == (0, two.document)
    assert one.document["root"] == writer.root(log.leaves).hex()
    flipped(bundle / "log" / "000000.jsonl", 5_000_000)
    one, two = Apart(bundle, "--quick"), Apart(bundle, "--quick", "--jobs", "2")
    assert (one.exit, one.document) == (1, two.document)
    assert {"structure", "signed"} == one.failed


def test_processes_find_what_one_finds_in_a_small_log(tmp_path: Path) -> None:
    bundle = Log().story().write(tmp_path / "b")
    one, two = Answer(bundle, "--quick"), Answer(bundle, "--quick", "--jobs", "2")
    assert (one.exit, one.document) == (0, two.document)


def test_a_segment_that_is_not_full_must_be_the_last(
    short: tuple[Log, Path], tmp_path: Path
) -> None:
    bundle = shutil.copytree(short[1], tmp_path / "s")
    path = bundle / "log" / "000000.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    answer = Answer(bundle)
    assert answer.structure["first_bad"] == SHORT - 1


def test_what_is_left_out_is_not_replayed_and_holds_by_its_hashes(short_pruned: Path) -> None:
    answer = Answer(short_pruned)
    assert (answer.exit, answer.failed, answer.semantics["state"]) == (4, set(), "none")
    assert Answer(short_pruned, "--require", "structure,signed").exit == 0
    flipped(short_pruned / "log" / "000000.leaves", 12345)
    assert Answer(short_pruned).failed == {"signed"}
    flipped(short_pruned / "log" / "000000.leaves", 32 * SHORT - 1)
    answer = Answer(short_pruned)
    assert answer.structure["first_bad"] == SHORT


def test_an_earlier_bundle_stands_in_for_what_is_left_out(
    short: tuple[Log, Path], short_pruned: Path, tmp_path: Path
) -> None:
    base = shutil.copytree(short[1], tmp_path / "base")
    answer = Answer(short_pruned, "--base", base)
    assert answer.semantics["state"] != "none"
    assert "structure" not in answer.failed
    path = base / "log" / "000000.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"duplicates":0', b'"duplicates":1', 1))
    answer = Answer(short_pruned, "--base", base)
    assert answer.structure["first_bad"] == 1
    assert Answer(short_pruned, "--base", tmp_path / "none").exit == 3


def test_a_pruned_log_is_replayed_from_its_snapshot(short_pruned: Path) -> None:
    (short_pruned / "snapshots").mkdir()
    path = short_pruned / "snapshots" / f"{SHORT}.json"
    path.write_bytes(STATE)
    answer = Answer(short_pruned)
    assert (answer.exit, answer.failed) == (0, set())
    wrong = [
        STATE.replace(b"act_ann", b"act_eve"), STATE + b"\n", STATE[:-1], b"{}", b"", b"[]",
        STATE.replace(b'"state":"awaiting"', b'"state":7'),
        STATE.replace(b"%d" % SHORT, b"%d" % (2 * SHORT)),
        STATE.replace(b'"request"', b'"nothing"'), STATE.replace(b"[[", b"[ ["), b"\xff" + STATE,
        STATE.replace(b'["t1",1]', b'["t1"]'), STATE.replace(b"3600]]", b"NaN]]"),
    ]  # fmt: skip
    for data in wrong:
        path.write_bytes(data)
        answer = Answer(short_pruned)
        assert answer.failed == {"semantics"}, data
        assert answer.semantics["first_bad"] == SHORT


def test_a_boundary_that_cannot_be_is_a_fault(short: tuple[Log, Path], tmp_path: Path) -> None:
    """Four of them in one log, and one between that can be."""
    log = Log(entries=short[0].entries[:-5], leaves=short[0].leaves[:-5])
    first = len(log)
    for boundary in (0, 1, SHORT, -SHORT, 2 * SHORT):
        log.add("retention.pruned", boundary=boundary, snapshot=writer.sha(STATE).hex())
    answer = Answer(log.write(tmp_path / "b"))
    assert answer.failed == {"semantics"}
    wrong = {fault["index"] - first for fault in answer.semantics["faults"]}
    assert wrong == {0, 1, 3, 4}


def test_a_key_that_only_a_snapshot_knows_needs_a_better_one(
    short: tuple[Log, Path], tmp_path: Path
) -> None:
    """Else who writes a bundle would write whose key counts into its snapshot."""
    state = snapshot(SHORT, keys=[[NEXT.vkey, 5, None]])
    log = Log(entries=short[0].entries[: SHORT + 2], leaves=short[0].leaves[: SHORT + 2])
    log.add("retention.pruned", boundary=SHORT, snapshot=writer.sha(state).hex())
    bundle = log.write(tmp_path / "b", NEXT)
    (bundle / "log" / "000000.jsonl").unlink()
    (bundle / "log" / "000000.leaves").write_bytes(b"".join(log.leaves[:SHORT]))
    (bundle / "snapshots").mkdir()
    (bundle / "snapshots" / f"{SHORT}.json").write_bytes(state)
    for words in ([], ["--quick"]):
        answer = Answer(bundle, *words)
        assert (answer.signed["state"], answer.exit) == ("none", 4)
    (bundle / "checkpoints").mkdir()
    note = writer.checkpoint(len(log), writer.root(log.leaves), LOG_KEY)
    (bundle / "checkpoints" / f"{len(log)}").write_bytes(note)
    for words in ([], ["--quick"]):
        assert Answer(bundle, *words).exit == 0


def test_a_fork_proof_reaches_over_segments(short: tuple[Log, Path], tmp_path: Path) -> None:
    log, bundle = short
    trust = tmp_path / "t"
    trust.write_text(writer.policy())
    for size in (SHORT - 1, SHORT, SHORT + 3):
        (tmp_path / "k").write_bytes(writer.checkpoint(size, bytes(32), LOG_KEY))
        words = ("--known", tmp_path / "k", "--fork-proof", tmp_path / "f", "--quick")
        assert Answer(bundle, *words).failed == {"anchored"}
        assert Answer("--fork", tmp_path / "f", "--trust", trust).exit == 0
    assert len(log) > SHORT + 3


# --- tiles -----------------------------------------------------------------------------------


def tiles(log: Log) -> dict[str, bytes]:
    """Some tiles of the tree, c2sp.org/tlog-tiles."""
    entries, leaves, width = log.entries, log.leaves, len(log) % 256
    subtrees = [writer.root(leaves[at : at + 256]) for at in range(0, SEGMENT, 256)]
    last = entries[-width:]
    return {
        "tile/0/000": b"".join(leaves[:256]),
        f"tile/0/256.p/{width}": b"".join(leaves[-width:]),
        "tile/1/000": b"".join(subtrees),
        "tile/2/000.p/1": writer.root(leaves[:SEGMENT]),
        f"tile/entries/256.p/{width}": b"".join(len(e).to_bytes(2, "big") + e for e in last),
    }


def test_tiles_are_those_of_the_tree(whole: tuple[Log, Path], pruned: Path, tmp_path: Path) -> None:
    bundle = shutil.copytree(whole[1], tmp_path / "b")
    laid_out(bundle, tiles(whole[0]))
    assert Apart(bundle, "--quick").exit == 0
    laid_out(pruned, tiles(whole[0]))
    assert "structure" not in Apart(pruned, "--quick").failed


def shortened(data: bytes) -> bytes:
    return data[:-32]


def lengthened(data: bytes) -> bytes:
    return data + bytes(32)


def emptied(_: bytes) -> bytes:
    return b""


def turned(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def named(answer: Answer) -> set[str]:
    """The tiles that are told to be none of the tree."""
    return {str(fault["text"]).partition(" ")[0] for fault in answer.structure["faults"]}


@pytest.mark.parametrize("change", [shortened, lengthened, emptied, turned])
def test_each_tile_that_was_changed_is_named(
    whole: tuple[Log, Path], pruned: Path, change: Callable[[bytes], bytes]
) -> None:
    """All of them at once, and over leaf hashes: of a log of this size each look counts."""
    changed = {name: change(data) for name, data in tiles(whole[0]).items()}
    laid_out(pruned, changed)
    answer = (Answer if change is turned else Apart)(pruned, "--quick")
    assert answer.failed == {"structure"}
    assert named(answer) == changed.keys()


def test_a_tile_that_the_tree_does_not_have_is_named(pruned: Path) -> None:
    names = ("tile/0/257", "tile/0/000.p/5", "tile/1/001.p/1", "tile/3/000.p/1", "tile/2/001")
    laid_out(pruned, dict.fromkeys(names, bytes(32)))
    answer = Apart(pruned, "--quick")
    assert answer.failed == {"structure"}
    assert named(answer) == set(names)

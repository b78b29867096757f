"""Receipts and fork proofs, which stand alone: both verifiers, by library and command line."""

import base64
from pathlib import Path
from random import Random
from typing import Final

import pytest
from tests.agreement.both import Told, agreed
from tests.agreement.bundles import MALLORY, cosigned_policy, files_of, laid_out
from tests.agreement.catching import SOUND, by_command_lines, note
from tests.verifier import bundle_writer as writer
from tests.verifier.bundle_writer import LOG_KEY, START, WITNESS, Log, Signer

LEAVES: Final = SOUND.leaves
TOP: Final = writer.root(LEAVES)
PATH_OF_2: Final = writer.inclusion(2, LEAVES)


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    path = tmp_path / "trust"
    path.write_text(writer.policy())
    return path


def alone(kind: str, data: bytes, trust: Path) -> Told:
    """What both command lines say of a receipt or a fork proof; they must say the same."""
    file = trust.parent / kind
    file.write_bytes(data)
    words = [f"--{kind}", str(file), "--trust", str(trust), "--now", str(START + 10)]
    ours, theirs = by_command_lines(words)
    assert ours == theirs
    return ours


def receipt(
    place: int = 2,
    hashes: list[bytes] | None = None,
    entry: bytes = SOUND.entries[2],
    checkpoint: bytes = note(6, TOP),
    **other: str,
) -> bytes:
    lines = {
        "version": "c2sp.org/tlog-proof@v1",
        "extra": f"extra {writer.b64(entry)}",
        "index": f"index {place}",
    } | other
    path = PATH_OF_2 if hashes is None else hashes
    text = "\n".join([*(line for line in lines.values() if line), *map(writer.b64, path)])
    return text.encode() + b"\n\n" + checkpoint


INTERIOR: Final = LEAVES[2] + LEAVES[3]  # hashed as an entry it would be 0x00, not 0x01
RECEIPTS: Final = [
    ("a_right_one", receipt(), 0, {}),
    ("one_hash_is_wrong", receipt(hashes=[*PATH_OF_2[:-1], bytes(32)]), 1, {"structure": 0}),
    ("one_hash_too_many", receipt(hashes=[*PATH_OF_2, bytes(32)]), 1, {"structure": 0}),
    ("one_hash_is_missing", receipt(hashes=PATH_OF_2[:-1]), 1, {"structure": 0}),
    ("no_hashes", receipt(hashes=[]), 1, {"structure": 0}),
    ("two_hashes_changed_places", receipt(hashes=PATH_OF_2[::-1]), 1, {"structure": 0}),
    ("a_hash_of_31_bytes", receipt(hashes=[PATH_OF_2[0][:31], *PATH_OF_2[1:]]), 1,
     {"structure": 0}),
    ("a_hash_of_33_bytes", receipt(hashes=[PATH_OF_2[0] + b"x", *PATH_OF_2[1:]]), 1,
     {"structure": 0}),
    ("an_interior_node_as_a_leaf", receipt(1, entry=INTERIOR, hashes=PATH_OF_2[1:]), 1,
     {"structure": 0}),
    ("an_interior_node_as_a_leaf_of_a_smaller_tree", receipt(
        1, entry=INTERIOR, hashes=PATH_OF_2[1:], checkpoint=note(3, TOP)), 1,
     {"structure": 0}),
    ("another_index", receipt(3), 1, {"structure": 0}),
    ("an_index_behind_the_end", receipt(6), 1, {"structure": 0}),
    ("an_index_with_a_leading_zero", receipt(index="index 02"), 1,
     {"structure": 0}),
    ("an_index_of_two_to_the_53", receipt(index="index 9007199254740992"), 1,
     {"structure": 0}),
    ("another_entry", receipt(entry=SOUND.entries[3]), 1, {"structure": 0}),
    ("an_entry_with_a_newline", receipt(entry=SOUND.entries[2] + b"\n"), 1, {"structure": 0}),
    ("no_entry", receipt(extra=""), 1, {"structure": 0}),
    ("another_version", receipt(version="c2sp.org/tlog-proof@v2"), 1, {"structure": 0}),
    ("crlf", receipt().replace(b"\n", b"\r\n"), 1, {"structure": 0}),
    ("no_newline_at_the_end", receipt()[:-1], 1, {"structure": 0}),
    ("an_empty_file", b"", 1, {"structure": 0}),
    ("the_root_of_another_size", receipt(checkpoint=note(5, writer.root(LEAVES[:5]))), 1,
     {"structure": 0}),
    ("a_forged_signature", receipt(checkpoint=note(6, TOP, LOG_KEY.line(b"x"))), 1, {"signed": 6}),
    ("a_key_that_nobody_trusts",
     receipt(checkpoint=note(6, TOP, MALLORY.line(writer.checkpoint_text(6, TOP)))), 4, {}),
    ("another_log", receipt(checkpoint=note(6, TOP, Signer("o").line(
        writer.checkpoint_text(6, TOP, "o")), origin="o")), 4, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code", "bad"), [row[1:] for row in RECEIPTS], ids=[row[0] for row in RECEIPTS]
)
def test_a_receipt_proves_its_record_or_nothing(
    data: bytes, code: int, bad: dict[str, int], trust: Path
) -> None:
    found = alone("proof", data, trust)
    assert (found.exit, dict(found.bad)) == (code, bad)


def test_a_receipt_of_each_record_holds_alone_and_in_a_bundle(trust: Path) -> None:
    files = files_of(SOUND)
    for index, entry in enumerate(SOUND.entries):
        data = receipt(index, writer.inclusion(index, LEAVES), entry)
        found = alone("proof", data, trust)
        assert (found.exit, found.numbers["size"], found.numbers["signed_to"]) == (0, 6, 6)
        assert found.numbers["leaf"] == LEAVES[index].hex()
        files[f"proofs/T-{index}.tlog-proof"] = data
    assert agreed(laid_out(trust.parent / "b", files)).exit == 0


@pytest.mark.parametrize("digits", [b"4", b"true", b'"1"'])
def test_a_receipt_is_of_a_record_that_says_its_index_also_where_the_tree_has_it(
    digits: bytes, trust: Path
) -> None:
    entry = SOUND.entries[1].replace(b'"_seq":1', b'"_seq":' + digits)
    leaves = [LEAVES[0], writer.leaf(entry), *LEAVES[2:]]
    data = receipt(1, writer.inclusion(1, leaves), entry, note(6, writer.root(leaves)))
    assert alone("proof", data, trust).bad == {"structure": 0}


def test_a_receipts_checkpoint_is_judged_by_its_witnesses_too(trust: Path) -> None:
    trust.write_text(cosigned_policy())
    text = writer.checkpoint_text(6, TOP)
    assert alone("proof", receipt(), trust).exit == 4
    both = note(6, TOP, LOG_KEY.line(text), WITNESS.line(text))
    found = alone("proof", receipt(checkpoint=both), trust)
    assert (found.exit, found.states["anchored"], found.states["policy"]) == (0, "holds", "holds")


def test_every_byte_of_a_receipt_counts(trust: Path) -> None:
    random = Random(20261122)  # noqa: S311 -- a repeatable choice, nothing secret
    data = receipt()
    for at in random.sample(range(len(data)), 150):
        changed = bytearray(data)
        changed[at] ^= 1 << random.randrange(8)
        assert alone("proof", bytes(changed), trust).exit in {1, 4}, at


def other_history(count: int) -> Log:
    log = Log().opened()
    log.add("actor.minted", actor="act_eve")
    return log.beats(count - 2)


def fork(size: int, larger: Log, smaller: Log) -> bytes:
    """A fork proof as the format document describes it, from `smaller` at a size to `larger`."""
    hashes = [] if size == len(larger) else writer.consistency(size, larger.leaves)
    if hashes and size & (size - 1) == 0:
        hashes.insert(0, writer.root(larger.leaves[:size]))
    lines = ["ticketgate-fork-proof@v1", *map(writer.b64, hashes)]
    kept = note(size, writer.root(smaller.leaves[:size]))
    newest = note(len(larger), writer.root(larger.leaves))
    return "\n".join(lines).encode() + b"\n\n" + kept + b"\n" + newest


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 7, 8, 9, 12, 13])
def test_two_histories_are_proved_to_be_two_by_what_each_verifier_writes(
    size: int, trust: Path
) -> None:
    """And each confirms what the other wrote, which is the same, byte for byte."""
    larger, smaller = other_history(13), Log().opened().beats(12)
    bundle = laid_out(trust.parent / "b", files_of(larger))
    known = trust.parent / "known"
    known.write_bytes(note(size, writer.root(smaller.leaves[:size])))
    written = [trust.parent / "ours", trust.parent / "theirs"]
    for file in written:
        words = [str(bundle), "--known", str(known), "--trust", str(trust)]
        words += ["--fork-proof", str(file), "--now", str(START + 10)]
        found = by_command_lines(words)[written.index(file)]
        assert (found.exit, dict(found.bad)) == (1, {"anchored": size})
    right = fork(size, larger, smaller)
    for file in written:
        assert file.read_bytes() == right
    found = alone("fork", right, trust)
    assert (found.exit, found.numbers["signed_to"]) == (0, 13)
    assert found.states == {"structure": "holds", "signed": "holds"}


def test_no_proof_is_written_of_what_is_no_fork(trust: Path) -> None:
    bundle = laid_out(trust.parent / "b", files_of(SOUND))
    known, file = trust.parent / "known", trust.parent / "proof"
    for size, top, code in ((3, writer.root(LEAVES[:3]), 0), (9, TOP, 1), (0, writer.root([]), 0)):
        known.write_bytes(note(size, top))
        words = [str(bundle), "--known", str(known), "--fork-proof", str(file)]
        assert [one.exit for one in by_command_lines(words)] == [code, code]
        assert not file.exists()


LARGER, SMALLER = other_history(7), SOUND
GOOD: Final = fork(3, LARGER, SMALLER)
HEAD, _, NOTES = GOOD.partition(b"\n\n")
FORKS: Final = [
    ("a_right_one", GOOD, 0, {}),
    ("the_same_history", fork(3, SMALLER, SMALLER), 1, {"structure": 0}),
    ("the_same_size_and_root", fork(6, SMALLER, SMALLER), 1, {"structure": 0}),
    ("one_size_and_two_roots", fork(6, other_history(6), SMALLER), 0, {}),
    ("hashes_between_equal_sizes", fork(6, other_history(6), SMALLER).replace(
        b"v1\n\n", b"v1\n" + base64.b64encode(bytes(32)) + b"\n\n"), 1, {"structure": 0}),
    ("one_hash_too_many", HEAD + b"\n" + base64.b64encode(bytes(32)) + b"\n\n" + NOTES, 1,
     {"structure": 0}),
    ("one_hash_too_few", HEAD.rpartition(b"\n")[0] + b"\n\n" + NOTES, 1, {"structure": 0}),
    ("no_hashes", b"ticketgate-fork-proof@v1\n\n" + NOTES, 1, {"structure": 0}),
    ("a_hash_of_31_bytes", HEAD.rpartition(b"\n")[0] + b"\n" + base64.b64encode(bytes(31))
     + b"\n\n" + NOTES, 1, {"structure": 0}),
    ("another_version", GOOD.replace(b"@v1", b"@v2"), 1, {"structure": 0}),
    ("crlf", GOOD.replace(b"\n", b"\r\n"), 1, {"structure": 0}),
    ("something_behind_it", GOOD + b"x", 1, {"structure": 0}),
    ("nothing", b"", 1, {"structure": 0}),
    ("the_larger_one_first", fork(3, LARGER, SMALLER).replace(b"\n3\n", b"\n9\n"), 1,
     {"structure": 0}),
    ("one_is_of_another_log", GOOD.replace(LARGER.origin.encode(), b"other", 1), 1,
     {"structure": 0}),
    ("one_has_a_forged_signature", GOOD.replace(
        LOG_KEY.line(writer.checkpoint_text(7, writer.root(LARGER.leaves))).encode(),
        LOG_KEY.line(b"x").encode()), 1, {"signed": 3}),
    ("one_is_signed_by_another_key", GOOD.replace(
        LOG_KEY.line(writer.checkpoint_text(7, writer.root(LARGER.leaves))).encode(),
        MALLORY.line(writer.checkpoint_text(7, writer.root(LARGER.leaves))).encode()), 4, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code", "bad"), [row[1:] for row in FORKS], ids=[row[0] for row in FORKS]
)
def test_a_fork_proof_proves_a_fork_or_nothing(
    data: bytes, code: int, bad: dict[str, int], trust: Path
) -> None:
    found = alone("fork", data, trust)
    assert (found.exit, dict(found.bad)) == (code, bad)


@pytest.mark.parametrize(
    "words",
    [
        ["--proof", "x"], ["--fork", "x"], ["b", "--proof", "x", "--trust", "t"],
        ["--fork", "x", "--proof", "x", "--trust", "t"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_cannot_be_meant_is_usage(words: list[str], trust: Path) -> None:
    (trust.parent / "x").write_bytes(b"")
    paths = {"x": trust.parent / "x", "b": trust.parent, "t": trust}
    given = [str(paths.get(word, word)) for word in words]
    assert [one.exit for one in by_command_lines(given)] == [2, 2]

"""Random changes of bundles, none of which may pass: each returns other files, or nothing.

A change that a bundle may have is not among them: leaving disclosures or older checkpoints out,
adding a signature of somebody unknown, `README` and `verify.py`.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

from tests.agreement.bundles import (
    DISCLOSURES,
    MALLORY,
    SEGMENT_0,
    Files,
    chained,
    lines_of,
    retold,
    segments_of,
)
from tests.verifier import bundle_writer as writer
from tests.verifier.bundle_writer import LOG_KEY, Log

Mutation = Callable[[Random, Log, Files], Files | None]
VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, 1, -1, 7, 2**53, 10**30, 1.5, "", "x", "7", [], {}, [[]], ["x"], [None],
    {"a": 1}, "\x00", "é", "\u2028", "A" * 43, ["A" * 43], "2026-11-22T02:40:00.000000Z",
)  # fmt: skip
STRAYS: Final = (
    "stray", "log/000000.txt", "log/00000.jsonl", "log/0000000.jsonl", "checkpoints/01", "a/b",
    "checkpoints/x", "anchors/1", "proofs/x", "tile/0/000", "tile/x", "log/000001.jsonl",
    "log/000000.leaves", "log/000002.jsonl", "snapshots/1.json", "snapshots/65536.json",
    "proofs/x.tlog-proof", "disclosures.json", "ORIGIN", "tile/entries/000.p/1", "anchors/3.tsr",
)  # fmt: skip


def watched(files: Files) -> list[str]:
    """The files of which every byte counts."""
    return sorted(files.keys() - {"policy"})


def flip(random: Random, _: Log, files: Files) -> Files:
    """One bit of any file."""
    name = random.choice(watched(files))
    data = bytearray(files[name])
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return files | {name: bytes(data)}


def put_byte(random: Random, _: Log, files: Files) -> Files:
    """A byte that often means something, in place of another or between two."""
    name, byte = random.choice(watched(files)), random.choice(b'\n\r\t\x00 "\\{}[]:,0\xff+/=-')
    data, at = files[name], random.randrange(len(files[name]))
    return files | {name: data[:at] + bytes([byte]) + data[at + random.randrange(2) :]}


def cut(random: Random, _: Log, files: Files) -> Files | None:
    """The end of a file is gone."""
    name = random.choice(watched(files))
    kept = files[name][: random.randrange(len(files[name]))]
    if name == DISCLOSURES and (not kept or kept.endswith(b"\n")):
        return None  # what is withheld is no fault
    return files | {name: kept}


def append(random: Random, _: Log, files: Files) -> Files:
    """Something behind the end of a file."""
    name = random.choice(watched(files))
    more = random.choice([b"\n", b"\r\n", b" ", b"\x00", b"{}\n", b"x", b"\n\n", files[name]])
    return files | {name: files[name] + more}


def drop(random: Random, _: Log, files: Files) -> Files:
    """A file that must be there is not."""
    gone = random.choice(["origin", "policy", "checkpoint", SEGMENT_0])
    return {name: data for name, data in files.items() if name != gone}


def swap_files(random: Random, _: Log, files: Files) -> Files:
    """Two files under each other's name."""
    one, other = random.sample(sorted(files), 2)
    return files | {one: files[other], other: files[one]}


def stray(random: Random, _: Log, files: Files) -> Files:
    """A file that does not belong there."""
    return files | {random.choice(STRAYS): random.choice([b"", b"x", b"{}\n", b"\x00" * 32])}


def move_lines(random: Random, _: Log, files: Files) -> Files | None:
    """Lines doubled, gone, or in another order."""
    name = random.choice([SEGMENT_0, SEGMENT_0, "checkpoint"])
    lines = files[name].split(b"\n")[:-1]
    at, to = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(4):
        case 0:
            lines.insert(to, lines[at])
        case 1:
            del lines[at]
        case 2:
            lines[at], lines[to] = lines[to], lines[at]
        case _:
            lines.insert(at, b"")
    data = b"".join(line + b"\n" for line in lines)
    if name == "checkpoint" and says_the_same(data, files[name]):
        return None
    return files | {name: data}


def says_the_same(note: bytes, other: bytes) -> bool:
    """Whether two notes differ in how often a signature stands there only, which is no matter."""
    (text, _, lines), (same, _, signatures) = note.partition(b"\n\n"), other.partition(b"\n\n")
    return text == same and set(lines.splitlines()) == set(signatures.splitlines())


def edited(random: Random, log: Log) -> tuple[int, list[bytes]]:
    """The entries, one of them with another value in one field; where it is."""
    place = random.randrange(len(log))
    record = json.loads(log.entries[place])
    record[random.choice([*record, "extra"])] = random.choice(VALUES)
    entries = list(log.entries)
    entries[place] = writer.canonical(record)
    return place, entries


def edit(random: Random, log: Log, files: Files) -> Files:
    """One record says something else."""
    _, entries = edited(random, log)
    return files | segments_of(entries)


def edit_and_chain(random: Random, log: Log, files: Files) -> Files | None:
    """All that follows it is recomputed, but not the checkpoint."""
    place, entries = edited(random, log)
    try:
        return files | segments_of(chained(entries, place))
    except TypeError:
        return None  # a record that is no object cannot be chained


def edit_and_sign(random: Random, log: Log, files: Files) -> Files | None:
    """Chain, tree and checkpoint are recomputed, with a key that nobody trusts."""
    place, entries = edited(random, log)
    entries = chained(entries, place)
    top = writer.root([writer.leaf(entry) for entry in entries])
    note = writer.checkpoint(len(entries), top, MALLORY)
    return files | segments_of(entries) | {"checkpoint": note}


def edit_disclosure(random: Random, log: Log, files: Files) -> Files | None:
    """A disclosure says something else, or says it of something else."""
    if not log.rows:
        return None
    rows = [dict(row) for row in log.rows]
    row, other = random.choice(rows), random.choice(rows)
    match random.randrange(5):
        case 0:
            row["encoded"] = None
        case 1:
            row["encoded"], other["encoded"] = other["encoded"], row["encoded"]
        case 2:
            row["idx"] = random.choice([row["idx"] + 1, 0, 10**6, -1, "1", None, 2**53, True])
        case 3:
            row["digest"], other["digest"] = other["digest"], row["digest"]
        case _:
            row[random.choice([*row, "more"])] = random.choice(VALUES)
    random.shuffle(rows) if random.randrange(4) == 0 else None
    try:
        data = lines_of(rows)
    except TypeError:
        data = b"".join(writer.canonical(one) + b"\n" for one in rows)
    return files | {DISCLOSURES: data}


def edit_checkpoint(random: Random, log: Log, files: Files) -> Files:
    """A checkpoint of something else, signed by the right key."""
    size = random.choice([len(log) + 1, len(log) * 2, 2**53 - 1])
    wrong = random.choice([len(log), 0, 1, len(log) // 2])
    of = random.randrange(len(log))
    note = random.choice(
        [
            writer.checkpoint(size, writer.root(log.leaves), LOG_KEY),
            writer.checkpoint(wrong, writer.sha(b"x"), LOG_KEY),
            writer.checkpoint(len(log), writer.root(log.leaves[:of]), LOG_KEY),
            writer.checkpoint(len(log), writer.root(log.leaves), LOG_KEY, origin="other"),
        ]
    )
    return files | {random.choice(["checkpoint", f"checkpoints/{size}"]): note}


def transplant(random: Random, log: Log, files: Files) -> Files:
    """Files of another log of the same name and key, or entries of it."""
    other = Log().opened().beats(random.randrange(1, 9))
    other.add("heartbeat", duplicates=random.randrange(9), refused=[])
    note = writer.checkpoint(len(other), writer.root(other.leaves), LOG_KEY)
    place = random.randrange(1, min(len(log), len(other)))
    entries = [*log.entries[:place], *other.entries[place:]]
    return files | random.choice(
        [{"checkpoint": note}, segments_of(other.entries), segments_of(entries)]
    )


MUTATIONS: Final[tuple[Mutation, ...]] = (
    flip, flip, put_byte, put_byte, cut, append, drop, swap_files, stray, move_lines, move_lines,
    edit, edit_and_chain, edit_and_sign, edit_disclosure, edit_disclosure, edit_checkpoint,
    transplant,
)  # fmt: skip


def mutant(random: Random, log: Log, files: Files) -> tuple[str, Files]:
    """The name of a change, and files that it made, which are never those that were there."""
    while True:
        mutation = random.choice(MUTATIONS)
        changed = mutation(random, log, files)
        if changed is not None and changed != files:
            return mutation.__name__, changed


def edited_truly(random: Random, log: Log) -> Log:
    """One to three values changed, with chain, tree and signature made good: both must agree."""

    def change(records: list[dict[str, Any]]) -> None:
        for _ in range(random.randint(1, 3)):
            record, other = random.choice(records), random.choice(records)
            names = sorted(record.keys() - {"_prev", "_seq"})
            name = random.choice(names)
            match random.randrange(4):
                case 0:
                    record[name] = random.choice([one for one in VALUES if one != 10**30])
                case 1:
                    record[name] = random.choice(list(other.values()))
                case 2:
                    del record[name]
                case _:
                    records.insert(random.randrange(len(records)), dict(record))

    return retold(log, change)

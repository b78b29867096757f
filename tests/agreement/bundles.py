"""Bundles as dictionaries of files, and folders in memory to lay them out in."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.domain import evidence_log
from tests.verifier import bundle_writer as writer
from tests.verifier.bundle_writer import LOG_KEY, ORIGIN, WITNESS, Log, Signer

Files = dict[str, bytes]

SEGMENT_0: Final = "log/000000.jsonl"
DISCLOSURES: Final = "disclosures.jsonl"
MEMORY: Final = Path("/dev/shm")  # noqa: S108 -- a folder in memory, where there is one
MALLORY: Final = Signer(ORIGIN, 1, 666)  # the log's name, and not its key
NEXT_KEY: Final = Signer(ORIGIN, 1, 5)


def files_of(
    log: Log,
    *signers: Signer,
    trust: str | None = None,
    sizes: tuple[int, ...] = (),
    signed: int | None = None,
) -> Files:
    """The files of a bundle: a checkpoint of `signed` records (all), older ones of `sizes`."""
    by = signers or (LOG_KEY,)
    count = len(log) if signed is None else signed

    def note(size: int) -> bytes:
        return writer.checkpoint(size, writer.root(log.leaves[:size]), *by, origin=log.origin)

    files: Files = {
        "origin": f"{log.origin}\n".encode(),
        "policy": (writer.policy() if trust is None else trust).encode(),
        "checkpoint": note(count),
        **{f"checkpoints/{size}": note(size) for size in sizes},
        **segments_of(log.entries),
    }
    if log.rows:
        files[DISCLOSURES] = lines_of(log.rows)
    return files


def segments_of(entries: list[bytes]) -> Files:
    """The log's own files."""
    return {
        f"log/{number:06d}.jsonl": b"".join(
            entry + b"\n" for entry in entries[start : start + writer.SEGMENT]
        )
        for number, start in enumerate(range(0, len(entries), writer.SEGMENT))
    }


def lines_of(rows: list[dict[str, Any]]) -> bytes:
    """`disclosures.jsonl` of these rows, in order."""
    ordered = sorted(rows, key=lambda row: (row["idx"], row["digest"]))
    return b"".join(writer.canonical(row) + b"\n" for row in ordered)


def small() -> Log:
    """Six records, two of them with something hidden."""
    log = Log().opened()
    log.add("actor.minted", {"subject": "bob"}, actor="act_bob")
    log.beats(1)
    log.add("actor.minted", {"subject": "ann"}, actor="act_ann")
    return log.beats(2)


def taken_from(stored: evidence_log.Log) -> Log:
    """The same log as the writer keeps one."""
    log = Log(stored.origin)
    for _, _, entry in stored.rows:
        log.put(entry)
    log.rows = [
        {"digest": digest, "encoded": encoded, "idx": index}
        for digest, index, encoded in stored.hidden
    ]
    return log


def chained(entries: list[bytes], start: int = 0, origin: str = ORIGIN) -> list[bytes]:
    """The entries with `_prev` and `_seq` made good from `start` on."""
    done = entries[:start]
    before = writer.leaf(done[-1]) if done else writer.sha(b"\x00" + origin.encode() + b"\ngenesis")
    for entry in entries[start:]:
        record = json.loads(entry) | {"_prev": before.hex(), "_seq": len(done)}
        done.append(writer.canonical(record))
        before = writer.leaf(done[-1])
    return done


def retold(log: Log, change: Callable[[list[dict[str, Any]]], object]) -> Log:
    """The log with its records changed, and chain and tree made good over them."""
    records = [json.loads(entry) for entry in log.entries]
    change(records)
    told = Log(log.origin)
    for entry in chained([writer.canonical(record) for record in records], origin=log.origin):
        told.put(entry)
    told.rows = [dict(row) for row in log.rows]
    return told


def laid_out(folder: Path, files: Files) -> Path:
    """Write all of them."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@contextmanager
def room() -> Iterator[Path]:
    """A folder, in memory where that can be."""
    place = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place, prefix="ticketgate-") as name:
        yield Path(name)


class Shelf:
    """One folder that holds now these files, now those; only what differs is written."""

    def __init__(self, folder: Path, files: Files) -> None:
        self.folder = laid_out(folder, files)
        self._there = dict(files)

    def hold(self, files: Files) -> Path:
        """Hold exactly these files."""
        for name in self._there.keys() - files.keys():
            path = self.folder / name
            path.unlink()
            if path.parent != self.folder and path.parent.name != "log":
                shutil.rmtree(path.parent) if not any(path.parent.iterdir()) else None
        laid_out(
            self.folder,
            {name: data for name, data in files.items() if self._there.get(name) != data},
        )
        self._there = dict(files)
        return self.folder


def cosigned_policy() -> str:
    """A trust file that asks for a witness."""
    return writer.policy(f"witness w {WITNESS.vkey}", quorum="w")

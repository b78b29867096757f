"""One log of more than a segment, built once: 65,536 entries and 464 more."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.agreement.bundles import Files, files_of, room
from tests.verifier import bundle_writer as writer
from tests.verifier.bundle_writer import LOG_KEY, SEGMENT, Log

COUNT = 66_000


@dataclass(frozen=True)
class Large:
    """The log, its files, and its first segment as leaf hashes."""

    log: Log
    files: Files
    leaves: bytes

    def pruned(self) -> Files:
        """The same without its first segment's entries."""
        kept = {name: data for name, data in self.files.items() if name != "log/000000.jsonl"}
        return kept | {"log/000000.leaves": self.leaves}


def grown() -> Log:
    """Many records that say little, and at the end that the first segment was pruned."""
    log = Log().opened().beats(SEGMENT - 1)
    log.add("retention.pruned", boundary=SEGMENT, snapshot=writer.sha(snapshot(log)).hex())
    return log.beats(COUNT - len(log))


def snapshot(log: Log) -> bytes:
    """What replaying starts from behind the first segment."""
    return writer.canonical(
        {
            "approved": [],
            "ballots": [],
            "boundary": SEGMENT,
            "folded": [],
            "keys": [],
            "restoring": False,
            "revisions": [],
            "time": log.stamp(SEGMENT - 1),
        }
    )


@pytest.fixture(scope="session")
def large() -> Large:
    log = grown()
    return Large(log, files_of(log, LOG_KEY), b"".join(log.leaves[:SEGMENT]))


@pytest.fixture(scope="session")
def start(large: Large) -> bytes:
    return snapshot(large.log)


@pytest.fixture
def space() -> Iterator[Path]:
    """A folder in memory, where there is one."""
    with room() as folder:
        yield folder

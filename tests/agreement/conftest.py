"""One log of more than a segment, built once: 65,536 entries and 464 more; and a short one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.agreement.both import STAND_ALONE
from tests.agreement.bundles import Files, files_of, room
from tests.segments import SHORT, short_segments
from tests.verifier import bundle_writer as writer
from tests.verifier.bundle_writer import LOG_KEY, SEGMENT, Log

MORE = 464


@dataclass(frozen=True)
class Large:
    """The log, its files, and its first segment as leaf hashes."""

    log: Log
    files: Files
    segment: int  # its size

    @property
    def leaves(self) -> bytes:
        """The leaf hashes of its first segment."""
        return b"".join(self.log.leaves[: self.segment])

    @property
    def start(self) -> bytes:
        """What replaying starts from behind the first segment."""
        return snapshot(self.log, self.segment)

    def pruned(self) -> Files:
        """The same without its first segment's entries."""
        kept = {name: data for name, data in self.files.items() if name != "log/000000.jsonl"}
        return kept | {"log/000000.leaves": self.leaves}


def grown(segment: int) -> Large:
    """Many records that say little, and at the end that the first segment was pruned."""
    log = Log().opened().beats(segment - 1)
    digest = writer.sha(snapshot(log, segment)).hex()
    log.add("retention.pruned", boundary=segment, snapshot=digest)
    log.beats(MORE - 1)
    return Large(log, files_of(log, LOG_KEY), segment)


def snapshot(log: Log, segment: int) -> bytes:
    """What replaying starts from at the end of the first segment."""
    return writer.canonical(
        {
            "approved": [],
            "automatic": [],
            "ballots": [],
            "boundary": segment,
            "folded": [],
            "keys": [],
            "restoring": False,
            "revisions": [],
            "time": log.stamp(segment - 1),
        }
    )


@pytest.fixture(scope="session")
def large() -> Large:
    return grown(SEGMENT)


@pytest.fixture(scope="session")
def short_large() -> Large:
    with short_segments(STAND_ALONE):
        return grown(SHORT)


@pytest.fixture
def shorter(short_large: Large) -> Iterator[Large]:
    """Such a log of short segments, which both verifiers know as such."""
    with short_segments(STAND_ALONE):
        yield short_large


@pytest.fixture
def space() -> Iterator[Path]:
    """A folder in memory, where there is one."""
    with room() as folder:
        yield folder

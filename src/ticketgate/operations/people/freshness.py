"""Freshness: whether what the directory says of somebody is new enough to judge by."""

from datetime import datetime, timedelta
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.ports import Reading

SNAPSHOT_AGE_MAX: Final = timedelta(seconds=60)  # of the directory that a decision is judged by


def is_stale(reading: Reading, now: datetime, snapshot: DirectorySnapshot, *subjects: str) -> bool:
    """Whether the directory is not the newest, or was asked of these people too long ago.

    What counts is when it was asked of them, not when what was remembered was put together.
    """
    other = reading.people.loaded("directory") != snapshot.digest
    return other or now - snapshot.read_of(*subjects) > SNAPSHOT_AGE_MAX


def stale(
    reading: Reading, now: datetime, snapshot: DirectorySnapshot, *subjects: str
) -> Refusal | None:
    """The refusal `directory_stale` where it is; it only says "try again"."""
    if is_stale(reading, now, snapshot, *subjects):
        return Refusal("directory_stale", "The directory has changed just now.", "Try again.")
    return None

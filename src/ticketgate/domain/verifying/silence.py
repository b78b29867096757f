"""Silence: a gateway that runs says something at least hourly, so a longer gap tells that none ran.

It is no fault: a gateway may be stopped. Who verifies is told of the longest one.
"""

from dataclasses import dataclass
from typing import Final

from ticketgate.domain.instants import duration_text, from_text, whole_seconds

SILENCE_SECONDS: Final = 2 * 3600  # a shorter one is none worth telling
_HOUR: Final = 13  # characters of an instant up to its hour


@dataclass(slots=True)
class Silence:
    """The longest gap between two records, and the index of the record that ended it."""

    seconds: int = 0
    index: int = 0

    def take(self, index: int, before: str, moment: str) -> None:
        """The record at `index` has this instant, the one before it that one (or none: empty).

        Records of one hour are passed at once, since reading an instant costs as much as an entry.
        """
        if not before or before[:_HOUR] == moment[:_HOUR]:
            return
        gap = whole_seconds(from_text(moment) - from_text(before))
        if gap > max(self.seconds, SILENCE_SECONDS):
            self.seconds, self.index = gap, index

    @property
    def note(self) -> str:
        """The longest silence in words; nothing when there was none over two hours."""
        if not self.seconds:
            return ""
        return f"longest silence {duration_text(self.seconds)}, before record {self.index}"

"""What operations ask of the tables of velocity."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from ticketgate.domain.velocity import Rate


class Pace(Protocol):
    """How much each source may bring about, and what it brought about of late."""

    def limit(self, source: str) -> Rate | None:
        """How many requests go to their approvers; None for a source that never had a limit."""

    def set_limits(self, limits: Mapping[str, Rate]) -> None:
        """These from now on. A source that had a limit and is not among them has a count of 0."""

    def passed(self, source: str, since: datetime) -> int:
        """How many requests went to their approvers later than `since`."""

    def note_passed(self, source: str, request: str, at: datetime, since: datetime) -> None:
        """Note that one did; what is not later than `since` is forgotten."""

    def held_sources(self) -> list[str]:
        """The sources of requests that nothing but their limit blocks."""

    def held(self, source: str, limit: int) -> list[str]:
        """The ids of such requests of one source, oldest first."""

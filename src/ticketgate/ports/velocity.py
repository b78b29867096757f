"""What operations ask of the tables of velocity."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from ticketgate.domain.requests.velocity import HeldClosing, Rate, Velocity


class Pace(Protocol):
    """How much each source may bring about, and what it brought about of late; people as well."""

    def limit(self, source: str) -> Rate | None:
        """How many requests go to their approvers; None for a source that never had a limit."""

    def set_limits(self, limits: Mapping[str, Velocity]) -> None:
        """These from now on. A source that had limits and is not among them has counts of 0."""

    def passed(self, source: str, since: datetime) -> int:
        """How many requests went to their approvers later than `since`."""

    def note_passed(self, source: str, request: str, at: datetime, since: datetime) -> None:
        """Note that one did; what is not later than `since` is forgotten."""

    def approved(self, rule: str, since: datetime) -> int:
        """How many requests an automatic rule approved later than `since`."""

    def note_approved(self, rule: str, request: str, at: datetime, since: datetime) -> None:
        """Note that it did; what is not later than `since` is forgotten."""

    def mailed_again(self, actor: str, since: datetime) -> int:
        """How often an actor had a link mailed to them again later than `since`."""

    def note_mailed_again(self, actor: str, link: str, at: datetime, since: datetime) -> None:
        """Note that they had; what is not later than `since` is forgotten."""

    def held_sources(self) -> list[str]:
        """The sources of requests that nothing but their limit blocks."""

    def held(self, source: str, limit: int) -> list[str]:
        """The ids of such requests of one source, oldest first."""

    def closings(self, source: str) -> Rate | None:
        """How many grants its tickets may end; None for a source that never had a limit."""

    def closed(self, source: str, since: datetime) -> int:
        """How many grants its tickets ended later than `since`, without those that were held."""

    def note_closed(self, source: str, grant: str, at: datetime, since: datetime) -> None:
        """Note that one was ended; what is not later than `since` is forgotten."""

    def hold_closing(self, held: HeldClosing) -> None:
        """Hold the end of a grant that is not held."""

    def held_closing(self, grant: str) -> HeldClosing | None:
        """How the end of a grant is held, if it is."""

    def held_until(self, now: datetime) -> list[str]:
        """The grants whose hold is over, oldest first."""

    def let_go(self, grant: str) -> None:
        """A grant ends: nothing of it is held any more."""

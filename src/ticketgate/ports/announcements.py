"""Receivers outside, and what operations ask of the table of what they are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ticketgate.domain.telling.announcement import Announcement


@dataclass(frozen=True, slots=True)
class Queued:
    """What a receiver is to be told: `event` is its type, `index` the place of the record."""

    id: str
    receiver: str
    event: str
    index: int
    queued_at: datetime


class Announcements(Protocol):
    """How far the log was read for receivers, and what waits to be told. It names nobody."""

    def upto(self) -> int | None:
        """The index of the first record that was not read; None while there is no receiver."""

    def set_upto(self, index: int | None) -> None:
        """Note it."""

    def add(self, row: Queued) -> None:
        """Store one; once per receiver and record."""

    def get(self, ident: str) -> Queued | None:
        """The one with this id; None once it is settled."""

    def remove(self, ident: str) -> None:
        """It is settled: told, or given up."""


class Receivers(Protocol):
    """The receivers that the settings name."""

    @property
    def events(self) -> Mapping[str, frozenset[str]]:
        """Receiver -> the events that it is told."""

    def send(self, receiver: str, what: Announcement) -> str:
        """One attempt; the receiver's answer in a few words.

        The same id may arrive twice: where no answer came, it is sent again.

        Raises:
            ConnectorError: it was not taken. Code `receiver_refused` for an answer that another
                try will not change, or no such receiver; `target_throttled`, `target_unavailable`
                and `outcome_unknown` may be tried again.
        """

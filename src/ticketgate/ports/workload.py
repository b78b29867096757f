"""What operations ask of who was asked, who answered, and who was reminded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link that its approver can use now; `asked_at` is the first try of its mail, if any."""

    id: str
    approver: str
    request: str
    on_behalf_of: str
    decide_by: datetime
    asked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision of somebody; `asked_at` as of `OpenLink`."""

    approver: str
    asked_at: datetime | None
    decided_at: datetime


class Workload(Protocol):
    """Of approvers. Reminders are told apart by `key`; they are no part of the evidence."""

    def open_links(self, approver: str | None = None) -> Sequence[OpenLink]:
        """Links of the open stages of requests that await a decision, soonest deadline first."""

    def answers(self, since: datetime) -> Sequence[Answer]:
        """Decisions from then on, oldest first."""

    def is_reminded(self, key: str) -> bool:
        """Whether this reminder was dealt with: mailed, or left to the day's digest."""

    def reminders(self, approver: str, day: date) -> int:
        """How many reminders with a mail of their own somebody has had on this day (UTC)."""

    def add_reminder(self, key: str, approver: str, day: date, *, mailed: bool) -> None:
        """Note a reminder; `mailed`: it has a mail of its own."""

    def has_digest(self, approver: str, day: date) -> bool:
        """Whether somebody has the digest of this day."""

    def add_digest(self, ident: str, approver: str, day: date) -> None:
        """Note a digest under an id of its own."""

    def digest_for(self, ident: str) -> str | None:
        """Whom a digest is for."""

"""Polling: how far a source was asked for what its hooks may have lost."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

SETTLING: Final = " settles "
BY_POLL: Final = "poll "  # no header of a hook may hold a blank: a sender cannot take these ids


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A ticket that a parked delivery may have changed; `seq` is that of the newest such one."""

    table: str
    ticket_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class PollRow:
    """One table of a source. `cursor` is the connector's own words.

    `since` is when polling began; `done_at` when the table was last read to its end; `hold` the
    record of the restore since which it is asked again, 0 for none.
    """

    source: str
    table: str
    cursor: str
    since: datetime
    done_at: datetime | None = None
    hold: int = 0

    def age(self, now: datetime) -> float:
        """Seconds since it was read to its end; since polling began, where it never was."""
        return (now - (self.done_at or self.since)).total_seconds()


def delivery_id(table: str, ticket_id: str, revision: str) -> str:
    """What stands for a hook's id. `revision` is the ticket's version, else its body's digest."""
    return f"{BY_POLL}{table} {ticket_id} {revision}"


def settling_id(ident: str, parked: str) -> str:
    """The id of a polled record that says what holds after the delivery `parked` came."""
    return f"{ident}{SETTLING}{parked}"


def settles(webhook_id: str) -> bool:
    """Whether a delivery is such a record."""
    return is_polled(webhook_id) and SETTLING in webhook_id


def is_polled(webhook_id: str) -> bool:
    """Whether a delivery was asked for by us, and not posted."""
    return webhook_id.startswith(BY_POLL)

"""Access window: when a ticket wants access to begin, and when it is to be over.

A window is half open: access begins at `not_before` at the earliest, and is over at `ends` at the
latest. Pure: the zone of local times is given, and so is the time that a window is held against.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from ticketgate.domain.instants import to_text, whole_seconds
from ticketgate.domain.tickets.ticket import Missing, Ticket

START: Final = "window_start"  # the ticket's fields
END: Final = "window_end"
START_WITHIN: Final = timedelta(days=30)  # how far ahead access may begin, where no limit says
START_WITHIN_SECONDS: Final = whole_seconds(START_WITHIN)

UNREADABLE: Final = "window_unreadable"
AMBIGUOUS: Final = "window_ambiguous"
NONEXISTENT: Final = "window_nonexistent"
BACKWARDS: Final = "window_backwards"
TOO_LONG: Final = "window_too_long"
PAST: Final = "window_past"
TOO_FAR: Final = "window_too_far"
IN_WORDS: Final = "window"
WINDOW_REASONS: Final[Mapping[str, str]] = {
    IN_WORDS: "The ticket says in one text when access is to begin, or may; that is not read.",
    UNREADABLE: "The ticket's window is not a day and a time that say their offset from UTC.",
    AMBIGUOUS: "The clocks are set back then: the ticket's window names a time that comes twice.",
    NONEXISTENT: "The clocks are set forward then: the ticket's window names a time that is not.",
    BACKWARDS: "The ticket's window ends before it begins, or just then.",
    TOO_LONG: "The ticket's window is longer than the policy lets access last.",
    PAST: "The ticket's window has begun already, or is over.",
    TOO_FAR: "The ticket's window begins later than the policy lets anybody ask for.",
}

_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_LOCAL: Final = re.compile(f"{_DAY}[T ]{_TIME}\\Z")
_OFFSET: Final = re.compile(f"{_DAY}[T ]{_TIME} ?(?:Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])\\Z")


@dataclass(frozen=True, slots=True)
class AccessWindow:
    """Either end may be missing: access then begins at once, or ends by its duration alone."""

    not_before: datetime | None = None
    ends: datetime | None = None

    @property
    def seconds(self) -> int | None:
        """How long it is, in whole seconds; None where an end is missing."""
        if self.not_before is None or self.ends is None:
            return None
        return whole_seconds(self.ends - self.not_before)


NO_WINDOW: Final = AccessWindow()


def window_of(ticket: Ticket) -> AccessWindow | str:
    """The window that the ticket asks for; else the code of `WINDOW_REASONS` that says why not.

    A field that is declared but absent might hold a time, so it is not read as none. Nor is the
    field `window`, which would hold both ends in words.
    """
    if ticket.value(IN_WORDS) is Missing.ABSENT or ticket.text(IN_WORDS).strip():
        return IN_WORDS
    start, end = _moment(ticket, START), _moment(ticket, END)
    if isinstance(start, str):
        return start
    if isinstance(end, str):
        return end
    window = AccessWindow(start, end)
    return BACKWARDS if window.seconds is not None and window.seconds < 1 else window


def against(now: datetime, window: AccessWindow, start_within: timedelta) -> str:
    """The code of what is wrong with a window at this time; empty when nothing is.

    A window whose start has come is past: nobody decides about access that should be there.
    """
    bounds = [one for one in (window.not_before, window.ends) if one is not None]
    if any(one <= now for one in bounds):
        return PAST
    if window.not_before is not None and window.not_before - now > start_within:
        return TOO_FAR
    return ""


def decide_until(now: datetime, within: timedelta, window: AccessWindow) -> datetime:
    """Until when people may decide: before access is to begin, or where that is open, to be over.

    A window that is past bounds nothing: what it blocks waits to be mended as long as anything.
    """
    bound = window.not_before or window.ends
    until = now + within
    return until if bound is None or bound <= now else min(until, bound)


def in_zone(ticket: Ticket, zone: tzinfo | None) -> Ticket:
    """The ticket with the local times of its window as instants, by the zone of its source.

    Without a zone, and for what is no local time, it stays as it is. A time that the zone has
    twice or not at all stays too, and `unread_times` says which of the two.
    """
    if zone is None:
        return ticket
    fields, unread = dict(ticket.fields), dict[str, str]()
    for name in (START, END):
        text = ticket.text(name).strip()
        if not _LOCAL.match(text):
            continue
        found = _instant(text, zone)
        if isinstance(found, str):
            unread[name] = found
        else:
            fields[name] = to_text(found)
    return replace(ticket, fields=fields, unread_times=unread)


def _moment(ticket: Ticket, name: str) -> datetime | str | None:
    value = ticket.value(name)
    if value is Missing.NOT_APPLICABLE:
        return None
    text = value.strip() if isinstance(value, str) else ""
    if isinstance(value, str) and not text:
        return None
    if not _OFFSET.match(text):
        return ticket.unread_times.get(name, UNREADABLE)
    try:
        return datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return UNREADABLE


def _instant(text: str, zone: tzinfo) -> datetime | str:
    """The one instant that a local time is in a zone; else why there is none."""
    try:
        local = datetime.fromisoformat(text)
        first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    except (ValueError, OverflowError):
        return UNREADABLE
    if first == second:
        return first
    exists = first.astimezone(zone).replace(tzinfo=None) == local
    return AMBIGUOUS if exists else NONEXISTENT

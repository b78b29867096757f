"""Trying again: how long what did not go outside waits, and when it is given up."""

from datetime import datetime, timedelta
from typing import Final

PAUSE_MAX: Final = timedelta(minutes=5)  # between two tries of the outbox, if not asked for longer
CALL_FIRST: Final = timedelta(seconds=0.5)  # after the first failed call of a target
TELL_FIRST: Final = timedelta(seconds=2)  # after the first failed mail, comment or announcement
GIVE_UP_AFTER: Final = timedelta(days=1)  # what is told is told within a day, or not at all
MAIL_TRIES_MAX: Final = 300  # with the longest pause, about a day
_DOUBLINGS_MAX: Final = 16


def backoff(tries: int, first: timedelta, most: timedelta = PAUSE_MAX) -> timedelta:
    """How long to wait after `tries` failures in a row: `first`, then doubling, at most `most`."""
    return min(most, first * (1 << min(tries - 1, _DOUBLINGS_MAX)))


def call_pause(tries: int, asked: float, *, taking_away: bool) -> timedelta:
    """How long to wait after `tries` failed calls of a target that asked for `asked` seconds.

    A target may ask for more than the pause, but not where access should be gone. A call is never
    given up here: access is taken away until it is gone, and given until `activate_by`.
    """
    wanted = timedelta(seconds=asked)
    if taking_away:
        wanted = min(wanted, PAUSE_MAX)
    return max(backoff(max(1, tries), CALL_FIRST), wanted)


def tell_again(
    now: datetime, tries: int, asked: float, *, retryable: bool, queued_at: datetime
) -> datetime | None:
    """When to tell a ticket or a receiver again after `tries` failures; None: it is given up.

    Whom it is for may ask for a longer pause, `asked` seconds; one that ends a day after it was
    queued, or later, is not waited for.
    """
    if not retryable:
        return None
    due = now + max(backoff(tries, TELL_FIRST), timedelta(seconds=asked))
    return due if due - queued_at < GIVE_UP_AFTER else None


def mail_again(now: datetime, tries: int, *, retryable: bool) -> datetime | None:
    """When to send a mail again after `tries` failures; None: it is given up.

    Servers of mail name no pause, and a mail's command does not say when it was queued: its tries
    are counted instead.
    """
    if not retryable or tries >= MAIL_TRIES_MAX:
        return None
    return now + backoff(tries, TELL_FIRST)

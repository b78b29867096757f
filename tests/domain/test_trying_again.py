"""Trying again: pauses double up to a cap, and each kind of thing is given up at its own time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.trying_again import (
    CALL_FIRST,
    GIVE_UP_AFTER,
    MAIL_TRIES_MAX,
    PAUSE_MAX,
    backoff,
    call_pause,
    mail_again,
    tell_again,
)

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def told_again(tries: int = 1, asked: float = 0.0, *, late: timedelta = 0 * HOUR) -> float | None:
    """Seconds until something that was queued `late` ago is told again."""
    due = tell_again(NOON, tries, asked, retryable=True, queued_at=NOON - late)
    return None if due is None else (due - NOON).total_seconds()


def test_the_first_pause_is_short_and_each_is_twice_the_last_up_to_the_longest() -> None:
    found = [backoff(tries, SECOND / 2).total_seconds() for tries in (1, 2, 3, 4, 50)]
    assert found == [0.5, 1, 2, 4, 300]
    found = [backoff(tries, 30 * SECOND, HOUR).total_seconds() for tries in (1, 2, 3, 99)]
    assert found == [30, 60, 120, 3600]


@given(st.integers(1, 10**9))
def test_a_revocation_is_tried_again_for_ever_ever_later_and_within_the_cap(tries: int) -> None:
    found = call_pause(tries, 0.0, taking_away=True)
    assert timedelta(0) < found <= PAUSE_MAX
    assert found <= call_pause(tries + 1, 0.0, taking_away=True)


def test_a_call_that_was_not_tried_yet_waits_as_after_its_first_failure() -> None:
    assert call_pause(0, 0.0, taking_away=False) == CALL_FIRST


def test_a_target_may_ask_for_longer_but_not_where_access_should_be_gone() -> None:
    assert call_pause(1, 3600.0, taking_away=False) == HOUR
    assert call_pause(1, 3600.0, taking_away=True) == PAUSE_MAX
    assert call_pause(1, 7.0, taking_away=True) == 7 * SECOND


def test_what_is_told_waits_as_long_as_asked_and_at_least_its_own_pause() -> None:
    assert [told_again(tries) for tries in (1, 2, 3, 99)] == [2, 4, 8, 300]
    assert told_again(1, 100.0) == 100
    assert told_again(4, 3.0) == 16


def test_what_is_told_is_given_up_when_its_next_try_is_a_day_after_it_was_queued() -> None:
    assert told_again(late=GIVE_UP_AFTER - 3 * SECOND) == 2
    assert told_again(late=GIVE_UP_AFTER - 2 * SECOND) is None
    assert told_again(asked=GIVE_UP_AFTER.total_seconds()) is None


def test_what_will_never_go_is_given_up_at_once() -> None:
    assert tell_again(NOON, 1, 0.0, retryable=False, queued_at=NOON) is None
    assert mail_again(NOON, 1, retryable=False) is None


def test_a_mail_is_given_up_after_about_a_day_of_tries() -> None:
    assert mail_again(NOON, 1, retryable=True) == NOON + 2 * SECOND
    assert mail_again(NOON, MAIL_TRIES_MAX - 1, retryable=True) == NOON + PAUSE_MAX
    assert mail_again(NOON, MAIL_TRIES_MAX, retryable=True) is None
    waited = sum((backoff(n, 2 * SECOND) for n in range(1, MAIL_TRIES_MAX)), timedelta(0))
    assert GIVE_UP_AFTER <= waited < GIVE_UP_AFTER + HOUR

"""Codes and sessions: the numbers of rule 16."""

from datetime import timedelta

from tests.domain.cast import NOON

from ticketgate.domain.people.sign_in import (
    CODE_LIFE,
    CODE_TRIES_MAX,
    CODES_AN_HOUR_MAX,
    SESSION_LIFE,
    Code,
    SessionRow,
)


def test_a_code_lives_ten_minutes_and_five_tries() -> None:
    numbers = (CODE_LIFE.total_seconds(), CODE_TRIES_MAX, CODES_AN_HOUR_MAX)
    assert numbers == (600, 5, 5)


def test_a_code_that_was_only_asked_for_has_no_hash_and_no_time() -> None:
    """It gets both when it is mailed, so a code that was never mailed fits nothing."""
    asked = Code("cod_1", "b" * 64, "bob", None, NOON)
    assert (asked.code_hash, asked.expires_at, asked.tries, asked.state) == ("", None, 0, "open")


def test_a_session_ends_within_a_working_day() -> None:
    session = SessionRow("h" * 64, "bob", "mail_code", NOON, NOON + SESSION_LIFE)
    assert session.ended_at is None
    assert session.expires_at - session.signed_in_at <= timedelta(hours=8)

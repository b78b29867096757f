"""The claims of an identity provider's tokens: each that does not hold is told by its name."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.id_token import (
    LOGOUT_EVENT,
    Client,
    IdToken,
    Logout,
    nonce_of,
    not_stepped_up,
    read_id_token,
    read_logout,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
CLIENT = Client("https://login.example.com", "gate")
GOOD: dict[str, Any] = {
    "iss": CLIENT.issuer,
    "sub": "00u1ab",
    "aud": "gate",
    "exp": AT + 300,
    "iat": AT,
    "nonce": "n1",
    "auth_time": AT - 5,
    "acr": "mfa",
    "sid": "s1",
}
LOGOUT: dict[str, Any] = {
    "iss": CLIENT.issuer,
    "sub": "00u1ab",
    "sid": "s1",
    "aud": ["gate"],
    "iat": AT,
    "exp": AT + 120,
    "jti": "j1",
    "events": {LOGOUT_EVENT: {}},
}
GONE = object()


def changed(claims: dict[str, Any], name: str, value: object) -> dict[str, Any]:
    """The same claims but one."""
    return {k: v for k, v in {**claims, name: value}.items() if v is not GONE}


def read(claims: dict[str, Any], nonce: str = "n1") -> IdToken | Refusal:
    return read_id_token("raw", claims, CLIENT, nonce=nonce, now=NOW)


def test_a_token_whose_every_claim_holds_is_read() -> None:
    token = read(GOOD)
    assert token == IdToken("raw", "00u1ab", "s1", "mfa", NOW - timedelta(seconds=5), NOW)
    assert token.claims == GOOD
    listed = read(changed(GOOD, "aud", ["gate"]) | {"azp": "gate"})
    assert isinstance(listed, IdToken)
    bare = read(changed(changed(changed(GOOD, "sid", GONE), "acr", GONE), "auth_time", GONE))
    assert bare == IdToken("raw", "00u1ab", "", "", None, NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", "https://login.example.com/"),
        ("iss", "https://evil.example.com"),
        ("iss", GONE),
        ("aud", "other"),
        ("aud", ["gate", "other"]),
        ("aud", []),
        ("aud", GONE),
        ("azp", "other"),
        ("azp", None),
        ("sub", ""),
        ("sub", 7),
        ("sub", "a" * 256),
        ("sub", "a\nb"),
        ("sub", GONE),
        ("exp", AT - 60),
        ("exp", str(AT + 300)),
        ("exp", True),
        ("exp", None),
        ("exp", 1e300),
        ("exp", GONE),
        ("iat", AT + 61),
        ("iat", AT - 661),
        ("iat", -1),
        ("iat", GONE),
        ("nonce", "n2"),
        ("nonce", ["n1"]),
        ("nonce", GONE),
        ("auth_time", "soon"),
        ("auth_time", None),
    ],
)
def test_a_claim_that_does_not_hold_is_named_and_never_quoted(name: str, value: object) -> None:
    refusal = read(changed(GOOD, name, value))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "token_refused"
    assert f"the claim {name} does" in refusal.reason
    assert str(value) not in refusal.reason or value in {"", 7}


@given(st.sampled_from(sorted(GOOD)), st.text() | st.integers() | st.none() | st.lists(st.text()))
def test_no_value_of_a_claim_raises(name: str, value: object) -> None:
    read(changed(GOOD, name, value))
    read_logout(changed(LOGOUT, name, value), CLIENT, now=NOW)


def test_nonces_of_step_ups_tell_what_was_shown() -> None:
    assert nonce_of("aa", "") != nonce_of("aa", "5d41") != nonce_of("aa", "5d42")
    assert nonce_of("aa", "5d41") != nonce_of("ab", "5d41")
    assert nonce_of("aa", "5d41") == nonce_of("aa", "5d41")


def stepped(
    auth_time: int | None, *, acr: str = "mfa", asked: int = 0, later: int = 0
) -> Refusal | None:
    """Step up by a sign-in so many seconds after the ask."""
    claims = GOOD | {"acr": acr}
    claims = changed(claims, "auth_time", GONE if auth_time is None else AT + auth_time)
    token = read(claims)
    assert isinstance(token, IdToken)
    return not_stepped_up(
        token,
        asked_at=NOW + timedelta(seconds=asked),
        accepted=("mfa", "hwk"),
        max_age=timedelta(minutes=5),
        now=NOW + timedelta(seconds=later),
    )


def test_a_fresh_sign_in_by_a_second_factor_steps_up() -> None:
    assert stepped(0) is None
    assert stepped(0, acr="hwk", later=299) is None
    assert stepped(-10) is None  # two clocks


@pytest.mark.parametrize(
    ("auth_time", "more", "reason"),
    [
        (None, {}, "did not ask you to sign in again"),
        (-11, {}, "did not ask you to sign in again"),
        (0, {"asked": 11}, "did not ask you to sign in again"),
        (61, {}, "not of now"),
        (0, {"later": 300}, "not of now"),
        (0, {"acr": "pwd"}, "second factor"),
        (0, {"acr": ""}, "second factor"),
        (0, {"acr": "MFA"}, "second factor"),
    ],
)
def test_a_stale_or_weak_sign_in_does_not(
    auth_time: int | None, more: dict[str, Any], reason: str
) -> None:
    refusal = stepped(auth_time, **more)
    assert refusal is not None
    assert refusal.code == "step_up_refused"
    assert reason in refusal.reason


def test_a_logout_token_tells_whose_sessions_end() -> None:
    assert read_logout(LOGOUT, CLIENT, now=NOW) == Logout("00u1ab", "s1", "j1")
    assert read_logout(changed(LOGOUT, "sid", GONE), CLIENT, now=NOW) == Logout("00u1ab", "", "j1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", "https://evil.example.com"),
        ("aud", "other"),
        ("iat", AT - 3600),
        ("exp", AT - 3600),
        ("events", GONE),
        ("events", {"other": {}}),
        ("events", {LOGOUT_EVENT: None}),
        ("events", LOGOUT_EVENT),
        ("nonce", "n1"),
        ("nonce", None),
        ("jti", ""),
        ("jti", GONE),
    ],
)
def test_a_logout_token_that_does_not_hold_ends_nothing(name: str, value: object) -> None:
    refusal = read_logout(changed(LOGOUT, name, value), CLIENT, now=NOW)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, name in refusal.reason) == ("logout_token", True)


def test_a_logout_token_of_nobody_ends_nothing() -> None:
    nobody = changed(changed(LOGOUT, "sub", GONE), "sid", GONE)
    assert isinstance(read_logout(nobody, CLIENT, now=NOW), Refusal)


def test_neither_token_passes_for_the_other() -> None:
    assert isinstance(read(LOGOUT), Refusal)
    assert isinstance(read_logout(GOOD | {"jti": "j1"}, CLIENT, now=NOW), Refusal)

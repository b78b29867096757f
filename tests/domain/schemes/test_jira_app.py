"""Tokens of Jira apps: what is demanded of one, and what it does not cover."""

import hashlib
import json
from typing import Any

import pytest
from tests.domain.schemes.senders import (
    BODY,
    NOW,
    SECONDS,
    SECRET,
    SENDERS,
    SOURCE,
    Sender,
    b64url,
    connect_claims,
    mac,
    token,
)

from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.schemes.jira_app import query_hash
from ticketgate.domain.schemes.table import SCHEMES
from ticketgate.domain.tickets.delivery import Delivery

KEY = SECRET.encode()
APP = SENDERS["jira_app"]


def app(text: str, sender: Sender = APP) -> str:
    try:
        sender.take({"authorization": text})
    except AuthenticationError as fault:
        return fault.code
    return "taken"


@pytest.mark.parametrize("word", ["JWT", "Bearer"])
def test_a_token_comes_after_either_word(word: str) -> None:
    assert app(f"{word} {token(KEY)}") == "taken"


@pytest.mark.parametrize("word", ["jwt", "bearer", "Basic", "JWT ", "", "JWT\t"])
def test_a_token_after_another_word_is_refused(word: str) -> None:
    assert app(f"{word} {token(KEY)}") == "signature_header"


def test_the_hash_of_the_request_is_made_as_atlassian_publishes_it() -> None:
    """`GET&/test&param=value` is the published one; ours is of the same form, without a query."""
    published = "be16910858a41fd19ea5c1b4e9decca9a784d1024cb00b2158defe2f29dc86dd"
    assert hashlib.sha256(b"GET&/test&param=value").hexdigest() == published
    assert query_hash("jira-1") == hashlib.sha256(b"POST&/hooks/jira-1&").hexdigest()


@pytest.mark.parametrize(
    "head",
    [
        {"alg": "none"},
        {"alg": "HS512", "typ": "JWT"},
        {"alg": "RS256", "typ": "JWT"},
        {"alg": "hs256"},
        {"alg": ["HS256"]},
        {"typ": "JWT"},
        {"alg": "HS256", "typ": "JWS"},
        {"alg": "HS256", "crit": ["exp"]},
        {"alg": "HS256", "kid": "1"},
        {"alg": "HS256", "jwk": {}},
    ],
)
def test_a_header_that_says_anything_but_hs256_is_refused_though_the_mac_holds(
    head: dict[str, Any],
) -> None:
    assert app("JWT " + token(KEY, head=head)) == "signature_mismatch"


def test_another_algorithm_s_mac_and_none_at_all_are_refused() -> None:
    whole = token(KEY)
    signed = whole.rpartition(".")[0]
    for odd in (
        signed + ".",
        signed,
        signed + "." + b64url(mac(KEY, signed.encode(), "sha512")),
        signed + "." + b64url(mac(KEY, signed.encode(), "sha1")),
        signed + "." + mac(KEY, signed.encode()).hex(),
        whole + "=",
        whole + ".x",
        whole.replace(".", "..", 1),
    ):
        assert app(f"JWT {odd}") == "signature_header"


@pytest.mark.parametrize(
    "part",
    [b"", b"{", b"[]", b"null", b'"x"', b'{"alg": "HS256", "alg": "none"}', b"\xff", b'{"a": NaN}',
     b'\xef\xbb\xbf{"alg": "HS256"}', b'{"alg": "HS256", "\\u0061lg": "none"}'],
)  # fmt: skip
def test_json_that_is_odd_is_refused_in_either_part(part: bytes) -> None:
    assert app("JWT " + token(KEY, head=part)) == "signature_header"
    assert app("JWT " + token(KEY, part)) == "signature_header"


def test_a_part_that_is_no_base64_is_refused_though_the_mac_holds() -> None:
    signed = "aaaaa." + b64url(json.dumps(connect_claims()).encode())
    odd = f"{signed}.{b64url(mac(KEY, signed.encode()))}"
    assert app(f"JWT {odd}") == "signature_header"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"iss": "jira:2"}, "signature_mismatch"),
        ({"iss": None}, "signature_mismatch"),
        ({"qsh": None}, "signature_mismatch"),
        ({"qsh": "context-qsh"}, "signature_mismatch"),
        ({"qsh": query_hash("another-source")}, "signature_mismatch"),
        ({"qsh": hashlib.sha256(b"GET&/hooks/desk-1&").hexdigest()}, "signature_mismatch"),
        ({"exp": None}, "timestamp_header"),
        ({"iat": None}, "timestamp_header"),
        ({"exp": True}, "timestamp_header"),
        ({"exp": SECONDS + 180.5}, "timestamp_header"),
        ({"exp": str(SECONDS + 180)}, "timestamp_header"),
        ({"nbf": "now"}, "timestamp_header"),
        ({"nbf": SECONDS + 61}, "timestamp_outside_tolerance"),
        ({"iat": SECONDS + 61}, "timestamp_outside_tolerance"),
        ({"iat": SECONDS - 300, "exp": SECONDS - 61}, "timestamp_outside_tolerance"),
        ({"iat": SECONDS, "exp": SECONDS + 901}, "timestamp_outside_tolerance"),
        ({"iat": SECONDS, "exp": SECONDS}, "timestamp_outside_tolerance"),
        ({"iat": SECONDS + 30, "exp": SECONDS}, "timestamp_outside_tolerance"),
        ({"iat": SECONDS - 10**15}, "timestamp_outside_tolerance"),
        ({"iat": SECONDS - 300, "exp": SECONDS - 60}, "taken"),
        ({"iat": SECONDS + 60, "nbf": SECONDS + 60}, "taken"),
        ({"iat": SECONDS, "exp": SECONDS + 900}, "taken"),
        ({"sub": None, "context": {"user": {}}}, "taken"),
    ],
)  # fmt: skip
def test_a_token_is_for_this_installation_this_address_and_now(
    changed: dict[str, Any], code: str
) -> None:
    assert app("JWT " + token(KEY, connect_claims(**changed))) == code


def test_without_a_client_key_any_issuer_s_token_counts() -> None:
    scheme = SCHEMES["jira_app"].make({})
    headers = {"authorization": "JWT " + token(KEY, connect_claims(iss="jira:2"))}
    assert scheme.authenticate(Delivery(SOURCE, headers, BODY, NOW), [KEY], NOW).body == BODY


def test_a_token_covers_no_body_and_says_so() -> None:
    """A fact of the platform, not a wish: whoever holds a token can post what they like."""
    verified = APP.take(APP.headers(), b'{"another": "body"}')
    assert verified.body == b'{"another": "body"}'
    assert not verified.id_covered

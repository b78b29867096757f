"""GLPI: borders, retries, and a challenge that must be no oracle."""

from datetime import timedelta

import pytest
from tests.domain.schemes.senders import (
    BODY,
    NOW,
    SECONDS,
    SECRET,
    SENDERS,
    mac,
)

from ticketgate.domain.schemes.glpi import answer_challenge

KEY = SECRET.encode()
GLPI = SENDERS["glpi"]


def test_the_signature_is_the_id_and_the_same_over_all_retries() -> None:
    sent = GLPI.headers()
    first = GLPI.take(sent)
    again = GLPI.take(sent, now=NOW + timedelta(hours=23))
    assert first.webhook_id == again.webhook_id == sent["x-glpi-signature"]


@pytest.mark.parametrize(
    ("seconds", "taken"), [(86_400, True), (86_401, False), (-300, True), (-301, False)]
)
def test_a_day_back_is_tolerated_and_five_minutes_ahead(seconds: int, taken: bool) -> None:  # noqa: FBT001 -- a table
    at = NOW + timedelta(seconds=seconds)
    if taken:
        assert GLPI.take(now=at).body == BODY
    else:
        assert GLPI.refusal(now=at) == "timestamp_outside_tolerance"


@pytest.mark.parametrize(
    ("body", "stamp"),
    [(BODY[:-1], "}" + str(SECONDS)), (BODY + str(SECONDS)[:1].encode(), str(SECONDS)[1:]),
     (BODY[:-2], "}}" + str(SECONDS)), (BODY + str(SECONDS).encode(), "")],
)  # fmt: skip
def test_the_border_between_body_and_time_cannot_be_moved(body: bytes, stamp: str) -> None:
    headers = GLPI.headers() | {"x-glpi-timestamp": stamp}
    assert GLPI.refusal(headers, body) in {"timestamp_header", "signature_missing"}


@pytest.mark.parametrize(
    "stamp",
    ["177236640", "17723664000", "0772366400", "+772366400", "1772366400.", "17723664e0",
     "١٧٧٢٣٦٦٤٠٠"],
)  # fmt: skip
def test_a_time_that_is_not_ten_digits_is_refused_though_its_mac_holds(stamp: str) -> None:
    headers = {
        "x-glpi-timestamp": stamp,
        "x-glpi-signature": mac(KEY, BODY + stamp.encode()).hex(),
    }
    assert GLPI.refusal(headers) == "timestamp_header"


def challenge(key: bytes) -> bytes:
    """The one T that GLPI sends (Webhook::validateCRAChallenge)."""
    return mac(key, b"validate_cra_challenge").hex().encode()


def test_the_one_token_is_answered_as_glpi_checks_it() -> None:
    asked = challenge(KEY)
    assert answer_challenge(asked, [KEY]) == mac(KEY, asked).hex().encode()
    assert answer_challenge(asked, [b"o" * 24, KEY]) == mac(KEY, asked).hex().encode()
    assert answer_challenge(challenge(b"o" * 24), [KEY]) is None


@pytest.mark.parametrize(
    "forged",
    [
        b"",
        b"validate_cra_challenge",
        challenge(KEY).upper(),
        challenge(KEY)[:-1],
        challenge(KEY) + b"\n",
        challenge(KEY) + b"&x=1",
        "é".encode(),
        BODY + str(SECONDS).encode(),
        mac(KEY, challenge(KEY)).hex().encode(),
    ],
)
def test_the_challenge_is_no_oracle(forged: bytes) -> None:
    """Were any token answered, the answer to body + time would be that delivery's signature."""
    assert answer_challenge(forged, [KEY]) is None
    oracle = mac(KEY, BODY + str(SECONDS).encode()).hex()
    assert GLPI.take({"x-glpi-signature": oracle, "x-glpi-timestamp": str(SECONDS)}).body == BODY


def test_even_the_answer_itself_signs_no_delivery() -> None:
    """With a key whose constant token happens to end like a time, the answer's MAC would hold."""
    keys = (b"a secret of 24 bytes: %06d" % number for number in range(20_000))
    key = next(
        key
        for key in keys
        if challenge(key)[-10:].isdigit() and not challenge(key)[-10:].startswith(b"0")
    )
    asked = challenge(key)
    body, stamp = asked[:-10], asked[-10:].decode()
    given = answer_challenge(asked, [key])
    assert given == mac(key, body + stamp.encode()).hex().encode()  # so the MAC does hold
    at = NOW + timedelta(seconds=int(stamp) - SECONDS)
    headers = {"x-glpi-signature": given.decode(), "x-glpi-timestamp": stamp}
    assert GLPI.refusal(headers, body, keys=(key,), now=at) == "signature_mismatch"
    other = mac(key, body + b" " + stamp.encode()).hex()  # a control: one byte more is taken
    assert GLPI.take(headers | {"x-glpi-signature": other}, body + b" ", keys=(key,), now=at).body

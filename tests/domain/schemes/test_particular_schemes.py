"""What holds of one scheme only: published vectors, borders, lists."""

from datetime import timedelta

import pytest
from tests.domain.schemes.senders import (
    BODY,
    NOW,
    SECRET,
    SENDERS,
    SOURCE,
    b64,
    mac,
)

from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.schemes.jira import HEX_DIGITS, Jira
from ticketgate.domain.schemes.table import SCHEMES
from ticketgate.domain.tickets.delivery import Delivery

KEY = SECRET.encode()

# --- Jira, Zammad --------------------------------------------------------------------------------


def test_jira_s_published_vector_verifies() -> None:
    """Atlassian's, of the WebSub form."""
    headers = {
        "x-hub-signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
    }
    key, body = b"It's a Secret to Everybody", b"Hello World!"
    assert SENDERS["jira"].take(headers, body, keys=(key,)).body == body
    assert SENDERS["jira"].refusal(headers, body + b"!", keys=(key,)) == "signature_mismatch"


@pytest.mark.parametrize("method", HEX_DIGITS)
def test_the_method_is_the_one_of_the_settings_whatever_the_header_says(method: str) -> None:
    scheme = SCHEMES["jira"].make({"method": method})
    for sent in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
        headers = {"x-hub-signature": f"{sent}={mac(KEY, BODY, sent).hex()}"}
        delivery = Delivery(SOURCE, headers, BODY, NOW)
        if sent == method:
            assert scheme.authenticate(delivery, [KEY], NOW).body == BODY
            continue
        with pytest.raises(AuthenticationError) as caught:
            scheme.authenticate(delivery, [KEY], NOW)
        assert caught.value.code == "signature_header"


@pytest.mark.parametrize("method", ["sha1", "md5", "", "SHA256", "none"])
def test_a_method_that_is_weak_or_none_cannot_be_configured(method: str) -> None:
    with pytest.raises(ValueError, match="is none of: sha256"):
        Jira(method)


@pytest.mark.parametrize(
    "text",
    ["=", "sha256", "sha256=", "sha256:" + "a" * 64, "SHA256=" + "a" * 64, "a" * 64,
     "sha256==" + "a" * 63],
)  # fmt: skip
def test_a_signature_of_another_form_is_refused(text: str) -> None:
    assert SENDERS["jira"].refusal({"x-hub-signature": text}) == "signature_header"
    assert SENDERS["zammad"].refusal({"x-hub-signature": text}) == "signature_header"


def test_zammad_takes_sha1_and_nothing_else() -> None:
    sender = SENDERS["zammad"]
    right = mac(sender.key, BODY, "sha1").hex()
    assert sender.take({"x-hub-signature": f"sha1={right}"}).body == BODY
    stronger = mac(sender.key, BODY).hex()
    for odd in (f"sha256={stronger}", f"sha1={stronger}", f"sha1={stronger[:40]}"):
        assert sender.refusal({"x-hub-signature": odd}) in {
            "signature_header",
            "signature_mismatch",
        }


def test_sha1_is_of_one_kind_only() -> None:
    assert {name: one.only for name, one in SCHEMES.items() if one.only} == {"zammad": "zammad"}


# --- PagerDuty -----------------------------------------------------------------------------------


def pagerduty(*items: str) -> str:
    sender = SENDERS["pagerduty"]
    try:
        sender.take({"x-pagerduty-signature": ",".join(items)})
    except AuthenticationError as fault:
        return fault.code
    return "taken"


def test_one_of_up_to_eight_signatures_is_enough() -> None:
    right, wrong = "v1=" + mac(KEY, BODY).hex(), "v1=" + mac(b"x" * 24, BODY).hex()
    for place in range(8):
        items = [wrong] * 8
        items[place] = right
        assert pagerduty(*items) == "taken"
    assert pagerduty(*[wrong] * 8) == "signature_mismatch"
    assert pagerduty(right, *[wrong] * 8) == "signature_header"
    assert pagerduty(*[right] * 9) == "signature_header"


def test_signatures_of_other_versions_are_ignored_and_malformed_ones_are_not() -> None:
    right = "v1=" + mac(KEY, BODY).hex()
    assert pagerduty("v2=" + "ab" * 64, right) == "taken"
    assert pagerduty("v2=" + right[3:]) == "signature_mismatch"
    for odd in ("", "v1=", right[3:], f" {right}", right.upper(), "v1=" + "g" * 64, "v2=é"):
        assert pagerduty(right, odd) == "signature_header"


# --- Zendesk -------------------------------------------------------------------------------------

ZENDESK = SENDERS["zendesk"]
STAMP = "x-zendesk-webhook-signature-timestamp"
PROOF = "x-zendesk-webhook-signature"
TEST_SECRET = b"dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # published; signs every test webhook


def zendesk(stamp: str, signed: bytes, key: bytes = KEY, body: bytes = BODY) -> str:
    headers = {STAMP: stamp, PROOF: b64(mac(key, signed))}
    try:
        ZENDESK.take(headers, body, keys=(key,))
    except AuthenticationError as fault:
        return fault.code
    return "taken"


def test_the_time_comes_before_the_body_and_not_behind_it_as_once_published() -> None:
    stamp = "2026-03-01T12:00:00Z"
    assert zendesk(stamp, stamp.encode() + BODY, TEST_SECRET) == "taken"
    assert zendesk(stamp, BODY + stamp.encode(), TEST_SECRET) == "signature_mismatch"
    assert zendesk(stamp, stamp.encode() + b"." + BODY, TEST_SECRET) == "signature_mismatch"


def test_the_secret_of_zendesk_is_not_decoded() -> None:
    key = ZENDESK.scheme.key(b64(b"k" * 32))
    assert key == b64(b"k" * 32).encode()


def test_the_border_between_time_and_body_cannot_be_moved() -> None:
    """The same signed bytes, cut elsewhere."""
    stamp = "2026-03-01T12:00:00Z"
    signed = stamp.encode() + b"5" + BODY
    assert zendesk(stamp, signed, body=b"5" + BODY) == "taken"
    assert zendesk(stamp + "5", signed) == "timestamp_header"
    assert zendesk(stamp[:-1], signed, body=b"Z5" + BODY) == "timestamp_header"


@pytest.mark.parametrize(
    "stamp",
    ["2026-03-01T12:00:00", "2026-03-01T12:00:00+00:00", "2026-03-01 12:00:00Z",
     "20260301T120000Z",
     "2026-03-01T12:00:00.000Z", "2026-13-01T12:00:00Z", "2026-02-30T12:00:00Z",
     "0000-01-01T00:00:00Z",
     "2026-03-01T12:00:61Z", "1772366400", "2026-03-01t12:00:00z", "２026-03-01T12:00:00Z"],  # noqa: RUF001 -- a full-width digit is the point
)  # fmt: skip
def test_a_time_of_another_form_is_refused_though_its_mac_holds(stamp: str) -> None:
    assert zendesk(stamp, stamp.encode() + BODY) == "timestamp_header"


@pytest.mark.parametrize(("seconds", "taken"), [(-301, 0), (-300, 1), (300, 1), (301, 0)])
def test_five_minutes_are_tolerated_both_ways(seconds: int, taken: int) -> None:
    at = NOW + timedelta(seconds=seconds)
    if taken:
        assert ZENDESK.take(now=at).body == BODY
    else:
        assert ZENDESK.refusal(now=at) == "timestamp_outside_tolerance"

"""What holds of every scheme, on what its platform sends (made by hand in senders.py)."""

import hashlib
import hmac
import shutil
import subprocess
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.schemes.senders import (
    BODY,
    IDENT,
    MACS,
    NOW,
    SECONDS,
    SENDERS,
    SOURCE,
    STATIC,
    mac,
)

from ticketgate.domain.schemes.table import PROOF_HEADERS, SCHEMES

DIGEST = hashlib.sha256(BODY).hexdigest()
MALFORMED = {"signature_header", "timestamp_header"}
OPENSSL = shutil.which("openssl")
TIMED = ("standard_webhooks", "jira_app", "zendesk", "glpi")
HEX = ("jira", "glpi", "zammad", "pagerduty")

every = pytest.mark.parametrize("name", SENDERS)


def test_every_scheme_of_the_table_is_tested_here_under_its_own_name() -> None:
    assert SENDERS.keys() == SCHEMES.keys()
    assert {name: one.scheme.name for name, one in SENDERS.items()} == {n: n for n in SENDERS}


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("length", [24, 64, 65, 129])
def test_the_hand_made_mac_is_that_of_openssl(method: str, length: int) -> None:
    key = "k" * length
    done = subprocess.run(
        ["openssl", "dgst", f"-{method}", "-hmac", key, "-r"],
        input=BODY, capture_output=True, check=True,
    )  # fmt: skip
    theirs = done.stdout.split()[0].decode()
    assert mac(key.encode(), BODY, method).hex() == theirs
    assert hmac.new(key.encode(), BODY, method).hexdigest() == theirs


@every
def test_what_the_platform_sends_is_taken_whole(name: str) -> None:
    sender = SENDERS[name]
    verified = sender.take()
    assert (verified.source, verified.body, verified.body_digest) == (SOURCE, BODY, DIGEST)
    assert verified.received_at == NOW
    assert verified.id_covered is sender.id_covered
    if sender.id_header is not None:
        assert verified.webhook_id == IDENT


@every
def test_only_headers_of_the_scheme_are_read(name: str) -> None:
    sender = SENDERS[name]
    assert set(sender.headers()) <= set(sender.scheme.headers)
    assert all(one == one.lower() for one in sender.scheme.headers)
    assert name == "api_key" or set(sender.scheme.headers) <= PROOF_HEADERS


@pytest.mark.parametrize("name", ["jira", "zendesk", "zammad", "pagerduty", "jira_app"])
def test_without_an_id_the_digest_of_the_body_is_the_id(name: str) -> None:
    """It is covered exactly if the body is, and no sender can claim it for another body."""
    sender = SENDERS[name]
    headers = sender.headers()
    del headers[sender.id_header or ""]
    verified = sender.take(headers)
    assert verified.webhook_id == f"sha256.{DIGEST}"
    assert verified.id_covered is sender.body_covered
    claimed = sender.headers() | {sender.id_header or "": verified.webhook_id}
    assert sender.refusal(claimed) == "signature_header"


@pytest.mark.parametrize("name", STATIC)
def test_of_a_static_credential_the_digest_is_the_id_and_nothing_is_covered(name: str) -> None:
    verified = SENDERS[name].take()
    assert verified.webhook_id == f"sha256.{DIGEST}"
    assert not verified.id_covered


@every
def test_another_key_is_refused(name: str) -> None:
    sender = SENDERS[name]
    assert sender.refusal(sender.headers(key=sender.other_key)) == "signature_mismatch"
    assert sender.refusal(keys=(sender.other_key,)) == "signature_mismatch"
    assert sender.refusal(keys=()) == "signature_mismatch"


@every
def test_any_of_several_keys_counts_while_rotating(name: str) -> None:
    sender = SENDERS[name]
    for keys in ((sender.other_key, sender.key), (sender.key, sender.other_key)):
        assert sender.take(keys=keys).body == BODY


@every
def test_a_missing_or_empty_header_is_refused(name: str) -> None:
    sender = SENDERS[name]
    for needed in sender.needs:
        headers = sender.headers()
        assert sender.refusal(headers | {needed: ""}) == "signature_missing"
        del headers[needed]
        assert sender.refusal(headers) == "signature_missing"


@every
@pytest.mark.parametrize("end", ["\n", " ", "\t", "\r\n", "\x00", "\x0b", "é", "\xa0", "٣"])
def test_nothing_may_follow_or_precede_a_header(name: str, end: str) -> None:
    sender = SENDERS[name]
    for changed in sender.headers():
        text = sender.headers()[changed]
        for odd in (text + end, end + text):
            assert sender.refusal(sender.headers() | {changed: odd}) in MALFORMED


@every
def test_a_header_that_came_twice_is_refused(name: str) -> None:
    """As the front would join them (RFC 9110 §5.3), had it not refused them before."""
    sender = SENDERS[name]
    for changed, text in sender.headers().items():
        for joint in (", ", ","):
            twice = sender.headers() | {changed: f"{text}{joint}{text}"}
            if name == "pagerduty" and changed == "x-pagerduty-signature" and joint == ",":
                assert sender.take(twice).body == BODY  # a list of its own form
            elif name == "api_key" and joint == ",":
                assert sender.refusal(twice) == "signature_mismatch"
            else:
                assert sender.refusal(twice) in MALFORMED


@pytest.mark.parametrize("name", HEX)
def test_hex_is_lower_case_and_whole(name: str) -> None:
    sender = SENDERS[name]
    proof = sender.covers[0]
    text = sender.headers()[proof]
    prefix, equals, digits = text.rpartition("=")
    for odd in (digits.upper(), digits[:-1], digits[:40] if len(digits) > 40 else "", digits + "0"):
        assert sender.refusal(sender.headers() | {proof: prefix + equals + odd}) in {
            "signature_header",
            "signature_missing",
        }


@pytest.mark.parametrize("name", MACS)
@given(st.data())
def test_one_flipped_bit_of_what_is_covered_is_refused(name: str, data: st.DataObject) -> None:
    sender = SENDERS[name]
    body = data.draw(st.binary(min_size=1, max_size=64))
    headers = sender.headers(body)
    parts = [*sender.covers, *(["body"] if sender.body_covered else [])]
    part = data.draw(st.sampled_from(parts))
    whole = bytearray(body if part == "body" else headers[part].encode("latin-1"))
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << bit % 8
    if part == "body":
        code = sender.refusal(headers, bytes(whole))
    else:
        code = sender.refusal(headers | {part: whole.decode("latin-1")}, body)
    assert code in MALFORMED | {"signature_mismatch", "timestamp_outside_tolerance"}
    assert sender.take(headers, body).body == body  # what was not touched is taken


@pytest.mark.parametrize("name", STATIC)
@given(st.data())
def test_one_flipped_bit_of_a_credential_is_refused(name: str, data: st.DataObject) -> None:
    sender = SENDERS[name]
    header, text = next(iter(sender.headers().items()))
    word, space, secret = text.rpartition(" ")
    whole = bytearray(secret.encode())
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << bit % 8
    changed = {header: word + space + whole.decode("latin-1")}
    assert sender.refusal(changed) in {"signature_header", "signature_mismatch"}


@every
@given(st.text(st.characters(max_codepoint=255)), st.data())
def test_no_header_makes_another_error_than_ours(name: str, text: str, data: st.DataObject) -> None:
    sender = SENDERS[name]
    changed = data.draw(st.sampled_from(sender.needs))
    sender.refusal(sender.headers() | {changed: text})


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("seconds", [-90_000, 400])
def test_what_is_stale_or_of_the_future_is_refused(name: str, seconds: int) -> None:
    sender = SENDERS[name]
    sent = sender.headers(seconds=SECONDS + seconds)
    assert sender.refusal(sent) == "timestamp_outside_tolerance"
    at = NOW + timedelta(seconds=seconds)
    assert sender.take(sent, now=at).body == BODY  # in its time it is good


@pytest.mark.parametrize("name", sorted(set(MACS) - set(TIMED)))
def test_where_no_time_is_signed_an_old_delivery_holds(name: str) -> None:
    """Which is why its id and its content are kept for good."""
    assert SENDERS[name].take(now=NOW + timedelta(days=4000)).body == BODY


@pytest.mark.parametrize("name", MACS)
def test_one_scheme_s_proof_is_worth_nothing_to_another(name: str) -> None:
    for other, sender in SENDERS.items():
        if other != name:
            assert sender.refusal(SENDERS[name].headers(), keys=(SENDERS[name].key,)) in {
                "signature_missing",
                "signature_header",
            }

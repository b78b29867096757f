import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.schemes.common import SIGNATURES_MAX
from ticketgate.domain.schemes.standard_webhooks import (
    TOLERANCE_SECONDS,
    authenticate,
    secret_key,
    sign,
)
from ticketgate.domain.tickets.delivery import Delivery

# The published example of Standard Webhooks.
SECRET_TEXT = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECRET = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

NOW = datetime.fromtimestamp(TIMESTAMP, tz=UTC)
OTHER = b"m" * 32  # Mallory's
IDS = st.text(
    st.sampled_from([chr(c) for c in range(0x21, 0x7F) if chr(c) not in ".,"]),
    min_size=1,
    max_size=128,
)


def delivery(
    *,
    webhook_id: str = ID,
    timestamp: str = str(TIMESTAMP),
    signature: str = SIGNATURE,
    body: bytes = BODY,
) -> Delivery:
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature,
    }
    return Delivery("snow-prod", headers, body, NOW)


def signed(timestamp: str, secret: bytes = SECRET) -> Delivery:
    """A delivery whose MAC holds for whatever its timestamp header says."""
    mac = hmac.digest(secret, f"{ID}.{timestamp}.".encode() + BODY, "sha256")
    return delivery(timestamp=timestamp, signature="v1," + base64.b64encode(mac).decode())


def refused(
    posted: Delivery, secrets: tuple[bytes, ...] = (SECRET,), now: datetime = NOW
) -> AuthenticationError:
    with pytest.raises(AuthenticationError) as caught:
        authenticate(posted, secrets, now)
    return caught.value


def test_the_published_vector_verifies() -> None:
    assert sign(ID, TIMESTAMP, BODY, secret_key(SECRET_TEXT)) == SIGNATURE
    verified = authenticate(delivery(), [SECRET], NOW)
    assert (verified.source, verified.webhook_id, verified.body) == ("snow-prod", ID, BODY)
    assert verified.body_digest == hashlib.sha256(BODY).hexdigest()
    assert verified.received_at == NOW
    assert verified.id_covered


@given(IDS, st.text())
def test_what_the_reference_library_signs_we_verify(webhook_id: str, text: str) -> None:
    signature = Webhook(SECRET_TEXT).sign(webhook_id, NOW, text)
    posted = delivery(webhook_id=webhook_id, signature=signature, body=text.encode())
    assert authenticate(posted, [SECRET], NOW).webhook_id == webhook_id


@given(IDS, st.text())
def test_what_we_sign_the_reference_library_verifies(webhook_id: str, text: str) -> None:
    timestamp = int(datetime.now(UTC).timestamp())  # the library reads its own clock
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(webhook_id, timestamp, text.encode(), SECRET),
    }
    Webhook(SECRET_TEXT).verify(text, headers, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(base64.b64encode(OTHER).decode()).verify(text, headers, json_parse=False)


@pytest.mark.parametrize("seconds", [-TOLERANCE_SECONDS, -299, 0, 299, TOLERANCE_SECONDS])
def test_a_timestamp_within_five_minutes_is_accepted_both_ways(seconds: int) -> None:
    assert authenticate(delivery(), [SECRET], NOW + timedelta(seconds=seconds)).body == BODY


@pytest.mark.parametrize("seconds", [-301, -300.001, 300.001, 301, 10**9])
def test_a_timestamp_outside_five_minutes_is_refused_both_ways(seconds: float) -> None:
    error = refused(delivery(), now=NOW + timedelta(seconds=seconds))
    assert error.code == "timestamp_outside_tolerance"


@pytest.mark.parametrize(
    "timestamp",
    [
        "+1614265330",
        "-1614265330",
        " 1614265330",
        "1614265330\n",
        "1614265330.0",
        "1_614_265_330",
        "1e9",
        "٠١٢٣٤٥٦٧٨٩",  # Arabic-Indic digits
        "１６１４２６５３３０",  # noqa: RUF001 -- full-width digits are the point
        "²",
        "1614265330, 1614265330",
        "0001614265330",
    ],
)
def test_a_timestamp_that_is_not_ascii_digits_is_refused_though_its_mac_holds(
    timestamp: str,
) -> None:
    assert refused(signed(timestamp)).code == "timestamp_header"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_or_empty_header_is_refused(name: str) -> None:
    whole = delivery()
    without = {key: value for key, value in whole.headers.items() if key != name}
    for headers in (without, {**without, name: ""}):
        error = refused(Delivery("snow-prod", headers, BODY, NOW))
        assert error.code == "signature_missing"
        assert name in error.reason


@pytest.mark.parametrize(
    "webhook_id",
    [
        "a" * 129,
        "with space",
        "with\ttab",
        "ends with newline\n",
        "é",
        "nul\x00",
        f"{ID}.{TIMESTAMP}",
        f"{ID}, {ID}",
        f"{ID},{ID}",
    ],
)
def test_an_id_that_could_be_read_in_two_ways_is_refused(webhook_id: str) -> None:
    assert refused(delivery(webhook_id=webhook_id)).code == "signature_header"


def test_the_border_between_id_timestamp_and_body_cannot_be_moved() -> None:
    """The same signed bytes, cut elsewhere: `a.T` as id, the body's first number as time."""
    body = f"{TIMESTAMP}.5".encode()
    mac = sign("a", TIMESTAMP, body, SECRET)
    assert authenticate(delivery(webhook_id="a", signature=mac, body=body), [SECRET], NOW).body
    moved = delivery(webhook_id=f"a.{TIMESTAMP}", signature=mac, body=b"5")
    assert refused(moved).code == "signature_header"


@pytest.mark.parametrize(
    "signature",
    [
        "v1",
        "v1,",
        SIGNATURE.removeprefix("v1,"),
        f"{SIGNATURE}, {SIGNATURE}",
        f"{SIGNATURE},{SIGNATURE}",
        f" {SIGNATURE}",
        f"{SIGNATURE} ",
        f"{SIGNATURE}  {SIGNATURE}",
        f"{SIGNATURE}\t{SIGNATURE}",
        f"{SIGNATURE}\n",
        f"V1{SIGNATURE[2:]}",
        SIGNATURE[:-1],
        "v1," + "é" * 43 + "=",
        "v1," + hmac.new(SECRET, b"x", hashlib.sha256).hexdigest(),
        "v1," + base64.b64encode(hmac.digest(SECRET, b"x", "sha1")).decode(),
        " ".join([SIGNATURE] * (SIGNATURES_MAX + 1)),
    ],
)
def test_a_signature_header_that_is_not_of_its_form_is_refused_whole(signature: str) -> None:
    assert refused(delivery(signature=signature)).code == "signature_header"


def test_one_of_eight_signatures_is_enough_and_other_versions_are_ignored() -> None:
    wrong = sign(ID, TIMESTAMP, BODY, OTHER)
    items = [wrong] * (SIGNATURES_MAX - 2) + ["v1a,bm90IG91cnM=", SIGNATURE]
    assert authenticate(delivery(signature=" ".join(items)), [SECRET], NOW).webhook_id == ID


@pytest.mark.parametrize("version", ["v1a", "v2", "hs256", "none"])
def test_a_right_mac_under_another_version_proves_nothing(version: str) -> None:
    """The algorithm is ours to fix, never the request's to choose."""
    error = refused(delivery(signature=f"{version},{SIGNATURE[3:]}"))
    assert error.code == "signature_mismatch"


@pytest.mark.parametrize("algorithm", ["sha3_256", "blake2s"])
def test_another_algorithm_of_the_same_length_does_not_verify(algorithm: str) -> None:
    mac = hmac.digest(SECRET, f"{ID}.{TIMESTAMP}.".encode() + BODY, algorithm)
    posted = delivery(signature="v1," + base64.b64encode(mac).decode())
    assert refused(posted).code == "signature_mismatch"


def test_while_rotating_any_of_the_secrets_verifies() -> None:
    for secrets in ([SECRET, OTHER], [OTHER, SECRET]):
        assert authenticate(delivery(), secrets, NOW).webhook_id == ID


def test_another_secret_none_at_all_or_an_unmarked_body_do_not_verify() -> None:
    assert refused(delivery(), (OTHER,)).code == "signature_mismatch"
    assert refused(delivery(), ()).code == "signature_mismatch"
    plain = base64.b64encode(hmac.digest(SECRET, BODY, "sha256")).decode()
    assert refused(delivery(signature=f"v1,{plain}")).code == "signature_mismatch"


def test_one_bit_off_anywhere_is_refused() -> None:
    for index in range(len(BODY) * 8):
        body = bytearray(BODY)
        body[index // 8] ^= 1 << index % 8
        assert refused(delivery(body=bytes(body))).code == "signature_mismatch"
    for index in range(32 * 8):
        mac = bytearray(base64.b64decode(SIGNATURE[3:]))
        mac[index // 8] ^= 1 << index % 8
        posted = delivery(signature="v1," + base64.b64encode(mac).decode())
        assert refused(posted).code == "signature_mismatch"


def test_the_mac_has_one_spelling() -> None:
    """The last base64 digit carries two bits that decode to nothing."""
    assert SIGNATURE[-2] == "E"
    assert base64.b64decode(SIGNATURE[3:-2] + "F=") == base64.b64decode(SIGNATURE[3:])
    assert refused(delivery(signature=SIGNATURE[:-2] + "F=")).code == "signature_mismatch"


@given(
    st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]),
        st.text(max_size=200) | st.sampled_from([ID, str(TIMESTAMP), SIGNATURE]),
    ),
    st.binary(max_size=50),
)
def test_only_our_error_leaves_for_any_headers(headers: dict[str, str], body: bytes) -> None:
    error = refused(Delivery("snow-prod", headers, body, NOW))
    assert error.code != AuthenticationError.code


def test_a_secret_is_read_in_its_one_form() -> None:
    assert secret_key(SECRET_TEXT) == SECRET


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        SECRET_TEXT.removeprefix("whsec_"),
        "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        SECRET_TEXT + "\n",
        SECRET_TEXT + "!",
        "whsec_é",
        "whsec_" + base64.b64encode(b"k" * 23).decode(),
        "whsec_" + base64.b64encode(b"k" * 32).decode().rstrip("="),
        "whsec_" + base64.b64encode(b"k" * 25).decode()[:-3] + "x==",
    ],
)
def test_a_secret_in_another_form_or_too_short_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match="a secret") as caught:
        secret_key(text)
    assert "MfKQ" not in str(caught.value)

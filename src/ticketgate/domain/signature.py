"""Signatures of inbound deliveries: Standard Webhooks (standardwebhooks.com, spec 1.0).

The MAC is HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`, whatever a request says:
the algorithm is fixed, never taken from the delivery. Ids hold no full stop, so these bytes can
be cut in one way only: nobody moves the border between id, timestamp and body of a signed message.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from ticketgate.domain.delivery import Delivery, VerifiedDelivery
from ticketgate.domain.errors import AuthenticationError

TOLERANCE_SECONDS: Final = 300
SIGNATURES_MAX: Final = 8
SECRET_BYTES_MIN: Final = 24

_SECRET_PREFIX: Final = "whsec_"  # noqa: S105 -- the public prefix of every secret, not one
# Printable ASCII without the full stop (above), comma and space (two headers joined into one).
_ID: Final = re.compile(r"[!-+/-~-]{1,128}")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(r"v1,[A-Za-z0-9+/]{43}=")
_OTHER_VERSION: Final = re.compile(r"(?!v1,)[a-z0-9]{1,16},[A-Za-z0-9+/=_-]{1,512}")


def secret_key(text: str) -> bytes:
    """The key in `whsec_<base64>`. Raises ValueError: not of that form, or under 24 bytes."""
    encoded = text.removeprefix(_SECRET_PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raise ValueError("a secret is `whsec_` and base64") from None
    if encoded == text or base64.b64encode(key).decode("ascii") != encoded:
        raise ValueError("a secret is `whsec_` and base64")
    if len(key) < SECRET_BYTES_MIN:
        raise ValueError(f"a secret has at least {SECRET_BYTES_MIN} bytes")
    return key


def authenticate(delivery: Delivery, secrets: Sequence[bytes], now: datetime) -> VerifiedDelivery:
    """The delivery, verified. `now` is the wall clock.

    Every secret (several while rotating) is tried against every `v1` signature, in constant time
    and to the end; signatures of other versions are ignored.

    Raises:
        AuthenticationError: with a code: `signature_missing` (one of the three headers is),
            `signature_header` (the id or a signature is not of its form, or more than
            `SIGNATURES_MAX`), `timestamp_header`, `timestamp_outside_tolerance`,
            `signature_mismatch`.
    """
    webhook_id = _header(delivery.headers, "webhook-id")
    timestamp = _header(delivery.headers, "webhook-timestamp")
    signatures = _signatures(_header(delivery.headers, "webhook-signature"))
    if not _ID.fullmatch(webhook_id):
        raise AuthenticationError("webhook-id is not of its form", code="signature_header")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise AuthenticationError("webhook-timestamp is not digits", code="timestamp_header")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise AuthenticationError(
            f"webhook-timestamp is more than {TOLERANCE_SECONDS} seconds from our clock",
            code="timestamp_outside_tolerance",
            next_step="compare both clocks",
        )
    if not _matches(signatures, secrets, webhook_id, timestamp, delivery.body):
        raise AuthenticationError(
            "no signature matches a secret of this source", code="signature_mismatch"
        )
    return VerifiedDelivery(
        source=delivery.source,
        webhook_id=webhook_id,
        body=delivery.body,
        body_digest=hashlib.sha256(delivery.body).hexdigest(),
        received_at=delivery.received_at,
    )


def sign(webhook_id: str, timestamp: int, body: bytes, secret: bytes) -> str:
    """The `v1,<base64>` signature of a delivery."""
    return _mac(webhook_id, str(timestamp), body, secret)


def _header(headers: Mapping[str, str], name: str) -> str:
    found = headers.get(name)
    if not found:
        raise AuthenticationError(f"the header {name} is missing", code="signature_missing")
    return found


def _signatures(header: str) -> list[str]:
    """The `v1` signatures of the header; one malformed item refuses it whole."""
    items = header.split(" ", SIGNATURES_MAX)
    ours = [item for item in items if _SIGNATURE.fullmatch(item)]
    others = [item for item in items if _OTHER_VERSION.fullmatch(item)]
    if len(items) > SIGNATURES_MAX or len(ours) + len(others) != len(items):
        raise AuthenticationError(
            f"webhook-signature is not 1 to {SIGNATURES_MAX} of `v1,<base64>`",
            code="signature_header",
        )
    return ours


def _matches(
    signatures: Sequence[str],
    secrets: Sequence[bytes],
    webhook_id: str,
    timestamp: str,
    body: bytes,
) -> bool:
    found = False
    for secret in secrets:
        expected = _mac(webhook_id, timestamp, body, secret)
        for signature in signatures:
            found |= hmac.compare_digest(expected, signature)
    return found


def _mac(webhook_id: str, timestamp: str, body: bytes, secret: bytes) -> str:
    signed = b"%b.%b.%b" % (webhook_id.encode("ascii"), timestamp.encode("ascii"), body)
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode("ascii")

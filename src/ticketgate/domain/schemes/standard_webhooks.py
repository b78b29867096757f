"""Signatures of inbound deliveries: Standard Webhooks (standardwebhooks.com, spec 1.0).

The MAC is HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`, whatever a request says:
the algorithm is fixed, never taken from the delivery. Ids hold no full stop, so these bytes can
be cut in one way only: nobody moves the border between id, timestamp and body of a signed message.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.schemes.common import (
    ID,
    SECRET_BYTES_MIN,
    SIGNATURES_MAX,
    header,
    mismatch,
    verified,
)
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery

TOLERANCE_SECONDS: Final = 300

_SECRET_PREFIX: Final = "whsec_"  # noqa: S105 -- the public prefix of every secret, not one
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(r"v1,[A-Za-z0-9+/]{43}=")
_OTHER_VERSION: Final = re.compile(r"(?!v1,)[a-z0-9]{1,16},[A-Za-z0-9+/=_-]{1,512}")


@dataclass(frozen=True, slots=True)
class StandardWebhooks:
    """Holds nothing."""

    name: ClassVar[str] = "standard_webhooks"
    headers: ClassVar[tuple[str, ...]] = ("webhook-id", "webhook-timestamp", "webhook-signature")

    def key(self, text: str) -> bytes:
        """The key in `whsec_<base64>`."""
        return secret_key(text)

    def authenticate(
        self, delivery: Delivery, keys: Sequence[bytes], now: datetime, /
    ) -> VerifiedDelivery:
        """See `Scheme`. The id is covered; five minutes are tolerated both ways."""
        return authenticate(delivery, keys, now)


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
    webhook_id = header(delivery, "webhook-id")
    timestamp = header(delivery, "webhook-timestamp")
    signatures = _signatures(header(delivery, "webhook-signature"))
    if not ID.fullmatch(webhook_id):
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
        raise mismatch()
    return verified(delivery, webhook_id, covered=True)


def sign(webhook_id: str, timestamp: int, body: bytes, secret: bytes) -> str:
    """The `v1,<base64>` signature of a delivery."""
    return _mac(webhook_id, str(timestamp), body, secret)


def _signatures(text: str) -> list[str]:
    """The `v1` signatures of the header; one malformed item refuses it whole."""
    items = text.split(" ", SIGNATURES_MAX)
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

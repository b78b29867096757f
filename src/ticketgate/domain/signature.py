"""Signatures of inbound deliveries: Standard Webhooks (standardwebhooks.com, spec 1.0)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ticketgate.domain.delivery import Delivery, VerifiedDelivery

TOLERANCE_SECONDS: Final = 300
SIGNATURES_MAX: Final = 8
SECRET_BYTES_MIN: Final = 24


def secret_key(text: str) -> bytes:
    """The key in `whsec_<base64>`. Raises ValueError: not of that form, or under 24 bytes."""
    raise NotImplementedError


def authenticate(delivery: Delivery, secrets: Sequence[bytes], now: datetime) -> VerifiedDelivery:
    """The delivery, verified. `now` is the wall clock.

    Raises:
        AuthenticationError: with a code: `signature_missing`, `signature_header`,
            `timestamp_header`, `timestamp_outside_tolerance`, `signature_mismatch`.
    """
    raise NotImplementedError


def sign(webhook_id: str, timestamp: int, body: bytes, secret: bytes) -> str:
    """The `v1,<base64>` signature of a delivery."""
    raise NotImplementedError

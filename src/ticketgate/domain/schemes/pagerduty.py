"""PagerDuty v3 webhooks: `X-PagerDuty-Signature: v1=<hex>,v1=<hex>` over the raw body.

One signature per secret of the subscription, and one that holds is enough; other versions are
ignored. No time is signed; `X-Webhook-Id`, the same over all retries, is not covered by the MAC.
(developer.pagerduty.com, "Verifying Signatures".)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.schemes.common import (
    SIGNATURES_MAX,
    check_hex_mac,
    claimed_id,
    header,
    text_key,
    verified,
)
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery

_SIGNATURE: Final = "x-pagerduty-signature"
_ID: Final = "x-webhook-id"
_OURS: Final = re.compile(r"v1=([0-9a-f]{64})")
_OTHER_VERSION: Final = re.compile(r"(?!v1=)v[0-9]{1,3}=[0-9a-f]{1,256}")


@dataclass(frozen=True, slots=True)
class PagerDuty:
    """Holds nothing."""

    name: ClassVar[str] = "pagerduty"
    headers: ClassVar[tuple[str, ...]] = (_SIGNATURE, _ID)

    def key(self, text: str) -> bytes:
        """The secret's own bytes."""
        return text_key(text)

    def authenticate(
        self, delivery: Delivery, keys: Sequence[bytes], _now: datetime, /
    ) -> VerifiedDelivery:
        """See `Scheme`. The time of the delivery is not known, and not looked at."""
        signatures = _signatures(header(delivery, _SIGNATURE))
        ident = claimed_id(delivery, _ID)
        check_hex_mac(signatures, keys, delivery.body, "sha256")
        return verified(delivery, ident, covered=ident is None)


def _signatures(text: str) -> list[str]:
    """The `v1` signatures of the header; one malformed item refuses it whole."""
    items = text.split(",", SIGNATURES_MAX)
    ours = [found[1] for item in items if (found := _OURS.fullmatch(item))]
    others = [item for item in items if _OTHER_VERSION.fullmatch(item)]
    if len(items) > SIGNATURES_MAX or len(ours) + len(others) != len(items):
        raise AuthenticationError(
            f"{_SIGNATURE} is not 1 to {SIGNATURES_MAX} of `v1=<hex>`", code="signature_header"
        )
    return ours

"""Zendesk webhooks: base64 of HMAC-SHA256 over `TIMESTAMP + BODY`, without anything between.

The timestamp has one length only (`2026-03-01T12:00:00Z`), so that these bytes can be cut in one
way only. The order `BODY + TIMESTAMP` of an older text of theirs is not taken. The key is the
secret as it is shown, never decoded. `X-Zendesk-Webhook-Invocation-Id` is not covered by the MAC.
(developer.zendesk.com, "Verifying webhook authenticity".)
"""

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.schemes.common import (
    CLOCK_SECONDS,
    check_time,
    claimed_id,
    form,
    header,
    mismatch,
    text_key,
    verified,
)
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery

_SIGNATURE: Final = "x-zendesk-webhook-signature"
_TIMESTAMP: Final = "x-zendesk-webhook-signature-timestamp"
_ID: Final = "x-zendesk-webhook-invocation-id"
_FORM: Final = re.compile(r"[A-Za-z0-9+/]{43}=")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True)
class Zendesk:
    """Holds nothing."""

    name: ClassVar[str] = "zendesk"
    headers: ClassVar[tuple[str, ...]] = (_SIGNATURE, _TIMESTAMP, _ID)

    def key(self, text: str) -> bytes:
        """The secret's own bytes; that it looks like base64 means nothing."""
        return text_key(text)

    def authenticate(
        self, delivery: Delivery, keys: Sequence[bytes], now: datetime, /
    ) -> VerifiedDelivery:
        """See `Scheme`. Five minutes are tolerated both ways."""
        signature = form(delivery, _SIGNATURE, _FORM)
        timestamp = header(delivery, _TIMESTAMP)
        ident = claimed_id(delivery, _ID)
        check_time(_seconds(timestamp), now, past=CLOCK_SECONDS)
        signed, found = timestamp.encode("ascii") + delivery.body, False
        for key in keys:
            expected = base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")
            found |= hmac.compare_digest(expected, signature)
        if not found:
            raise mismatch()
        return verified(delivery, ident, covered=ident is None)


def _seconds(timestamp: str) -> float:
    try:
        if _TIME.fullmatch(timestamp):
            return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:  # a month 13
        pass
    raise AuthenticationError(
        f"{_TIMESTAMP} is no time such as 2026-03-01T12:00:00Z", code="timestamp_header"
    )

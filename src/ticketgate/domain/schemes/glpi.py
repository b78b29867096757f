"""GLPI 11 webhooks: hex of HMAC-SHA256 over `body . timestamp`, without anything between.

The timestamp must have ten digits (years 2001 to 2286), so that these bytes can be cut in one way
only. GLPI signs once and sends the same bytes on every retry, so that a day is tolerated. It sends
no id: the signature itself is the id, since it is the same over all retries and nobody else can
make one. (GLPI 11, src/Webhook.php: `raise`, `getSignature`, `validateCRAChallenge`.)

**The challenge.** Before it sends, GLPI asks `GET <url>?crc_token=T` and expects 200 with exactly
hex(HMAC(secret, T)) as the body. T is no random number: it is always
hex(HMAC(secret, "validate_cra_challenge")). Whoever answered any T would sign whatever strangers
ask for: with T = body + timestamp the answer *is* the signature of a delivery of their choice. So
`answer_challenge` never puts the request's bytes into a MAC: it compares T with the one constant,
in constant time, and answers with the MAC of that constant. What it gives away is no delivery's
signature either: it would be of the 64 hex digits of T, and `authenticate` refuses signed bytes of
that form, which are never a record.
"""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.schemes.common import (
    check_hex_mac,
    check_time,
    form,
    header,
    mismatch,
    text_key,
    verified,
)
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery

TOLERANCE_SECONDS: Final = 86_400
_CHALLENGE: Final = b"validate_cra_challenge"
_SIGNATURE: Final = "x-glpi-signature"
_TIMESTAMP: Final = "x-glpi-timestamp"
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_HEX_BYTES: Final = re.compile(rb"[0-9a-f]{64}")
_TIME: Final = re.compile(r"[1-9][0-9]{9}")


@dataclass(frozen=True, slots=True)
class Glpi:
    """Holds nothing."""

    name: ClassVar[str] = "glpi"
    headers: ClassVar[tuple[str, ...]] = (_SIGNATURE, _TIMESTAMP)

    def key(self, text: str) -> bytes:
        """The secret's own bytes."""
        return text_key(text)

    def authenticate(
        self, delivery: Delivery, keys: Sequence[bytes], now: datetime, /
    ) -> VerifiedDelivery:
        """See `Scheme`. A day back is tolerated, and five minutes ahead."""
        signature = form(delivery, _SIGNATURE, _HEX)
        timestamp = header(delivery, _TIMESTAMP)
        if _TIME.fullmatch(timestamp) is None:
            raise AuthenticationError(f"{_TIMESTAMP} is not ten digits", code="timestamp_header")
        check_time(int(timestamp), now, past=TOLERANCE_SECONDS)
        signed = delivery.body + timestamp.encode("ascii")
        check_hex_mac([signature], keys, signed, "sha256")
        if _HEX_BYTES.fullmatch(signed):  # it may be the answer to a challenge, and is no record
            raise mismatch()
        return verified(delivery, signature, covered=True)


def answer_challenge(token: bytes, keys: Sequence[bytes]) -> bytes | None:
    """The body that GLPI expects for the one token that it sends; None for any other.

    Every key is tried, to the end. Nothing of `token` is ever signed.
    """
    reply = None
    for key in keys:
        expected = hmac.digest(key, _CHALLENGE, "sha256").hex().encode()
        ours = hmac.digest(key, expected, "sha256").hex().encode()
        if hmac.compare_digest(expected, token):
            reply = ours
    return reply

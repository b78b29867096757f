"""Zammad webhooks: `X-Hub-Signature: sha1=<hex>` over the raw body.

SHA-1 is all that Zammad has. Collisions of SHA-1 do not break HMAC-SHA-1, but it is allowed for
this platform only. No time is signed; `X-Zammad-Delivery`, a random id, is not covered by the MAC.
(Zammad's admin documentation, "Webhook", "Payload", headers.)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from ticketgate.domain.schemes.common import check_hex_mac, claimed_id, form, text_key, verified
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery

_SIGNATURE: Final = "x-hub-signature"
_ID: Final = "x-zammad-delivery"
_FORM: Final = re.compile(r"sha1=[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Zammad:
    """Holds nothing."""

    name: ClassVar[str] = "zammad"
    headers: ClassVar[tuple[str, ...]] = (_SIGNATURE, _ID)

    def key(self, text: str) -> bytes:
        """The token's own bytes."""
        return text_key(text)

    def authenticate(
        self, delivery: Delivery, keys: Sequence[bytes], _now: datetime, /
    ) -> VerifiedDelivery:
        """See `Scheme`. The time of the delivery is not known, and not looked at."""
        signature = form(delivery, _SIGNATURE, _FORM).partition("=")[2]
        ident = claimed_id(delivery, _ID)
        check_hex_mac([signature], keys, delivery.body, "sha1")
        return verified(delivery, ident, covered=ident is None)

"""Jira webhooks with a secret: `X-Hub-Signature: <method>=<hex>` over the raw body (WebSub).

The header names its method; here it must be the one of the source's settings, so that nobody
chooses a weaker one. No time is signed, so that a delivery stays valid for ever: what comes again
is told by its id and its content. `X-Atlassian-Webhook-Identifier`, the same over all retries, is
not covered by the MAC. (developer.atlassian.com, Jira Cloud, "Webhooks", "Secure webhooks".)
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar, Final

from ticketgate.domain.schemes.common import check_hex_mac, claimed_id, form, text_key, verified
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery

HEX_DIGITS: Final[Mapping[str, int]] = MappingProxyType({"sha256": 64, "sha384": 96, "sha512": 128})
_SIGNATURE: Final = "x-hub-signature"
_ID: Final = "x-atlassian-webhook-identifier"


@dataclass(frozen=True, slots=True)
class Jira:
    """MACs of one `method`, a key of `HEX_DIGITS`. Raises ValueError: it is none."""

    method: str = "sha256"
    _form: re.Pattern[str] = field(init=False, repr=False)
    name: ClassVar[str] = "jira"
    headers: ClassVar[tuple[str, ...]] = (_SIGNATURE, _ID)

    def __post_init__(self) -> None:
        if self.method not in HEX_DIGITS:
            raise ValueError(f"{self.method!r} is none of: {', '.join(HEX_DIGITS)}")
        pattern = re.compile(f"{self.method}=[0-9a-f]{{{HEX_DIGITS[self.method]}}}")
        object.__setattr__(self, "_form", pattern)

    def key(self, text: str) -> bytes:
        """The secret's own bytes."""
        return text_key(text)

    def authenticate(
        self, delivery: Delivery, keys: Sequence[bytes], _now: datetime, /
    ) -> VerifiedDelivery:
        """See `Scheme`. The time of the delivery is not known, and not looked at."""
        signature = form(delivery, _SIGNATURE, self._form).partition("=")[2]
        ident = claimed_id(delivery, _ID)
        check_hex_mac([signature], keys, delivery.body, self.method)
        return verified(delivery, ident, covered=ident is None)

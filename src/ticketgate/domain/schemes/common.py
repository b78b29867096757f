"""What all schemes share: the protocol, and the steps that must not differ between them.

A scheme's cheap checks (presence, form, time) come first and look at headers only; then its MAC, in
constant time and over every key and signature; nothing of a body, or of a token, is parsed before.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery, content_id

SIGNATURES_MAX: Final = 8
SECRET_BYTES_MIN: Final = 24
CLOCK_SECONDS: Final = 300  # how far a sender's clock may be from ours

# Printable ASCII without the full stop (ids that we make have one), comma and space (two headers
# joined into one).
ID: Final = re.compile(r"[!-+/-~-]{1,128}")


class Scheme(Protocol):
    """How one source proves its deliveries. Holds no secret; what a request says chooses nothing.

    `headers` are the lower-case names that it reads: no other header is ever decoded.
    """

    @property
    def name(self) -> str:
        """As written in the settings."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers that it reads."""

    def key(self, text: str) -> bytes:
        """The key in a secret's text. Raises ValueError: not of its form, or too short."""

    def authenticate(
        self, delivery: Delivery, keys: Sequence[bytes], now: datetime, /
    ) -> VerifiedDelivery:
        """The delivery, verified with one of `keys`; `now` is the wall clock.

        Raises:
            AuthenticationError: with a code: `signature_missing`, `signature_header`,
                `timestamp_header`, `timestamp_outside_tolerance`, `signature_mismatch`.
        """


def text_key(text: str) -> bytes:
    """A secret whose own bytes are the key. Raises ValueError: under 24 bytes."""
    key = text.encode()
    if len(key) < SECRET_BYTES_MIN:
        raise ValueError(f"a secret has at least {SECRET_BYTES_MIN} bytes")
    return key


def header(delivery: Delivery, name: str) -> str:
    """The header. Raises AuthenticationError (`signature_missing`): none, or empty."""
    found = delivery.headers.get(name)
    if not found:
        raise AuthenticationError(f"the header {name} is missing", code="signature_missing")
    return found


def form(delivery: Delivery, name: str, pattern: re.Pattern[str]) -> str:
    """The header, whole as `pattern` says. Raises AuthenticationError (`signature_header`)."""
    found = header(delivery, name)
    if pattern.fullmatch(found) is None:
        raise AuthenticationError(f"{name} is not of its form", code="signature_header")
    return found


def claimed_id(delivery: Delivery, name: str) -> str | None:
    """The sender's id of the delivery, in a header that no MAC covers; None when it sends none.

    Whoever can replay a delivery could take the header away as well as change it, so that a
    missing one is not refused; a malformed one is.
    """
    found = delivery.headers.get(name)
    if found and ID.fullmatch(found) is None:
        raise AuthenticationError(f"{name} is not of its form", code="signature_header")
    return found or None


def check_time(seconds: float, now: datetime, *, past: int, future: int = CLOCK_SECONDS) -> None:
    """Refuse what was signed over `past` seconds ago, or over `future` seconds from now."""
    if not -past <= seconds - now.timestamp() <= future:
        raise AuthenticationError(
            f"signed more than {past} seconds ago, or {future} ahead of our clock",
            code="timestamp_outside_tolerance",
            next_step="compare both clocks",
        )


def check_hex_mac(
    signatures: Sequence[str], keys: Sequence[bytes], signed: bytes, method: str
) -> None:
    """Refuse unless one of the lower-case hex MACs holds. All of them are compared, to the end."""
    found = False
    for key in keys:
        expected = hmac.digest(key, signed, method).hex()
        for signature in signatures:
            found |= hmac.compare_digest(expected, signature)
    if not found:
        raise mismatch()


def mismatch() -> AuthenticationError:
    """The one refusal for a wrong signature or credential, whatever is wrong with it."""
    return AuthenticationError(
        "no signature matches a secret of this source", code="signature_mismatch"
    )


def verified(delivery: Delivery, ident: str | None, *, covered: bool) -> VerifiedDelivery:
    """What `authenticate` answers. Without `ident` the id is the digest of the body.

    `covered` says whether the MAC covers `ident`; without one, whether it covers the body.
    """
    digest = hashlib.sha256(delivery.body).hexdigest()
    return VerifiedDelivery(
        source=delivery.source,
        webhook_id=content_id(digest) if ident is None else ident,
        body=delivery.body,
        body_digest=digest,
        received_at=delivery.received_at,
        id_covered=covered,
    )

"""Static credentials: the same secret in a header of every delivery.

Nothing is signed: whoever reads one delivery can post any other, for ever. They are for platforms
that can do no better, and need TLS up to the gateway's door. No id is sent that means anything, so
that the digest of the content is the id, and it is not covered. Credentials are compared as
SHA-256, in constant time, so that not even their length is told.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from ticketgate.domain.schemes.common import (
    SECRET_BYTES_MIN,
    form,
    mismatch,
    text_key,
    verified,
)
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery

_AUTHORIZATION: Final = "authorization"
_BASIC: Final = re.compile(r"[Bb]asic [A-Za-z0-9+/]{1,5500}={0,2}")
_BEARER: Final = re.compile(r"[Bb]earer [A-Za-z0-9._~+/-]{1,4096}={0,2}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+={0,2}")
_VISIBLE: Final = re.compile(r"[!-~]{1,4096}")
_HEADER: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")
# What HTTP, a proxy or another scheme gives a meaning of its own.
RESERVED: Final = frozenset(
    {"accept", "authorization", "connection", "content-encoding", "content-length", "content-type",
     "cookie", "date", "expect", "forwarded", "host", "keep-alive", "te", "trailer",
     "transfer-encoding", "upgrade", "user-agent", "via", "x-forwarded-for", "x-forwarded-host",
     "x-forwarded-proto", "x-request-id"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Basic:
    """`Authorization: Basic` (RFC 7617, UTF-8). A secret is `user:password`."""

    name: ClassVar[str] = "basic"
    headers: ClassVar[tuple[str, ...]] = (_AUTHORIZATION,)

    def key(self, text: str) -> bytes:
        """The credential as it is sent. Raises ValueError: no user, or a short password."""
        user, colon, password = text.partition(":")
        if not user or not colon:
            raise ValueError("a secret of basic is `user:password`")
        if len(password.encode()) < SECRET_BYTES_MIN:
            raise ValueError(f"a password has at least {SECRET_BYTES_MIN} bytes")
        return base64.b64encode(text.encode())

    def authenticate(
        self, delivery: Delivery, keys: Sequence[bytes], _now: datetime, /
    ) -> VerifiedDelivery:
        """See `Scheme`. No time is known, and none looked at."""
        sent = form(delivery, _AUTHORIZATION, _BASIC).partition(" ")[2]
        return _compared(delivery, sent, keys)


@dataclass(frozen=True, slots=True)
class Bearer:
    """`Authorization: Bearer` (RFC 6750 §2.1). A secret is the token."""

    name: ClassVar[str] = "bearer"
    headers: ClassVar[tuple[str, ...]] = (_AUTHORIZATION,)

    def key(self, text: str) -> bytes:
        """The token. Raises ValueError: other characters than a token has, or under 24 bytes."""
        if _TOKEN.fullmatch(text) is None:
            raise ValueError("a token has letters, digits and -._~+/ only, and = at its end")
        return text_key(text)

    def authenticate(
        self, delivery: Delivery, keys: Sequence[bytes], _now: datetime, /
    ) -> VerifiedDelivery:
        """See `Scheme`. No time is known, and none looked at."""
        sent = form(delivery, _AUTHORIZATION, _BEARER).partition(" ")[2]
        return _compared(delivery, sent, keys)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A secret in the header that the settings name. Raises ValueError: it cannot be that one."""

    header: str
    name: ClassVar[str] = "api_key"

    def __post_init__(self) -> None:
        if _HEADER.fullmatch(self.header) is None or self.header in RESERVED:
            raise ValueError(f"{self.header!r} is no header for a key; use one such as x-api-key")

    @property
    def headers(self) -> tuple[str, ...]:
        """The one header."""
        return (self.header,)

    def key(self, text: str) -> bytes:
        """The key. Raises ValueError: not visible ASCII, or under 24 bytes."""
        if _VISIBLE.fullmatch(text) is None:
            raise ValueError("a key is visible ASCII, without spaces")
        return text_key(text)

    def authenticate(
        self, delivery: Delivery, keys: Sequence[bytes], _now: datetime, /
    ) -> VerifiedDelivery:
        """See `Scheme`. No time is known, and none looked at."""
        return _compared(delivery, form(delivery, self.header, _VISIBLE), keys)


def _compared(delivery: Delivery, sent: str, keys: Sequence[bytes]) -> VerifiedDelivery:
    digest, found = hashlib.sha256(sent.encode("ascii")).digest(), False
    for key in keys:
        found |= hmac.compare_digest(hashlib.sha256(key).digest(), digest)
    if not found:
        raise mismatch()
    return verified(delivery, None, covered=False)

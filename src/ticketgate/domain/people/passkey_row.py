"""Passkeys that people enrolled, and the ceremonies that are under way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ticketgate.domain.evidence import Json

CEREMONY_LIFE: Final = timedelta(minutes=5)
PASSKEYS_MAX: Final = 10  # of one person, the revoked ones not counted


class PasskeyState(StrEnum):
    """As of the machine: usable once two people have vouched."""

    PENDING = "pending"
    USABLE = "usable"
    REVOKED = "revoked"


class VouchBy(StrEnum):
    """By what people vouch: `bootstrap` lets a sign-in do for who never had a passkey."""

    BOOTSTRAP = "bootstrap"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey. `person` and `voucher` (who vouched last, or empty) are actors of the log.

    `id` is the SHA-256 (hex) of `credential`, `key` that of `cose`. `counter` is the greatest that
    its authenticator told; 0 where it keeps none. `confirmed_at` is when two people had vouched for
    it, also once it is revoked; None where they never had.
    """

    id: str
    person: str
    state: PasskeyState
    key: str
    cose: bytes
    credential: bytes
    rp_id: str
    origin: str
    counter: int
    enrolled_at: datetime
    voucher: str = ""
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What a browser session was asked to sign: one of a purpose at a time.

    `payload` is what the challenge is the digest of; `salt` (hex) that of the justification.
    """

    session_hash: str
    purpose: str
    payload: Mapping[str, Json]
    salt: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are made and used: the relying party and the origin of the pages."""

    rp_id: str
    origin: str

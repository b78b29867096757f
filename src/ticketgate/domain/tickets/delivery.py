"""Delivery: bytes that came in. Types mark trust: only a `VerifiedDelivery` can be normalised."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook as received. `headers` has lower-case names; `received_at` is wall-clock UTC."""

    source: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


def content_id(body_digest: str) -> str:
    """The id that we make where the sender tells none; `body_digest` is 64 hex digits.

    It has a full stop, so that no sender can claim it for another body. It proves no repeat: a
    ticket that was set back is told by the same body again.
    """
    return f"sha256.{body_digest}"


@dataclass(frozen=True, slots=True)
class VerifiedDelivery:
    """A delivery whose MAC (or credential) holds. Only a scheme's `authenticate` makes one.

    `webhook_id` is the sender's id of it, else one that its content makes; `body_digest` is SHA-256
    of the body as 64 lower-case hex digits. `id_covered` says that the MAC covers the id: another
    one is a claim, which whoever can replay the delivery may choose.
    """

    source: str
    webhook_id: str
    body: bytes
    body_digest: str
    received_at: datetime
    id_covered: bool = False

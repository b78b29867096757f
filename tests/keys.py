"""Signing keys of tests: made from fixed seeds, so that what they sign is the same each time."""

from hashlib import sha256
from typing import Final

from ticketgate.adapters.keys.signing_keys import SigningKey

ORIGIN: Final = "gate.example.com/evidence"


def key_of(word: str, origin: str = ORIGIN) -> SigningKey:
    """The key that a word stands for."""
    return SigningKey(origin, sha256(word.encode()).digest())


SIGNING_KEY: Final = key_of("alice").text

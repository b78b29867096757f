"""Real keys of the tests, each made from the name of its seed, and what they sign."""

from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ticketgate.domain.log.checkpoint import cosigned
from ticketgate.domain.log.note import LOG_KEY, WITNESS_KEY, SignatureLine, VerifierKey


@dataclass(frozen=True)
class Signer:
    """A private key and the vkey that goes with it."""

    secret: Ed25519PrivateKey
    key: VerifierKey

    def sign(self, message: bytes) -> bytes:
        return self.secret.sign(message)

    def line(self, text: str) -> SignatureLine:
        """A log's signature of the text."""
        return SignatureLine(self.key.name, self.key.id, self.sign(text.encode()))

    def cosign(self, text: str, at: int) -> SignatureLine:
        """A witness's cosignature of the text."""
        made = at.to_bytes(8, "big") + self.sign(cosigned(text, at))
        return SignatureLine(self.key.name, self.key.id, made)


def signer(name: str, seed: str, kind: int = LOG_KEY) -> Signer:
    """The key of this seed, under this name."""
    secret = Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest())
    return Signer(secret, VerifierKey(name, kind, secret.public_key().public_bytes_raw()))


def witness(name: str) -> Signer:
    """A witness of this name."""
    return signer(name, f"witness {name}", WITNESS_KEY)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether it is an Ed25519 signature of the message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True

"""An authenticator in software, from WebAuthn level 2 alone: it shares no code with what checks."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from tests.verifier.bundle_writer import b64, b64url, canonical, sha

RP_ID: Final = "gate.example.com"
PAGE: Final = "https://gate.example.com"


@dataclass(frozen=True)
class Passkey:
    """A key of a person (an actor of the log), made from a word."""

    person: str
    word: str = "one"

    @property
    def private(self) -> EllipticCurvePrivateKey:
        secret = int.from_bytes(sha(f"{self.person} {self.word}".encode()), "big")
        return derive_private_key(secret >> 1 or 1, SECP256R1())

    @property
    def point(self) -> bytes:
        numbers = self.private.public_key().public_numbers()
        return b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")

    @property
    def cose(self) -> bytes:
        x, y = self.point[1:33], self.point[33:]
        return bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y

    @property
    def credential(self) -> bytes:
        return sha(b"credential of " + self.point)

    @property
    def id(self) -> str:
        return hashlib.sha256(self.credential).hexdigest()

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.cose).hexdigest()

    def enrolled(self) -> dict[str, Any]:
        """The fields of `passkey.enrolled` beside those of the move."""
        return {
            "person": self.person, "key": self.digest, "cose": b64(self.cose), "rp_id": RP_ID,
            "credential": b64(self.credential), "origin": PAGE, "attestation": b64(b"none"),
            "backup_eligible": False, "backed_up": False,
        }  # fmt: skip

    def register(self, challenge: bytes) -> tuple[bytes, bytes]:
        """(client data, attestation object) of a registration over this challenge."""
        client = {"type": "webauthn.create", "challenge": b64url(challenge), "origin": PAGE}
        size = len(self.credential).to_bytes(2, "big")
        data = sha(RP_ID.encode()) + b"\x45" + bytes(4) + bytes(16) + size + self.credential
        data += self.cose
        head = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + bytes([len(data)])
        return json.dumps(client).encode(), head + data

    def sign(
        self,
        payload: dict[str, Any],
        *,
        flags: int = 0x05,
        counter: int = 0,
        client: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The assertion over a payload."""
        said = {
            "type": "webauthn.get", "challenge": b64url(sha(canonical(payload))),
            "origin": payload.get("origin"), "crossOrigin": False,
        }  # fmt: skip
        client_data = json.dumps(said | (client or {})).encode()
        return self.sign_bytes(payload, client_data, flags=flags, counter=counter)

    def sign_bytes(
        self,
        payload: dict[str, Any],
        client: bytes,
        *,
        flags: int = 0x05,
        counter: int = 0,
        more: bytes = b"",
    ) -> dict[str, Any]:
        """The same over client data as it is."""
        data = (
            sha(str(payload.get("rp_id")).encode())
            + bytes([flags])
            + counter.to_bytes(4, "big")
            + more
        )
        return {
            "payload": payload, "key": b64(self.cose), "client_data": b64(client),
            "authenticator_data": b64(data),
            "signature": b64(self.private.sign(data + sha(client), ECDSA(SHA256()))),
        }  # fmt: skip


def payload_of(
    decision: dict[str, Any], key: Passkey, head: tuple[int, str], digest: str, /, **more: object
) -> dict[str, Any]:
    """What is signed of a decision, over the log's head, with the digest of the justification."""
    same = ("approver", "decision", "request", "round", "seconds", "shown", "stage")
    return {
        **{name: decision[name] for name in same},
        "credential_id": key.id, "expires_at": "2026-11-22T02:45:00.000000Z",
        "justification_digest": digest, "log_size": head[0], "log_head": head[1],
        "nonce": b64url(sha(b"nonce")[:16]), "origin": PAGE, "purpose": "ticketgate-approval/v1",
        "rp_id": RP_ID,
    } | more  # fmt: skip

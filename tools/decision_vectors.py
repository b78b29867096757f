"""Vectors of decisions: one signed by a passkey, one by a step-up, and what is not quite either.

A log of its own. What is signed is made here from docs/evidence-format.md, "Passkeys" and
"Step-ups"; nothing of it is random, so that it is the same at every run.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ticketgate.domain.evidence import (
    Disclosure,
    Draft,
    Json,
    Sealed,
    canonical,
    genesis,
    seal,
)
from ticketgate.domain.instants import to_text
from ticketgate.domain.log.machines import NEW, edge

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_RP_ID: Final = "gate.example.com"
_PAGE: Final = "https://gate.example.com"
_ASKED: Final[dict[str, Json]] = {
    "approve_rule": "std", "beneficiary": "act_a1", "cut": None, "editors": ["act_a1"],
    "entitlement": "prod-db-admin", "kinds": ["access.grant"], "material": "5" * 64, "reasons": [],
    "requester": "act_a1", "revision": 1, "round": 1, "rules": "6" * 64, "seconds": 7200,
    "stage": 1, "target": "corp-scim", "ticket": "tkt_1", "tier": "high",
}  # fmt: skip
_DECIDED: Final[dict[str, Json]] = {
    "approver": "act_7f3k", "authority_basis": "verified", "because": "",
    "classification": ["reports@policy.yaml:9"], "clause": "group:sec-iam", "cut": None,
    "decision": "approve", "directory": "7" * 64, "first_viewed_at": None,
    "material": "5" * 64, "need": 1, "policy": "8" * 64, "revision": 1, "round": 1,
    "rule": "std@policy.yaml:40", "rules": "6" * 64, "seconds": 3600, "stage": 1,
}  # fmt: skip
_SALT: Final = "a0" * 16  # of the ask for the second factor


def _number(word: str) -> int:
    """A number of the field of the curve's order, from a word."""
    return int.from_bytes(sha256(f"ticketgate vectors: {word}".encode()).digest(), "big") % _ORDER


def _x_of(secret: int) -> tuple[bytes, bytes]:
    numbers = derive_private_key(secret, SECP256R1()).public_key().public_numbers()
    return numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key whose secret follows from a word, as ECDSA signs with a nonce from another."""

    word: str

    @property
    def secret(self) -> int:
        """Its private number."""
        return _number(self.word)

    @property
    def cose(self) -> bytes:
        """Its public key, as CTAP 2 writes it."""
        x, y = _x_of(self.secret)
        return bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y

    @property
    def credential(self) -> bytes:
        """The id that its authenticator gave it."""
        return sha256(b"credential " + self.cose).digest()

    @property
    def id(self) -> str:
        """How the log names it."""
        return sha256(self.credential).hexdigest()

    @property
    def digest(self) -> str:
        """What an auditor pins."""
        return sha256(self.cose).hexdigest()

    def sign(self, payload: Mapping[str, Json], flags: int = 0x05) -> dict[str, Json]:
        """The assertion over a payload."""
        challenge = _b64url(sha256(canonical(payload)).digest())
        client = json.dumps(
            {"type": "webauthn.get", "challenge": challenge, "origin": _PAGE, "crossOrigin": False}
        ).encode()
        data = sha256(_RP_ID.encode()).digest() + bytes([flags]) + bytes(4)
        signed = sha256(data + sha256(client).digest()).digest()
        nonce = _number(f"{self.word} {signed.hex()}")
        r = int.from_bytes(_x_of(nonce)[0], "big") % _ORDER
        s = pow(nonce, -1, _ORDER) * (int.from_bytes(signed, "big") + r * self.secret) % _ORDER
        return {
            "payload": dict(payload), "key": _b64(self.cose), "client_data": _b64(client),
            "authenticator_data": _b64(data), "signature": _b64(encode_dss_signature(r, s)),
        }  # fmt: skip


BOB: Final = Passkey("approver")
MALLORY: Final = Passkey("somebody else")


@dataclass(slots=True)
class Told:
    """A log of one record a second; `refused` are other last records, and why."""

    origin: str
    start: datetime
    made: list[Sealed] = field(default_factory=list)
    refused: list[Json] = field(default_factory=list)

    def sealed(self, draft: Draft) -> Sealed:
        """The record as it would come next."""
        index = len(self.made)
        head = self.made[-1].head if self.made else genesis(self.origin)
        salts = [
            sha256(b"salt %d %d" % (index, place)).digest()[:16]
            for place in range(len(draft.disclosures))
        ]
        return seal(head, draft, self.start + timedelta(seconds=index), salts)

    def tell(self, draft: Draft) -> None:
        """One record more."""
        self.made.append(self.sealed(draft))

    def refuse(self, why: str, draft: Draft, *verdicts: str) -> None:
        """What may not come next."""
        entry = self.sealed(draft).entry.decode()
        self.refused.append(
            {
                "why": why,
                "fails": [*(verdicts or ("semantics",))],
                "idx": len(self.made),
                "entry": entry,
            }
        )

    def stamp(self, seconds: int = 0) -> str:
        """When the next record is, or so long from then."""
        return to_text(self.start + timedelta(seconds=len(self.made) + seconds))


def _shown(fields: Mapping[str, Json]) -> str:
    parts = ("cut", "material", "round", "rules", "stage")
    return sha256(canonical({name: fields[name] for name in parts})).hexdigest()


def _enrol(log: Told) -> None:
    """Bob's key, for which two others vouch."""
    told: dict[str, Json] = {
        "person": "act_7f3k", "key": BOB.digest, "cose": _b64(BOB.cose), "rp_id": _RP_ID,
        "credential": _b64(BOB.credential), "origin": _PAGE, "attestation": _b64(b"none"),
        "backup_eligible": False, "backed_up": False,
    }  # fmt: skip
    log.tell(edge("passkey", BOB.id, NEW, "pending", "enrolled", told))
    for after, voucher in (("pending", "act_c3"), ("usable", "act_d4")):
        vouched: dict[str, Json] = {"person": "act_7f3k", "key": BOB.digest}
        vouched |= {"voucher": voucher, "method": "mail_code"}
        log.tell(edge("passkey", BOB.id, "pending", after, "vouched", vouched))


def _ask(log: Told, ident: str, link: str) -> None:
    asked = _ASKED | {"decide_by": log.stamp(3600), "shown": _shown(_ASKED)}
    links: Json = [[link, "act_7f3k"]]
    log.tell(edge("request", ident, NEW, "awaiting", "opened", {**asked, "links": links}))


def _approve(log: Told, ident: str) -> None:
    asked = _ASKED | {"decide_by": log.stamp(3600), "shown": _shown(_ASKED)}
    told: dict[str, Json] = {**asked, "links": [], "stages": [1]}
    log.tell(edge("request", ident, "awaiting", "approved", "decided", told))


def _decided(log: Told, ident: str, link: str, method: str) -> dict[str, Json]:
    at: dict[str, Json] = {"request": ident, "link": link, "method": method}
    at |= {"directory_read_at": log.stamp(-1), "signed_in_at": log.stamp(-1)}
    return _DECIDED | at | {"shown": _shown(_DECIDED)}


def _by_passkey(log: Told) -> None:
    hidden = (Disclosure("justification", "It is needed for the migration."),)
    fields = _decided(log, "req_1", "lnk_1", "passkey")

    def draft(**more: Json) -> Draft:
        return Draft("decision.recorded", {**fields, **more}, hidden)

    same = ("approver", "decision", "request", "round", "seconds", "shown", "stage")
    sealed = log.sealed(draft()).disclosures[0].digest
    payload: dict[str, Json] = {
        **{name: fields[name] for name in same}, "credential_id": BOB.id,
        "expires_at": log.stamp(300), "justification_digest": sealed,
        "log_head": log.made[-1].head.leaf.hex(), "log_size": len(log.made),
        "nonce": _b64url(sha256(b"nonce").digest()[:16]), "origin": _PAGE,
        "purpose": "ticketgate-approval/v1", "rp_id": _RP_ID,
    }  # fmt: skip
    good = BOB.sign(payload)
    signature = base64.b64decode(str(good["signature"]))
    flipped = signature[:-1] + bytes([signature[-1] ^ 1])
    theirs: Json = dict(MALLORY.sign(payload | {"credential_id": MALLORY.id}))
    log.refuse("no assertion", draft())
    log.refuse("one bit of the signature", draft(passkey={**good, "signature": _b64(flipped)}))
    log.refuse("a key that nobody enrolled", draft(passkey=theirs))
    log.refuse("the user was not verified", draft(passkey=dict(BOB.sign(payload, 0x01))))
    log.refuse("signed is an approval", draft(passkey=dict(good), decision="deny"))
    log.refuse("signed is a shorter time", draft(passkey=dict(good), seconds=7200))
    log.refuse("`shown` has another `cut`", draft(passkey=dict(good), cut=3600))
    other = payload | {"log_head": "0" * 64}
    log.refuse("a head of another log", draft(passkey=dict(BOB.sign(other))))
    log.refuse("another sign-in", draft(passkey=dict(good), method="mail_code"))
    log.tell(draft(passkey=dict(good)))


def _by_step_up(log: Told) -> None:
    fields = _decided(log, "req_2", "lnk_2", "oidc_step_up")
    nonce = {"purpose": "ticketgate step-up", "salt": _SALT, "shown": fields["shown"]}
    at = int(log.start.timestamp()) + len(log.made) - 1
    claims = {
        "acr": "mfa", "aud": "ticketgate", "auth_time": at, "exp": at + 300, "iat": at,
        "iss": "https://idp.example.com", "nonce": sha256(canonical(nonce)).hexdigest(),
        "sub": "00u1bob",
    }  # fmt: skip
    parts = [json.dumps(one).encode() for one in ({"alg": "ES256", "kid": "k1"}, claims)]
    token = ".".join(map(_b64url, [*parts, b"not verified here"]))
    hidden = (Disclosure("justification", "It is needed."), Disclosure("id_token", token))
    good: dict[str, Json] = {
        "acr": "mfa", "auth_time": log.stamp(-1), "class": "provider_token", "salt": _SALT,
        "token": sha256(token.encode()).hexdigest(),
    }  # fmt: skip

    def draft(step_up: dict[str, Json] | None, **more: Json) -> Draft:
        told: dict[str, Json] = {} if step_up is None else {"step_up": step_up}
        return Draft("decision.recorded", {**fields, **told, **more}, hidden)

    log.refuse("no step-up", draft(None), "disclosures", "semantics")
    log.refuse("a class of its own", draft({**good, "class": "passkey"}))
    log.refuse("a sign-in too long ago", draft({**good, "auth_time": log.stamp(-3601)}))
    log.refuse("`shown` has another `cut`", draft(good, cut=3600))
    log.refuse("another sign-in", draft(good, method="oidc"))
    log.refuse("asked with another salt", draft({**good, "salt": "b0" * 16}), "disclosures")
    log.refuse("of another token", draft({**good, "token": "0" * 64}), "disclosures")
    log.tell(draft(good))


def told(origin: str, start: datetime) -> Told:
    """The log, and what may not stand in it."""
    log = Told(origin, start)
    log.tell(Draft("log.opened", {"origin": origin, "format": 1, "version": "0.1.0"}))
    _enrol(log)
    for ident, link, decide in (("req_1", "lnk_1", _by_passkey), ("req_2", "lnk_2", _by_step_up)):
        _ask(log, ident, link)
        decide(log)
        _approve(log, ident)
    return log


def decisions(origin: str, start: datetime) -> dict[str, Json]:
    """The part of the file."""
    log = told(origin, start)
    return {
        "passkey": {
            "private": f"{BOB.secret:064x}", "cose": BOB.cose.hex(), "key": BOB.digest,
            "credential_id": BOB.id, "trust": f"approver act_7f3k {BOB.digest}",
        },
        "entries": [
            {"entry": one.entry.decode(), "leaf": one.head.leaf.hex()} for one in log.made
        ],
        "disclosures": [
            {"idx": index, "encoded": hidden.encoded, "digest": hidden.digest}
            for index, one in enumerate(log.made)
            for hidden in one.disclosures
        ],
        "refused": log.refused,
    }  # fmt: skip

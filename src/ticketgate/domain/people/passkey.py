"""Passkeys: what an approver's own key signs, and the strict rule by which that counts.

An assertion (WebAuthn level 2, §7.2) signs a challenge; ours is the SHA-256 of a canonical payload
that says what was decided, and up to which record the log had come. The same rule runs when a
decision is written and when a log is verified (docs/evidence-format.md, "Passkeys"). It is narrower
than WebAuthn: ES256 alone, no extensions, user verification always, nothing cross-origin.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Json, canonical

VerifyP256 = Callable[[bytes, bytes, bytes], bool]  # (point as 04‖x‖y, message, DER signature)

APPROVAL: Final = "ticketgate-approval/v1"
FOR_WHOM: Final = "on_behalf_of"  # there where a delegate signs: the actor in whose place
VOUCHING: Final = "ticketgate-vouching/v1"
ENROLMENT: Final = "ticketgate-passkey-enrolment/v1"
GET: Final = "webauthn.get"
CREATE: Final = "webauthn.create"
CREDENTIAL_BYTES_MAX: Final = 1023  # WebAuthn level 2, §5.8.3
_CLIENT_BYTES_MAX: Final = 4096
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_COSE: Final = re.compile(
    rb"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20(.{32})\x22\x58\x20(.{32})", re.DOTALL
)
_NONE: Final = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData"
_PRESENT, _VERIFIED, _ELIGIBLE, _BACKED_UP, _ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
_HEADER: Final = 37  # RFC names none: rpIdHash (32), flags (1), signCount (4)
_TEXTS: Final = frozenset(
    {
        "approver", "credential_id", "decision", "expires_at", "justification_digest", "log_head",
        "nonce", "origin", "purpose", "request", "rp_id", "shown",
    }
)  # fmt: skip
_NUMBERS: Final = frozenset({"log_size", "round", "seconds", "stage"})
_VOUCHED: Final = frozenset(
    {
        "credential_id", "expires_at", "key", "log_head", "nonce", "origin", "passkey", "person",
        "purpose", "rp_id", "voucher",
    }
)  # fmt: skip
_FORMS: Final = {APPROVAL: (_TEXTS, _NUMBERS), VOUCHING: (_VOUCHED, frozenset({"log_size"}))}
_PARTS: Final = ("authenticator_data", "client_data", "key", "signature")


class PasskeyError(EvidenceError):
    """Not an assertion or a key by our rule; the text says what it is not."""

    code = "passkey_invalid"


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What authenticator data says: counter (0: it keeps none), and whether the key is synced."""

    counter: int
    eligible: bool
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion that verified. `payload` is what was signed, `key` the digest of the key."""

    payload: Mapping[str, Json]
    key: str
    authenticator: Authenticator


def challenge_of(payload: Mapping[str, Json]) -> bytes:
    """What the authenticator is asked to sign: SHA-256 of the canonical payload."""
    return sha256(canonical(payload)).digest()


def to_base64url(data: bytes) -> str:
    """Base64url without padding, as browsers write it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode(data: bytes) -> str:
    """How bytes stand in a record: base64 (RFC 4648 §4)."""
    return base64.b64encode(data).decode()


def decode(text: Json) -> bytes:
    """The bytes of such a text in its one form.

    Raises:
        PasskeyError: it is not.
    """
    try:
        data = base64.b64decode(text.encode(), validate=True) if isinstance(text, str) else b""
    except ValueError:
        raise PasskeyError("a part that is not base64") from None
    if not data or encode(data) != text:
        raise PasskeyError("a part that is not base64 in its one form")
    return data


def credential_id(credential: bytes) -> str:
    """How a credential is named in the log: SHA-256 (hex) of the id that its authenticator gave."""
    return sha256(credential).hexdigest()


def key_digest(cose: bytes) -> str:
    """What an auditor pins: SHA-256 (hex) of the COSE key in its one form.

    Raises:
        PasskeyError: not an ES256 key in that form.
    """
    point_of(cose)
    return sha256(cose).hexdigest()


def point_of(cose: bytes) -> bytes:
    """04‖x‖y of a COSE key: ES256, P-256, in the one encoding that CTAP 2 allows (§6.5.6).

    Raises:
        PasskeyError: anything else. Whether the point is on the curve shows when it verifies.
    """
    found = _COSE.fullmatch(cose)
    if found is None:
        raise PasskeyError("a key that is not ES256 in its one form")
    return b"\x04" + found[1] + found[2]


def check_signature_form(signature: bytes) -> None:
    """Strict DER of two integers from 1 to below the order of P-256 (X.690 §8.3, §10.1).

    Raises:
        PasskeyError: anything else, be it the same two integers otherwise written.
    """
    rest = signature[2:]
    if not rest or signature[:2] != bytes((0x30, len(rest) & 0xFF)):
        raise PasskeyError("a signature that is not DER")
    for _ in range(2):
        size = rest[1] if len(rest) > 1 else 0
        body, tag, rest = rest[2 : 2 + size], rest[:1], rest[2 + size :]
        minimal = body[:1] != b"\x00" or (len(body) > 1 and body[1] & 0x80)
        if tag != b"\x02" or not size or len(body) != size or body[0] & 0x80 or not minimal:
            raise PasskeyError("a signature that is not DER")
        if not 1 <= int.from_bytes(body, "big") < _ORDER:
            raise PasskeyError("a signature out of range")
    if rest:
        raise PasskeyError("a signature with something behind it")


def check_client(data: bytes, kind: str, challenge: bytes, origin: str) -> None:
    """The client data of a ceremony of this kind (`GET`, `CREATE`) on a page of this origin.

    Strict JSON in UTF-8: no BOM, no key twice. Keys that are not known are let pass, since browsers
    add some (WebAuthn level 2, §5.8.1.2); `topOrigin`, and a true `crossOrigin`, are not.

    Raises:
        PasskeyError: it is of something else.
    """
    if len(data) > _CLIENT_BYTES_MAX:
        raise PasskeyError("client data that is too long")
    try:
        found = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_never)
    except (ValueError, RecursionError):
        raise PasskeyError("client data that is not strict JSON") from None
    if not isinstance(found, dict):
        raise PasskeyError("client data that is no object")
    if "topOrigin" in found or found.get("crossOrigin", False) is not False:
        raise PasskeyError("made in a page of another origin")
    said = [found.get(name) for name in ("type", "challenge", "origin")]
    for one, want, what in zip(
        said, (kind, to_base64url(challenge), origin), ("kind", "challenge", "origin"), strict=True
    ):
        if not isinstance(one, str) or one != want:
            raise PasskeyError(f"made for another {what}")


def check_authenticator(data: bytes, rp_id: str, *, attested: bool = False) -> Authenticator:
    """The header of authenticator data (WebAuthn level 2, §6.1), for this relying party.

    Without `attested` there is nothing behind the header.

    Raises:
        PasskeyError: another relying party, no user verification, or bits that may not be.
    """
    if len(data) < _HEADER or (len(data) > _HEADER and not attested):
        raise PasskeyError("authenticator data of another length")
    if data[:32] != sha256(rp_id.encode()).digest():
        raise PasskeyError("made for another relying party")
    flags = data[32]
    must = _PRESENT | _VERIFIED | (_ATTESTED if attested else 0)
    if flags & ~(_ELIGIBLE | _BACKED_UP) != must:
        raise PasskeyError("made without user verification, or with bits that may not be")
    if flags & _BACKED_UP and not flags & _ELIGIBLE:
        raise PasskeyError("a key that is backed up and may not be")
    counter = int.from_bytes(data[33:_HEADER], "big")
    return Authenticator(counter, bool(flags & _ELIGIBLE), bool(flags & _BACKED_UP))


def attested_data(attestation: bytes) -> bytes:
    """The authenticator data in an attestation object of the format `none` (§6.5.4, CTAP 2 CBOR).

    Raises:
        PasskeyError: another format, or otherwise written.
    """
    head, rest = attestation[: len(_NONE)], attestation[len(_NONE) :]
    short = rest[:1] == b"\x58" and rest[2:]
    long = rest[:1] == b"\x59" and rest[3:]
    data = short or long or b""
    size = rest[1:2] if short else rest[1:3]
    if head != _NONE or not data or int.from_bytes(size, "big") != len(data):
        raise PasskeyError("an attestation that is not of the format `none`")
    return data


def attested_key(data: bytes) -> tuple[bytes, bytes]:
    """(credential id, COSE key) in the authenticator data of a registration (§6.5.1).

    Raises:
        PasskeyError: they are not there, or something is behind them.
    """
    size = int.from_bytes(data[53:55], "big") if len(data) > 55 else 0  # noqa: PLR2004 -- offsets
    credential, cose = data[55 : 55 + size], data[55 + size :]
    if not 16 <= size <= CREDENTIAL_BYTES_MAX or len(credential) != size:  # noqa: PLR2004 -- §6.5.1
        raise PasskeyError("a registration without a credential")
    point_of(cose)
    return credential, cose


def check_assertion(told: Json, verify: VerifyP256 | None, purpose: str = APPROVAL) -> Assertion:
    """The assertion that a record tells, as `{payload, key, and what the authenticator gave}`.

    Everything but its signature is checked where there is nobody to `verify` it.

    Raises:
        PasskeyError: it does not count. Whose key it is, and whether the payload is about what the
            record is about, is for the caller to see.
    """
    if not isinstance(told, Mapping) or told.keys() != {"payload", *_PARTS}:
        raise PasskeyError("an assertion without what it must have")
    payload, found = (
        _payload(told["payload"], purpose),
        {name: decode(told[name]) for name in _PARTS},
    )
    point = point_of(found["key"])
    check_client(found["client_data"], GET, challenge_of(payload), str(payload["origin"]))
    said = check_authenticator(found["authenticator_data"], str(payload["rp_id"]))
    check_signature_form(found["signature"])
    signed = found["authenticator_data"] + sha256(found["client_data"]).digest()
    if verify is not None and not verify(point, signed, found["signature"]):
        raise PasskeyError("a signature that its key did not make")
    return Assertion(payload, key_digest(found["key"]), said)


def _payload(told: Json, purpose: str) -> Mapping[str, Json]:
    """A payload of this purpose."""
    texts, numbers = _FORMS[purpose]
    more = frozenset({FOR_WHOM} if purpose == APPROVAL else ())
    if not isinstance(told, Mapping) or told.keys() - more != texts | numbers:
        raise PasskeyError("a payload of another form")
    good = all(isinstance(told.get(name, ""), str) for name in texts | more)
    if not good or not all(type(told[name]) is int for name in numbers):
        raise PasskeyError("a payload of another form")
    if told["purpose"] != purpose:
        raise PasskeyError("a payload for something else")
    return told


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _never(text: str) -> Json:
    raise ValueError(f"{text} is no JSON")

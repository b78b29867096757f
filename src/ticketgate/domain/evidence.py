"""Evidence: one record is one line is one leaf of an append-only, hash-chained log.

Entry bytes are the canonical JSON of a flat envelope (RFC 8785 within a restricted profile);
`_prev` is the RFC 6962 §2.1 leaf hash of the entry before. Direct identifiers and free text are
not in the entry: it holds digests of salted disclosures (RFC 9901 §4.2), which lie beside the log.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.instants import to_text

FORMAT: Final = 1
ENTRY_BYTES_MAX: Final = 60_000
DEPTH_MAX: Final = 8
INTEGER_MAX: Final = 2**53 - 1
SALT_BYTES: Final = 16

Json = str | int | bool | None | Sequence["Json"] | Mapping[str, "Json"]

_KEY: Final = re.compile(r"[a-z][a-z0-9_]*\Z")
_ENVELOPE: Final = frozenset({"_prev", "_seq", "_ts"})


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What an entry only holds the digest of.

    `subject` is the directory subject that it concerns (or ""), `kind` its class for retention;
    `value` is stored beside the log and can be erased.
    """

    name: str
    value: Json
    subject: str = ""
    kind: str = "content"


@dataclass(frozen=True, slots=True)
class Draft:
    """A record before the log gives it place and time. `fields` hold no name, address or text."""

    type: str
    fields: Mapping[str, Json] = field(default_factory=dict)
    disclosures: tuple[Disclosure, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the log: how many entries, and the leaf hash of the last one (32 bytes)."""

    size: int
    leaf: bytes


@dataclass(frozen=True, slots=True)
class SealedDisclosure:
    """A disclosure with its salt: `encoded` is base64url(JSON [salt, name, value])."""

    digest: str
    encoded: str
    subject: str
    kind: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry ready to be stored: its bytes, its leaf hash, its disclosures, the new head."""

    entry: bytes
    head: Head
    disclosures: tuple[SealedDisclosure, ...]


@dataclass(frozen=True, slots=True)
class EvidenceRef:
    """Where a record is: `origin#index`, and its leaf hash (hex)."""

    origin: str
    index: int
    leaf: str

    @property
    def text(self) -> str:
        """`origin#index`, as written into pages and tickets."""
        return f"{self.origin}#{self.index}"


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry), RFC 6962 §2.1."""
    return sha256(b"\x00" + entry).digest()


def genesis(origin: str) -> Head:
    """The head of the empty log of `origin`, so that one log cannot stand in for another."""
    return Head(0, sha256(b"\x00" + origin.encode() + b"\ngenesis").digest())


def canonical(value: Json) -> bytes:
    """RFC 8785 bytes of a value within the profile.

    Raises:
        EvidenceError: the value is outside the profile (floats, big integers, bad keys,
            lone surrogates, depth over `DEPTH_MAX`).
    """
    _check(value, DEPTH_MAX)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError as fault:
        raise EvidenceError("a lone surrogate has no canonical form") from fault


def seal(head: Head, draft: Draft, moment: datetime, salts: Sequence[bytes]) -> Sealed:
    """The entry that follows `head`. `salts` has one 16-byte salt for each disclosure.

    Raises:
        EvidenceError: outside the profile, an envelope key among the fields, or too large.
    """
    hidden = tuple(
        _seal_disclosure(disclosure, salt)
        for disclosure, salt in zip(draft.disclosures, salts, strict=True)
    )
    fields = dict(draft.fields)
    if fields.keys() & (_ENVELOPE | {"type", "sd"}):
        raise EvidenceError("a field takes the name of an envelope key")
    envelope: dict[str, Json] = {
        **fields,
        "_prev": head.leaf.hex(),
        "_seq": head.size,
        "_ts": to_text(moment),
        "type": draft.type,
    }
    if hidden:
        envelope["sd"] = sorted(one.digest for one in hidden)
    entry = canonical(envelope)
    if len(entry) > ENTRY_BYTES_MAX:
        raise EvidenceError(f"an entry of {len(entry)} bytes; at most {ENTRY_BYTES_MAX}")
    return Sealed(entry, Head(head.size + 1, leaf_hash(entry)), hidden)


def digest_of(value: Json) -> str:
    """SHA-256 of the canonical bytes, as hex: how digests of shown and material are made."""
    return sha256(canonical(value)).hexdigest()


def _seal_disclosure(disclosure: Disclosure, salt: bytes) -> SealedDisclosure:
    if len(salt) != SALT_BYTES:
        raise EvidenceError("a disclosure's salt has 16 bytes")
    triple = [_b64(salt), disclosure.name, disclosure.value]
    encoded = _b64(json.dumps(triple, separators=(",", ":"), ensure_ascii=False).encode())
    digest = _b64(sha256(encoded.encode()).digest())
    return SealedDisclosure(digest, encoded, disclosure.subject, disclosure.kind)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _check(value: Json, depth: int) -> None:
    if depth == 0:
        raise EvidenceError(f"nested deeper than {DEPTH_MAX}")
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return
    if isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise EvidenceError("an integer beyond 2^53-1")
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not _KEY.match(key) and key not in _ENVELOPE:
                raise EvidenceError(f"key {key!r} is outside the profile")
            _check(inner, depth - 1)
        return
    if isinstance(value, list | tuple):
        for inner in value:
            _check(inner, depth - 1)
        return
    raise EvidenceError(f"{type(value).__name__} is outside the profile")

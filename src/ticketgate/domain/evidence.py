"""Evidence: one record is one line is one leaf of an append-only, hash-chained log.

Entry bytes are the canonical JSON of a flat envelope (RFC 8785 within a restricted profile);
`_prev` is the RFC 6962 §2.1 leaf hash of the entry before. Direct identifiers and free text are
not in the entry: it holds digests of salted disclosures (RFC 9901 §4.2), which lie beside the log.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
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

_ENVELOPE: Final = frozenset({"_prev", "_seq", "_ts"})
_RESERVED: Final = _ENVELOPE | {"type", "sd"}
_PLAIN: Final = frozenset({str, bool, type(None)})
_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_SCALARS: Final = _PLAIN | {int}  # told by their type: asking for a Mapping is dear

# Within the profile this is RFC 8785 byte for byte: keys are ASCII, so that code point order is
# UTF-16 order, and there are no floats. One encoder is kept, as building it costs as much as a
# record; `default` sees only mappings that are not dicts, since `_check` has refused the rest.
_encode: Final = json.JSONEncoder(
    sort_keys=True,
    separators=(",", ":"),
    ensure_ascii=False,
    check_circular=False,
    default=dict,
).encode


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
    salt: bytes = b""  # where its digest had to be known before; else the log draws one


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
            lone surrogates, more than `DEPTH_MAX` nested objects and arrays).
    """
    _check(value, DEPTH_MAX, _is_key)
    return _bytes(value)


def parse_entry(line: bytes) -> dict[str, Json]:
    """The record in `line`, which must be exactly what `canonical` would write for it.

    So duplicate keys, escapes, spaces, another order, a BOM and a final newline are refused.

    Raises:
        EvidenceError: not the canonical bytes of one object, or over `ENTRY_BYTES_MAX`.
    """
    _check_size(line)
    return parse_canonical(line)


def parse_canonical(data: bytes) -> dict[str, Json]:
    """The object in `data`, which must be exactly what `canonical` would write for it.

    Raises:
        EvidenceError: not the canonical bytes of one object.
    """
    value = _read(data)
    if not isinstance(value, dict):
        raise EvidenceError("an entry is one object")
    if canonical(value) != data:
        raise EvidenceError("not in canonical form")
    return value


def seal(head: Head, draft: Draft, moment: datetime, salts: Sequence[bytes]) -> Sealed:
    """The entry that follows `head`. `salts` has one 16-byte salt for each disclosure.

    Raises:
        EvidenceError: outside the profile, an envelope key among the fields, or too large.
    """
    if len(salts) != len(draft.disclosures):
        raise EvidenceError("one salt for each disclosure")
    hidden = tuple(map(_seal_disclosure, draft.disclosures, salts))
    if not _RESERVED.isdisjoint(draft.fields):
        raise EvidenceError("a field takes the name of an envelope key")
    envelope: dict[str, Json] = {
        **draft.fields,
        "_prev": head.leaf.hex(),
        "_seq": head.size,
        "_ts": to_text(moment),
        "type": draft.type,
    }
    if hidden:
        envelope["sd"] = sorted(one.digest for one in hidden)
    entry = canonical(envelope)
    _check_size(entry)
    return Sealed(entry, Head(head.size + 1, leaf_hash(entry)), hidden)


def is_digest(value: object) -> bool:
    """Whether this has the form of the digest of a disclosure: base64url of 32 bytes."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def digest_of(value: Json) -> str:
    """SHA-256 of the canonical bytes, as hex: how digests of shown and material are made."""
    return sha256(canonical(value)).hexdigest()


def disclosure_digest(encoded: str) -> str:
    """base64url(SHA-256(ASCII bytes of the encoded disclosure)), RFC 9901 §4.2.3.

    Raises:
        EvidenceError: it is not ASCII.
    """
    if not encoded.isascii():
        raise EvidenceError("an encoded disclosure is ASCII")
    return _b64(sha256(encoded.encode()).digest())


def disclosure_digest_of(disclosure: Disclosure) -> str:
    """The digest that an entry will hold of a disclosure with a salt of its own.

    Raises:
        EvidenceError: it has none, or is outside the profile.
    """
    return _seal_disclosure(disclosure, disclosure.salt).digest


def parse_disclosure(encoded: str) -> tuple[bytes, str, Json]:
    """Salt, name and value of an encoded disclosure, which must be as `seal` would write it.

    Raises:
        EvidenceError: not base64url of the JSON of [salt, name, value], or another salt than ours.
    """
    triple = _read(_unb64(encoded))
    match triple:
        case [str(text), str(name), value]:
            salt = _unb64(text)
        case _:
            raise EvidenceError("a disclosure is [salt, name, value]")
    if len(salt) != SALT_BYTES:
        raise EvidenceError(f"a salt that has not {SALT_BYTES} bytes")
    if _encode_disclosure(salt, name, value) != encoded:
        raise EvidenceError("a disclosure not in our form")
    return salt, name, value


def disclosure_line(digest: str, index: int, encoded: str | None) -> bytes:
    """How a copy of the log has a disclosure: one line, with its newline."""
    return _bytes({"digest": digest, "encoded": encoded, "idx": index}) + b"\n"


def parse_disclosure_line(line: bytes) -> tuple[str, int, str | None]:
    """(digest, index, encoded) of such a line, which must be exactly what would be written.

    Raises:
        EvidenceError: it is not.
    """
    match _read(line):
        case {"digest": str(digest), "idx": int(index), "encoded": str() | None as encoded}:
            pass
        case _:
            raise EvidenceError("a disclosure is told by digest, idx and encoded")
    if type(index) is not int or not 0 <= index <= INTEGER_MAX:
        raise EvidenceError("an index is an integer from 0 up")
    if not is_digest(digest) or (encoded is not None and not _BASE64URL.fullmatch(encoded)):
        raise EvidenceError("a digest or a disclosure is base64url, and a digest of 32 bytes")
    if disclosure_line(digest, index, encoded) != line + b"\n":
        raise EvidenceError("not in canonical form")
    return digest, index, encoded


def _seal_disclosure(disclosure: Disclosure, salt: bytes) -> SealedDisclosure:
    if len(salt) != SALT_BYTES:
        raise EvidenceError(f"a disclosure's salt has {SALT_BYTES} bytes")
    encoded = _encode_disclosure(salt, disclosure.name, disclosure.value)
    return SealedDisclosure(
        disclosure_digest(encoded), encoded, disclosure.subject, disclosure.kind
    )


def _encode_disclosure(salt: bytes, name: str, value: Json) -> str:
    if not _is_key(name):
        raise EvidenceError(f"{ascii(name)[:60]} cannot name a disclosure")
    # Below the value keys are free: an account's or a source's name is one there.
    _check(value, DEPTH_MAX, _is_text)
    return _b64(_bytes([_b64(salt), name, value]))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    """The bytes; padding, strange characters and spare bits are for the caller to notice."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as fault:
        raise EvidenceError("not base64url") from fault


def _check_size(entry: bytes) -> None:
    if len(entry) > ENTRY_BYTES_MAX:
        raise EvidenceError(f"an entry of {len(entry)} bytes; at most {ENTRY_BYTES_MAX}")


def _read(data: bytes) -> Json:
    try:
        value: Json = json.loads(data.decode())
    except (ValueError, RecursionError) as fault:
        raise EvidenceError("not JSON in UTF-8") from fault
    return value


def _bytes(value: Json) -> bytes:
    try:
        return _encode(value).encode()
    except UnicodeEncodeError as fault:
        raise EvidenceError("a lone surrogate has no canonical form") from fault


@lru_cache(maxsize=1024)  # the vocabulary is closed, and this is asked for every key of a record
def _is_key(key: object) -> bool:
    """Whether the key matches `[a-z][a-z0-9_]*` or is one of the envelope's three."""
    if not isinstance(key, str):
        return False
    plain = key.isascii() and key.isidentifier() and key.islower()
    return plain and (key[0] != "_" or key in _ENVELOPE)


def _is_text(key: object) -> bool:
    return isinstance(key, str)


def _check(value: Json, depth: int, key_fits: Callable[[object], bool]) -> None:
    """Raise unless the value is within the profile, with at most `depth` nested containers."""
    if type(value) in _SCALARS:
        _check_scalar(value)
        return
    if isinstance(value, list | tuple):
        inside: Iterable[Json] = value
    elif isinstance(value, Mapping):
        if not all(map(key_fits, value)):
            bad = next(key for key in value if not key_fits(key))
            raise EvidenceError(f"key {ascii(bad)[:60]} is outside the profile")
        inside = value.values()
    else:
        _check_scalar(value)
        return
    if depth == 0:
        raise EvidenceError(f"nested deeper than {DEPTH_MAX}")
    for inner in inside:
        if type(inner) not in _PLAIN:
            _check(inner, depth - 1, key_fits)


def _check_scalar(value: Json) -> None:
    if isinstance(value, int):
        if not -INTEGER_MAX <= value <= INTEGER_MAX:
            raise EvidenceError("an integer beyond 2^53-1")
    elif value is not None and not isinstance(value, str):
        raise EvidenceError(f"{type(value).__name__} is outside the profile")

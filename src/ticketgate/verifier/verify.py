#!/usr/bin/env python3
"""Verify an evidence bundle of ticketgate without trusting who made it.

    python3 verify.py BUNDLE [--trust TRUST] [--known CHECKPOINT] ...

One file, the standard library of Python 3.9 and later, no code of the gateway. It is written from
docs/evidence-format.md alone; where it and the gateway's own verifier disagree, one of them is
wrong. `RFC 6962`, `RFC 8032` and `c2sp.org/...` name the sources of what is done here.

What it proves: the entries are the ones the signed checkpoints commit to, whole and in order; what
they hide is unchanged or was erased on record; what they tell is possible; who else vouches, and
up to which record. What it does not prove: that what the log tells happened; that behind the last
checkpoint in another hand the operator did not write another tail; whose key the key is, unless
the trust file comes from another hand; time-stamp tokens (their signatures need CMS).

Everything that is read is held to be hostile: only plain files are opened, lines are bounded,
nothing is printed that is not printable, and whatever cannot be understood is a fault.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import codecs
import collections
import contextlib
import datetime as dt
import functools
import gc
import hashlib
import itertools
import json
import multiprocessing
import operator
import os
import re
import stat
import sys
import time
from typing import (
    TYPE_CHECKING,
    Any,
    BinaryIO,
    Callable,
    NamedTuple,
    NoReturn,
    TypeVar,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SEGMENT = 65536  # entries in a full segment: a perfect subtree of height 16
ENTRY_MAX = 60_000  # bytes of one entry
DISCLOSURE_MAX = 1 << 24  # bytes of one line of disclosures.jsonl
ELEMENT_MAX = 1 << 20  # characters of one element of a snapshot
FILES_MAX = 250_000  # of a bundle
SMALL_MAX = 65_536  # bytes of a checkpoint or trust file
CHECKPOINTS_MAX = 1 << 25  # bytes of all in `checkpoints/`, in `anchors/`, and in receipts
CHUNK = 1 << 18  # bytes read at once
INT_MAX = 2**53 - 1
DEPTH_MAX = 8
FAULTS_KEPT = 1000  # of each verdict; all are counted
FUTURE_MAX = 300  # seconds that a witness's clock may be ahead of ours
VERDICTS = (
    "structure", "signed", "disclosures", "semantics", "anchored", "policy", "completeness",
)  # fmt: skip

COUNTED = ("given", "erased", "withheld", "mismatch")  # what became of disclosures

Record = dict[str, Any]
sha256 = hashlib.sha256


# --- What can go wrong ----------------------------------------------------------------------------


class Refused(ValueError):
    """Something that was read is not in the form it must have."""


class Stopped(Exception):
    """Nothing can be judged: exit 2 (usage, trust file) or 3 (something could not be read)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Verdict:
    """One verdict: its faults, and what it says where there are none."""

    def __init__(self, name: str) -> None:
        self.name, self.calm, self.note = name, "holds", ""
        self.faults: list[tuple[int, str]] = []
        self.count = 0
        self.first_bad: int | None = None

    def fault(self, index: int, text: str) -> None:
        """Note a fault of the record with that index."""
        self.count += 1
        self.first_bad = index if self.first_bad is None else min(index, self.first_bad)
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append((index, text))

    @property
    def state(self) -> str:
        """`fails` once there is a fault, else what was settled: holds, none or partial."""
        return "fails" if self.count else self.calm

    def settle(self, calm: str, note: str) -> None:
        """Say what the verdict is where there is no fault, and a note in any case."""
        self.calm, self.note = calm, note


# --- Reading files --------------------------------------------------------------------------------


def open_plain(path: str, *, follow: bool = False) -> BinaryIO:
    """Open a plain file. A link, FIFO or device is refused, without waiting for its other end."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    try:
        handle = os.open(path, flags)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise Stopped(3, f"{path}: not a plain file")
        return os.fdopen(handle, "rb", buffering=0)
    except (OSError, ValueError) as error:  # ValueError: a NUL in a path
        raise Stopped(3, f"{path}: {error}") from error


def chunks(path: str, *, follow: bool = False) -> Iterator[bytes]:
    """The bytes of a file, piece by piece; a disk error names the file."""
    with open_plain(path, follow=follow) as file:
        while True:
            try:
                data = file.read(CHUNK)
            except OSError as error:
                raise Stopped(3, f"{path}: {error}") from error
            if not data:
                return
            yield data


def read_small(path: str, limit: int, *, follow: bool = False) -> bytes:
    """A whole file that has at most `limit` bytes."""
    parts, size = [], 0
    for data in chunks(path, follow=follow):
        parts.append(data)
        size += len(data)
        if size > limit:
            raise Refused(f"over {limit} bytes")
    return b"".join(parts)


def batches(path: str, limit: int) -> Iterator[bytes]:
    """A file in pieces of whole lines. The last has no newline at its end where the file has none.

    A line of more than `limit` bytes ends the reading: what follows it is never read.
    """
    rest = b""
    for data in chunks(path):
        cut = data.rfind(b"\n") + 1
        if cut:
            yield rest + data[:cut]
            rest = data[cut:]
        else:
            rest += data
        if len(rest) > limit:
            break
    if rest:
        yield rest


# --- Canonical JSON -------------------------------------------------------------------------------

KEY = re.compile(r"[a-z][a-z0-9_]*|_prev|_seq|_ts")
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z"
INSTANT = re.compile(_TIME)
dump = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def unique(pairs: list[tuple[str, Any]]) -> Record:
    """An object whose keys are there once."""
    record = dict(pairs)
    if len(record) != len(pairs):
        raise Refused("a key twice")
    return record


def whole(text: str) -> int:
    """An integer below 2^53 either way; its length is looked at before it is converted."""
    if len(text) > 17 or abs(int(text)) > INT_MAX:
        raise Refused("a number out of range")
    return int(text)


def no_number(text: str) -> Any:
    """No fraction, exponent, NaN or Infinity is canonical."""
    raise Refused(f"the number {text[:20]}")


DECODER = json.JSONDecoder(
    object_pairs_hook=unique, parse_int=whole, parse_float=no_number, parse_constant=no_number
)


def check_form(value: Any, key: re.Pattern[str] | None, depth: int = 0) -> None:
    """Keys as the profile wants them (any, where `key` is None), and not too deep."""
    if isinstance(value, (dict, list)):
        if depth == DEPTH_MAX:
            raise Refused(f"more than {DEPTH_MAX} objects and arrays inside each other")
        if isinstance(value, dict) and key and not all(key.fullmatch(name) for name in value):
            raise Refused("a key of another form")
        for inner in value.values() if isinstance(value, dict) else value:
            check_form(inner, key, depth + 1)


def canonical(data: bytes, key: re.Pattern[str] | None = KEY, deep: int = DEPTH_MAX) -> Any:
    """What bytes say that are the canonical form of what they say; others are refused."""
    try:
        text = data.decode()
        value = DECODER.decode(text)
        if dump(value) != text:
            raise Refused(
                "not in canonical form"
            )  # so is a lone surrogate: it is not dumped escaped
    except RecursionError:
        raise Refused("too deep") from None
    except UnicodeError:
        raise Refused("not UTF-8") from None
    except ValueError as error:
        raise error if isinstance(error, Refused) else Refused("not JSON") from None
    check_form(value, key, DEPTH_MAX - deep)
    return value


def is_instant(text: Any) -> bool:
    """Whether it is an instant in UTC as `_ts` is written."""
    return isinstance(text, str) and bool(INSTANT.fullmatch(text)) and is_day(text[:10])


@functools.lru_cache(maxsize=4096)
def is_day(text: str) -> bool:
    """Whether the calendar has this day."""
    try:
        return bool(dt.date.fromisoformat(text))
    except ValueError:
        return False


def decimal(text: str) -> int:
    """A number from 0 to below 2^53 in its one decimal form."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,15}", text) or int(text) > INT_MAX:
        raise Refused("not a decimal number")
    return int(text)


def from_base64(text: str, size: int | None = None) -> bytes:
    """Standard base64 in its one form (RFC 4648 §3.5, §4): padded, the unused bits zero."""
    try:
        data = base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, ValueError):
        raise Refused("not base64") from None
    if base64.b64encode(data).decode() != text or (size is not None and len(data) != size):
        raise Refused("not base64 of its one form and length")
    return data


# --- Ed25519, RFC 8032 §5.1 -----------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]  # extended coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z
IDENTITY = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    """The sum of two points; complete, so that it doubles as well (RFC 8032 §5.1.4)."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    w, x, y, z = f - e, h - g, h + g, f + e
    return w * x % P, y * z % P, x * y % P, w * z % P


def low_order(point: Point) -> bool:
    """Whether eight times the point is nothing: such points fit to every message."""
    for _ in range(3):
        point = add(point, point)
    return point[0] == 0 and (point[1] - point[2]) % P == 0


def decode_point(data: bytes) -> Point:
    """A point in its one encoding (RFC 8032 §5.1.3); others are refused."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if len(data) != 32 or y >= P:
        raise Refused("not the encoding of a point")
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * ROOT_OF_MINUS_ONE % P
    if v * x * x % P != u or (x == 0 and sign):
        raise Refused("not a point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def encode_point(point: Point) -> bytes:
    """The one encoding of a point (RFC 8032 §5.1.2)."""
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def multiples(point: Point) -> list[list[Point]]:
    """d·16^i·point for each digit d and place i: a product is then 64 sums and no doubling."""
    table = []
    for _ in range(64):
        row = [IDENTITY]
        for _ in range(15):
            row.append(add(row[-1], point))
        table.append(row)
        point = add(row[-1], point)
    return table


def product(table: list[list[Point]], factor: int, total: Point = IDENTITY) -> Point:
    """The factor (below 2^256) times the table's point, added to the total."""
    for row in table:
        if factor & 15:
            total = add(total, row[factor & 15])
        factor >>= 4
    return total


@functools.lru_cache(maxsize=1)
def base_multiples() -> list[list[Point]]:
    """The multiples of the base point (RFC 8032 §5.1)."""
    return multiples(decode_point((4 * pow(5, -1, P) % P).to_bytes(32, "little")))


@functools.lru_cache(maxsize=64)
def key_multiples(public: bytes) -> list[list[Point]]:
    """The multiples of minus a public key; a key of low order or not of the curve is refused."""
    x, y, z, t = decode_point(public)
    if low_order((x, y, z, t)):
        raise Refused("a public key of low order")
    return multiples((P - x, y, z, P - t))


@functools.lru_cache(maxsize=1024)  # a checkpoint may lie in a bundle, in receipts, and with you
def verify_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519 (RFC 8032 §5.1.7), strictly, by the equation without cofactor: R + k·A = s·B.

    The sum is encoded and compared with R, so R can only be a canonical encoding of a point.
    """
    if len(signature) != 64 or len(public) != 32:
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    try:
        minus_key = key_multiples(public)
    except Refused:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    found = product(minus_key, k, product(base_multiples(), s))
    return encode_point(found) == signature[:32] and not low_order(found)


# --- P-256 (FIPS 186-5), and what a passkey signs (WebAuthn level 2) ------------------------------

P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
P256_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    1,
)
Jacobian = tuple[int, int, int]  # (X, Y, Z): x = X/Z², y = Y/Z³; the point at infinity has Z = 0


def double256(a: Jacobian) -> Jacobian:
    """Twice a point of a curve with a = -3."""
    x, y, z = a
    square, gamma = z * z % P256, y * y % P256
    beta, alpha = x * gamma % P256, 3 * (x - square) * (x + square) % P256
    twice = (alpha * alpha - 8 * beta) % P256
    left = (y + z) ** 2 - gamma - square
    return twice, (alpha * (4 * beta - twice) - 8 * gamma * gamma) % P256, left % P256


def add256(a: Jacobian, b: Jacobian) -> Jacobian:
    """The sum of two points, whichever they are."""
    if not a[2] or not b[2]:
        return b if not a[2] else a
    square_a, square_b = a[2] * a[2] % P256, b[2] * b[2] % P256
    u, s = a[0] * square_b % P256, a[1] * b[2] * square_b % P256
    h = (b[0] * square_a - u) % P256
    r = (b[1] * a[2] * square_a - s) % P256
    if not h:
        return (1, 1, 0) if r else double256(a)
    h2 = h * h % P256
    h3, v = h * h2 % P256, u * h2 % P256
    x = (r * r - h3 - 2 * v) % P256
    return x, (r * (v - x) - s * h3) % P256, h * a[2] * b[2] % P256


def read_der(signature: bytes) -> tuple[int, int]:
    """The two integers of a signature in DER (X.690 §8.3, §10.1), each 1 to below the order."""
    if signature[:1] != b"\x30" or len(signature) < 2 or signature[1] != len(signature) - 2:
        raise Refused("a signature that is not DER")
    numbers, at = [], 2
    while at < len(signature):
        size = signature[at + 1] if at + 1 < len(signature) else 0
        body = signature[at + 2 : at + 2 + size]
        if signature[at] != 2 or not size or len(body) != size or body[0] > 0x7F:
            raise Refused("a signature that is not DER")
        if size > 1 and body[0] == 0 and body[1] <= 0x7F:
            raise Refused("a signature that is not in its shortest form")
        numbers.append(int.from_bytes(body, "big"))
        at += 2 + size
    if len(numbers) != 2 or not all(1 <= number < P256_N for number in numbers):
        raise Refused("a signature out of range")
    return numbers[0], numbers[1]


@functools.lru_cache(maxsize=1024)
def verify_p256(key: bytes, message: bytes, signature: bytes) -> bool:
    """ECDSA with SHA-256 (FIPS 186-5 §6.4.2); the key as 04‖x‖y, reduced and on the curve."""
    try:
        r, s = read_der(signature)
    except Refused:
        return False
    x, y = int.from_bytes(key[1:33], "big"), int.from_bytes(key[33:], "big")
    if len(key) != 65 or key[0] != 4 or x >= P256 or y >= P256:
        return False
    if (y * y - x * x * x + 3 * x - P256_B) % P256:
        return False
    inverse = pow(s, -1, P256_N)
    first = int.from_bytes(sha256(message).digest(), "big") * inverse % P256_N
    second, own = r * inverse % P256_N, (x, y, 1)
    table, total = (P256_G, own, add256(P256_G, own)), (1, 1, 0)
    for bit in range(255, -1, -1):
        total = double256(total)
        which = (first >> bit & 1) + 2 * (second >> bit & 1)
        if which:
            total = add256(total, table[which - 1])
    return bool(total[2]) and total[0] * pow(total[2], -2, P256) % P256 % P256_N == r


COSE = re.compile(rb"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20(.{32})\x22\x58\x20(.{32})", re.DOTALL)
PAYLOAD: dict[str, type] = {
    "approver": str, "credential_id": str, "decision": str, "expires_at": str,
    "justification_digest": str, "log_head": str, "log_size": int, "nonce": str, "origin": str,
    "purpose": str, "request": str, "round": int, "rp_id": str, "seconds": int, "shown": str,
    "stage": int,
}  # fmt: skip
VOUCHING: dict[str, type] = {
    "credential_id": str, "expires_at": str, "key": str, "log_head": str, "log_size": int,
    "nonce": str, "origin": str, "passkey": str, "person": str, "purpose": str, "rp_id": str,
    "voucher": str,
}  # fmt: skip
ASSERTION = {"payload", "authenticator_data", "client_data", "key", "signature"}
SAME = ("approver", "decision", "request", "round", "seconds", "shown", "stage", "on_behalf_of")
SHOWN = ("material", "rules", "shown")  # what a decision has as its request has it
OF_SHOWN = ("cut", "material", "round", "rules", "stage")  # what `shown` is the digest of
HEAD_AGE = 8192  # records behind the head that was signed
PAYLOAD_LIFE = dt.timedelta(minutes=10)


def key_of(cose: bytes) -> bytes:
    """04‖x‖y of a COSE key: ES256 in the one encoding of CTAP 2."""
    found = COSE.fullmatch(cose)
    if not found:
        raise Refused("a key that is not ES256 in its one form")
    return b"\x04" + found[1] + found[2]


def check_client_data(data: bytes, payload: Record) -> None:
    """Client data (WebAuthn level 2 §5.8.1) of this very challenge, on this very origin."""
    try:
        said = json.loads(data.decode(), object_pairs_hook=unique, parse_constant=no_number)
    except (ValueError, RecursionError):
        raise Refused("client data that is not strict JSON") from None
    if len(data) > 4096 or not isinstance(said, dict) or "topOrigin" in said:
        raise Refused("client data in another form")
    wanted = to_base64url(sha256(dump(payload).encode()).digest())
    if said.get("type") != "webauthn.get" or said.get("crossOrigin", False) is not False:
        raise Refused("another kind of client data, or made in a page of another origin")
    if said.get("challenge") != wanted or said.get("origin") != payload["origin"]:
        raise Refused("made for another payload, or on another origin")


def check_payload(payload: Any, *, vouching: bool) -> None:
    """A payload has just what one of its purpose has."""
    forms = VOUCHING if vouching else PAYLOAD
    if isinstance(payload, dict) and "on_behalf_of" in payload and not vouching:
        forms = forms | {"on_behalf_of": str}
    if not isinstance(payload, dict) or payload.keys() != forms.keys():
        raise Refused("a payload in another form")
    if not all(type(payload[name]) is form for name, form in forms.items()):
        raise Refused("a payload in another form")
    if payload["purpose"] != f"ticketgate-{'vouching' if vouching else 'approval'}/v1":
        raise Refused("a payload for something else")


def check_assertion(told: Any, *, vouching: bool = False) -> tuple[Record, str]:
    """What an assertion signs, and the digest of its key. What does not verify is refused."""
    if not isinstance(told, dict) or told.keys() != ASSERTION:
        raise Refused("an assertion without what it must have")
    payload = told["payload"]
    check_payload(payload, vouching=vouching)
    cose, client, data, signature = (
        from_base64(text_of(told, name))
        for name in ("key", "client_data", "authenticator_data", "signature")
    )
    check_client_data(client, payload)
    # Present and verified must be set; backed up (0x10) only with what may be (0x08); nothing else.
    if len(data) != 37 or data[:32] != sha256(payload["rp_id"].encode()).digest():
        raise Refused("authenticator data of another relying party, or of another length")
    if data[32] not in (0x05, 0x0D, 0x1D):
        raise Refused("made without user verification, or with bits that may not be")
    read_der(signature)
    if not verify_p256(key_of(cose), data + sha256(client).digest(), signature):
        raise Refused("a signature that its key did not make")
    return payload, sha256(cose).hexdigest()


# --- The tree, RFC 6962 §2.1 ----------------------------------------------------------------------


def hash_each(parts: Iterable[bytes], prefix: bytes) -> list[bytes]:
    """SHA-256 of the prefix and each part; to copy what has the prefix is quicker than to begin."""
    begun, found = sha256(prefix).copy, []
    for part in parts:
        state = begun()
        state.update(part)
        found.append(state.digest())
    return found


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry in the tree, and in the chain (RFC 6962 §2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an interior node."""
    return sha256(b"\x01" + left + right).digest()


def tree_levels(leaves: list[bytes]) -> list[list[bytes]]:
    """Every perfect subtree over the leaves: level k holds those of 2^k leaves."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        each = iter(levels[-1])  # an odd one at the end has no parent yet
        levels.append(hash_each(map(operator.add, each, each), b"\x01"))
    return levels


def peaks(levels: list[list[bytes]], size: int) -> list[bytes]:
    """The perfect subtrees that make up the tree of the first `size` leaves, largest first."""
    bits = range(size.bit_length() - 1, -1, -1)
    return [levels[bit][(size >> bit) - 1] for bit in bits if size >> bit & 1]


def fold_peaks(nodes: list[bytes]) -> bytes:
    """The root over perfect subtrees; that of no leaves is the hash of nothing."""
    if not nodes:
        return sha256(b"").digest()
    return functools.reduce(lambda right, left: node_hash(left, right), reversed(nodes))


def root_from_inclusion(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 6962 §2.1.1, RFC 9162 §2.1.3.2)."""
    if index >= size:
        raise Refused("the index is not below the size")
    node, last, rest = leaf, size - 1, list(path)
    while last:
        if index & 1 or index == last:
            while not index & 1:
                index, last = index >> 1, last >> 1
            node = node_hash(take(rest), node)
        else:
            node = node_hash(node, take(rest))
        index, last = index >> 1, last >> 1
    if rest:
        raise Refused("a proof with too many hashes")
    return node


def take(path: list[bytes]) -> bytes:
    """The next hash of a proof."""
    if not path:
        raise Refused("a proof with too few hashes")
    return path.pop(0)


def roots_from_consistency(small: int, large: int, path: list[bytes]) -> tuple[bytes, bytes]:
    """Both roots that a consistency proof leads to (RFC 6962 §2.1.2, RFC 9162 §2.1.4.2).

    The path begins with the subtree both trees share, also where that is the whole smaller tree.
    """
    if not 0 < small < large:
        raise Refused("sizes that no consistency proof is between")
    rest, index, last = list(path), small - 1, large - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    old = new = take(rest)
    while last:
        if index & 1 or index == last:
            while index and not index & 1:
                index, last = index >> 1, last >> 1
            left = take(rest)
            old, new = node_hash(left, old), node_hash(left, new)
        else:
            new = node_hash(new, take(rest))
        index, last = index >> 1, last >> 1
    if rest:
        raise Refused("a proof with too many hashes")
    return old, new


# --- Keys, notes and checkpoints: c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature ---------

LOG_KEY, WITNESS_KEY = 1, 4
NAME = re.compile(r"[^\s+]+")


def is_name(text: str) -> bool:
    """Whether a key may have this name: one word, without `+` and control characters."""
    return bool(NAME.fullmatch(text)) and not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", text)


class Vkey(NamedTuple):
    """A public key with its name."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name ‖ 0x0a ‖ type ‖ public key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]


def parse_vkey(text: Any, kind: int) -> Vkey:
    """A vkey of that type, whose key id is the right one."""
    parts = text.split("+", 2) if isinstance(text, str) else []
    if len(parts) != 3 or not is_name(parts[0]):
        raise Refused("not a vkey")
    data = from_base64(parts[2], 33)
    key = Vkey(parts[0], data[0], data[1:])
    if key.kind != kind:
        raise Refused("a key of another type")
    if key.key_id.hex() != parts[1]:
        raise Refused("a vkey with another key id")
    return key


class Line(NamedTuple):
    """A signature line of a note: who, which key, and what is decoded after the key id."""

    name: str
    key_id: bytes
    data: bytes


class Checkpoint(NamedTuple):
    """A checkpoint in the one form it has."""

    origin: str
    size: int
    root: bytes
    text: bytes
    lines: tuple[Line, ...]
    note: bytes


def parse_checkpoint(note: bytes) -> Checkpoint:
    """A checkpoint; everything is refused that would not be written so, byte for byte."""
    if len(note) > SMALL_MAX:
        raise Refused(f"over {SMALL_MAX} bytes")
    try:
        whole_text = note.decode()
    except UnicodeError:
        raise Refused("not UTF-8") from None
    if re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", whole_text) or not whole_text.endswith("\n"):
        raise Refused("a control character, or no newline at the end")
    rows = whole_text[:-1].split("\n")
    if len(rows) < 5 or rows[3] or not 1 <= len(rows) - 4 <= 64 or not NAME.fullmatch(rows[0]):
        raise Refused("not three lines, an empty one and 1 to 64 signatures")
    lines = []
    for row in rows[4:]:
        words = row.split(" ")
        if len(words) != 3 or words[0] != "—" or not NAME.fullmatch(words[1]):
            raise Refused("not a signature line")
        data = from_base64(words[2])
        if len(data) < 5:
            raise Refused("a signature without bytes")
        lines.append(Line(words[1], data[:4], data[4:]))
    text = "\n".join(rows[:3]).encode() + b"\n"
    size, root = decimal(rows[1]), from_base64(rows[2], 32)
    return Checkpoint(rows[0], size, root, text, tuple(lines), note)


def cosigned_at(public: bytes, text: bytes, data: bytes) -> int | None:
    """When a witness cosigned (cosignature/v1), or None where it did not."""
    moment = int.from_bytes(data[:8], "big")
    message = b"cosignature/v1\ntime %d\n%b" % (moment, text)
    valid = len(data) == 72 and moment < 2**63 and verify_signature(public, message, data[8:])
    return moment if valid else None


# --- Trust: c2sp.org/tlog-policy, with `end` and `tsa` --------------------------------------------


class Trust:
    """What a trust file says."""

    def __init__(self, data: bytes) -> None:
        self.logs: list[Vkey] = []
        self.ends: dict[tuple[str, bytes], int] = {}
        self.witnesses: list[tuple[str, Vkey]] = []
        self.groups: dict[str, tuple[int, list[str]]] = {}
        self.quorum: str | None = None
        self.tsa: list[str] = []
        self.pins: dict[str, set[str]] = {}
        self.passkeys_from: int | None = None
        self._names: set[str] = {"none"}
        self._keys: set[bytes] = set()
        self._members: set[str] = set()
        if len(data) > SMALL_MAX:
            raise Refused(f"over {SMALL_MAX} bytes")
        if re.search(b"[\x00-\x08\x0b-\x1f\x7f]", data):
            raise Refused("a control character")
        for row in data.split(b"\n"):
            octets = [word for word in re.split(b"[ \t]", row) if word]
            if octets and not octets[0].startswith(b"#"):
                words = [word.decode(errors="surrogateescape") for word in octets]
                self._line(words[0], words[1:])
        if not self.logs or self.quorum is None:
            raise Refused("no log line, or no quorum line")

    def _line(self, kind: str, words: list[str]) -> None:
        """Take one line in."""
        lengths = {
            "log": (1, 2), "witness": (2, 3), "quorum": (1,), "end": (2,), "tsa": (1,),
            "approver": (2,), "passkeys": (1,),
        }  # fmt: skip
        if kind != "group" and len(words) not in lengths.get(kind, ()):
            raise Refused(f"the line `{kind}`")
        if kind == "log":
            self.logs.append(self._new_key(parse_vkey(words[0], LOG_KEY)))
        elif kind == "witness":
            self._define(words[0])
            key = self._new_key(parse_vkey(words[1], WITNESS_KEY))
            self.witnesses.append((words[0], key))
        elif kind == "group":
            self._group(words)
        elif kind == "end":
            self._end(words[0], decimal(words[1]))
        elif kind in ("tsa", "approver", "passkeys"):
            self._tsa_or_approver(kind, words)
        elif self.quorum is None and words[0] in self._names:
            self.quorum = words[0]
        else:
            raise Refused("a second quorum line, or a name that is not defined")

    def _end(self, key: str, size: int) -> None:
        """A key counts up to the smallest size that is given for it."""
        name, _, key_id = key.rpartition("+")
        if not is_name(name) or not re.fullmatch("[0-9a-f]{8}", key_id):
            raise Refused("the line `end`")
        key_of = (name, bytes.fromhex(key_id))
        self.ends[key_of] = min(size, self.ends.get(key_of, INT_MAX))

    def _tsa_or_approver(self, kind: str, words: list[str]) -> None:
        """Certificates; a key of an approver that is pinned; or from which record on all sign."""
        if kind == "tsa":
            self.tsa.append(words[0])
        elif kind == "approver":
            if not re.fullmatch("[a-z][a-z0-9_]{0,63} [0-9a-f]{64}", " ".join(words)):
                raise Refused("the line `approver`")
            self.pins.setdefault(words[0], set()).add(words[1])
        elif self.passkeys_from is None:
            self.passkeys_from = decimal(words[0])
        else:
            raise Refused("a second line `passkeys`")

    def _new_key(self, key: Vkey) -> Vkey:
        if key.public in self._keys:
            raise Refused("a key twice")
        self._keys.add(key.public)
        return key

    def _define(self, name: str) -> None:
        if name in self._names:
            raise Refused("a name twice")
        self._names.add(name)

    def _group(self, words: list[str]) -> None:
        members = words[2:]
        unknown = set(members) - self._names | set(members) & (self._members | {"none"})
        if unknown or not members or len(set(members)) != len(members):
            raise Refused("a group with members that are none, not defined, or taken")
        named = {"any": 1, "all": len(members)}.get(words[1])
        count = decimal(words[1]) if named is None else named
        if not 1 <= count <= len(members):
            raise Refused("a group that asks for more or fewer than its members")
        self._define(words[0])
        self._members |= set(members)
        self.groups[words[0]] = (count, members)

    def met(self, witnesses: Iterable[str]) -> bool:
        """Whether these witnesses make up the quorum; a group's members come before it."""
        have = {"none", *witnesses}
        for name, (count, members) in self.groups.items():
            if sum(member in have for member in members) >= count:
                have.add(name)
        return self.quorum in have


class LogKey:
    """A log key that is accepted: for checkpoints above `since` and of at most `end` records."""

    def __init__(self, key: Vkey, since: int, end: int | None, source: str) -> None:
        self.key, self.since, self.end, self.source = key, since, end, source

    def ends_by(self, size: int) -> None:
        """End it at that size, unless it ended before."""
        self.end = size if self.end is None else min(self.end, size)

    def counts_for(self, size: int) -> bool:
        """Whether it may sign a checkpoint of that size."""
        return size > self.since and (self.end is None or size <= self.end)


class Keys:
    """The log keys of one origin: those of the trust file, and those that follow inside the log.

    A key's `source` is trust, log, or snapshot: a snapshot lists keys without the signatures that
    brought them, so what is reached through it counts only once a better key has vouched for it.
    """

    def __init__(self, trust: Trust, origin: str) -> None:
        self.origin, self.ends, self.trust = origin, trust.ends, trust
        self.known: dict[bytes, LogKey] = {}
        for key in trust.logs:
            if key.name == origin:
                self.accept(key, -1, None, "trust")

    def accept(self, key: Vkey, since: int, end: int | None, source: str) -> None:
        """Accept a key; one that was accepted before stays as it is, but for a nearer end."""
        held = self.known.setdefault(key.public, LogKey(key, since, end, source))
        for limit in (end, self.ends.get((key.name, key.key_id))):
            if limit is not None:
                held.ends_by(limit)

    def named(self, name: str, key_id: bytes) -> list[LogKey]:
        """The accepted keys that a signature line may be of; two may share a key id."""
        keys = self.known.values()
        return [held for held in keys if held.key.key_id == key_id and held.key.name == name]

    def _find(self, vkey: Any) -> LogKey:
        held = self.known.get(parse_vkey(vkey, LOG_KEY).public)
        if held is None or held.key != parse_vkey(vkey, LOG_KEY):
            raise Refused("the key is not an accepted log key")
        return held

    def rotated(self, index: int, record: Record) -> None:
        """`key.rotated`: the old key, which has not ended, signs that the new one follows."""
        old = self._find(record.get("old"))
        if old.since >= index or (old.end is not None and old.end <= index):
            raise Refused("the old key has ended, or does not count yet")
        new = parse_vkey(record.get("new"), LOG_KEY)
        if new.name != self.origin or new == old.key:
            raise Refused("the new key has another name, or is the old one")
        says = f"ticketgate-key-rotation/v1\n{self.origin}\n{index}\n{record['new']}\n".encode()
        signatures = [
            from_base64(str(record.get(name)), 64) for name in ("signature", "possession")
        ]
        if not verify_signature(old.key.public, says, signatures[0]):
            raise Refused("the old key's signature does not verify")
        if not verify_signature(new.public, says, signatures[1]):
            raise Refused("the new key's possession does not verify")
        if (old.key.name, old.key.key_id) in self.ends:
            return  # who has that key can say at any place what follows it: the trust file names it
        self.accept(new, index, None, "log" if old.source == "trust" else old.source)

    def ended(self, index: int, record: Record) -> None:
        """`key.ended`: an accepted key signs no more; another one goes on."""
        held = self._find(record.get("key"))
        others = [key for key in self.known.values() if key is not held]
        if not any(key.end is None or key.end > index + 1 for key in others):
            raise Refused("no log key goes on")
        held.ends_by(index + 1)


# --- Record types and moves -----------------------------------------------------------------------

MOVE = "on id from to cause "
SAID = {  # fields that many types have
    "MOVE": MOVE,
    "REQUEST": MOVE
    + "approve_rule decide_by entitlement kinds links material reasons revision round"
    " rules seconds stage target ticket tier",
    "GRANT": MOVE + "entitlement request subject target",
    "PARTIES": "beneficiary requester",
    "REVIEW": MOVE + "entitlement person",
}
MUST_HAVE: dict[str, tuple[str, ...]] = {
    kind: tuple(" ".join(SAID.get(word, word) for word in fields.split()).split())
    for kinds, fields in (
        row.split(": ")
        for row in """
log.opened: format origin version
gateway.started: version
heartbeat: duplicates refused
checkpoint.anchored: anchor by root size
checkpoint.anchor_failed: anchor by code size
key.rotated: new old possession signature
key.ended: key
restore.declared: by kept lost_root lost_size
restore.ended: by
drift.found: entitlement found target
retention.pruned: boundary snapshot
evidence.exported: by size
clock.disputed: disputed
settings.loaded policy.loaded directory.loaded: authority digest
delivery.accepted: MOVE body source webhook
delivery.quarantined: MOVE body reason source
delivery.processed: MOVE body source
delivery.released delivery.dismissed: MOVE body person source
ticket.classified: MOVE blind kinds policy revision rules source state_class table tier verdict
ticket.approval_claimed: source state
request.opened request.awaiting: REQUEST PARTIES
request.approved: REQUEST PARTIES stages
request.blocked request.denied request.withdrawn request.timed_out: REQUEST
links.issued: links request round stage
decision.recorded: approver authority_basis because classification clause cut decision directory\
 directory_read_at first_viewed_at link material method need policy request revision round rule\
 rules seconds shown signed_in_at stage
decision.taken_back: approver link method request round signed_in_at stage
decision.refused: approver code request
grant.planned: GRANT activate_by seconds
grant.provisioning: GRANT baseline before command deadline not_after plan
grant.cancelled: GRANT
grant.extended: GRANT extension hard_max not_after
grant.activated grant.released_shared revocation.begun revocation.overdue: GRANT not_after
revocation.abandoned: GRANT by not_after outcome shown
revocation.seen: grant outcome request
revocation.attempted: before command grant request
revocation.held: cause grant request until
revocation.confirmed: GRANT confirmed kept late_milliseconds not_after
exception.opened: MOVE about code owner
exception.assigned: MOVE code owner person
exception.resolved: MOVE code person
passkey.enrolled: MOVE attestation backed_up backup_eligible cose credential key origin person rp_id
passkey.vouched: MOVE key method person voucher
passkey.revoked: MOVE by person
emergency.invoked: REVIEW authority_basis clause cooldown directory directory_read_at drill\
 hard_max method policy seconds signed_in_at target within
emergency.claimed: REVIEW access_from access_until authority_basis backfill_within by clause\
 directory enforced method policy preauthorised seconds shown signed_in_at target within
emergency.refused: code entitlement person
emergency.asked: REVIEW clause directory policy seconds target within
emergency.consented: REVIEW by clause directory method policy shown signed_in_at
review.overdue: REVIEW
review.done: REVIEW clause directory method outcome policy reviewer signed_in_at
operator.revoked: by grants
command.retried: about command outcome tries
notification.sent: about what
notification.failed: about code what
actor.minted: actor
sign_in.recorded: method person
sign_in.refused: code
view.recorded: person request
disclosure.erased: digests
""".strip().split("\n")
    )
    for kind in kinds.split()
}
# type, machine, and each state before with the states after it; `-` where there was none before.
MOVES: dict[tuple[str, str, str], str] = {
    (on, "" if before == "-" else before, after): kind
    for kind, on, *moves in map(
        str.split,
        """
delivery.accepted     delivery -:accepted
delivery.quarantined  delivery -:quarantined accepted:quarantined released:quarantined
delivery.processed    delivery accepted:processed released:processed
delivery.released     delivery quarantined:released
delivery.dismissed    delivery quarantined:dismissed
ticket.classified     ticket   -:identity,not_identity,uncertain
ticket.classified     ticket   identity:identity,not_identity,uncertain
ticket.classified     ticket   not_identity:identity,not_identity,uncertain
ticket.classified     ticket   uncertain:identity,not_identity,uncertain
request.opened        request  -:awaiting
request.blocked       request  -:blocked blocked:blocked
request.approved      request  -:approved awaiting:approved blocked:approved
request.awaiting      request  awaiting:awaiting blocked:awaiting
request.denied        request  awaiting:denied blocked:denied
request.timed_out     request  awaiting:timed_out blocked:timed_out
request.withdrawn     request  awaiting:withdrawn blocked:withdrawn
grant.planned         grant    -:planned
grant.provisioning    grant    planned:provisioning
grant.activated       grant    provisioning:active
grant.cancelled       grant    planned:cancelled
grant.extended        grant    active:active
grant.released_shared grant    active:released_shared
revocation.begun      grant    -:revoking active:revoking provisioning:revoking
revocation.begun      grant    revoke_overdue:revoking
revocation.overdue    grant    revoking:revoke_overdue
revocation.abandoned  grant    revoke_overdue:abandoned
revocation.confirmed  grant    revoking:revoked
exception.opened      exception -:opened
exception.assigned    exception opened:assigned assigned:assigned
exception.resolved    exception opened:resolved assigned:resolved
passkey.enrolled      passkey   -:pending
passkey.vouched       passkey   pending:pending,usable
passkey.revoked       passkey   pending:revoked usable:revoked
emergency.asked       review    -:asked
emergency.consented   review    asked:consented
emergency.invoked     review    -:due consented:due
emergency.claimed     review    -:claimed
review.overdue        review    due:overdue claimed:overdue
review.done           review    due:done claimed:done overdue:done
""".strip().split("\n"),
    )
    for before, afters in (move.split(":") for move in moves)
    for after in afters.split(",")
}
HOLDING = ("provisioning", "active")
ENDED = frozenset({"released_shared", "cancelled", "revoked", "abandoned"})
CONSENT_LIFE = 900  # seconds from an ask for consent to it, and to the emergency
END_SLACK = 60  # seconds after the end of a grant by which ending it has begun
ASKED = ("entitlement", "target", "decide_by")  # kept of a request that awaits decisions
NOT_BY_RULE = frozenset(  # kinds that only people approve
    {"emergency.access", "approval.act", "delegation", "privilege.elevate", "unknown.identity"}
    | {"credential.reset", "mfa.reset"}
)
NOT_IN_SHAPES = {"log.opened", "passkey", "automatic"}  # a type, and fields that hold objects
OF_PASSKEY = ("person", "key", "voucher", "rp_id", "origin")
WINDOW = ("not_before", "window_end")  # the ends of one that a record says; none said is none
NO_WINDOW: list[Any] = [None, None]
KEPT_OF_GRANT = ("request", "entitlement", "target", "subject", "seconds", "not_after", *WINDOW,
                 "activate_by")  # fmt: skip
# What is looked at after a record was found canonical; its other fields need only be there.
LOOKED_AT = {
    "delivery": MOVE,
    "ticket": MOVE + "person revision source table",
    "request": MOVE
    + "beneficiary cut decide_by editor editors entitlement links material requester round rules"
    " seconds shown stage stages target ticket triagers extends not_before window_end",
    "grant": MOVE + "baseline confirmed extension hard_max heirs origin " + " ".join(KEPT_OF_GRANT),
    "emergency": MOVE
    + "by clause cooldown drill entitlement hard_max method person seconds target within"
    " access_from access_until authority_basis backfill_within enforced",
    "review": MOVE + "entitlement method outcome person reviewer",
    "revocation": MOVE + "by confirmed heirs origin " + " ".join(KEPT_OF_GRANT),
    "exception": MOVE + "about code",
    "passkey": MOVE + "cose credential key method origin person rp_id voucher",
    "decision": "approver cut decision link material method need on_behalf_of request round rules"
    " seconds shown stage",
}


# --- Reading entries quickly ----------------------------------------------------------------------

_INT = "(?:0|-?[1-9][0-9]{0,14})"
_TEXT = '"[^"]*"'
_TEXTS = rf"\[(?:{_TEXT}(?:,{_TEXT})*)?\]"
_ATOM = f"(?:{_TEXT}|{_INT})"
_LIST = rf"\[(?:{_ATOM}(?:,{_ATOM})*)?\]"
_ITEM = f"(?:{_ATOM}|{_LIST})"
_ANY = rf'(?:"[^"]*"|{_INT}|true|false|null|\[(?:{_ITEM}(?:,{_ITEM})*)?\])'
# Bytes that a shape cannot judge: what must be escaped, and escapes.
UNCLEAN = bytes(int((byte < 0x20 and byte != 0x0A) or byte == 0x5C) for byte in range(256))
SHAPES_KEPT = 32  # of each type
FIXED = ("type", "on", "from", "to")  # fields of few values: a shape for each


class Shape:
    """Entries of one type and one list of keys, as a pattern that only canonical forms match.

    The keys stand in it as they stood in an entry that was parsed strictly, so they are sorted,
    there once and of the right form. Each value is a string without escapes, an integer of at most
    15 digits, a literal, or lists of these: texts with only one way to write them. It is used on
    lines without control characters and backslashes only; so `"` can only begin or end a string.
    """

    def __init__(self, record: Record) -> None:
        self.kind, self.missing = record["type"], missing_fields(record)
        self.fixed: Record = {"type": self.kind}  # what stands in the pattern as it is
        self.names: list[str] = []
        self.readers: list[tuple[str, Callable[[str], Any]]] = []  # of those that are no strings
        fields = LOOKED_AT.get(self.kind.partition(".")[0])
        others = record if self.kind in OTHERS else ()
        looked_at = {"sd", "on", *(fields.split() if fields else others)} - {"_prev", "_seq"}
        parts = []
        for name, value in record.items():
            pattern, reader = value_pattern(value)
            if name in FIXED and isinstance(value, str):
                self.fixed[name], pattern = value, re.escape(dump(value))
            elif name == "_ts":
                pattern = f'"({_TIME})"'
                self.names.append(name)
            elif name in looked_at:
                pattern = f"({pattern})" if reader else '"([^"]*)"'
                self.names.append(name)
                if reader:
                    self.readers.append((name, reader))
            parts.append(f'"{name}":{pattern}')
        self.match = re.compile(r"\{" + ",".join(parts) + r"\}").fullmatch
        # Of most records only the time matters, and of a delivery that moves the id.
        on, before, after = (self.fixed.get(name, "") for name in ("on", "from", "to"))
        self.moves = (
            on == "delivery"
            and MOVES.get((on, before, after)) == self.kind
            and self.names == ["_ts", "cause", "id"]
            and not self.readers
        )
        self.plain = self.moves or (
            self.names == ["_ts"] and "on" not in self.fixed and self.kind not in OTHERS
        )

    def read(self, found: re.Match[str]) -> tuple[Record, str]:
        """What an entry that matched says, and what its type lacks."""
        record: Record = {**self.fixed, **dict(zip(self.names, found.groups()))}
        for name, reader in self.readers:
            record[name] = reader(record[name])
        return record, self.missing


def value_pattern(value: Any) -> tuple[str, Callable[[str], Any] | None]:
    """A pattern that matches such values in canonical form alone; what reads one, if no string."""
    if isinstance(value, str):
        return _TEXT, None
    if type(value) is int:
        return _INT, int
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return _TEXTS, split_texts
    return _ANY, json.loads


def split_texts(text: str) -> list[str]:
    """A list of strings without escapes."""
    return text[2:-2].split('","') if len(text) > 2 else []


def missing_fields(record: Record) -> str:
    """What its type must have and it has not; or that there is no such type."""
    kind = record.get("type")
    fields = MUST_HAVE.get(kind) if isinstance(kind, str) else None
    if fields is None:
        record["type"] = ""
        return "a record of an unknown type"
    lacking = [name for name in fields if name not in record]
    return f"{kind} without {' '.join(lacking)}" if lacking else ""


class Reader:
    """Reads entries: strictly, and by the shapes of those that were read strictly before."""

    def __init__(self) -> None:
        self.shapes: dict[str, list[Shape]] = {}

    def match(self, line: str) -> tuple[Shape, re.Match[str]] | None:
        """The shape that a clean line has, if one is known."""
        start = line.rfind('"type":"') + 8
        for shape in self.shapes.get(line[start : line.find('"', start)], ()):
            found = shape.match(line)
            if found and is_day(found[1][:10]):
                return shape, found
        return None

    def read(self, line: str, *, clean: bool) -> tuple[Record, str]:
        """What a canonical entry says (what is looked at), and what its type lacks."""
        matched = self.match(line) if clean else None
        return (
            matched[0].read(matched[1])
            if matched
            else self.read_strictly(line.encode(), clean=clean)
        )

    def read_strictly(self, entry: bytes, *, clean: bool) -> tuple[Record, str]:
        """The same by parsing; its shape is kept for the next."""
        if len(entry) > ENTRY_MAX:
            raise Refused(f"over {ENTRY_MAX} bytes")
        record = canonical(entry)
        if not isinstance(record, dict):
            raise Refused("not an object")
        if not is_instant(record.get("_ts")):
            raise Refused("_ts is not an instant")
        missing = missing_fields(record)
        if clean and not missing and not {record["type"], *record} & NOT_IN_SHAPES:
            known = self.shapes.setdefault(record["type"], [])
            if len(known) < SHAPES_KEPT:
                known.append(Shape(record))
        return record, missing


# --- One segment of the log -----------------------------------------------------------------------


class Task(NamedTuple):
    """A segment to look at: where it lies, and what is asked about it."""

    start: int
    lines: str  # path of the entries, or ""
    leaves: str  # path of the leaf hashes, or ""
    sizes: tuple[int, ...]  # of trees that end in it
    tiles: tuple[tuple[str, str, int, int], ...]  # path, level, number, width
    tree_size: int  # of the tree that the tiles are of
    again: bool  # whether its lines are read by another process too


class Scan:
    """What a segment was found to hold; small enough to hand from process to process."""

    def __init__(self, start: int) -> None:
        self.start, self.count = start, 0
        self.has_lines = True
        self.structure = Verdict("structure")
        self.late: list[str] = []
        self.first_prev: bytes | None = None
        self.last = b""
        self.peaks: dict[int, list[bytes]] = {}
        self.of_keys: list[tuple[int, bytes]] = []
        self.digest = b""  # of what was read, if it is read again


PREV, SEQ = '{"_prev":"', '","_seq":%d,"_ts":"'


def check_chain(lines: list[bytes], prevs: list[bytes], index: int, verdict: Verdict) -> None:
    """Each line begins with the leaf hash before it and its index; both at fixed places.

    All heads are compared at once; only where that fails are they looked at one by one.
    """
    end, count = 74 + len(SEQ % index), len(lines)
    heads = PREV + b"".join(prevs).hex(",", 32).replace(",", SEQ + PREV) + SEQ
    heads %= tuple(range(index, index + count))
    if b"".join([line[:end] for line in lines]) == heads.encode():
        return
    for place, (line, prev) in enumerate(zip(lines, prevs), index):
        head = PREV + prev.hex()
        if not line.startswith(head.encode()):
            verdict.fault(place, "_prev is not the leaf before")
        elif not line.startswith((head + SEQ % place).encode()):
            verdict.fault(place, "_seq is not its index")


def entry_lines(batch: bytes, index: int, room: int, verdict: Verdict) -> tuple[list[bytes], bool]:
    """The entries of a batch, and whether reading ends before its end."""
    lines = batch.split(b"\n")
    whole_lines = len(lines) - 1
    last = lines.pop()
    if last:
        lines.append(last)
    if len(lines) > room:
        verdict.fault(index + room, "a segment with more entries than fit")
        del lines[room:]
    elif last and len(last) <= ENTRY_MAX:
        verdict.fault(index + len(lines) - 1, "no newline at the end")
    if lines and max(map(len, lines)) > ENTRY_MAX:
        first = next(place for place, line in enumerate(lines) if len(line) > ENTRY_MAX)
        verdict.fault(index + first, f"over {ENTRY_MAX} bytes: nothing is read from here on")
        del lines[first:]
    return lines, len(lines) < whole_lines


def look_quickly(scan: Scan, batch: bytes, lines: list[bytes], index: int) -> None:
    """What `--quick` looks at besides hashes: UTF-8, and records that say whose key counts."""
    try:
        batch.decode()
    except UnicodeError:
        for place, line in enumerate(lines, index):
            if line.decode(errors="replace").encode() != line:
                scan.structure.fault(place, "not UTF-8")
    if b'"type":"key.' in batch or b'"type":"retention.pruned"' in batch:
        for place, line in enumerate(lines, index):
            if b'"type":"key.' in line or b'"type":"retention.pruned"' in line:
                scan.of_keys.append((place, line))
        if len(scan.of_keys) > FAULTS_KEPT:
            scan.structure.fault(index, "more records of keys than any log has")
            del scan.of_keys[FAULTS_KEPT:]


def scan_lines(scan: Scan, task: Task, content: Content | None) -> list[bytes]:
    """The leaf hashes of the entries of a segment, its chain checked, its content handed on."""
    leaves: list[bytes] = []
    digest = sha256()
    for batch in batches(task.lines, ENTRY_MAX):
        if task.again:
            digest.update(batch)
        index = task.start + len(leaves)
        lines, cut = entry_lines(batch, index, SEGMENT - len(leaves), scan.structure)
        if not lines:
            break
        if scan.first_prev is None:
            head = lines[0][10:74]
            scan.first_prev = (
                bytes.fromhex(head.decode()) if re.fullmatch(b"[0-9a-f]{64}", head) else bytes(32)
            )
        found = hash_each(lines, b"\x00")
        before = leaves[-1] if leaves else scan.first_prev
        check_chain(lines, [before, *found[:-1]], index, scan.structure)
        leaves += found
        if content is not None:
            content.take(index, batch, lines)
        elif not task.again:
            look_quickly(scan, batch, lines, index)
        if cut:
            break
    scan.digest = digest.digest()
    return leaves


def scan_segment(task: Task, content: Content | None = None) -> Scan:
    """Look at one segment: its chain, its part of the tree, the tiles over it."""
    scan = Scan(task.start)
    leaves: list[bytes] = []
    if task.leaves:
        data = read_exactly(task.leaves, SEGMENT * 32, scan)
        leaves = split_hashes(data)
        scan.has_lines = bool(leaves and task.lines) and is_base(task, leaves, scan.structure)
    if scan.has_lines:
        leaves = scan_lines(scan, task, content)
    scan.count = len(leaves)
    if leaves:
        scan.last = leaves[-1]
        levels = tree_levels(leaves)
        wanted = {min(size - task.start, SEGMENT) for size in task.sizes} | {len(leaves)}
        scan.peaks = {size: peaks(levels, size) for size in wanted if size <= len(leaves)}
        check_tiles(scan, task, levels)
    return scan


def is_base(task: Task, leaves: list[bytes], structure: Verdict) -> bool:
    """Whether the lines of an earlier bundle have these leaf hashes."""
    found = scan_lines(Scan(task.start), task, None)
    for index, (left, right) in enumerate(itertools.zip_longest(leaves, found), task.start):
        if left != right:
            structure.fault(index, "the base has another entry than the leaf hash says")
            return False
    return True


def read_exactly(path: str, size: int, scan: Scan) -> bytes:
    """A file of that size, or nothing and a fault."""
    try:
        data = read_small(path, size)
    except Refused:
        data = b""
    if len(data) != size:
        scan.structure.fault(scan.start, f"{os.path.basename(path)} has not {size} bytes")
        return b""
    return data


def check_tiles(scan: Scan, task: Task, levels: list[list[bytes]]) -> None:
    """Tiles over this segment (c2sp.org/tlog-tiles): of leaves, of their 256s, and of entries."""
    size = max(0, min(task.tree_size - task.start, len(levels[0])))
    for path, level, number, width in task.tiles:
        at = number * 256 - (task.start >> 8 if level == "1" else task.start)
        nodes = levels[8] if level == "1" and len(levels) > 8 else [] if level == "1" else levels[0]
        wanted = nodes[at : min(at + 256, size >> 8 if level == "1" else size)]
        try:
            data = read_small(path, width * (ENTRY_MAX + 2) if level == "entries" else width * 32)
            found = bundled_leaves(data) if level == "entries" else split_hashes(data)
        except Refused:
            found = []
        if not wanted or len(wanted) != width or found != wanted:
            scan.late.append(f"{task_name(path)} is not a tile of the tree")


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def bundled_leaves(data: bytes) -> list[bytes]:
    """The leaf hashes of an entry bundle: each entry comes after its length in two bytes."""
    leaves, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or at + 2 > len(data):
            raise Refused("an entry bundle that ends early")
        leaves.append(leaf_hash(data[at + 2 : end]))
        at = end
    return leaves


def task_name(path: str) -> str:
    """A tile as a reader names it."""
    return path[path.rfind("tile") :].replace(os.sep, "/")


# --- Disclosures ----------------------------------------------------------------------------------

DIGEST = re.compile("[A-Za-z0-9_-]{43}")
TO_URL, FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
DISCLOSURE = re.compile(
    rb'\{"digest":"([A-Za-z0-9_-]{43})","encoded":(null|"([A-Za-z0-9_-]+)"),"idx":(0|[1-9][0-9]{0,15})\}'
)


# A salt of 16 bytes, and two strings without escapes: canonical as it stands, if it is UTF-8.
SIMPLE = re.compile(rb'\["[A-Za-z0-9_-]{21}[AQgw]","([a-z][a-z0-9_]*)","([^"\\\x00-\x1f]*)"\]')


def decoded(data: bytes) -> str:
    """Text that must be UTF-8."""
    try:
        return data.decode()
    except UnicodeError:
        raise Refused("not UTF-8") from None


def to_base64url(data: bytes) -> str:
    """Base64url without padding (RFC 4648 §5)."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(TO_URL).decode()


def from_base64url(text: str) -> bytes:
    """The same back, from its one form; what the decoder overlooks is not written again."""
    try:
        data = binascii.a2b_base64(text.encode().translate(FROM_URL) + b"==")
    except ValueError:
        raise Refused("not base64url") from None
    if to_base64url(data) != text:
        raise Refused("not base64url in its one form")
    return data


def check_token(record: Record, value: Any) -> None:
    """The provider's token was asked for what its decision says was shown; not who signed it."""
    told = record.get("step_up")
    if not isinstance(told, dict) or not isinstance(value, str):
        raise Refused("a token of no step-up")
    if sha256(value.encode()).hexdigest() != told.get("token"):
        raise Refused("a token that is not the one of its step-up")
    asked = [str(told.get("salt")), str(record.get("shown"))]
    salt, shown = (json.dumps(one, ensure_ascii=False) for one in asked)
    text = f'{{"purpose":"ticketgate step-up","salt":{salt},"shown":{shown}}}'
    try:
        body = (value.split(".")[1:] or [""])[0].encode()
        claims = json.loads(base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4)))
    except (ValueError, RecursionError):
        claims = None
    nonce = claims.get("nonce") if isinstance(claims, dict) else None
    if nonce != sha256(text.encode()).hexdigest():
        raise Refused("a token that was asked for something else")


def read_disclosure(encoded: str, digest: str) -> tuple[str, Any]:
    """Name and value of a disclosure that hashes to the digest (RFC 9901 §4.2)."""
    if to_base64url(sha256(encoded.encode()).digest()) != digest:
        raise Refused("a disclosure that hashes to something else")
    data = from_base64url(encoded)
    simple = SIMPLE.fullmatch(data)
    if simple:
        return decoded(simple[1]), decoded(simple[2])
    said = canonical(data, None, DEPTH_MAX + 1)
    if not isinstance(said, list) or len(said) != 3 or not isinstance(said[1], str):
        raise Refused("a disclosure that is not [salt, name, value]")
    if not KEY.fullmatch(said[1]):
        raise Refused("a disclosure whose name has not the form of a key")
    if not isinstance(said[0], str) or len(from_base64url(said[0])) != 16:
        raise Refused("a disclosure whose salt has not 16 bytes")
    return said[1], said[2]


class Row(NamedTuple):
    """One line of disclosures.jsonl."""

    entry: int
    digest: str
    encoded: str | None


class Digests:
    """Every digest of the log with its entry, to find one twice; 24 bytes for each.

    They are kept apart by their first character, so that only a 64th is looked at together. The
    first 16 characters (96 bits) stand for the digest.
    """

    def __init__(self) -> None:
        self.parts: dict[str, bytearray] = collections.defaultdict(bytearray)

    def add(self, digest: str, index: int, *, there: bool) -> None:
        """Note that the entry holds the digest, and whether its value is there."""
        self.parts[digest[0]] += digest[:16].encode() + (index << 1 | there).to_bytes(8, "big")

    def entries(self, digests: Iterable[str]) -> tuple[list[int], dict[str, tuple[int, bool]]]:
        """The entries that hold a digest an earlier one holds, and where the given digests are."""
        asked = {digest[:16].encode(): digest for digest in digests}
        twice: list[int] = []
        found: dict[str, tuple[int, bool]] = {}
        for part in self.parts.values():
            seen = set()
            for at in range(0, len(part), 24):
                key, index = (
                    bytes(part[at : at + 16]),
                    int.from_bytes(part[at + 16 : at + 24], "big"),
                )
                if key in seen:
                    twice.append(index >> 1)
                elif key in asked:
                    found[asked[key]] = index >> 1, bool(index & 1)
                seen.add(key)
        return sorted(twice), found


class Disclosures:
    """Goes through the entries and disclosures.jsonl side by side; both are in order of entries."""

    def __init__(self, path: str, tickets: Tickets | None) -> None:
        self.verdict, self.misplaced = Verdict("disclosures"), Verdict("disclosures")
        self.counts = dict.fromkeys(COUNTED, 0)
        self.digests = Digests()
        self.erased: dict[str, int] = {}
        self.tickets = tickets
        self.rows = self._rows(path) if path else iter(())
        self.next = next(self.rows, None)

    @property
    def upcoming(self) -> int:
        """The entry that the next row stands at."""
        return self.next.entry if self.next else INT_MAX

    def mismatch(self, index: int, text: str) -> None:
        """Count a disclosure that is not what it should be."""
        self.counts["mismatch"] += 1
        self.verdict.fault(index, text)

    def _rows(self, path: str) -> Iterator[Row]:
        """The lines in their order; one out of order, or twice, is a fault and left out."""
        before = (-1, "")
        for batch in batches(path, DISCLOSURE_MAX):
            lines = batch.split(b"\n")
            cut = lines.pop()
            for line in lines:
                found = DISCLOSURE.fullmatch(line)
                index = int(found[4]) if found else -1
                if len(line) > DISCLOSURE_MAX:
                    cut = line
                    break
                if not found or index > INT_MAX or (index, found[1].decode()) <= before:
                    text = "out of order or twice" if found else "not one disclosure in its form"
                    self._misplaced(before[0], f"a line of disclosures: {text}")
                    continue
                before = (index, found[1].decode())
                yield Row(index, before[1], found[3].decode() if found[3] else None)
            if cut:
                self._misplaced(before[0], "a line too long, or without newline at its end")
                return

    def _misplaced(self, before: int, text: str) -> None:
        """A line of the file that says nothing stands where the one before it does."""
        self.counts["mismatch"] += 1
        self.misplaced.fault(max(before, 0), text)

    def entry(self, index: int, record: Record) -> None:
        """Hold the rows of an entry against its digests."""
        sd = record.get("sd", [])
        if sd == [] and self.upcoming > index:
            return
        if (
            not isinstance(sd, list)
            or not all(isinstance(digest, str) and DIGEST.fullmatch(digest) for digest in sd)
            or sorted(set(sd)) != sd
        ):
            self.verdict.fault(index, "sd is not a sorted list of digests")
            sd = []
        missing = set(sd)
        while self.next is not None and self.next.entry <= index:
            self._row(self.next, index, record, missing)
            self.next = next(self.rows, None)
        for digest in sd:
            there = digest not in missing and digest not in self.erased
            self.digests.add(digest, index, there=there)
        self.counts["withheld"] += len(missing)
        if missing and self.tickets:
            self.tickets.hidden(record)

    def _row(self, row: Row, index: int, record: Record, missing: set[str]) -> None:
        """One row that stands at this entry, or at one before it that is not there."""
        if row.entry != index or row.digest not in missing:
            self.mismatch(row.entry, "a disclosure that belongs to another entry or to none")
            return
        missing.discard(row.digest)
        try:
            if row.encoded is None:
                self.erased[row.digest] = index
                self.counts["erased"] += 1
                raise Refused("")
            name, value = read_disclosure(row.encoded, row.digest)
            if name == "id_token":
                check_token(record, value)
            self.counts["given"] += 1
            if self.tickets and name == "ticket":
                self.tickets.seen(record, value)
        except Refused as refusal:
            if row.encoded is not None:
                self.mismatch(index, str(refusal))
            if self.tickets:
                self.tickets.hidden(record)

    def finish(self, size: int, replay: Replay) -> None:
        """What can only be said at the end of the log."""
        while self.next is not None:
            self.mismatch(min(self.next.entry, size), "a disclosure that belongs to no entry")
            self.next = next(self.rows, None)
        for index, text in self.misplaced.faults:
            self.verdict.fault(min(index, size), text)
        self.verdict.count += self.misplaced.count - len(self.misplaced.faults)
        twice, found = self.digests.entries(replay.listed)
        for index in twice:
            self.verdict.fault(index, "a digest that an earlier entry holds")
        on_record = self._on_record(replay, found)
        for digest, index in self.erased.items():
            if digest not in on_record:
                self.verdict.fault(index, "erased, and no disclosure.erased lists it")
        for digest in on_record:
            index, there = found.get(digest, (0, False))
            if there:
                self.verdict.fault(index, "there, although a disclosure.erased lists it")
        words = [f"{count} {name}" for name, count in self.counts.items()]
        self.verdict.note = ", ".join(words)

    @staticmethod
    def _on_record(replay: Replay, found: dict[str, tuple[int, bool]]) -> set[str]:
        """The digests that a `disclosure.erased` lists, behind the entry that holds each."""
        on_record = set()
        for digest, told in replay.listed.items():
            for index in told:
                held = found[digest][0] if digest in found else index
                if held >= index and (digest in found or replay.whole):
                    replay.verdict.fault(index, "erased is a digest of no entry before")
                else:
                    on_record.add(digest)
        return on_record


class Tickets:
    """The list of tickets that must be in the log (`--tickets`)."""

    def __init__(self, data: bytes) -> None:
        self.missing: set[tuple[str, str, str]] = set()
        self.hidden_sources: set[str] = set()
        for line in data.decode().split("\n"):
            row = line.removesuffix("\r")
            words = row.split("\t")
            if row and (len(words) != 3 or not all(words)):
                raise Refused("a line that is not source, table and id")
            if row:
                self.missing.add((words[0], words[1], words[2]))
        self.count = len(self.missing)

    def seen(self, record: Record, value: Any) -> None:
        """A `ticket` disclosure: it is the ticket's own if the record is one of tickets."""
        if record.get("type") == "ticket.classified" and isinstance(value, dict):
            names = (record.get("source"), record.get("table"), value.get("id"))
            if all(isinstance(name, str) for name in names):
                self.missing.discard(names)

    def hidden(self, record: Record) -> None:
        """A value of the record cannot be looked into: it may have been any ticket's."""
        if record.get("type") == "ticket.classified":
            self.hidden_sources.add(str(record.get("source")))

    def judge(self, verdict: Verdict, size: int, *, complete: bool) -> None:
        """COMPLETENESS, at the end of the log."""
        unknown = 0
        for source, table, ticket in sorted(self.missing):
            if complete and source not in self.hidden_sources:
                verdict.fault(size, f"not in the log: {source} {table} {ticket}")
            else:
                unknown += 1
        found = self.count - len(self.missing)
        verdict.settle(
            "none" if unknown else "holds",
            f"{found} of {self.count} found, {unknown} cannot be told",
        )


# --- Replaying ------------------------------------------------------------------------------------


def text_of(record: Record, name: str) -> str:
    """A field that must be text."""
    value = record.get(name)
    if not isinstance(value, str):
        raise Refused(f"`{name}` is not text")
    return value


def number_of(record: Record, name: str) -> int:
    """A field that must be an integer; true is none."""
    value = record.get(name)
    if type(value) is not int:
        raise Refused(f"`{name}` is not an integer")
    return value


def count_of(record: Record, name: str) -> int:
    """A field that must be an integer above 0."""
    value = number_of(record, name)
    if value < 1:
        raise Refused(f"`{name}` is not above 0")
    return value


def place_of(record: Record) -> list[int]:
    """Its round and its stage."""
    return [count_of(record, "round"), count_of(record, "stage")]


def texts_of(record: Record, name: str) -> list[str]:
    """A field that must be a list of texts; none where it is not there."""
    value = record.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Refused(f"`{name}` is not a list of texts")
    return value


def parties_of(record: Record) -> set[str]:
    """Who may not approve a request, as this record of it names them."""
    single = (record.get(name) for name in ("requester", "beneficiary", "editor"))
    more = texts_of(record, "editors") + texts_of(record, "triagers")
    return {name for name in single if isinstance(name, str)} | set(more)


class Ballots:
    """The decisions on one request."""

    def __init__(self) -> None:
        self.denied = False
        self.approvers: dict[tuple[str, int, int], set[str]] = collections.defaultdict(set)
        self.need: dict[tuple[str, int, int], int] = {}
        self.seconds: dict[tuple[str, int], int] = {}
        self.represented: dict[tuple[str, int], set[str]] = {}  # by a delegate

    def voices(self, material: str, turn: int) -> set[str]:
        """Who approved in a round, and for whom somebody did."""
        places = [place for place in self.approvers if place[:2] == (material, turn)]
        deciders = (self.approvers[place] for place in places)
        return self.represented.get((material, turn), set()).union(*deciders)

    def stand_in(self, approver: str, principal: str, material: str, turn: int) -> None:
        """A delegate and whom they stand in for are one seat; each is used once in a round."""
        taken = {approver} & self.represented.get((material, turn), set())
        if principal:
            taken |= {approver, principal} & self.voices(material, turn) | {approver} & {principal}
            self.represented.setdefault((material, turn), set()).add(principal)
        if taken:
            raise Refused("a seat that is used twice")

    def approve(self, approver: str, place: tuple[str, int, int], need: int, seconds: int) -> None:
        """One approval at (material, round, stage)."""
        self.approvers[place].add(approver)
        self.need[place] = max(need, self.need.get(place, 0))
        self.seconds[place[:2]] = min(seconds, self.seconds.get(place[:2], seconds))


def named(record: Record) -> list[Any]:
    """Whose access to what a record of a grant is about."""
    return [record.get(field) for field in ("subject", "target", "entitlement")]


def left_at(before: str, left: str) -> str:
    """How a move that begins elsewhere is told."""
    return f"a move from `{before}`, where the log left it at `{left}`"


def check_step_up(record: Record) -> None:
    """Who signed in afresh to do just this has told when, how, and the digest of the token."""
    told = record.get("step_up")
    if (told is not None) != (record.get("method") == "oidc_step_up"):
        raise Refused("a step-up without its sign-in, or the other way round")
    if told is None:
        return
    if not isinstance(told, dict) or {*told} != {"acr", "auth_time", "class", "salt", "token"}:
        raise Refused("a step-up that is not told whole")
    told = {key: value if isinstance(value, str) else "" for key, value in told.items()}
    forms = re.fullmatch("[0-9a-f]{64} [0-9a-f]{32}", told["token"] + " " + told["salt"])
    if not forms or told["class"] != "provider_token" or not told["acr"]:
        raise Refused("a step-up that is not told whole")
    if not isinstance(record.get("sd"), list) or len(record["sd"]) < 2:
        raise Refused("a step-up without the digest of its token")
    at, now = told["auth_time"], record["_ts"]
    age = instant(now) - instant(at) if is_instant(at) else dt.timedelta(hours=2)
    if not dt.timedelta(minutes=-1) <= age <= dt.timedelta(hours=1):
        raise Refused("a step-up not of then")


def check_shown(record: Record) -> None:
    """What a decision or a request says was shown is the digest of what it says of it."""
    parts = dump({name: record.get(name) for name in OF_SHOWN})
    if "shown" in record and record["shown"] != sha256(parts.encode()).hexdigest():
        raise Refused("`shown` is not the digest of what it is about")


def check_claim(record: Record) -> None:
    """A decision that a token had to confirm says of when the token is, and it was fresh."""
    at = record.get("claimed_at")
    if (record.get("authority_basis") == "claimed") != (at is not None):
        raise Refused("a claim without its time, or the other way round")
    if at is None:
        return
    age = instant(record["_ts"]) - instant(at) if is_instant(at) else dt.timedelta(hours=2)
    if not dt.timedelta(minutes=-1) <= age <= dt.timedelta(hours=1):
        raise Refused("a claim not of then")


class Emergencies:
    """Emergencies, with what their reviews owe: what was said of each, by its id.

    `ended` is empty while the access is not over, and `never` where it was never given.
    """

    def __init__(self) -> None:
        self.said: dict[str, Record] = {}
        self.states: dict[str, str] = {}
        self.latest: dict[tuple[str, str], str] = {}  # by person and entitlement
        self.owed: dict[str, set[str]] = collections.defaultdict(set)  # by person; no drills
        self.asks: dict[str, int] = {}  # seconds asked for, by name; no snapshot tells them

    def know(self, name: str, state: str, said: Record) -> None:
        """Where one stands, as its record or a snapshot tells."""
        self.said[name], self.states[name] = said, state
        if state in ("asked", "consented"):
            return
        if said.get("drill") is not False:
            return
        person, entitlement = said.get("person", ""), said.get("entitlement", "")
        (self.owed[person].discard if state == "done" else self.owed[person].add)(name)
        last = self.said.get(self.latest.get((person, entitlement), ""), {})
        if said.get("invoked", "") >= last.get("invoked", ""):
            self.latest[person, entitlement] = name

    def locked(self, person: str, moment: str) -> bool:
        """Whether a review of theirs is overdue then, whether or not a record says so."""
        return any(
            self.states[name] == "overdue" or moment >= self.said[name].get("until", "~")
            for name in self.owed.get(person, ())
        )

    def check_unlocked(self, record: Record, *names: str) -> None:
        """Nobody decides, or is given anything, while a review of theirs is overdue."""
        people = (record.get(name) for name in names)
        if any(isinstance(one, str) and self.locked(one, record["_ts"]) for one in people):
            raise Refused("by, or for, somebody whose review is overdue")

    def asked(self, name: str, after: str, record: Record) -> None:
        """`emergency.asked`, and `emergency.consented` by somebody else, in time."""
        said = self.said.get(name, {})
        same = self.same_ask(record, said)
        if after == "asked":
            said = {"person": text_of(record, "person"), "drill": False, "invoked": record["_ts"],
                    "within": count_of(record, "within"),
                    "entitlement": text_of(record, "entitlement")}  # fmt: skip
        self.know(name, after, said)
        if after == "asked":
            self.asks[name] = count_of(record, "seconds")
            return
        check_step_up(record)
        if not same:
            raise Refused("a consent to something else, or that came too late")
        by = text_of(record, "by")
        if by in ("", said.get("person")) or self.locked(by, record["_ts"]):
            raise Refused("a consent of somebody who may not give it")

    @staticmethod
    def same_ask(record: Record, said: Record) -> bool:
        """Whether it is of the person and entitlement that somebody asked for, and in time."""
        if any(record.get(key) != said.get(key) for key in ("person", "entitlement")):
            return False
        at = said.get("invoked", "")
        return is_instant(at) and bool(record["_ts"] < moment_after(at, CONSENT_LIFE))

    def owing(self, entitlement: str, moment: str) -> bool:
        """Whether anybody's emergency for it has a review that is overdue then."""
        return any(
            self.said[name].get("entitlement") == entitlement
            and (self.states[name] == "overdue" or moment >= self.said[name].get("until", "~"))
            for names in self.owed.values()
            for name in names
        )

    def invoked(self, name: str, record: Record) -> bool:
        """`emergency.invoked`: by somebody who may now; whether it gives access."""
        person, entitlement = text_of(record, "person"), text_of(record, "entitlement")
        numbers = [count_of(record, key) for key in ("seconds", "hard_max", "within", "cooldown")]
        seconds, longest, within, cooldown = numbers
        drill, now = record.get("drill"), record["_ts"]
        if type(drill) is not bool or not text_of(record, "clause") or max(numbers) > 10**9:
            raise Refused("an emergency without its times or its pre-authorisation")
        text_of(record, "target")
        locked = self.locked(person, now)
        unheard = not drill and not record["from"] and self.owing(entitlement, now)
        other = record["from"] and (
            drill
            or seconds > self.asks.get(name, seconds)
            or not self.same_ask(record, self.said.get(name, {}))
        )
        last = self.said.get(self.latest.get((person, entitlement), ""), {}).get("ended", "never")
        self.know(name, "due", {
            "person": person, "entitlement": entitlement, "drill": drill, "within": within,
            "invoked": now, "until": moment_after(now, within), "ended": "",
        })  # fmt: skip
        check_step_up(record)
        if unheard or other:
            raise Refused("an emergency without the consent that it needs, or to something else")
        if seconds > longest:
            raise Refused("an emergency for longer than the policy lets it be")
        if locked:
            raise Refused("an emergency of somebody whose review is overdue")
        if not drill and not last:
            raise Refused("an emergency while another one of the same access is not over")
        if not drill and is_instant(last) and now < moment_after(last, cooldown):
            raise Refused("an emergency before the cooldown of the last one is over")
        return not drill

    def claimed(self, name: str, record: Record) -> None:
        """`emergency.claimed`: entered afterwards, of the past, by somebody named."""
        now, begun, over = (text_of(record, key) for key in ("_ts", "access_from", "access_until"))
        told = {key: text_of(record, key) for key in ("person", "entitlement", "target", "by")}
        within, back, seconds = (
            count_of(record, key) for key in ("within", "backfill_within", "seconds")
        )
        named = all((*told.values(), text_of(record, "clause")))
        if not named or not all(map(is_instant, (now, begun, over))):
            raise Refused("a claim without who, what, when, or by whom")
        if max(within, back, seconds) > 10**9:
            raise Refused("a claim without its times")
        locked = self.locked(told["by"], now)
        self.know(name, "claimed", {
            **told, "drill": False, "within": within, "invoked": now,
            "until": moment_after(now, within), "ended": "never",
        })  # fmt: skip
        check_step_up(record)
        if not begun < over <= now <= moment_after(begun, back):
            raise Refused("a claim of the future, or of too long ago")
        if record.get("enforced") is not False or record.get("authority_basis") != "claimed":
            raise Refused("a claim that says it is more than that")
        if told["by"] != told["person"] and record["clause"] != "role:operator":
            raise Refused("a claim of somebody else's access by no operator")
        if locked:
            raise Refused("a claim by somebody whose review is overdue")

    def reviewed(self, name: str, after: str, record: Record) -> None:
        """`review.overdue` and `review.done`."""
        said = self.said.get(name, {})
        self.know(name, after, said)
        if any(text_of(record, key) != said.get(key) for key in ("person", "entitlement")):
            raise Refused("a review of something else than the emergency")
        if after == "overdue" and record["_ts"] < said.get("until", "~"):
            raise Refused("a review is called overdue before its time")
        if after == "done":
            check_step_up(record)
            if text_of(record, "reviewer") in ("", said["person"]):
                raise Refused("an emergency that nobody else has reviewed")
            if record["reviewer"] == said.get("by"):
                raise Refused("a claim reviewed by whoever entered it")
            if record.get("outcome") not in ("justified", "unjustified", "incomplete"):
                raise Refused("a review without an outcome")
            live = said.get("drill") is False and not said.get("ended")
            if live and record["outcome"] != "unjustified":
                raise Refused("a review while the access was not over")
            self.check_unlocked(record, "reviewer")

    def granted(self, record: Record) -> None:
        """A move of a grant tells its origin, and when the review is due."""
        said = self.said.get(text_of(record, "request"), {})
        before, after, now = record["from"], record["to"], record["_ts"]
        if after == "planned" and (record.get("origin") == "emergency") != bool(said):
            raise Refused("a grant that tells another origin than it has")
        wrong = not before and after == "revoking" and self.only_ended(record, said)
        if wrong:
            raise Refused("access is taken away that neither a grant gave nor a claim tells")
        if "within" not in said:
            return  # of no emergency, or a snapshot does not tell it
        if before == after:
            raise Refused("an emergency is extended")
        end: Any = now if after == "cancelled" or before in HOLDING else None
        end = {"planned": record.get("activate_by"), "provisioning": record.get("not_after"),
               "active": None}.get(after, end)  # fmt: skip
        if is_instant(end):
            said["until"] = moment_after(end, said["within"])
        if after in ENDED:
            said["ended"] = "never" if after == "cancelled" else now

    @staticmethod
    def only_ended(record: Record, said: Record) -> bool:
        """Whether access that no grant of ours gave is taken away for anything but a claim."""
        pairs = (("subject", "person"), ("entitlement", "entitlement"), ("target", "target"))
        good = "by" in said and said.get("ended") == "never"
        good = good and all(record.get(key) == said.get(other) for key, other in pairs)
        good = good and record.get("origin") == "claimed" and record["not_after"] == record["_ts"]
        if "by" in said:
            said["ended"] = ""
        return not good


class Replay:
    """Folds what the records say, in their order, and faults what is not possible."""

    def __init__(self, keys: Keys) -> None:
        self.verdict, self.keys = Verdict("semantics"), keys
        self.complete = True  # nothing below is missing, or a snapshot stands for it
        self.whole = True  # nothing below is missing
        self.pruned: dict[int, tuple[int, str]] = {}  # boundary: (index, snapshot)
        self.listed: dict[str, list[int]] = {}  # by disclosure.erased
        self.head: Callable[[int], str | None] = lambda _: None  # `_prev` of this entry, if known
        self.begin_anew()

    def begin_anew(self) -> None:
        """Know nothing of where the log has left things."""
        self.states: dict[str, dict[str, str]] = {on: {} for on, _, _ in MOVES}
        self.revisions: dict[str, set[int]] = {}
        self.parties: dict[str, set[str]] = {}
        self.triaged: dict[str, set[str]] = {}  # who said that a ticket is an identity event
        self.asked: dict[str, list[Any]] = {}  # ASKED, and the round, the stage, the material
        self.shown: dict[str, Record] = {}  # SHOWN of what is asked; no snapshot tells it
        self.links: dict[str, dict[str, str]] = {}  # that work, and whom each was issued to
        self.ballots: dict[str, Ballots] = {}
        self.approved: dict[str, tuple[Any, ...]] = {}
        self.grants: dict[str, Record] = {}
        self.given_up: dict[str, list[Any]] = {}  # grants that nothing removes: whose, of what
        self.may_stand: dict[str, list[Any]] = {}  # the same, by its exception that is open
        self.asked_at: dict[str, int] = {}  # index of the last record of what is asked
        self.passkeys: dict[str, Record] = {}  # what was said of each
        self.confirmed: set[str] = set()  # whose passkeys may be used, or once might
        self.extends: dict[str, Any] = {}  # the grant that a request asks more time for
        self.windows: dict[str, list[Any]] = {}  # of what a request asks, where it has one
        self.by_rule: dict[str, tuple[str, int]] = {}  # by rule: the newest UTC day, its count
        self.stand: dict[str, set[str]] = {}  # whose voice approved; nobody's once one took it back
        self.emergencies = Emergencies()
        self.time = ""
        self.boundary = 0
        self.restoring = False

    def take(self, index: int, record: Record, missing: str) -> None:
        """One record, at its index."""
        if record["_ts"] < self.time:
            self.verdict.fault(index, "time goes back")
        else:
            self.time = record["_ts"]
        try:
            if missing:
                raise Refused(missing)
            if record["type"] in OTHERS:
                OTHERS[record["type"]](self, index, record)
            if "on" in record and self.complete:
                self._move(index, record)
        except (Refused, OverflowError) as refusal:
            self.verdict.fault(index, str(refusal))

    def pass_by(self, index: int, shape: Shape, found: re.Match[str]) -> None:
        """The same for a record of which only the time matters, and the move of a delivery."""
        if found[1] < self.time:
            self.verdict.fault(index, "time goes back")
        else:
            self.time = found[1]
        if shape.moves and self.complete:
            before, after, name = shape.fixed["from"], shape.fixed["to"], found[3]
            left = self.states["delivery"].get(name, "")
            self.states["delivery"][name] = after
            if before != left:
                self.verdict.fault(index, left_at(before, left))

    def _move(self, index: int, record: Record) -> None:
        """A record that moves a machine: from where the log left it, along the tables."""
        words: list[Any] = [record.get(name) for name in ("on", "id", "from", "to", "cause")]
        on, name, before, after, _ = words
        if set(map(type, words)) != {str}:
            raise Refused("a move with something else than texts")
        if MOVES.get((on, before, after)) != record["type"]:
            raise Refused("a move that is in no table")
        states = self.states[on]
        left = states.get(name, "")
        states[name] = sys.intern(after)
        refused = before != left
        if on == "ticket":
            fresh = self._ticket(name, after, record)
            refused = refused and (before != "" or not fresh)
        elif on == "request":
            self._request(name, after, record)
            self.asked_at[name] = index
            check_shown(record)
        elif on == "grant":
            self._grant(index, name, after, record)
        elif on in MORE:
            MORE[on](self, index, name, after, record)
        if refused:
            raise Refused(left_at(before, left))

    def _ticket(self, name: str, after: str, record: Record) -> bool:
        """A verdict on a ticket: whether it is on a revision that no record told of."""
        revision = number_of(record, "revision")
        seen = self.revisions.setdefault(name, set())
        if [after, record["cause"]] == ["identity", "triage"]:
            self.triaged.setdefault(name, set()).add(str(record.get("person")))
        if record["cause"] == "triage":
            self.emergencies.check_unlocked(record, "person")
        fresh = revision not in seen
        seen.add(revision)
        return fresh

    def note(self, name: str, said: Record) -> None:
        """What a record of a request says of what it extends, and of its window."""
        if "extends" in said:
            self.extends[name] = said["extends"]
        self.windows.pop(name, None)
        if window_of(said) != NO_WINDOW:
            self.windows[name] = window_of(said)

    def _check_triagers(self, record: Record) -> None:
        """Who is named as triagers are all who said what the ticket is."""
        said = self.triaged.get(str(record.get("ticket")), set())
        if "triagers" in record and said - set(texts_of(record, "triagers")):
            raise Refused("triagers without one who said what the ticket is")

    def _request(self, name: str, after: str, record: Record) -> None:
        self._check_triagers(record)
        asked, window = self.asked.pop(name, None), self.windows.get(name, NO_WINDOW)
        self.note(name, record)
        self.shown.pop(name, None)
        if after == "awaiting":
            self.shown[name] = {key: record[key] for key in SHOWN if key in record}
            self.asked[name] = [*map(record.get, ASKED), *place_of(record), record.get("material")]
            if asked is None or asked[3:5] != self.asked[name][3:5]:
                self.links.pop(name, None)
            self.parties[name] = parties_of(record)
            self._issue(name, record)
            return
        parties, _ = self.parties.pop(name, set()), self.links.pop(name, None)
        ballots = self.ballots.pop(name, None)
        if after == "approved" and (record["from"] != "awaiting" or record["cause"] == "automatic"):
            self._approve_by_rule(name, record)
        elif after == "approved":
            self._approve(name, record, ballots or Ballots())
            what = [record.get("entitlement"), record.get("target"), *window_of(record)]
            if asked is None or what != [*asked[:2], *window]:
                raise Refused("approved is something else than was asked")
            if not {record.get("requester"), record.get("beneficiary")} <= parties:
                raise Refused("approved for somebody else than was asked")

    def _issue(self, name: str, record: Record) -> None:
        """Each link is one person's."""
        if not fits(record.get("links"), [(str, str)]):
            raise Refused("`links` is not a list of links, each with its actor")
        self.links.setdefault(name, {}).update(record["links"])

    def issued(self, _: int, record: Record) -> None:
        """`links.issued`: more links for the stage that is asked."""
        if self.complete:
            name = text_of(record, "request")
            if self.asked.get(name, [])[3:5] != place_of(record):
                raise Refused("links of another stage than the one that is asked")
            self._issue(name, record)

    def _approve(self, name: str, record: Record, ballots: Ballots) -> None:
        """Each stage has its approvals, by people who are not a party and count once."""
        material, turn = text_of(record, "material"), count_of(record, "round")
        stages, most = record.get("stages"), record.get("seconds")
        given = ballots.seconds.get((material, turn))
        if (
            not isinstance(stages, list)
            or not stages
            or not all(type(n) is int and n > 0 for n in stages)
        ):
            raise Refused("`stages` does not say how many people each takes")
        self.approved[name] = (
            text_of(record, "beneficiary"), record.get("entitlement"), record.get("target"),
            None if given is None or type(most) is not int else min(given, most),
        )  # fmt: skip
        counted: set[str] = set()
        for stage, count in enumerate(stages, 1):
            place = (material, turn, stage)
            people = ballots.approvers.get(place, set()) - counted
            if len(people) < max(count, ballots.need.get(place, 0)):
                raise Refused(f"approved without the approvals of stage {stage}")
            counted |= people
        if ballots.denied:
            raise Refused("approved although it was denied")
        text_of(record, "requester")
        self.stand[name] = set(ballots.voices(material, turn))
        if parties_of(record) & ballots.voices(material, turn):
            raise Refused("approved by somebody whose own request it is")
        self.emergencies.check_unlocked(record, "beneficiary")

    def _approve_by_rule(self, name: str, record: Record) -> None:
        """Nobody decided: an automatic rule did, of kinds that it may, no oftener than it may."""
        said, most = record.get("automatic"), record.get("seconds")
        self.approved[name] = (
            record.get("beneficiary"), record.get("entitlement"), record.get("target"),
            most if type(most) is int else None,
        )  # fmt: skip
        if record["cause"] != "automatic" or not isinstance(said, dict):
            raise Refused("approved without a person, and by no automatic rule")
        rule, day = text_of(record, "approve_rule"), record["_ts"][:10]
        number, before = count_of(said, "count"), self.by_rule.get(rule, ("", 0))
        self.by_rule[rule] = max(before, (day, number))
        most, last = count_of(said, "max_per_day"), before[1] if before[0] == day else 0
        for field in ("beneficiary", "requester"):
            text_of(record, field)
        count_of(record, "seconds")
        if record["from"] == "awaiting" or self.extends.get(name):
            raise Refused("approved by a rule although people were asked, or for more time")
        if record.get("stages") != [] or record.get("links") != []:
            raise Refused("approved by a rule, with stages or links")
        kinds = texts_of(record, "kinds")
        if not kinds or NOT_BY_RULE & set(kinds):
            raise Refused("approved by a rule, of a kind that no rule may approve")
        named = text_of(said, "rule").startswith(f"{rule}@")
        if not (named and text_of(said, "digest") and text_of(said, "because")):
            raise Refused("approved by a rule that its record does not name")
        if said.get("day") != day or not last < number <= most:
            raise Refused("approved by a rule more often than it may in a day, or not counted")
        self.emergencies.check_unlocked(record, "beneficiary")

    def _grant(self, index: int, name: str, after: str, record: Record) -> None:
        known = self.grants.setdefault(name, {})
        known["index"] = index
        text_of(record, "request")
        self._keep(record, known)
        if after == "planned":
            self._plan(record)
        elif after in HOLDING:
            self._check_end(after, record, known)
            self._extend(name, record, known)
            if self.restoring:
                raise Refused("access is given, and a restore has not ended")
            self._still_approved(record)
        if after in ENDED:
            self._check_over(after, record)
            self._give_up(name, after, known, record)
            del self.grants[name]  # nothing moves it any more
        self.emergencies.granted(record)
        if after == "provisioning":
            self._check_begun(record, known)
        self._hand_on(texts_of(record, "heirs"))

    def _give_up(self, name: str, after: str, known: Record, record: Record) -> None:
        """Access that nothing removes any more; what stood before us was never to be removed."""
        if after == "abandoned" and known.get("baseline") is not True:
            self.given_up[name] = named(record)

    def _hand_on(self, heirs: list[str]) -> None:
        """Heirs take over the removal of what stood before them."""
        if not self.states["grant"].keys() >= set(heirs):
            raise Refused("an heir that is no grant")
        for heir in heirs:
            self.grants.get(heir, {})["baseline"] = False

    @staticmethod
    def _check_over(after: str, record: Record) -> None:
        """Revoked is read back. Two people give up, neither of whom has it; each says why."""
        if after == "revoked" and record.get("confirmed") is not True:
            raise Refused("revoked without being read back")
        if after != "abandoned":
            return
        by = texts_of(record, "by")
        if len(by) != 2 or by[0] == by[1] or not all(by):
            raise Refused("given up on, and not by two different people")
        if record.get("subject") in by:
            raise Refused("given up on by whose access it is")
        if not isinstance(record.get("sd"), list) or len(record["sd"]) < 2:
            raise Refused("given up on without the reasons of both")

    def _check_begun(self, record: Record, known: Record) -> None:
        """Access begins in time, for somebody who is not locked."""
        self.emergencies.check_unlocked(record, "subject")
        by = known.get("activate_by")  # null in snapshots of before that was kept
        if by is not None and str(record.get("_ts")) > str(by):
            raise Refused("access that begins after the time to begin was over")
        if record.get("baseline") is True and named(record) in self.may_stand.values():
            raise Refused("access that was given up, and may stand, is called standing access")

    def exception(self, _: int, name: str, after: str, record: Record) -> None:
        """Access that was given up may stand until its exception is resolved."""
        of = self.given_up.get(str(record.get("about")))
        if after == "opened" and record.get("code") == "access_may_stand" and of is not None:
            self.may_stand[name] = of
        elif after == "resolved":
            self.may_stand.pop(name, None)

    def _still_approved(self, record: Record) -> None:
        """Nobody has taken back an approval of it, or of the more time that it is given."""
        names = ["request", "extension"] if record["type"] == "grant.extended" else ["request"]
        if any(self.stand.get(text_of(record, name)) == set() for name in names):
            raise Refused("access is given, and an approval of it was taken back")

    def review(self, _: int, name: str, after: str, record: Record) -> None:
        """An emergency that gives access stands in place of an approval."""
        if after in ("asked", "consented"):
            self.emergencies.asked(name, after, record)
        elif after == "claimed":
            self.emergencies.claimed(name, record)
        elif after != "due":
            self.emergencies.reviewed(name, after, record)
        elif self.emergencies.invoked(name, record):
            self.approved[name] = tuple(
                map(record.get, ("person", "entitlement", "target", "seconds"))
            )

    @staticmethod
    def _keep(record: Record, known: Record) -> None:
        """What was said of a grant once stays. `baseline` may come to be false."""
        if "baseline" in record:
            known["baseline"] = record["baseline"]
        for field in KEPT_OF_GRANT:
            value = record.get(field)
            if field == "not_after" and record["type"] == "grant.extended":
                continue  # `_extend` looks at it
            if value is not None and known.setdefault(field, value) != value:
                raise Refused(f"`{field}` of the grant moved")

    @staticmethod
    def _check_end(after: str, record: Record, known: Record) -> None:
        """Access has an end, and is given for no longer than was planned."""
        if not is_instant(record.get("not_after")):
            raise Refused("access without an end")
        if after == "provisioning":
            life = instant(record["not_after"]) - instant(record["_ts"])
            if life > dt.timedelta(seconds=count_of(known, "seconds")):
                raise Refused("access for longer than was given")
            check_within(record, known)

    def _extend(self, name: str, record: Record, known: Record) -> None:
        """More time follows one approval of just that, and is never beyond the longest life."""
        if record["type"] != "grant.extended":
            return
        given = self.approved.pop(text_of(record, "extension"), None)
        if given is None:
            raise Refused("more time that nobody approved")
        self._lengthen(record, known, given[3])
        same = (record.get("subject"), record.get("entitlement"), record.get("target")) == given[:3]
        if not same or self.extends.get(record["extension"]) != name:
            raise Refused("more time for another grant than was approved")
        if known.get("request") not in self.states["request"]:
            raise Refused("more time for access that no request gave")

    @staticmethod
    def _lengthen(record: Record, known: Record, seconds: int | None) -> None:
        """The end is later, by no more than was approved, within the longest life."""
        old, end = text_of(known, "not_after"), text_of(record, "not_after")
        if not is_instant(old) or not is_instant(end):
            raise Refused("more time without an end")
        before, after = instant(old), instant(end)
        life = dt.timedelta(seconds=count_of(known, "seconds"))
        longest = dt.timedelta(seconds=count_of(record, "hard_max"))
        since = instant(known["since"]) if is_instant(known.get("since")) else before - life
        known["since"], known["not_after"] = since.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), end
        if not instant(record["_ts"]) < before < after or seconds is None:
            raise Refused("more time when there was none left, or that is less")
        if after - before > dt.timedelta(seconds=seconds):
            raise Refused("more time than was approved")
        if after - since > longest:
            raise Refused("a life beyond the longest")
        check_within(record, known)

    def _plan(self, record: Record) -> None:
        """A grant follows one approval, and is what was approved."""
        approved = self.approved.pop(text_of(record, "request"), None)
        if approved is None:
            raise Refused("a grant without an approval of its own")
        if self.extends.get(record["request"]):
            raise Refused("a grant of a request for more time")
        if (record.get("subject"), record.get("entitlement"), record.get("target")) != approved[:3]:
            raise Refused("a grant of something else, or for somebody else, than was approved")
        if approved[3] is None or count_of(record, "seconds") > approved[3]:
            raise Refused("a grant for longer than was approved")
        if window_of(record) != self.windows.get(record["request"], NO_WINDOW):
            raise Refused("a grant within another window than was approved")
        if not is_instant(record.get("activate_by")):
            raise Refused("a grant that has no time to begin by")

    def passkey(self, index: int, name: str, after: str, record: Record) -> None:
        """Two different people vouch for a key, neither of them its person."""
        known, first = self.passkeys.get(name, {}), self.passkeys.get(name, {}).get("voucher")
        self.passkeys[name] = {**known, **{key: record[key] for key in OF_PASSKEY if key in record}}
        if "usable" in (record["from"], after):
            self.confirmed.add(str(known.get("person")))
        if record["type"] == "passkey.enrolled":
            self._enrolled(name, record)
        elif record["type"] == "passkey.vouched":
            voucher = text_of(record, "voucher")
            self.emergencies.check_unlocked(record, "voucher")
            if [record["person"], record["key"]] != [known.get("person"), known.get("key")]:
                raise Refused("vouched for something else than was enrolled")
            if voucher in (record["person"], first) or (after == "usable") != (first is not None):
                raise Refused("usable without two different people who vouch")
            self._vouched(index, name, record)
        elif record["person"] != known.get("person"):
            raise Refused("a passkey revoked as somebody else's than it is")

    @staticmethod
    def _enrolled(name: str, record: Record) -> None:
        """A key of the one kind, its digests, whose it is and for where."""
        cose, credential = (from_base64(text_of(record, key)) for key in ("cose", "credential"))
        key_of(cose)
        digests = [sha256(cose).hexdigest(), sha256(credential).hexdigest()]
        if digests != [record["key"], name]:
            raise Refused("a passkey whose digests are of something else")
        for key in ("person", "rp_id", "origin"):
            text_of(record, key)

    def _vouched(self, index: int, name: str, record: Record) -> None:
        """Who vouched by a passkey signed exactly this, with a key that is known to be theirs."""
        if ("passkey" in record) != (record.get("method") == "passkey"):
            raise Refused("vouching: by passkey without its assertion, or the other way round")
        if "passkey" not in record:
            if record["voucher"] in self.confirmed:
                raise Refused("vouching: not signed by a passkey, though its person has had one")
            return
        payload, key = check_assertion(record["passkey"], vouching=True)
        said = [payload[one] for one in ("passkey", "key", "person", "voucher")]
        if said != [name, record["key"], record["person"], record["voucher"]]:
            raise Refused("vouching: the assertion is over something else")
        self._check_fresh("vouching", index, 0, record, payload)
        self._check_owner("vouching", payload, key, payload["voucher"])
        if key not in self.keys.trust.pins.get(payload["voucher"], (key,)):
            raise Refused("vouching: key not pinned")

    def _check_owner(self, what: str, payload: Record, key: str, person: str) -> None:
        """The key is one of this person's that may be used, on the site that it is for."""
        passkey, known = payload["credential_id"], self.passkeys.get(payload["credential_id"], {})
        usable = self.states["passkey"].get(passkey) == "usable"
        if not usable or known.get("person") != person:
            raise Refused(f"{what}: by a passkey that is not this person's, or may not be used")
        said = [key, payload["rp_id"], payload["origin"]]
        if said != [known.get(name) for name in ("key", "rp_id", "origin")]:
            raise Refused(f"{what}: by another key, or on another site, than was enrolled")

    def _signed(self, index: int, record: Record) -> None:
        """Who decided by passkey signed exactly this, with a key that is known to be theirs."""
        trust = self.keys.trust
        if ("passkey" in record) != (record.get("method") == "passkey"):
            raise Refused("approval: a passkey without its assertion, or the other way round")
        if "passkey" not in record:
            if trust.passkeys_from is not None and index >= trust.passkeys_from:
                raise Refused("approval: not signed by a passkey")
            return
        payload, key = check_assertion(record["passkey"])
        self._check_payload(index, record, payload)
        self._check_owner("approval", payload, key, payload["approver"])
        asks = trust.pins or trust.passkeys_from is not None
        if asks and key not in trust.pins.get(payload["approver"], ()):
            raise Refused("approval: key not pinned")

    def _check_payload(self, index: int, record: Record, payload: Record) -> None:
        """What was signed is this decision, at this time, in this log."""
        if any(payload.get(name) != record.get(name) for name in SAME):
            raise Refused("approval: the assertion is over something else")
        if payload["justification_digest"] not in texts_of(record, "sd"):
            raise Refused("approval: the assertion is over another justification")
        asked_at = self.asked_at.get(record["request"], index)
        self._check_fresh("approval", index, asked_at, record, payload)

    def _check_fresh(
        self, what: str, index: int, behind: int, record: Record, payload: Record
    ) -> None:
        """It was signed not long ago, over a head of this log behind that record."""
        until = payload["expires_at"]
        left = instant(until) - instant(record["_ts"]) if is_instant(until) else dt.timedelta()
        if not dt.timedelta() < left <= PAYLOAD_LIFE:
            raise Refused(f"{what}: the assertion has expired, or lives too long")
        size = payload["log_size"]
        if not max(behind, index - HEAD_AGE - 1) < size <= index:
            raise Refused(f"{what}: signed over a head that is too old, or newer than the entry")
        if self.head(size) not in (None, payload["log_head"]):
            raise Refused(f"{what}: signed over a head that is not in this log")

    def _check_shown(self, request: str, record: Record) -> None:
        """What was decided on is what is asked."""
        check_shown(record)
        if any(record.get(key) != what for key, what in self.shown.get(request, {}).items()):
            raise Refused("a decision on something else than is asked")

    def decided(self, index: int, record: Record) -> None:
        """`decision.recorded`: a ballot on a request that awaits decisions."""
        if not self.complete:
            return
        request, approver = text_of(record, "request"), text_of(record, "approver")
        if request not in self.asked:
            raise Refused("a decision on a request that awaits none")
        _, _, until, turn, stage, _ = self.asked[request]
        if not is_instant(until) or record["_ts"] >= until:
            raise Refused("a decision when the time to decide was over")
        issued = self.links.get(request, {}).pop(text_of(record, "link"), None)
        if issued != approver or place_of(record) != [turn, stage]:
            raise Refused("a decision over a link that was not issued to its approver")
        ballots = self.ballots.setdefault(request, Ballots())
        decision = text_of(record, "decision")
        if decision == "deny":
            ballots.denied = True
        elif decision == "approve":
            place = (text_of(record, "material"), turn, stage)
            principal = text_of(record, "on_behalf_of") if "on_behalf_of" in record else ""
            need, seconds = count_of(record, "need"), count_of(record, "seconds")
            try:
                ballots.stand_in(approver, principal, *place[:2])
            finally:  # it is counted as it would be anyhow
                ballots.approve(approver, place, need, seconds)
            if self.parties.get(request, set()) & {approver, principal}:
                raise Refused("an approval by somebody whose own request it is, or in their place")
        else:
            raise Refused("a decision that is neither approve nor deny")
        self._check_shown(request, record)
        self._signed(index, record)
        self.emergencies.check_unlocked(record, "approver", "on_behalf_of")
        check_step_up(record)
        check_claim(record)

    def taken_back(self, _: int, record: Record) -> None:
        """`decision.taken_back`: an approval that counted does not any more."""
        if not self.complete:
            return
        request, approver = text_of(record, "request"), text_of(record, "approver")
        stood = self.stand.get(request, set())
        if request in self.asked:
            ballots = self.ballots.setdefault(request, Ballots())
            ballots.denied = True
            turn, material = self.asked[request][3], self.asked[request][5]
            stood = ballots.voices(material, turn)
        else:
            self.stand[request] = set()
        if approver not in stood:
            raise Refused("an approval is taken back that does not stand")

    def erased(self, index: int, record: Record) -> None:
        """`disclosure.erased`: whether the digests are of entries before shows at the end."""
        digests = texts_of(record, "digests")
        if not all(map(DIGEST.fullmatch, digests)):
            raise Refused("`digests` is not a list of digests")
        for digest in digests:
            self.listed.setdefault(digest, []).append(index)

    def restored(self, _: int, record: Record) -> None:
        """`restore.declared` and `restore.ended`: by two different actors."""
        by = texts_of(record, "by")
        if len(by) != 2 or by[0] == by[1] or not all(by):
            raise Refused("not by two different actors")
        self.restoring = record["type"] == "restore.declared"
        if self.restoring:
            self.links.clear()

    def prune(self, index: int, record: Record) -> None:
        """`retention.pruned`: a boundary that can be, above all before it."""
        boundary = number_of(record, "boundary")
        self.pruned[boundary] = (index, text_of(record, "snapshot"))
        if boundary % SEGMENT or not self.boundary < boundary <= index:
            raise Refused("a boundary that cannot be")
        self.boundary = boundary

    def finish(self) -> None:
        """At the end of the log: no access stands a minute after its end."""
        undone = (self.extends.get(request) for request, stood in self.stand.items() if not stood)
        longer = {grant for grant in undone if isinstance(grant, str)}
        for name, known in self.grants.items():
            end: Any = known.get("not_after")
            if self.states["grant"].get(name) in HOLDING and (
                not is_instant(end)
                or instant(self.time) - instant(end) > dt.timedelta(seconds=END_SLACK)
            ):
                self.verdict.fault(known["index"], "its time is up, and nothing began to end it")
            if self.states["grant"].get(name) in ("planned", *HOLDING) and (
                name in longer or self.stand.get(known.get("request", "")) == set()
            ):
                self.verdict.fault(known["index"], "its approval was taken back; nothing ended it")


MORE: dict[str, Callable[[Replay, int, str, str, Record], None]] = {
    "exception": Replay.exception,
    "passkey": Replay.passkey,
    "review": Replay.review,
}
OTHERS: dict[str, Callable[[Replay, int, Record], None]] = {
    "decision.recorded": Replay.decided,
    "decision.taken_back": Replay.taken_back,
    "disclosure.erased": Replay.erased,
    "links.issued": Replay.issued,
    "restore.declared": Replay.restored,
    "restore.ended": Replay.restored,
    "retention.pruned": Replay.prune,
    "key.rotated": lambda replay, index, record: replay.keys.rotated(index, record),
    "key.ended": lambda replay, index, record: replay.keys.ended(index, record),
}


def window_of(record: Record) -> list[Any]:
    """The two ends of a window as a record says them; None for one that it does not."""
    return [record.get(name) for name in WINDOW]


def check_within(record: Record, known: Record) -> None:
    """Access is given within the window of its grant: begun no earlier, over no later."""
    starts, ends = window_of(known)
    if not all(one is None or is_instant(one) for one in (starts, ends)):
        raise Refused("access within a window that is none")
    if starts is not None and record["_ts"] < starts:
        raise Refused("access before its window")
    if ends is not None and record["not_after"] > ends:
        raise Refused("access beyond its window")


def moment_after(text: str, seconds: int) -> str:
    """The instant so many seconds after another."""
    try:
        later = instant(text) + dt.timedelta(seconds=seconds)
    except OverflowError:
        return "9999-12-31T23:59:59.999999Z"
    return later.isoformat(timespec="microseconds") + "Z"


def instant(text: str) -> dt.datetime:
    """An instant that is one, without its zone."""
    return dt.datetime.fromisoformat(text[:-1])


# --- Snapshots ------------------------------------------------------------------------------------

SNAPSHOT_KEYS = (
    "approved", "automatic", "ballots", "boundary", "folded", "keys", "restoring", "revisions",
    "time",
)  # fmt: skip
SINGLE = ("boundary", "restoring", "time")  # what is no list


class Cursor:
    """Reads one large canonical JSON object element by element, so that its size is no matter."""

    def __init__(self, path: str) -> None:
        self.pieces = chunks(path)
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.text, self.at, self.more = "", 0, True

    def _fill(self) -> None:
        """Have at least as much text ahead as an element may have, or all that is left."""
        if self.more and len(self.text) - self.at < ELEMENT_MAX:
            parts = [self.text[self.at :]]
            while self.more and sum(map(len, parts)) < 4 * ELEMENT_MAX:
                data = next(self.pieces, b"")
                self.more = bool(data)
                parts.append(self.decoder.decode(data, not data))
            self.text, self.at = "".join(parts), 0

    def skip(self, literal: str) -> bool:
        """Step over the literal, if it is what comes."""
        self._fill()
        found = self.text.startswith(literal, self.at)
        self.at += len(literal) if found else 0
        return found

    def expect(self, literal: str) -> None:
        """Step over the literal, which must come."""
        if not self.skip(literal):
            raise Refused("a snapshot in another form")

    def value(self) -> Any:
        """Step over one canonical value."""
        self._fill()
        value, end = DECODER.raw_decode(self.text, self.at)
        if dump(value) != self.text[self.at : end]:
            raise Refused("a snapshot that is not canonical")
        check_form(value, KEY, 2)
        self.at = end
        return value

    def items(self) -> Iterator[tuple[str, Any]]:
        """Each key with its value, or with each element of its list."""
        for place, name in enumerate(SNAPSHOT_KEYS):
            self.expect(("," if place else "{") + f'"{name}":')
            if name in SINGLE:
                yield name, self.value()
                continue
            self.expect("[")
            separator = not self.skip("]")
            while separator:
                yield name, self.value()
                separator = not self.skip("]")
                if separator:
                    self.expect(",")
        self.expect("}")
        if self.more or self.at != len(self.text):
            raise Refused("a snapshot with something behind it")


# What an element of a snapshot may be: a row of forms, a list of one form, an object of forms, the
# least that a number may be, or the types of a value.
TEXTS = frozenset({str, type(None)})
FORMS: dict[str, Any] = {
    "approved": (str, TEXTS, TEXTS, TEXTS, 0),
    "automatic": (str, str, 1),
    "ballots": {
        "approvers": [(str, 1, 1, [str])], "denied": bool, "id": str, "links": [(str, str)],
        "need": [(str, 1, 1, 1)], "parties": [str], "seconds": [(str, 1, 1)],
    },
    "boundary": 1,
    "folded": {"id": str, "index": 0, "on": str, "said": dict, "state": str},
    "keys": (str, 0, frozenset({int, type(None)})),
    "restoring": bool,
    "revisions": (str, int),
    "time": str,
}  # fmt: skip
MAY_BE_SAID: dict[str, set[str]] = {
    "delivery": {"source"},
    "ticket": {"source", "table", "revision"},
    "request": {"entitlement", "target", "decide_by", "round", "stage", "material", "approvers"}
    | {"extends", *WINDOW},
    "grant": {*KEPT_OF_GRANT, "baseline", "since"},
    "exception": {"code"},
    "passkey": {*OF_PASSKEY, "confirmed_at"},
    "review": {"person", "entitlement", "drill", "within", "invoked", "until", "ended"}
    | {"by", "target"},
}


def fits(value: Any, form: Any) -> bool:
    """Whether a value has this form."""
    if isinstance(form, tuple):
        return isinstance(value, list) and len(value) == len(form) and all(map(fits, value, form))
    if isinstance(form, list):
        return isinstance(value, list) and all(fits(one, form[0]) for one in value)
    if isinstance(form, dict):
        return (
            isinstance(value, dict)
            and value.keys() == form.keys()
            and all(fits(value[key], form[key]) for key in form)
        )
    if isinstance(form, frozenset):
        return type(value) in form
    return type(value) is int and value >= form if isinstance(form, int) else type(value) is form


def fits_said(on: str, name: str, value: Any) -> bool:
    """Whether a thing of this machine may have been said to have this."""
    if name not in MAY_BE_SAID[on]:
        return False
    if value is None:
        return on not in ("grant", "review") or name == "baseline"
    if name in ("baseline", "drill"):
        return isinstance(value, bool)
    return fits(value, 0 if name in ("within", "seconds", "revision", "round", "stage") else str)


def is_rising(rows: list[Any], width: int) -> bool:
    """Whether rows are sorted by so many of their first values, each once."""
    keys = [row[:width] if width else row for row in rows]
    return all(one < other for one, other in zip(keys, keys[1:]))


def fits_ballots(value: Any) -> bool:
    """Whether these are the decisions on one request, sorted."""
    form, stood_for = FORMS["ballots"], []
    if isinstance(value, dict) and "represented" in value:  # only where delegates decided
        form, stood_for = {**form, "represented": [(str, 1, [str])]}, value["represented"]
        if not stood_for:
            return False
    if not fits(value, form):
        return False
    people = [value["parties"], *(row[-1] for row in value["approvers"] + stood_for)]
    rows = [("approvers", 3), ("links", 1), ("need", 3), ("seconds", 2)]
    rows += [("represented", 2)] if stood_for else []
    return (
        all(is_rising(some, 0) for some in people)
        and all(people[1:])
        and all(is_rising(value[some], width) for some, width in rows)
    )


def fits_beyond(name: str, value: Any, boundary: int) -> bool:
    """What the types of an element alone do not say of it."""
    if name == "boundary":
        return bool(value == boundary)
    if name == "time":
        return is_instant(value)
    if name == "automatic":
        return is_instant(value[1] + "T00:00:00.000000Z")
    if name == "keys":
        return value[2] is None or value[2] >= 0
    return name != "ballots" or fits_ballots(value)


def check_element(name: str, value: Any, boundary: int, last: tuple[str, Any]) -> tuple[str, Any]:
    """Refuse what a snapshot would not have; the place of this element among its likes."""
    good = name == "ballots" or fits(value, FORMS[name])
    good = good and fits_beyond(name, value, boundary)
    if good and name == "folded":
        on, said = value["on"], value["said"]
        states = {after for machine, _, after in MOVES if machine == on}
        good = value["state"] in states and value["index"] < boundary
        good = good and all(fits_said(on, key, what) for key, what in said.items())
    if not good:
        raise Refused(f"`{name}` of a snapshot in another form")
    if name in SINGLE:
        return name, ()
    places = {"ballots": ("id",), "folded": ("on", "id"), "revisions": (0, 1)}.get(name, (0,))
    place = tuple(value[key] for key in places)
    if last[0] == name and last[1] >= place:
        raise Refused(f"`{name}` of a snapshot that is not sorted")
    return name, place


def load_snapshot(path: str, boundary: int, replay: Replay, *, keys_only: bool) -> None:
    """Let the replay start from what a snapshot says; with `keys_only`, take its keys alone."""
    cursor, last = Cursor(path), ("", ())
    try:
        for name, value in cursor.items():
            last = check_element(name, value, boundary, last)
            if name == "keys":
                vkey, since, end = value
                replay.keys.accept(parse_vkey(vkey, LOG_KEY), since, end, "snapshot")
            elif not keys_only:
                restore(replay, name, value)
        if not keys_only and replay.parties.keys() != replay.asked.keys():
            raise Refused("a snapshot with ballots on others than the requests that await some")
    except RecursionError:
        raise Refused("a snapshot that is too deep") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise (
            error if isinstance(error, Refused) else Refused("a snapshot in another form")
        ) from None


def restore_thing(replay: Replay, value: Any) -> None:
    """Where the log left one thing, and what is kept of it."""
    replay.states[value["on"]][text_of(value, "id")] = text_of(value, "state")
    if value["on"] == "request" and value["state"] == "awaiting":
        replay.asked[value["id"]] = [
            *map(value["said"].get, (*ASKED, "round", "stage", "material"))
        ]
    if value["on"] == "request" and "approvers" in value["said"]:
        replay.stand[value["id"]] = set((value["said"]["approvers"] or "").split())
    if value["on"] == "request":
        replay.note(value["id"], value["said"])
        replay.asked_at[value["id"]] = value["index"]
    if value["on"] == "passkey":
        replay.passkeys[value["id"]] = value["said"]
        if value["state"] == "usable" or value["said"].get("confirmed_at") is not None:
            replay.confirmed.add(str(value["said"].get("person")))
    if value["on"] == "review":
        replay.emergencies.know(value["id"], value["state"], value["said"])
    if value["on"] == "grant" and value["state"] not in ENDED:
        replay.grants[value["id"]] = {**value["said"], "index": value["index"]}


def restore(replay: Replay, name: str, value: Any) -> None:
    """Take one element of a snapshot in."""
    if name == "approved":
        request, *rest, seconds = value
        replay.approved[request] = (*rest, seconds)
    elif name == "automatic":
        rule, day, count = value
        replay.by_rule[rule] = (day, count)
    elif name == "ballots":
        ballots = replay.ballots.setdefault(value["id"], Ballots())
        replay.parties[value["id"]] = set(value["parties"])
        replay.links[value["id"]] = dict(value["links"])
        ballots.denied = value["denied"]
        for material, turn, stage, people in value["approvers"]:
            ballots.approvers[material, turn, stage] |= set(people)
        ballots.need.update({tuple(row[:3]): row[3] for row in value["need"]})
        ballots.seconds.update({tuple(row[:2]): row[2] for row in value["seconds"]})
        rows = value.get("represented", [])
        ballots.represented.update({tuple(row[:2]): set(row[2]) for row in rows})
    elif name == "folded":
        restore_thing(replay, value)
    elif name == "revisions":
        ticket, revision = value
        replay.revisions.setdefault(ticket, set()).add(revision)
    elif name in ("restoring", "time"):
        setattr(replay, name, value)


def file_digest(path: str) -> str:
    """SHA-256 of a file, in hex."""
    digest = sha256()
    for data in chunks(path):
        digest.update(data)
    return digest.hexdigest()


# --- The content of the log, from its first entry to its last -------------------------------------


class Content:
    """What is looked at in each entry beyond its hash."""

    def __init__(
        self, origin: str, disclosures: Disclosures, replay: Replay, bundle: Bundle
    ) -> None:
        self.origin, self.disclosures, self.replay = origin, disclosures, replay
        self.structure = Verdict("structure")
        self.snapshots = bundle.snapshots
        self.reader = Reader()
        self.size = 0  # index of the entry that comes next
        self.recent: collections.deque[tuple[int, list[bytes]]] = collections.deque()
        self.replay.head = self.head

    def take(self, index: int, batch: bytes, lines: list[bytes]) -> None:
        """A batch of entries, as they lie in the file and apart."""
        if index != self.size:
            self.skip_to(index)
        self.size = index + len(lines)
        self.recent.append((index, lines))
        while self.recent[0][0] + len(self.recent[0][1]) < index - HEAD_AGE:
            self.recent.popleft()
        clean = 1 not in batch.translate(UNCLEAN)
        try:
            rows = batch.decode().split("\n") if clean else []
        except UnicodeError:
            clean, rows = False, []
        pass_by, match, upcoming = self.replay.pass_by, self.reader.match, self.disclosures.upcoming
        for place, line in enumerate(lines, index):
            matched = match(rows[place - index]) if clean else None
            if matched and matched[0].plain and place < upcoming:
                pass_by(place, *matched)
                continue
            try:
                record, missing = (
                    matched[0].read(matched[1])
                    if matched
                    else self.reader.read_strictly(line, clean=clean)
                )
            except Refused as refusal:
                self.structure.fault(place, str(refusal))
                self.disclosures.verdict.fault(place, "cannot be read")
                self.replay.verdict.fault(place, "cannot be read")
                self.disclosures.entry(place, {})
            else:
                self._entry(place, record, missing)
            upcoming = self.disclosures.upcoming

    def head(self, size: int) -> str | None:
        """The chain's head after so many entries (`_prev` of the next), where that is here."""
        for start, lines in self.recent:
            if 0 <= size - start < len(lines):
                return lines[size - start][10:74].decode("latin-1")
        return None

    def _entry(self, index: int, record: Record, missing: str) -> None:
        if index == 0 or record["type"] == "log.opened":
            self._opened(index, record)
        self.disclosures.entry(index, record)
        self.replay.take(index, record, missing)

    def _opened(self, index: int, record: Record) -> None:
        names = (record["type"], record.get("origin"), record.get("format"))
        if index or names != ("log.opened", self.origin, 1) or record["format"] is True:
            self.structure.fault(index, "log.opened is not entry 0 and only that, of this log")

    def skip_to(self, index: int) -> None:
        """Entries below the index are not there: go on from a snapshot, or without the past."""
        self.size = index
        self.recent.clear()
        self.replay.begin_anew()
        self.replay.whole = False
        self.replay.complete = index in self.snapshots
        if self.replay.complete:
            try:
                load_snapshot(self.snapshots[index], index, self.replay, keys_only=False)
            except Refused as refusal:
                self.replay.complete = False
                self.replay.verdict.fault(index, str(refusal))


# --- The bundle -----------------------------------------------------------------------------------

FOLDERS = re.compile(
    "checkpoints|log|snapshots|anchors|proofs|tile(/(entries|[0-9]{1,2})(/x[0-9]{3})*(/[0-9]{3}.p)?)?"
)
NUMBER = "(0|[1-9][0-9]{0,15})"
FILES = {
    "plain": re.compile(
        "origin|checkpoint|policy|disclosures[.]jsonl|verify[.]py|README|[.]progress"
    ),
    "checkpoint": re.compile(f"checkpoints/{NUMBER}"),
    "segment": re.compile("log/([0-9]{6}|[1-9][0-9]{6,11})[.](jsonl|leaves)"),
    "snapshot": re.compile(f"snapshots/{NUMBER}[.]json"),
    "anchor": re.compile(f"anchors/{NUMBER}[.]tsr"),
    "proof": re.compile("proofs/[A-Za-z0-9._-]+[.]tlog-proof"),
    "tile": re.compile(
        "tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:[.]p/([1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
    ),
}


class Bundle:
    """The files of a bundle by what they are; everything else is a stray."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.plain: dict[str, str] = {}
        self.checkpoints: dict[int, str] = {}
        self.segments: dict[int, dict[str, str]] = {}
        self.snapshots: dict[int, str] = {}
        self.anchors: dict[int, str] = {}
        self.proofs: list[str] = []
        self.tiles: dict[int, list[tuple[str, str, int, int]]] = {}  # by segment
        self.high_tiles: list[tuple[str, str, int, int]] = []
        self.strays = Verdict("strays")
        self.count = 0
        self._walk(root, "")
        lost = [name for name in ("origin", "policy") if name not in self.plain]
        if not os.path.isdir(os.path.join(root, "log")) or os.path.islink(
            os.path.join(root, "log")
        ):
            lost.append("log/")
        if lost or ".progress" in self.plain:
            why = f"no {lost[0]}" if lost else ".progress: the bundle is not whole"
            raise Stopped(3, f"{root}: {why}")

    def _walk(self, folder: str, below: str) -> None:
        """Everything in a folder. Folders that may be there nest at most a few levels."""
        try:
            entries = os.scandir(folder)
        except (OSError, ValueError) as error:
            raise Stopped(3, f"{folder}: {error}") from error
        with entries:
            for entry in entries:
                name = below + entry.name
                if (
                    entry.is_dir(follow_symlinks=False)
                    and FOLDERS.fullmatch(name)
                    and len(name) < 64
                ):
                    self._walk(entry.path, name + "/")
                elif not entry.is_file(follow_symlinks=False) or not self._file(name, entry.path):
                    self.strays.fault(0, f"{name} does not belong here, or is no plain file")

    def _file(self, name: str, path: str) -> bool:
        """Put a file where it belongs; whether there is such a place."""
        kinds = ((kind, pattern.fullmatch(name)) for kind, pattern in FILES.items())
        kind, found = next(((kind, found) for kind, found in kinds if found), ("", None))
        numbered = {
            "checkpoint": self.checkpoints, "snapshot": self.snapshots, "anchor": self.anchors,
        }  # fmt: skip
        if found is None or (kind == "snapshot" and int(found[1]) % SEGMENT):
            return False
        self.count += 1
        if self.count > FILES_MAX:
            raise Stopped(3, f"{self.root}: more than {FILES_MAX} files")
        if kind == "plain":
            self.plain[name] = path
        elif kind == "segment":
            self.segments.setdefault(int(found[1]), {})[found[2]] = path
        elif kind == "proof":
            self.proofs.append(path)
        elif kind == "tile":
            return self._tile(found[1], found[2], int(found[3] or 256), path)
        else:
            numbered[kind][int(found[1])] = path
        return True

    def _tile(self, level: str, place: str, width: int, path: str) -> bool:
        """A tile goes with the segment it is over; those above a segment are looked at last."""
        number = int(place.replace("x", "").replace("/", ""))
        digits = f"{number:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        if place != "/".join([*("x" + group for group in groups[:-1]), groups[-1]]):
            return False
        tile = (path, level, number, width)
        if level in ("entries", "0", "1"):
            self.tiles.setdefault(number if level == "1" else number >> 8, []).append(tile)
        else:
            self.high_tiles.append(tile)
        return True

    def read(self, name: str) -> bytes:
        """One of the small files, which must be there."""
        return read_small(self.plain[name], SMALL_MAX)


# --- The whole log from its segments --------------------------------------------------------------


class Log:
    """The tree and the chain of the whole log, put together from its segments."""

    def __init__(self, origin: str, structure: Verdict) -> None:
        self.origin, self.structure = origin, structure
        self.size = 0
        self.last = leaf_hash(origin.encode() + b"\ngenesis")
        self.roots: dict[int, bytes] = {0: fold_peaks([])}
        self.segments: list[bytes] = []  # roots of the full ones
        self.tasks: list[Task] = []
        self.of_keys: list[tuple[int, bytes]] = []
        self.late: list[str] = []  # tiles that are none
        self._frontier: list[bytes] = []
        self._leaves: tuple[int, list[bytes]] = (-1, [])

    def add(self, scan: Scan) -> None:
        """The next segment."""
        if scan.first_prev is not None and scan.first_prev != self.last:
            self.structure.fault(scan.start, "_prev is not the leaf before")
        absorb(self.structure, scan.structure)
        self.late += scan.late
        self.of_keys += scan.of_keys
        for size, nodes in scan.peaks.items():
            self.roots[scan.start + size] = fold_peaks(self._frontier + nodes)
        if scan.count:
            self.last = scan.last
        self.size += scan.count
        if scan.count == SEGMENT:
            node, full = scan.peaks[SEGMENT][0], len(self.segments)
            self.segments.append(node)
            while full & 1:
                node, full = node_hash(self._frontier.pop(), node), full >> 1
            self._frontier.append(node)

    def range_root(self, start: int, end: int) -> bytes:
        """The root over a range of leaves, as a proof takes it apart (RFC 6962 §2.1)."""
        if end - start == SEGMENT:
            return self.segments[start // SEGMENT]
        if end - start > SEGMENT:
            middle = start + split(end - start)
            return node_hash(self.range_root(start, middle), self.range_root(middle, end))
        task = self.tasks[start // SEGMENT]
        if self._leaves[0] != task.start:
            scan = Scan(task.start)
            again = split_hashes(read_small(task.leaves, SEGMENT * 32)) if task.leaves else None
            self._leaves = (task.start, scan_lines(scan, task, None) if again is None else again)
        leaves = self._leaves[1][start - task.start : end - task.start]
        return fold_peaks(peaks(tree_levels(leaves), len(leaves)))

    def consistency(self, small: int, start: int, end: int) -> list[bytes]:
        """The proof from `small` leaves of a range to all; it begins with what both share."""
        if small == end - start:
            return [self.range_root(start, end)]
        middle = split(end - start)
        if small <= middle:
            right = self.range_root(start + middle, end)
            return [*self.consistency(small, start, start + middle), right]
        left = self.range_root(start, start + middle)
        return [*self.consistency(small - middle, start + middle, end), left]


def split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1


def absorb(verdict: Verdict, other: Verdict) -> None:
    """Add the faults of a part; those that were not kept are counted."""
    for index, text in other.faults:
        verdict.fault(index, text)
    verdict.count += other.count - len(other.faults)
    if other.first_bad is not None:
        verdict.first_bad = min(
            other.first_bad, INT_MAX if verdict.first_bad is None else verdict.first_bad
        )


def plan(audit: Audit, sizes: set[int], tree_size: int, *, again: bool) -> Iterator[Task]:
    """The segments in their order, up to the first that is missing."""
    bundle, base, structure = audit.bundle, audit.base, audit.structure
    for number in itertools.count():
        files = bundle.segments.get(number)
        if files is None:
            break
        start = number * SEGMENT
        if len(files) == 2:
            structure.fault(start, "a segment twice, as .jsonl and as .leaves")
        lines, leaves = files.get("jsonl", ""), files.get("leaves", "")
        if leaves and not lines and base:
            lines = base.segments.get(number, {}).get("jsonl", "")
        inside = tuple(sorted(size for size in sizes if start < size <= start + SEGMENT))
        leaves = "" if "jsonl" in files else leaves
        tiles = tuple(bundle.tiles.get(number, ()))
        yield Task(start, lines, leaves, inside, tiles, tree_size, again)


def scan_all(log: Log, tasks: Iterator[Task], content: Content | None, jobs: int) -> None:
    """Look at every segment in order. With `jobs`, hashing is done by other processes.

    What an entry says can only be followed in order, so this process does that, and reads again.
    """
    if jobs < 2:
        # Behind a gap nothing is looked into.
        each = ((task, content if log.size == task.start else None) for task in tasks)
        gather(log, ((task, scan_segment(task, looked)) for task, looked in each))
        return
    with multiprocessing.Pool(jobs - 1 if content else jobs) as pool:
        scans = pool.imap(scan_with_task, tasks)
        gather(log, look_again(log, scans, content) if content else scans)


def look_again(
    log: Log, scans: Iterable[tuple[Task, Scan]], content: Content
) -> Iterator[tuple[Task, Scan]]:
    """Let the content have the lines of each scan, which must be the ones that were hashed."""
    for task, scan in scans:
        if scan.has_lines and log.size == task.start:
            index, digest, cut = task.start, sha256(), False
            for batch in batches(task.lines, ENTRY_MAX):
                room = task.start + SEGMENT - index
                lines, cut = entry_lines(batch, index, room, Verdict("structure"))
                digest.update(batch)
                if lines:
                    content.take(index, batch, lines)
                index += len(lines)
                if cut or not lines:
                    break
            if digest.digest() != scan.digest:
                raise Stopped(3, f"{task.lines}: changed while it was read")
        yield task, scan


def scan_with_task(task: Task) -> tuple[Task, Scan]:
    """What a process of the pool does."""
    return task, scan_segment(task)


def gather(log: Log, scans: Iterable[tuple[Task, Scan]]) -> None:
    """Add the segments up; one that is not full must be the last."""
    short = False
    for task, scan in scans:
        if short:
            break
        log.tasks.append(task if scan.has_lines else task._replace(lines=""))
        log.add(scan)
        if not scan.count:
            log.structure.fault(task.start, "a segment without entries")
        short = scan.count < SEGMENT


def check_high_tiles(log: Log, bundle: Bundle, tree_size: int) -> None:
    """Tiles whose hashes each stand for whole segments."""
    for tiles in (
        [
            tile
            for number, held in bundle.tiles.items()
            if number >= len(log.tasks)
            for tile in held
        ],
        bundle.high_tiles,
    ):
        for path, level, number, width in tiles:
            found: list[bytes] = []
            wanted: list[bytes] | None = None
            span = 256 ** int(level) if level not in ("entries", "0", "1") else 0
            if span:
                first, last = (
                    number * 256,
                    min(number * 256 + 256, min(tree_size, log.size) // span),
                )
                wanted = [log.range_root(at * span, at * span + span) for at in range(first, last)]
                try:
                    found = split_hashes(read_small(path, width * 32))
                except Refused:
                    found = []
            if not wanted or len(wanted) != width or wanted != found:
                log.late.append(f"{task_name(path)} is not a tile of the tree")


# --- Who vouches: SIGNED, ANCHORED, POLICY --------------------------------------------------------


class Found(NamedTuple):
    """A checkpoint that was found, or why there is none in form."""

    label: str
    named: int | None  # the size in its file's name
    checkpoint: Checkpoint | None
    why: str


def find_checkpoint(label: str, named: int | None, path: str) -> Found:
    """Read a checkpoint of the bundle."""
    try:
        return Found(label, named, parse_checkpoint(read_small(path, SMALL_MAX)), "")
    except Refused as refusal:
        return Found(label, named, None, str(refusal))


class Judge:
    """Holds checkpoints against the log and against the keys that are trusted."""

    def __init__(self, log: Log, keys: Keys, trust: Trust, now: int) -> None:
        self.log, self.keys, self.trust, self.now = log, keys, trust, now
        self.signed, self.anchored, self.policy = (
            Verdict("signed"),
            Verdict("anchored"),
            Verdict("policy"),
        )
        self.sources = {"trust", "log"}
        self.signed_to: int | None = None
        self.policy_to: int | None = None
        self.vouched: dict[str, tuple[int, int | None]] = {}
        self.best: list[Checkpoint] = []  # good ones, for a fork proof

    def signatures(self, checkpoint: Checkpoint) -> tuple[bool, bool, list[str]]:
        """Whether a key that counts signed it; whether any trusted key is named; what is bad."""
        good, matched, bad = False, False, []
        for line in dict.fromkeys(checkpoint.lines):
            named = self.keys.named(line.name, line.key_id)
            named = [held for held in named if held.source in self.sources]
            if not named:
                continue
            matched = True
            text = checkpoint.text
            signers = [held for held in named if verify_signature(held.key.public, text, line.data)]
            if not signers:
                bad.append("a signature of a trusted key that does not verify")
            good = good or any(held.counts_for(checkpoint.size) for held in signers)
        if matched and not good and not bad:
            bad.append("signed by a key that does not count for this size")
        return good, matched, bad

    def misfits(self, found: Found) -> list[str]:
        """In what a checkpoint is not one of this log."""
        checkpoint = found.checkpoint
        if checkpoint is None:
            return [found.why]
        faults = []
        if found.named not in (None, checkpoint.size):
            faults.append("its name is not its size")
        if checkpoint.origin != self.log.origin:
            faults.append("of another origin")
        elif checkpoint.size > self.log.size:
            faults.append(f"of {checkpoint.size} records, and there are {self.log.size}")
        elif self.log.roots.get(checkpoint.size) != checkpoint.root:
            faults.append("its root is not that of the records")
        return faults

    def vouch_for_snapshot(self, founds: list[Found], index: int) -> None:
        """Accept a snapshot's keys once a better key signed the record that commits to it."""
        for found in founds:
            checkpoint = found.checkpoint
            if checkpoint and checkpoint.size > index and not self.misfits(found):
                good, _, bad = self.signatures(checkpoint)
                if good and not bad:
                    self.sources.add("snapshot")
                    return

    def judge(self, founds: list[Found]) -> None:
        """Every checkpoint of the bundle."""
        unknown = []
        for found in founds:
            checkpoint = found.checkpoint
            size = checkpoint.size if checkpoint else found.named
            place = self.log.size if size is None else min(size, self.log.size)
            misfits = self.misfits(found)
            for text in misfits:
                self.signed.fault(place, f"{found.label}: {text}")
            if checkpoint is None:
                continue
            good, matched, bad = self.signatures(checkpoint)
            for text in bad:
                self.signed.fault(place, f"{found.label}: {text}")
            if not matched:
                unknown.append((place, found.label))
            names = self._cosignatures(found, place, right=not misfits)
            if good and not misfits:
                self.best.append(checkpoint)
                self.signed_to = max(self.signed_to or 0, checkpoint.size)
                if self.trust.met(names):
                    self.policy_to = max(self.policy_to or 0, checkpoint.size)
        self._settle(unknown)

    def _settle(self, unknown: list[tuple[int, str]]) -> None:
        if self.signed_to is None:
            self.signed.settle("none", "no checkpoint with a trusted signature")
        else:
            for place, label in unknown:
                self.signed.fault(place, f"{label}: no signature of a trusted key")
            behind = self.log.size - self.signed_to
            self.signed.settle(
                "partial" if behind else "holds",
                f"up to {self.signed_to}, {behind} records behind that",
            )
        if self.trust.quorum == "none":
            self.policy.settle("none", "the trust file asks for no quorum")
        elif self.policy_to is None:
            self.policy.settle("none", "no checkpoint has what the quorum asks for")
        else:
            self.policy.settle("holds", f"up to {self.policy_to}, quorum {self.trust.quorum}")

    def _cosignatures(self, found: Found, place: int, *, right: bool) -> set[str]:
        """The witnesses whose cosignatures hold."""
        names = set()
        checkpoint = found.checkpoint
        for line in dict.fromkeys(checkpoint.lines if checkpoint else ()):
            named = [
                (name, cosigned_at(key.public, checkpoint.text, line.data))
                for name, key in self.trust.witnesses
                if checkpoint and key.name == line.name and key.key_id == line.key_id
            ]
            told = [(name, moment) for name, moment in named if moment is not None]
            for name, _ in [] if told else named[:1]:
                self.anchored.fault(place, f"{found.label}: a bad cosignature of {name}")
            for name, moment in told:
                if moment > self.now + FUTURE_MAX:
                    text = f"{found.label}: a cosignature of {name} from the future"
                    self.anchored.fault(place, text)
                elif right and checkpoint:
                    names.add(name)
                    self.vouch(name, checkpoint.size, moment)
        return names

    def vouch(self, by: str, size: int, moment: int | None) -> None:
        """Note the largest size that somebody vouches for."""
        if by not in self.vouched or size > self.vouched[by][0]:
            self.vouched[by] = (size, moment)

    def stamp(self, size: int, path: str) -> None:
        """A time-stamp response: whether it is over this log's text; more is not told here."""
        name = f"anchors/{size}.tsr"
        root = self.log.roots.get(size)
        text = f"{self.log.origin}\n{size}\n{base64.b64encode(root or b'').decode()}\n".encode()
        try:
            algorithm, imprint = read_imprint(read_small(path, SMALL_MAX))
            if root is None or hashlib.new(algorithm, text).digest() != imprint:
                raise Refused("a time stamp over something else")
        except Refused as refusal:
            self.anchored.fault(min(size, self.log.size), f"{name}: {refusal}")
            return
        ask = f"openssl ts -verify -{algorithm} -digest {imprint.hex()} -in {name} -CAfile TSA.pem"
        self.anchored.note += f"{name} not verified here: {ask}; "

    def settle_anchored(self) -> None:
        """Say who vouches for what."""
        told = ", ".join(f"{by} up to {size}" for by, (size, _) in sorted(self.vouched.items()))
        self.anchored.settle(
            "holds" if told else "none", self.anchored.note + (told or "nobody vouches")
        )


DIGEST_NAMES = {
    "608648016503040201": "sha256", "608648016503040202": "sha384", "608648016503040203": "sha512",
}  # fmt: skip


def read_imprint(data: bytes) -> tuple[str, bytes]:
    """Digest algorithm and imprint of a time-stamp response (RFC 3161 §2.4, DER)."""
    node = data
    # response, token, [0], signed data, encapsulated content, [0], its octets, TSTInfo, imprint
    for step in (0, 1, 1, 0, 2, 1, 0, 0, 2):
        node = der_part(node, step)
    algorithm = DIGEST_NAMES.get(der_part(der_part(node, 0), 0).hex())
    if algorithm is None:
        raise Refused("a time stamp over an unknown kind of digest")
    return algorithm, der_part(node, 1)


def der_part(data: bytes, step: int) -> bytes:
    """The content of the part with that number."""
    at = start = 0
    for _ in range(step + 1):
        if at + 2 > len(data):
            raise Refused("not a time-stamp response")
        length, start = data[at + 1], at + 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[at + 2 : start], "big")
        at = start + length
        if at > len(data):
            raise Refused("not a time-stamp response")
    return data[start:at]


# --- Receipts and fork proofs ---------------------------------------------------------------------


class Receipt(NamedTuple):
    """A record, its place, and a checkpoint that commits to it (c2sp.org/tlog-proof)."""

    entry: bytes
    place: int
    checkpoint: Checkpoint


def parse_receipt(data: bytes) -> Receipt:
    """A receipt whose proof leads from its entry to the root of its checkpoint."""
    head, _, note = data.partition(b"\n\n")
    try:
        rows = head.decode().split("\n")
    except UnicodeError:
        raise Refused("not UTF-8") from None
    starts = len(rows) > 2 and rows[1].startswith("extra ") and rows[2].startswith("index ")
    if rows[0] != "c2sp.org/tlog-proof@v1" or not starts or len(rows) > 3 + 64:
        raise Refused("not a receipt")
    entry, index = from_base64(rows[1][6:]), decimal(rows[2][6:])
    path = [from_base64(row, 32) for row in rows[3:]]
    checkpoint = parse_checkpoint(note)
    if root_from_inclusion(leaf_hash(entry), index, checkpoint.size, path) != checkpoint.root:
        raise Refused("the proof does not lead to the root")
    if len(entry) > ENTRY_MAX:
        raise Refused(f"over {ENTRY_MAX} bytes")
    record = canonical(entry)
    if not isinstance(record, dict) or record.get("_seq") != index or record["_seq"] is True:
        raise Refused("_seq of the entry is not its index")
    return Receipt(entry, index, checkpoint)


RECEIPT_MAX = 2 * SMALL_MAX + ENTRY_MAX * 4 // 3
FORK_MAGIC = "ticketgate-fork-proof@v1"


def parse_fork(data: bytes) -> tuple[Checkpoint, Checkpoint, list[bytes]]:
    """The two checkpoints of a fork proof, the smaller first, and the hashes between them."""
    parts = data.split(b"\n\n")
    if len(parts) != 5:
        raise Refused("not a fork proof")
    small = parse_checkpoint(parts[1] + b"\n\n" + parts[2] + b"\n")
    large = parse_checkpoint(parts[3] + b"\n\n" + parts[4])
    rows = parts[0].decode(errors="replace").split("\n")
    if rows[0] != FORK_MAGIC or len(rows) > 1 + 128:
        raise Refused("not a fork proof")
    return small, large, [from_base64(row, 32) for row in rows[1:]]


def check_fork(small: Checkpoint, large: Checkpoint, path: list[bytes]) -> None:
    """Whether the two cannot both be true."""
    if small.origin != large.origin:
        raise Refused("two origins are no fork")
    if small.size == large.size:
        if path or small.root == large.root:
            raise Refused("the same root twice is no fork, and equal sizes need no hashes")
        return
    old, new = roots_from_consistency(small.size, large.size, path)
    if new != large.root:
        raise Refused("the hashes do not lead to the larger root")
    if old == small.root:
        raise Refused("the hashes lead to both roots: no fork")


def write_fork(path: str, judge: Judge, known: Checkpoint) -> str:
    """Write a known checkpoint and one of the log that contradicts it; say how that went."""
    larger = [one for one in judge.best if one.size >= known.size > 0 and one.root != known.root]
    if known.size > judge.log.size or not larger:
        return "no fork proof can be made: no signed checkpoint of the log is as large"
    large = max(larger, key=lambda one: one.size)
    hashes = judge.log.consistency(known.size, 0, large.size) if large.size > known.size else []
    rows = [FORK_MAGIC, *(base64.b64encode(node).decode() for node in hashes)]
    data = "\n".join(rows).encode() + b"\n\n" + known.note + b"\n" + large.note
    try:
        with open(path, "wb") as file:
            file.write(data)
    except OSError as error:
        raise Stopped(3, f"{path}: {error}") from error
    return "a fork proof was written"


# --- The questions that can be asked --------------------------------------------------------------


Made = TypeVar("Made")


def brought(
    path: str, make: Callable[[bytes], Made], limit: int = SMALL_MAX, *, follow: bool = True
) -> Made:
    """What is made of a file that the verifier brought; one that cannot be used is exit 2."""
    try:
        return make(read_small(path, limit, follow=follow))
    except (ValueError, Stopped) as error:
        raise Stopped(2, f"{path}: {make.__name__} cannot be made of it: {error}") from error


def read_origin(bundle: Bundle, late: list[str]) -> str:
    """The log's name; a name that cannot be one is a fault, and fits to no checkpoint."""
    try:
        text = bundle.read("origin").decode()
        if text[-1:] == "\n" and is_name(text[:-1]):
            return text[:-1]
    except (Refused, UnicodeError):
        pass
    late.append("origin is not a name and a newline")
    return ""


def within(files: dict[int, str], late: list[str]) -> Iterator[tuple[int, str]]:
    """Small files by their sizes, so many of them as are read together."""
    room = CHECKPOINTS_MAX
    for size, path in sorted(files.items()):
        room -= min(os.stat(path).st_size, SMALL_MAX + 1)
        if room < 0:
            late.append(f"more than is read, from {os.path.basename(path)} on")
            return
        yield size, path


def find_all(bundle: Bundle, late: list[str]) -> list[Found]:
    """The checkpoints of a bundle, also those in its receipts."""
    founds = []
    if "checkpoint" in bundle.plain:
        founds.append(find_checkpoint("checkpoint", None, bundle.plain["checkpoint"]))
    for size, path in within(bundle.checkpoints, late):
        founds.append(find_checkpoint(f"checkpoints/{size}", size, path))
    room = CHECKPOINTS_MAX
    notes = {found.checkpoint.note for found in founds if found.checkpoint}
    for path in bundle.proofs:
        label = f"proofs/{os.path.basename(path)}"
        try:
            checkpoint = parse_receipt(read_small(path, RECEIPT_MAX)).checkpoint
        except Refused as refusal:
            late.append(f"{label}: {refusal}")
            continue
        if checkpoint.note not in notes:
            room -= len(checkpoint.note)
            if room < 0:
                late.append("more checkpoints in receipts than are read")
                break
            notes.add(checkpoint.note)
            founds.append(Found(label, None, checkpoint, ""))
    return founds


class Audit:
    """One bundle, and what the verifier brought to judge it by."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.bundle = Bundle(options.bundle)
        self.base = Bundle(options.base) if options.base else None
        own = os.path.join(options.bundle, "policy")
        self.trust = brought(options.trust or own, Trust, follow=bool(options.trust))
        self.known = [(path, brought(path, parse_checkpoint)) for path in options.known]
        self.tickets = brought(options.tickets, Tickets, 1 << 26) if options.tickets else None
        self.structure = Verdict("structure")
        self.late: list[str] = []  # what is wrong with files that hold no records
        self.anchors = list(within(self.bundle.anchors, self.late))
        self.log = Log(read_origin(self.bundle, self.late), self.structure)
        self.keys = Keys(self.trust, self.log.origin)
        self.replay = Replay(self.keys)
        self.disclosures = Disclosures(
            "" if options.quick else self.bundle.plain.get("disclosures.jsonl", ""), self.tickets
        )
        self.judge = Judge(self.log, self.keys, self.trust, options.now)
        self.completeness = Verdict("completeness")

    def run(self) -> list[Verdict]:
        """Every verdict, in the order of the format."""
        founds = find_all(self.bundle, self.late)
        newest = founds[0].checkpoint if founds and founds[0].label == "checkpoint" else None
        tree_size = newest.size if newest else 0
        sizes = {found.checkpoint.size for found in founds if found.checkpoint}
        sizes |= {known.size for _, known in self.known} | set(self.bundle.anchors)
        quick = self.options.quick
        content = None
        if not quick:
            content = Content(self.log.origin, self.disclosures, self.replay, self.bundle)
        jobs = self.options.jobs if len(self.bundle.segments) > 1 else 1
        tasks = plan(self, sizes, tree_size, again=bool(content) and jobs > 1)
        scan_all(self.log, tasks, content, jobs)
        if content:
            absorb(self.structure, content.structure)
            if content.size != self.log.size:
                self.replay.complete = self.replay.whole = False
        self._keys_quickly() if quick else self._finish_content()
        check_high_tiles(self.log, self.bundle, tree_size)
        self._finish_structure(tree_size)
        self._who_vouches(founds)
        self._completeness()
        judge = self.judge
        return [
            self.structure, judge.signed, self.disclosures.verdict, self.replay.verdict,
            judge.anchored, judge.policy, self.completeness,
        ]  # fmt: skip

    def _finish_structure(self, tree_size: int) -> None:
        log = self.log
        if not log.size:
            self.structure.fault(0, "no entries")
        if any(number * SEGMENT > log.size for number in self.bundle.segments):
            self.structure.fault(log.size, "a segment behind a gap, or behind one that is not full")
        if tree_size > log.size:
            self.structure.fault(log.size, f"the checkpoint is of {tree_size} records")
        for text in (*self.late, *log.late, *(text for _, text in self.bundle.strays.faults)):
            self.structure.fault(log.size, text)
        self.structure.count += self.bundle.strays.count - len(self.bundle.strays.faults)
        quick = "; canonical form not looked at (--quick)" if self.options.quick else ""
        self.structure.settle("holds", f"{log.size} records{quick}")

    def _finish_content(self) -> None:
        verdict = self.replay.verdict
        if self.replay.complete:
            self.replay.finish()
        self.disclosures.finish(self.log.size, self.replay)
        self._check_snapshots(self.replay.pruned)
        verdict.settle(
            "holds" if self.replay.complete else "none",
            "replayed" if self.replay.complete else "the beginning is left out: not replayed",
        )

    def _keys_quickly(self) -> None:
        """With `--quick`, of all records only those are read that say whose key counts."""
        first = min((task.start for task in self.log.tasks if task.lines), default=0)
        if first in self.bundle.snapshots:
            with contextlib.suppress(Refused):
                load_snapshot(self.bundle.snapshots[first], first, self.replay, keys_only=True)
        for index, entry in self.log.of_keys:
            self._key_quickly(index, entry)
        for verdict in (self.disclosures.verdict, self.replay.verdict):
            verdict.settle("none", "not looked at (--quick)")

    def _key_quickly(self, index: int, entry: bytes) -> None:
        try:
            record = canonical(entry)
            if record.get("type") in ("key.rotated", "key.ended", "retention.pruned"):
                OTHERS[record["type"]](self.replay, index, record)
        except (Refused, AttributeError) as refusal:
            self.structure.fault(index, f"a record that says whose key counts: {refusal}")

    def _check_snapshots(self, pruned: dict[int, tuple[int, str]]) -> None:
        for boundary, path in sorted(self.bundle.snapshots.items()):
            if pruned.get(boundary, (0, ""))[1] != file_digest(path):
                place = min(boundary, self.log.size)
                self.replay.verdict.fault(
                    place, f"snapshots/{boundary}.json is not what was pruned to"
                )

    def _who_vouches(self, founds: list[Found]) -> None:
        judge = self.judge
        for boundary, (index, digest) in sorted(self.replay.pruned.items()):
            path = self.bundle.snapshots.get(boundary)
            if path and file_digest(path) == digest:
                judge.vouch_for_snapshot(founds, index)
        judge.judge(founds)
        for path, known in self.known:
            good, _, bad = judge.signatures(known)
            if known.origin != self.log.origin or not good or bad:
                raise Stopped(2, f"{path}: no checkpoint of this log, signed by a trusted key")
            if self.log.roots.get(known.size) == known.root:
                judge.vouch(f"known {path}", known.size, None)
                continue
            place = min(known.size, self.log.size)
            judge.anchored.fault(place, f"the log contradicts the known checkpoint {path}")
            if self.options.fork_proof:
                judge.anchored.note += write_fork(self.options.fork_proof, judge, known) + "; "
        for size, path in self.anchors:
            judge.stamp(size, path)
        judge.settle_anchored()

    def _completeness(self) -> None:
        if self.tickets is None:
            self.completeness.settle("none", "no list of tickets")
        elif self.options.quick:
            self.completeness.settle("none", "not looked at (--quick)")
        else:
            whole_log = all(task.lines for task in self.log.tasks)
            self.tickets.judge(self.completeness, self.log.size, complete=whole_log)


def required(options: argparse.Namespace, trust: Trust, names: list[str]) -> list[str]:
    """What must hold, of the verdicts that the question has."""
    if options.require:
        return list(dict.fromkeys(options.require))
    must = {"structure", "signed"}
    if not options.quick:
        must |= {"disclosures", "semantics"}
    if trust.witnesses or trust.tsa:
        must.add("anchored")
    if trust.quorum != "none":
        must.add("policy")
    if options.tickets:
        must.add("completeness")
    return [name for name in names if name in must]


def exit_code(verdicts: list[Verdict], must: list[str]) -> int:
    """1 where anything fails, 4 where something required does not hold, else 0."""
    states = {verdict.name: verdict.state for verdict in verdicts}
    if "fails" in states.values():
        return 1
    return 0 if all(states.get(name) == "holds" for name in must) else 4


def told(verdict: Verdict) -> Record:
    """One verdict as the document tells it."""
    faults = [{"index": index, "text": printable(text)} for index, text in sorted(verdict.faults)]
    return {
        "name": verdict.name, "state": verdict.state, "holds": verdict.state == "holds",
        "count": verdict.count, "first_bad": verdict.first_bad, "faults": faults,
        "note": printable(verdict.note),
    }  # fmt: skip


def document(judge: Judge, verdicts: list[Verdict], must: list[str], counts: Record) -> Record:
    """What is told about a log, or about a receipt of it."""
    log, signed_to = judge.log, judge.signed_to
    vouched = sorted(judge.vouched.items())
    return {
        "origin": printable(log.origin),
        "size": log.size,
        "root": log.roots[log.size].hex(),
        "leaf": log.last.hex(),
        "verdicts": [told(verdict) for verdict in verdicts],
        "signed_to": signed_to,
        "unsigned": log.size - (signed_to or 0),
        "anchored": [{"by": printable(by), "size": size, "at": at} for by, (size, at) in vouched],
        "disclosures": counts,
        "required": must,
        "exit": exit_code(verdicts, must),
    }


def verify_bundle(options: argparse.Namespace) -> Record:
    """A bundle."""
    audit = Audit(options)
    verdicts = audit.run()
    must = required(options, audit.trust, [verdict.name for verdict in verdicts])
    found = document(audit.judge, verdicts, must, audit.disclosures.counts)
    if not options.trust:
        found["trust"] = "the bundle's own policy: it is the operator's word whose key this is"
    return found


def verify_receipt(options: argparse.Namespace) -> Record:
    """A receipt, which stands alone: its record, the proof, and who signed the checkpoint."""
    trust = brought(options.trust, Trust)
    structure = Verdict("structure")
    log = Log("", structure)
    judge = Judge(log, Keys(trust, ""), trust, options.now)
    try:
        receipt = parse_receipt(read_small(options.proof, RECEIPT_MAX, follow=True))
    except Refused as refusal:
        structure.fault(0, str(refusal))
        for verdict in (judge.signed, judge.anchored, judge.policy):
            verdict.settle("none", "no receipt")
    else:
        checkpoint = receipt.checkpoint
        log.origin, log.size, log.last = (
            checkpoint.origin,
            checkpoint.size,
            leaf_hash(receipt.entry),
        )
        log.roots[log.size] = checkpoint.root
        judge.keys = Keys(trust, checkpoint.origin)
        judge.judge([Found("checkpoint", None, checkpoint, "")])
        judge.settle_anchored()
        structure.settle("holds", f"record {log.origin}#{receipt.place}")
    verdicts = [structure, judge.signed, judge.anchored, judge.policy]
    must = required(options, trust, [verdict.name for verdict in verdicts])
    return document(judge, verdicts, must, dict.fromkeys(COUNTED, 0))


def verify_fork(options: argparse.Namespace) -> Record:
    """A fork proof: holds where two signed checkpoints cannot both be true."""
    trust = brought(options.trust, Trust)
    structure = Verdict("structure")
    log = Log("", structure)
    judge = Judge(log, Keys(trust, ""), trust, options.now)
    judge.signed.settle("none", "not both are signed by a trusted key")
    try:
        small, large, path = parse_fork(read_small(options.fork, 4 * SMALL_MAX, follow=True))
        log.origin, log.size, log.roots[large.size] = small.origin, large.size, large.root
        check_fork(small, large, path)
        structure.settle("holds", f"a fork at or below {small.size} records")
    except Refused as refusal:
        structure.fault(0, str(refusal))
    else:
        judge.keys = Keys(trust, small.origin)
        both = [judge.signatures(checkpoint) for checkpoint in (small, large)]
        for text in both[0][2] + both[1][2]:
            judge.signed.fault(small.size, text)
        if both[0][0] and both[1][0]:
            judge.signed_to = large.size
            judge.signed.settle("holds", "both are signed by a trusted key")
    verdicts = [structure, judge.signed]
    must = options.require or ["structure", "signed"]
    return document(judge, verdicts, must, dict.fromkeys(COUNTED, 0))


# --- The command line -----------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """Whose errors are ours."""

    def error(self, message: str) -> NoReturn:  # type: ignore[explicit-override]
        """Usage is exit 2."""
        raise Stopped(2, message)


def parse(argv: list[str]) -> argparse.Namespace:
    """The options."""
    parser = Parser(prog="verify.py", description="Verify an evidence bundle of ticketgate.")
    parser.add_argument("bundle", nargs="?", help="the folder")
    parser.add_argument("--trust", help="trust file from another hand")
    parser.add_argument("--known", action="append", default=[], help="a checkpoint that you kept")
    parser.add_argument(
        "--fork-proof", help="write a proof here where a known checkpoint is contradicted"
    )
    parser.add_argument("--tickets", help="list of tickets that must be in the log")
    parser.add_argument("--base", help="an earlier bundle of the same log")
    parser.add_argument(
        "--require", action="append", default=[], help="verdicts that must hold: a,b"
    )
    parser.add_argument("--quick", action="store_true", help="hashes and signatures only")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--now", type=int, help="seconds since 1970, in place of the clock")
    parser.add_argument("--proof", help="check this receipt instead of a bundle")
    parser.add_argument("--fork", help="check this fork proof instead of a bundle")
    options = parser.parse_args(argv)
    options.now = int(time.time()) if options.now is None else options.now
    options.require = [name for words in options.require for name in words.split(",")]
    if not set(options.require) <= set(VERDICTS) or not 1 <= options.jobs <= 64:
        parser.error(f"--require takes {', '.join(VERDICTS)}; --jobs takes 1 to 64")
    if sum(map(bool, (options.bundle, options.proof, options.fork))) != 1:
        parser.error("one of BUNDLE, --proof and --fork")
    if not options.bundle and not options.trust:
        parser.error("--proof and --fork need --trust")
    return options


def run(argv: list[str]) -> tuple[int, Record]:
    """Exit code and document; nothing is printed."""
    try:
        options = parse(argv)
        ask = verify_bundle if options.bundle else verify_receipt if options.proof else verify_fork
        found = ask(options)
    except Stopped as stopped:
        return stopped.code, {"error": printable(stopped.reason), "exit": stopped.code}
    except OSError as error:
        return 3, {"error": printable(f"{error.filename}: {error}"), "exit": 3}
    return found["exit"], found


def printable(text: str) -> str:
    """The text with everything escaped that could move a cursor or turn letters around."""
    return "".join(each if each.isprintable() else f"\\u{{{ord(each):x}}}" for each in text[:1000])


def lines_of(found: Record) -> Iterator[str]:
    """The document for people: one line a verdict, its faults below it."""
    if "error" in found:
        yield f"ERROR {found['error']}"
        return
    yield f"{found['origin']}: {found['size']} records, root {found['root']}"
    if "trust" in found:
        yield found["trust"]
    for verdict in found["verdicts"]:
        bad = "" if verdict["first_bad"] is None else f", first bad {verdict['first_bad']}"
        faults = f" ({verdict['count']} faults{bad})" if verdict["count"] else ""
        yield f"{verdict['name'].upper()} {verdict['state']}{faults}: {verdict['note']}"
        for fault in verdict["faults"]:
            yield f"  {fault['index']}: {fault['text']}"
    yield f"required: {', '.join(found['required'])}; exit {found['exit']}"


def main(argv: list[str]) -> int:
    """Verify, and print what was found."""
    code, found = run(argv)
    if "--json" in argv:
        print(json.dumps(found))
    else:
        for line in lines_of(found):
            print(line.encode("ascii", "backslashreplace").decode())
    return code


if __name__ == "__main__":
    gc.disable()  # nothing here goes round in circles, and there is much to look through
    sys.exit(main(sys.argv[1:]))

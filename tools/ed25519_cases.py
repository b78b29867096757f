"""Signatures at the edges of Ed25519, made from scalars: what one library takes and another not.

Arithmetic as RFC 8032 §5.1 writes it, in the open and slow: for these vectors, never for secrets.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

P: Final = 2**255 - 19
ORDER: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, -1, P) % P

Point = tuple[int, int]  # affine x, y

IDENTITY: Final[Point] = (0, 1)


@dataclass(frozen=True, slots=True)
class Case:
    """A public key, a message, a signature, whether it must be accepted, and why."""

    public: bytes
    message: bytes
    signature: bytes
    accepted: bool
    why: str


def add(one: Point, other: Point) -> Point:
    """The sum of two points."""
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P
    return x, (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P


def times(factor: int, point: Point) -> Point:
    """`factor` times the point."""
    result = IDENTITY
    while factor:
        if factor & 1:
            result = add(result, point)
        point, factor = add(point, point), factor >> 1
    return result


def encoded(point: Point) -> bytes:
    """The canonical encoding."""
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def decoded(y: int) -> Point | None:
    """The point with this y and an even x; None where there is none on the curve."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return None
    return (P - x if x & 1 else x), y


def base() -> Point:
    """B."""
    found = decoded(4 * pow(5, -1, P) % P)
    if found is None:
        raise ArithmeticError("the base point is on the curve")
    return found


def torsion() -> Point:
    """A point of order 8: any point, times the order of B."""
    for y in count(2):
        point = decoded(y)
        if point:
            small = times(ORDER, point)
            if times(4, small) != IDENTITY:
                return small
    raise ArithmeticError("there are points of order 8")


def challenge(commitment: bytes, public: bytes, message: bytes) -> int:
    """k, RFC 8032 §5.1.6."""
    return int.from_bytes(hashlib.sha512(commitment + public + message).digest(), "little") % ORDER


def response(number: int) -> bytes:
    """s, as it stands in a signature."""
    return number.to_bytes(32, "little")


def message_for(commitment: bytes, public: bytes, order: int, *, multiple: bool = True) -> bytes:
    """The first `case <n>` whose challenge is, or is not, a multiple of `order`."""
    for number in count():
        message = b"case %d" % number
        if (challenge(commitment, public, message) % order == 0) is multiple:
            return message
    raise ArithmeticError("there is one soon")


def cases(secret: int, nonce: int) -> Iterator[Case]:
    """The cases, from two secret scalars."""
    b, small = base(), torsion()
    key, commitment = encoded(times(secret, b)), encoded(times(nonce, b))
    message = b"ticketgate"
    k = challenge(commitment, key, message)
    s = (nonce + k * secret) % ORDER
    good = commitment + response(s)
    yield Case(key, message, good, True, "an honest signature")
    yield Case(key, message + b".", good, False, "of another message")
    yield Case(key, message, good[:63], False, "63 bytes")
    yield Case(key, message, good + b"\x00", False, "65 bytes")
    yield Case(key, message, commitment + response(s + ORDER), False, "s + L in place of s")
    yield Case(key, message, commitment + response(ORDER), False, "s = L")
    zero = challenge(key, key, message)  # R = A and s = a(1 + k): honest, whatever R is
    yield Case(key, message, key + response(secret * (1 + zero) % ORDER), True, "R is the key")
    yield from _low_order(secret, nonce, small)
    yield from _mixed_order(secret, nonce, small)
    off = next(y for y in count(2) if decoded(y) is None)
    yield Case(response(off), message, good, False, f"the key is no point: y = {off}")
    yield Case(key, message, response(off) + response(s), False, f"R is no point: y = {off}")


def _low_order(secret: int, nonce: int, small: Point) -> Iterator[Case]:
    """Where the equation holds although key or R, of low order, binds nobody."""
    key, commitment = encoded(times(secret, base())), encoded(times(nonce, base()))
    for order in (1, 2, 4, 8):
        point = encoded(times(8 // order, small))
        message = message_for(commitment, point, order)
        signature = commitment + response(nonce)
        yield Case(point, message, signature, False, f"the key has order {order}")
    identity = encoded(IDENTITY)
    odd = {
        "the key is the identity, as y = p + 1": response(P + 1),
        "the key is the identity, with the sign bit": response(1 | 1 << 255),
        "the key has order 2, with the sign bit": response(P - 1 | 1 << 255),
        "the key has order 4, as y = p": response(P),
    }
    for why, point in odd.items():
        message = message_for(commitment, point, 4)
        yield Case(point, message, commitment + response(nonce), False, why)
    message = b"ticketgate"
    for why, r in {"R is the identity": identity, "R is it as y = p + 1": response(P + 1)}.items():
        k = challenge(r, key, message)
        yield Case(key, message, r + response(k * secret % ORDER), False, why)
    zeros = identity + response(0)
    yield Case(identity, message, zeros, False, "key and R are the identity, s = 0")


def _mixed_order(secret: int, nonce: int, small: Point) -> Iterator[Case]:
    """A key of mixed order: valid where k cancels its small part, else only times the cofactor."""
    commitment = encoded(times(nonce, base()))
    mixed = encoded(add(times(secret, base()), small))
    for accepted, why in (
        (True, "the key has a part of order 8, and k is a multiple of 8"),
        (False, "holds only when multiplied by the cofactor (key)"),
    ):
        message = message_for(commitment, mixed, 8, multiple=accepted)
        s = (nonce + challenge(commitment, mixed, message) * secret) % ORDER
        yield Case(mixed, message, commitment + response(s), accepted, why)
    key = encoded(times(secret, base()))
    other = encoded(add(times(nonce, base()), small))
    s = (nonce + challenge(other, key, b"ticketgate") * secret) % ORDER
    why = "holds only when multiplied by the cofactor (R)"
    yield Case(key, b"ticketgate", other + response(s), False, why)

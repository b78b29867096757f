"""P-256 of `verify.py` says what the `cryptography` package says."""

from hashlib import sha256
from random import Random
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from tests.agreement.both import STAND_ALONE
from tests.verifier.authenticator import Passkey

from ticketgate.adapters.keys import p256

N: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
FIELD: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
KEY: Final = Passkey("act_bob")
MESSAGE: Final = b"what was shown"
SIGNATURE: Final = KEY.private.sign(MESSAGE, ECDSA(SHA256()))
R, S = decode_dss_signature(SIGNATURE)


def both(point: bytes, message: bytes, signature: bytes) -> bool:
    """What both say, which must be the same."""
    one = p256.verify(point, message, signature)
    other = STAND_ALONE.verify_p256(point, message, signature)
    assert [one] == [other]
    return one


def test_valid_and_changed_signatures_get_the_same_answer_from_both() -> None:
    random = Random(5)  # noqa: S311 - a repeatable choice
    found = {True: 0, False: 0}
    keys = [Passkey("act_bob", str(number)) for number in range(50)]
    for number in range(2000):
        key, message = keys[number % 50], b"message %d" % number
        parts = [key.point, message, key.private.sign(message, ECDSA(SHA256()))]
        if number % 2:
            place = random.randrange(3)
            changed = bytearray(parts[place])
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
            parts[place] = bytes(changed)
        found[both(*parts)] += 1
    assert found == {True: 1000, False: 1000}


def long_form(signature: bytes) -> bytes:
    return b"\x30\x81" + signature[1:]


EDGES = [
    *(encode_dss_signature(r, S) for r in (0, N, N - 1, N + 1, FIELD, 2**256 - 1)),
    *(encode_dss_signature(R, s) for s in (0, N, N - 1, N + 1, 2**256 - 1, S + N)),
    encode_dss_signature(R + N, S),
    encode_dss_signature(S, R),
    long_form(SIGNATURE),
    SIGNATURE + b"\x00",
    SIGNATURE[:-1],
    b"",
    b"\x30",
    b"\x30\x00",
    b"\x30\x03\x02\x01\x01",
    b"\x30\x06\x02\x01\xff\x02\x01\x01",  # negative
    b"\x30\x07\x02\x02\x00\x01\x02\x01\x01",  # not the shortest form
    b"\x30\x09\x02\x01\x01\x02\x01\x01\x02\x01\x01",
    b"\x30\x06\x03\x01\x01\x02\x01\x01",
    b"\x31" + SIGNATURE[1:],
    R.to_bytes(32, "big") + S.to_bytes(32, "big"),
]


@pytest.mark.parametrize(
    "signature",
    EDGES,
    ids=map(str, range(len(EDGES))),  # their bytes are others in each process
)
def test_signatures_at_the_edges_are_refused_by_both(signature: bytes) -> None:
    assert both(KEY.point, MESSAGE, SIGNATURE)
    assert not both(KEY.point, MESSAGE, signature)


def test_the_other_s_is_the_same_signature_to_both() -> None:
    assert both(KEY.point, MESSAGE, encode_dss_signature(R, N - S))


X, Y = int.from_bytes(KEY.point[1:33], "big"), int.from_bytes(KEY.point[33:], "big")
SMALL_X = 5  # the curve has a point with this x, so x + p fits into 32 bytes as well
SMALL_Y = pow((SMALL_X**3 - 3 * SMALL_X + STAND_ALONE.P256_B) % FIELD, (FIELD + 1) // 4, FIELD)


def point(x: int, y: int, first: int = 4) -> bytes:
    return bytes([first]) + x.to_bytes(32, "big") + y.to_bytes(32, "big")


@pytest.mark.parametrize(
    "key",
    [
        b"\x00",
        b"",
        bytes(65),
        point(0, 0),
        point(X, Y ^ 1),
        point(Y, X),
        point(X, Y)[:-1],
        point(X, Y) + b"\x00",
        point(X, Y, 6 + (Y & 1)),
        bytes([2 + (Y & 1)]) + X.to_bytes(32, "big"),
        point(SMALL_X + FIELD, SMALL_Y),
        point(FIELD, 0),
    ],
)
def test_points_that_are_none_verify_nothing_for_either(key: bytes) -> None:
    assert not STAND_ALONE.verify_p256(key, MESSAGE, SIGNATURE)
    if len(key) == 65 and key[0] == 4:  # others do not get that far: `passkey.point_of`
        assert not p256.verify(key, MESSAGE, SIGNATURE)


def test_the_point_whose_coordinate_is_not_reduced_is_one_when_it_is() -> None:
    assert (SMALL_Y**2 - SMALL_X**3 + 3 * SMALL_X - STAND_ALONE.P256_B) % FIELD == 0


def test_keys_that_are_the_base_point_or_its_opposite_add_up_rightly() -> None:
    """Where the sum of key and base point is a doubling, or nothing at all."""
    x, y, _ = STAND_ALONE.P256_G
    for secret, own in ((1, point(x, y)), (N - 1, point(x, FIELD - y))):
        signed = sign_with(secret, MESSAGE)
        assert both(own, MESSAGE, signed)
        assert not both(own, MESSAGE + b"!", signed)


def sign_with(secret: int, message: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

    return derive_private_key(secret, SECP256R1()).sign(message, ECDSA(SHA256()))


def times(point: tuple[int, int, int], factor: int) -> tuple[int, int, int]:
    """So many times a point."""
    found = (1, 1, 0)
    for bit in f"{factor:b}":
        found = STAND_ALONE.double256(found)
        if bit == "1":
            found = STAND_ALONE.add256(found, point)
    return found


def point_beyond_the_order() -> tuple[int, int, int]:
    """The point R of the curve with the least x above the order: its r is x less the order."""
    for x in range(N + 1, FIELD):
        square = (x**3 - 3 * x + STAND_ALONE.P256_B) % FIELD
        y = pow(square, (FIELD + 1) // 4, FIELD)
        if y * y % FIELD == square:
            return x, y, 1
    raise AssertionError("no such point")


def test_an_r_whose_point_is_beyond_the_order_is_reduced_by_both() -> None:
    """One signature in 2^128 is so; the key is worked out from it: Q = (sR - eG) / r."""
    beyond = point_beyond_the_order()
    r, s = beyond[0] - N, 7
    e = int.from_bytes(sha256(MESSAGE).digest(), "big") % N
    sum_ = STAND_ALONE.add256(times(beyond, s), times(STAND_ALONE.P256_G, N - e))
    x, y, z = times(sum_, pow(r, -1, N))
    inverse = pow(z, -1, FIELD)
    x, y = x * inverse**2 % FIELD, y * inverse**3 % FIELD
    key = b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    assert 0 < r < FIELD - N
    assert both(key, MESSAGE, encode_dss_signature(r, s))
    assert not both(key, MESSAGE, encode_dss_signature(beyond[0], s))  # out of range, as it is
    assert not both(key, MESSAGE, encode_dss_signature(r + 1, s))
    assert not both(key, MESSAGE + b".", encode_dss_signature(r, s))

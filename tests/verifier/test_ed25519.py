"""The verifier's own Ed25519 against another implementation, and against the RFC."""

import hashlib
from typing import Final

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.verifier import verify

ORDER: Final = 2**252 + 27742317777372353535851937790883648493
PRIME: Final = 2**255 - 19
# RFC 8032 §7.1: secret key, public key, message, signature
VECTORS: Final = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]
# The encodings of the eight points of low order.
LOW_ORDER: Final = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


def other_accepts(public: bytes, message: bytes, signature: bytes) -> bool:
    """What the other implementation says."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signed(seed: bytes, message: bytes) -> tuple[bytes, bytes]:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return private.public_key().public_bytes_raw(), private.sign(message)


@pytest.mark.parametrize("vector", VECTORS)
def test_the_vectors_of_the_rfc_verify_and_no_other_message_does(vector: tuple[str, ...]) -> None:
    _, public, message, signature = (bytes.fromhex(part) for part in vector)
    assert verify.verify_signature(public, message, signature)
    assert not verify.verify_signature(public, message + b"\x00", signature)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_what_another_implementation_signs_verifies(seed: bytes, message: bytes) -> None:
    public, signature = signed(seed, message)
    assert verify.verify_signature(public, message, signature)


@pytest.mark.untraced
def test_a_bit_flipped_anywhere_is_refused_as_the_other_implementation_does() -> None:
    message = b"message"
    public, signature = signed(bytes(32), message)
    for whole, place in ((signature, 0), (public, 1), (message, 2)):
        for bit in range(len(whole) * 8):
            flipped = bytearray(whole)
            flipped[bit // 8] ^= 1 << bit % 8
            given_parts = [signature, public, message]
            given_parts[place] = bytes(flipped)
            sig, key, text = given_parts
            assert not verify.verify_signature(key, text, sig)
            assert not other_accepts(key, text, sig)


@pytest.mark.parametrize("times", [1, 2, 8, 15])
def test_a_signature_with_the_order_added_to_s_is_refused(times: int) -> None:
    public, signature = signed(bytes(32), b"m")
    s = int.from_bytes(signature[32:], "little") + times * ORDER
    forged = signature[:32] + s.to_bytes(32, "little")
    assert not verify.verify_signature(public, b"m", forged)
    assert not other_accepts(public, b"m", forged)


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 128])
def test_signatures_and_keys_of_other_lengths_are_refused(length: int) -> None:
    public, signature = signed(bytes(32), b"m")
    assert not verify.verify_signature(public, b"m", (signature * 2)[:length])
    if length != 32:
        assert not verify.verify_signature((public * 4)[:length], b"m", signature)


@pytest.mark.parametrize("low", LOW_ORDER)
def test_a_point_of_low_order_is_neither_key_nor_r(low: str) -> None:
    """With such a key, R = s·B fits to a message of every eighth or so; some verifiers take it."""
    point = bytes.fromhex(low)
    for number in range(16):
        message = b"m%d" % number
        assert not verify.verify_signature(point, message, point + bytes(32))
        with pytest.raises(verify.Refused):
            verify.key_multiples(point)
    public, signature = signed(bytes(32), b"m")
    assert not verify.verify_signature(public, b"m", point + signature[32:])


def test_a_signature_that_fits_a_key_of_low_order_by_the_equation_is_refused() -> None:
    identity = bytes.fromhex(LOW_ORDER[0])
    signature = identity + bytes(32)
    assert not verify.verify_signature(identity, b"any", signature)
    minus_key = verify.multiples(verify.decode_point(identity))
    found = verify.product(minus_key, 5, verify.product(verify.base_multiples(), 0))
    assert verify.encode_point(found) == identity


def test_an_encoding_that_is_not_the_one_of_its_point_is_refused() -> None:
    for y in range(19):
        for sign in (0, 1 << 255):
            with pytest.raises(verify.Refused):
                verify.decode_point((PRIME + y | sign).to_bytes(32, "little"))
    with pytest.raises(verify.Refused):  # x is 0, and the sign bit says it is odd
        verify.decode_point((1 | 1 << 255).to_bytes(32, "little"))


def test_a_mixed_order_key_is_judged_by_the_equation_without_cofactor() -> None:
    """A key with a part of order 2: with cofactor all of these would verify."""
    torsion = verify.decode_point(bytes.fromhex(LOW_ORDER[1]))
    secret = 12345
    honest = verify.product(verify.base_multiples(), secret)
    key = verify.encode_point(verify.add(honest, torsion))
    r_point = verify.encode_point(verify.product(verify.base_multiples(), 777))
    answers = set()
    for number in range(20):
        message = b"%d" % number
        digest = hashlib.sha512(r_point + key + message).digest()
        k = int.from_bytes(digest, "little") % ORDER
        signature = r_point + ((777 + k * secret) % ORDER).to_bytes(32, "little")
        said = verify.verify_signature(key, message, signature)
        assert said == (k % 2 == 0) == other_accepts(key, message, signature)
        answers.add(said)
    assert answers == {True, False}

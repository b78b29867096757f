"""What a registration gives: a credential and its key, and nothing else."""

from hashlib import sha256
from typing import Final

import pytest
from tests.verifier.authenticator import RP_ID, Passkey

from ticketgate.domain.people.passkey import (
    PasskeyError,
    attested_data,
    attested_key,
    check_authenticator,
    check_signature_form,
)

ANN: Final = Passkey("act_ann")
HEADER: Final = sha256(RP_ID.encode()).digest()
AAGUID: Final = bytes(16)


def registered(
    credential: bytes = ANN.credential, key: bytes = ANN.cose, flags: int = 0x45, more: bytes = b""
) -> bytes:
    size = len(credential).to_bytes(2, "big")
    return HEADER + bytes([flags]) + bytes(3) + b"\x07" + AAGUID + size + credential + key + more


def test_a_registration_gives_credential_and_key() -> None:
    assert attested_key(registered()) == (ANN.credential, ANN.cose)
    told = check_authenticator(registered(flags=0x5D), RP_ID, attested=True)
    assert (told.counter, told.eligible, told.backed_up) == (7, True, True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        registered()[:55],
        registered(credential=b"short"),
        registered(credential=bytes(1024)),
        registered(more=b"\x00"),
        registered(key=b"\xa4" + ANN.cose[1:]),
        registered()[:-1],
    ],
)
def test_a_registration_of_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(PasskeyError):
        attested_key(data)


@pytest.mark.parametrize("flags", [0x05, 0x41, 0x44, 0xC5, 0x55])
def test_a_registration_without_verification_or_key_is_refused(flags: int) -> None:
    with pytest.raises(PasskeyError):
        check_authenticator(registered(flags=flags), RP_ID, attested=True)


NONE: Final = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData"


def test_an_attestation_gives_its_authenticator_data_short_or_long() -> None:
    data = registered()
    assert attested_data(NONE + b"\x58" + bytes([len(data)]) + data) == data
    long = registered(credential=bytes(300))
    assert attested_data(NONE + b"\x59" + len(long).to_bytes(2, "big") + long) == long


@pytest.mark.parametrize(
    "attestation",
    [
        b"",
        NONE,
        NONE + b"\x58",
        NONE + b"\x58\x02x",
        NONE + b"\x58\x01xx",
        NONE + b"\x5a\x00\x00\x00\x01x",
        NONE.replace(b"none", b"pack") + b"\x58\x01x",
    ],
)
def test_an_attestation_of_another_format_is_refused(attestation: bytes) -> None:
    with pytest.raises(PasskeyError):
        attested_data(attestation)


ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def der(*numbers: bytes, behind: bytes = b"") -> bytes:
    body = b"".join(b"\x02" + bytes([len(one)]) + one for one in numbers) + behind
    return b"\x30" + bytes([len(body)]) + body


LARGEST: Final = b"\x00" + (ORDER - 1).to_bytes(32, "big")


def test_a_signature_is_two_integers_from_one_to_below_the_order() -> None:
    check_signature_form(der(b"\x01", LARGEST))
    check_signature_form(der(LARGEST, b"\x00\x80"))


@pytest.mark.parametrize(
    ("signature", "why"),
    [
        (b"", "not DER"),
        (b"\x31" + der(b"\x01", b"\x01")[1:], "not DER"),
        (b"\x30\x81\x06" + der(b"\x01", b"\x01")[2:], "not DER"),  # its length in the long form
        (der(b"\x01", b"\x01") + b"\x00", "not DER"),
        (der(b"\x01"), "not DER"),
        (der(b"\x01", b""), "not DER"),
        (b"\x30\x06\x02\x01\x01\x03\x01\x01", "not DER"),
        (b"\x30\x06\x02\x01\x01\x02\x02\x01", "not DER"),
        (der(b"\x80", b"\x01"), "not DER"),  # below zero
        (der(b"\x00\x01", b"\x01"), "not DER"),  # a zero too many
        (der(b"\x00", b"\x01"), "not DER"),
        (der(b"\x01", b"\x00" + ORDER.to_bytes(32, "big")), "out of range"),
        (der(b"\x01", b"\x01", behind=b"\x02\x01\x01"), "behind it"),
        (der(b"\x01", b"\x01", behind=b"\x00"), "behind it"),
    ],
)
def test_a_signature_of_another_form_is_refused(signature: bytes, why: str) -> None:
    with pytest.raises(PasskeyError, match=why):
        check_signature_form(signature)

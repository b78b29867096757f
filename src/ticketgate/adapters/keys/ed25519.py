"""Ed25519 (RFC 8032), as strict as `docs/evidence-format.md` asks ("Checkpoints")."""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_POINT_BYTES: Final = 32
_FIELD: Final = 2**255 - 19
_SIGN: Final = 1 << 255
# The eight points of low order: with one as key or as R, a signature binds to nobody or to
# anything. Two more encodings say "minus zero" and are no canonical ones.
_LOW_ORDER: Final = frozenset(
    bytes.fromhex(text)
    for text in (
        "01" + "00" * 31,
        "ec" + "ff" * 30 + "7f",
        "00" * 32,
        "00" * 31 + "80",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "01" + "00" * 30 + "80",
        "ec" + "ff" * 31,
    )
)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """`note.VerifyEd25519`: no cofactor, no low order, no second encoding of a point or of s.

    What the library checks is RFC 8032 §5.1.7; what it lets pass is refused first.
    """
    if not _is_strict(public) or not _is_strict(signature[:_POINT_BYTES]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_of(seed: bytes) -> bytes:
    """The public key of a 32-byte seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, message: bytes) -> bytes:
    """The signature by the key of a 32-byte seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def _is_strict(point: bytes) -> bool:
    if len(point) != _POINT_BYTES or point in _LOW_ORDER:
        return False
    return int.from_bytes(point, "little") & (_SIGN - 1) < _FIELD

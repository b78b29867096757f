"""Time-stamp responses as far as they are read without CMS: signed by nobody."""

from hashlib import sha256
from typing import Final

SHA256: Final = "608648016503040201"


def der(tag: int, *parts: bytes) -> bytes:
    """A value of ASN.1 in DER."""
    body = b"".join(parts)
    length = bytes([len(body)])
    if len(body) > 127:
        length = b"\x82" + len(body).to_bytes(2, "big")
    return bytes([tag]) + length + body


def stamp(text: bytes, digest: str = SHA256) -> bytes:
    """A response over a text (RFC 3161 §2.4.2), with an imprint of SHA-256 under that name."""
    imprint = der(48, der(48, der(6, bytes.fromhex(digest))), der(4, sha256(text).digest()))
    info = der(48, der(2, b"\x01"), der(6, b"\x2a"), imprint, der(2, b"\x07" * 120))
    content = der(48, der(6, b"\x2a"), der(0xA0, der(4, info)))
    signed = der(48, der(2, b"\x03"), der(49), content)
    return der(48, der(48, der(2, b"\x00")), der(48, der(6, b"\x2a"), der(0xA0, signed)))

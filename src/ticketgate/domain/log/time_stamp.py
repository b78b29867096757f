"""Time stamp: what text an RFC 3161 response is about. Nothing in it is verified here.

Only as much DER (X.690) is read as leads to the imprint; whoever can read CMS verifies the rest.
"""

from collections.abc import Mapping
from hashlib import new
from typing import Final

from ticketgate.domain.errors import EvidenceError

_DIGESTS: Final[Mapping[str, str]] = {
    "608648016503040201": "sha256",
    "608648016503040202": "sha384",
    "608648016503040203": "sha512",
}
# TimeStampResp, its token, content [0], SignedData, encapContentInfo, [0], its octets, TSTInfo,
# messageImprint: each the nth part of the one before (RFC 3161 §2.4.2, RFC 5652 §5.1).
_WAY: Final = (0, 1, 1, 0, 2, 1, 0, 0, 2)
_LONG: Final = 0x80


def check_imprint(response: bytes, text: bytes) -> None:
    """Hold the imprint in a response against the text.

    Raises:
        EvidenceError: it is of another text, of an unknown kind, or there is none.
    """
    node = response
    for number in _WAY:
        node = _part(node, number)
    name = _DIGESTS.get(_part(_part(node, 0), 0).hex())
    if name is None:
        raise EvidenceError("a time stamp over an unknown kind of digest")
    if new(name, text, usedforsecurity=False).digest() != _part(node, 1):
        raise EvidenceError("it is over something else")


def _part(data: bytes, number: int) -> bytes:
    """The content of the nth part of a constructed value."""
    rest = data
    for _ in range(number):
        rest = rest[sum(_spans(rest)) :]
    header, length = _spans(rest)
    return rest[header : header + length]


def _spans(data: bytes) -> tuple[int, int]:
    """The length of the header of the first part, and of its content; both are all there."""
    header, length = 2, data[1] if len(data) > 1 else len(data)
    if length & _LONG:
        header += length & ~_LONG
        length = int.from_bytes(data[2:header], "big")
    if header + length > len(data):
        raise EvidenceError("not a time-stamp response")
    return header, length

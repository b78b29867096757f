"""Note: text that keys have signed, in the form of C2SP signed-note, and the keys' own form.

Parsing is canonical: only what would be written is accepted. Nothing is verified here but form;
who verifies brings the Ed25519 function, so that no cryptography lives in the domain.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ticketgate.domain.errors import EvidenceError

NOTE_BYTES_MAX: Final = 65_536
LINES_MAX: Final = 64
KEY_ID_BYTES: Final = 4
PUBLIC_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
LOG_KEY: Final = 0x01  # Ed25519 over the text
WITNESS_KEY: Final = 0x04  # Ed25519 over the text with a time: cosignature/v1
_DASH: Final = "\u2014 "
_UNPRINTABLE: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

VerifyEd25519 = Callable[[bytes, bytes, bytes], bool]  # (public key, message, signature)


class NoteError(EvidenceError):
    """Not a note, or not a key, in the one form that is accepted."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name that signs and what it signs (`LOG_KEY` or `WITNESS_KEY`)."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The key id: four bytes of SHA-256(name ‖ newline ‖ type ‖ key)."""
        typed = bytes([self.type]) + self.public
        return sha256(self.name.encode() + b"\n" + typed).digest()[:KEY_ID_BYTES]

    @property
    def label(self) -> str:
        """`<name>+<key id>`: how the key's vkey begins."""
        return f"{self.name}+{self.id.hex()}"

    @property
    def text(self) -> str:
        """The vkey: `<name>+<key id>+<base64 of type and key>`."""
        return f"{self.label}+{base64.b64encode(bytes([self.type]) + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature: who says to have signed, and what follows the key id."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def text(self) -> str:
        """The line, with its newline."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"

    def is_of(self, key: VerifierKey) -> bool:
        """Whether it claims to be by this key: by name and key id, both."""
        return self.name == key.name and self.key_id == key.id


@dataclass(frozen=True, slots=True)
class Note:
    """A text, ended by a newline, and its signature lines."""

    text: str
    lines: tuple[SignatureLine, ...]

    def encoded(self) -> bytes:
        """The bytes of the note."""
        return f"{self.text}\n{''.join(line.text for line in self.lines)}".encode()

    def with_lines(self, lines: Iterable[SignatureLine]) -> "Note":
        """The note with these lines too, each once."""
        return Note(self.text, tuple(dict.fromkeys((*self.lines, *lines))))


def parse_note(data: bytes) -> Note:
    """The note in these bytes, which must be exactly what `encoded` would write.

    Raises:
        NoteError: it is not a note in that form.
    """
    if len(data) > NOTE_BYTES_MAX:
        raise NoteError(f"a note of over {NOTE_BYTES_MAX} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError as fault:
        raise NoteError("a note is UTF-8") from fault
    if _UNPRINTABLE.search(whole):
        raise NoteError("a note holds no control characters but newlines")
    head, gap, tail = whole.rpartition("\n\n")
    lines = tail.split("\n")
    if not gap or not head or lines.pop():
        raise NoteError("a note is a text, an empty line, and lines that each end in a newline")
    if not 1 <= len(lines) <= LINES_MAX:
        raise NoteError(f"a note has from 1 to {LINES_MAX} signature lines")
    return Note(head + "\n", tuple(map(parse_signature_line, lines)))


def parse_signature_line(line: str) -> SignatureLine:
    """One line of signature, without its newline.

    Raises:
        NoteError: it is not in the one form.
    """
    words = line.removeprefix(_DASH).split(" ")
    if not line.startswith(_DASH) or len(words) != 2:  # noqa: PLR2004 -- name and signature
        raise NoteError("a signature line is an em dash, a name and base64")
    name, encoded = words
    data = unb64(encoded)
    if not is_key_name(name) or len(data) <= KEY_ID_BYTES:
        raise NoteError("a signature line without a name or without a signature")
    return SignatureLine(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def parse_vkey(text: str) -> VerifierKey:
    """The key in a vkey, which must be exactly what `VerifierKey.text` would write.

    Raises:
        NoteError: not in that form, an unknown type, or a key id that is not the key's.
    """
    parts = text.split("+", 2)
    if len(parts) != 3 or not is_key_name(parts[0]):  # noqa: PLR2004 -- name, key id, key
        raise NoteError("a vkey is a name, a key id and a key, joined by '+'")
    data = unb64(parts[2])
    if len(data) != 1 + PUBLIC_KEY_BYTES or data[0] not in {LOG_KEY, WITNESS_KEY}:
        raise NoteError("a vkey holds an Ed25519 key of a log (type 1) or a witness (type 4)")
    key = VerifierKey(parts[0], data[0], data[1:])
    if key.text != text:
        raise NoteError("the key id in the vkey is not that of its key")
    return key


def is_key_name(name: str) -> bool:
    """Whether this can name a key: not empty, no white space, no plus, no control character."""
    plain = "+" not in name and not any(map(str.isspace, name))
    return bool(name) and plain and not _UNPRINTABLE.search(name) and "\n" not in name


def unb64(text: str) -> bytes:
    """The bytes of standard base64 in its one canonical form.

    Raises:
        NoteError: any other form.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise NoteError("not base64") from fault
    if base64.b64encode(data).decode() != text:
        raise NoteError("base64 that is not in its canonical form")
    return data

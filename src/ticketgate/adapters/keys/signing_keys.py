"""Signing keys: a file of private keys, one a line, the current one first.

Each line is `PRIVATE+KEY+<name>+<key id>+<base64 of type 0x01 and a 32-byte seed>`, the form of
Go's sumdb tools. While keys rotate the file has two. Nobody but its owner may read it.
"""

import base64
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ticketgate.adapters.durable import replace_file
from ticketgate.adapters.keys import ed25519
from ticketgate.domain.errors import EvidenceError, TicketgateError
from ticketgate.domain.log.note import LOG_KEY, SignatureLine, VerifierKey, is_key_name, unb64

SEED_BYTES: Final = 32
KEYS_MAX: Final = 8
FILE_BYTES_MAX: Final = 8192
_PREFIX: Final = "PRIVATE+KEY+"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class KeyFileError(TicketgateError):
    """The signing keys cannot be read; nothing is signed without them."""

    code = "signing_key"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key of the log named `name`."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def public(self) -> VerifierKey:
        """Its public half."""
        return VerifierKey(self.name, LOG_KEY, ed25519.public_of(self.seed))

    def line(self, text: str) -> SignatureLine:
        """Its signature over a note's text."""
        return SignatureLine(self.name, self.public.id, ed25519.sign(self.seed, text.encode()))

    def sign(self, message: bytes) -> bytes:
        """Its plain signature."""
        return ed25519.sign(self.seed, message)

    @property
    def text(self) -> str:
        """Its line in the file. Secret."""
        typed = base64.b64encode(bytes([LOG_KEY]) + self.seed).decode()
        return f"{_PREFIX}{self.name}+{self.public.id.hex()}+{typed}"


def read_keys(path: Path, origin: str) -> tuple[SigningKey, ...]:
    """The keys in a file, the current one first.

    Raises:
        KeyFileError: it cannot be read, others can read it, or a line is not a key of `origin`.
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                raise KeyFileError(f"{path} can be read by others", next_step=f"chmod 600 {path}")
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as fault:
        raise KeyFileError(
            f"the signing key {path} cannot be read: {fault.strerror or fault}",
            next_step="`ticketgate keys new` writes one; an old one comes from where it is kept",
        ) from fault
    lines = [line for line in data.decode("latin-1").split("\n") if line]
    if not 1 <= len(lines) <= KEYS_MAX or len(data) > FILE_BYTES_MAX:
        raise KeyFileError(f"{path} holds no signing key, or over {KEYS_MAX}")
    keys = tuple(_parse(line, path, number) for number, line in enumerate(lines, 1))
    if len({key.seed for key in keys}) != len(keys):
        raise KeyFileError(f"{path} holds a key twice")
    if wrong := [key.name for key in keys if key.name != origin]:
        raise KeyFileError(
            f"{path} has a key of {wrong[0]!a}; this log is {origin!a}",
            next_step="a key belongs to one origin; `ticketgate keys new` writes one",
        )
    return keys


def write_keys(path: Path, keys: Sequence[SigningKey]) -> None:
    """Put these keys in place of what the file holds; durable, and 0600 from the first moment."""
    replace_file(path, "".join(f"{key.text}\n" for key in keys).encode())


def _parse(line: str, path: Path, number: int) -> SigningKey:
    try:
        name, key_id, encoded = line.removeprefix(_PREFIX).split("+", 2)
        data = unb64(encoded)
    except (ValueError, EvidenceError) as fault:
        raise KeyFileError(f"{path}:{number} is not a signing key") from fault
    if len(data) != 1 + SEED_BYTES or data[0] != LOG_KEY or not is_key_name(name):
        raise KeyFileError(f"{path}:{number} is not an Ed25519 signing key")
    key = SigningKey(name, data[1:])
    if key.text != line or key.public.id.hex() != key_id:
        raise KeyFileError(f"{path}:{number} has a key id that is not its key's")
    return key

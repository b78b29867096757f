"""Checkpoint: what the log was at a size, signed (C2SP tlog-checkpoint, tlog-cosignature).

Two checkpoints of one log that cannot both be true prove that its operator showed two histories.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ticketgate.domain.evidence import INTEGER_MAX
from ticketgate.domain.log.merkle import HASH_BYTES
from ticketgate.domain.log.note import (
    LOG_KEY,
    SIGNATURE_BYTES,
    WITNESS_KEY,
    Note,
    NoteError,
    SignatureLine,
    VerifierKey,
    VerifyEd25519,
    is_key_name,
    parse_note,
    unb64,
)

FUTURE_SECONDS_MAX: Final = 300
_TIME_BYTES: Final = 8
_SIZE: Final = re.compile(r"(0|[1-9][0-9]{0,15})\Z", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log named `origin` had `size` records, and this root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint and the note that it came in; nothing of it is verified yet."""

    checkpoint: Checkpoint
    note: Note


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness saw this checkpoint at `at` (seconds since 1970), consistent with all before."""

    witness: VerifierKey
    at: int


@dataclass(frozen=True, slots=True)
class Signatures:
    """What the lines of a checkpoint are worth, and which lines of trusted keys do not hold."""

    keys: tuple[VerifierKey, ...]
    cosignatures: tuple[Cosignature, ...]
    bad_signatures: tuple[str, ...]
    bad_cosignatures: tuple[str, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """All that does not hold."""
        return (*self.bad_signatures, *self.bad_cosignatures)


def parse_checkpoint(data: bytes) -> SignedCheckpoint:
    """The checkpoint in these bytes, in the one form that is accepted.

    Raises:
        NoteError: it is not in that form.
    """
    note = parse_note(data)
    return SignedCheckpoint(parse_text(note.text), note)


def parse_text(text: str) -> Checkpoint:
    """The checkpoint that a note's text says: three lines, no extension lines.

    Raises:
        NoteError: anything else.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:  # noqa: PLR2004 -- three lines, each ended
        raise NoteError("a checkpoint is three lines: origin, size, root")
    origin, size, encoded = lines[:3]
    root = unb64(encoded)
    if not is_key_name(origin) or not _SIZE.match(size) or len(root) != HASH_BYTES:
        raise NoteError("a checkpoint's origin, size or root is not in form")
    if int(size) > INTEGER_MAX:
        raise NoteError("a checkpoint of more records than can be counted")
    return Checkpoint(origin, int(size), root)


def check_signatures(
    note: Note, trusted: Iterable[VerifierKey], verify: VerifyEd25519, now: datetime
) -> Signatures:
    """Which trusted keys signed the note. A line that its trusted key did not make is a fault.

    Lines are matched by name and key id; those of unknown keys are ignored, and a key counts once.
    Where trusted keys share a key id, a line is by the one that it verifies under.
    """
    keys: dict[VerifierKey, None] = {}
    seen: dict[VerifierKey, Cosignature] = {}
    bad: dict[int, list[str]] = {LOG_KEY: [], WITNESS_KEY: []}
    known = tuple(trusted)
    latest = (now - _EPOCH).total_seconds() + FUTURE_SECONDS_MAX
    for line in dict.fromkeys(note.lines):
        claimed = [key for key in known if line.is_of(key)]
        tried = [(key, _made_at(note.text, line, key, verify)) for key in claimed]
        made = [(key, at) for key, at in tried if at is not None]
        if claimed and not made:
            what = "cosignature" if claimed[0].type == WITNESS_KEY else "signature"
            bad[claimed[0].type].append(f"a {what} that {claimed[0].label} did not make")
        for key, at in made:
            if key.type != WITNESS_KEY:
                keys[key] = None
            elif at > latest:
                bad[WITNESS_KEY].append(f"a cosignature of {key.label} from the future")
            else:
                seen[key] = Cosignature(key, max(at, seen[key].at if key in seen else 0))
    return Signatures(
        tuple(keys), tuple(seen.values()), tuple(bad[LOG_KEY]), tuple(bad[WITNESS_KEY])
    )


def cosigned_at(
    text: str, line: SignatureLine, key: VerifierKey, verify: VerifyEd25519
) -> int | None:
    """When the witness cosigned (seconds since 1970); None where it did not make this line."""
    if len(line.signature) != _TIME_BYTES + SIGNATURE_BYTES:
        return None
    at = int.from_bytes(line.signature[:_TIME_BYTES], "big")
    if at >= 2**63 or not verify(key.public, cosigned(text, at), line.signature[_TIME_BYTES:]):
        return None
    return at


def cosigned(text: str, at: int) -> bytes:
    """What a witness signs: C2SP tlog-cosignature, cosignature/v1."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def cosignature_time(at: int) -> datetime | None:
    """The instant of a cosignature; None beyond what a calendar has."""
    try:
        return _EPOCH + timedelta(seconds=at)
    except OverflowError:
        return None


def _made_at(text: str, line: SignatureLine, key: VerifierKey, verify: VerifyEd25519) -> int | None:
    """When the key made this line (0 where it says no time); None where it did not."""
    if key.type == WITNESS_KEY:
        return cosigned_at(text, line, key, verify)
    right = len(line.signature) == SIGNATURE_BYTES
    return 0 if right and verify(key.public, text.encode(), line.signature) else None

"""A signed log in memory for the tests of anchors, and what an anchor is asked about it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

import pytest
from tests.keys import ORIGIN, key_of

from ticketgate.domain.evidence import leaf_hash
from ticketgate.domain.log.anchor import AnchorError
from ticketgate.domain.log.checkpoint import Checkpoint
from ticketgate.domain.log.merkle import root_of
from ticketgate.domain.log.note import Note, SignatureLine
from ticketgate.domain.log.proof import consistency
from ticketgate.ports import Anchor, Asked

NOW: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AT: Final = int(NOW.timestamp())


class Log:
    """Entries that differ by a word: two logs with other words are forks of each other."""

    def __init__(self, size: int, word: str = "true", origin: str = ORIGIN) -> None:
        self.origin = origin
        self.leaves = [leaf_hash(f"{word} {number}".encode()) for number in range(size)]

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """`merkle.ReadHashes` of a tree that is too small for tiles."""
        assert level == 0
        return self.leaves[first : first + count]

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        end = len(self.leaves) if size is None else size
        return Checkpoint(self.origin, end, root_of(self.leaves[:end]))

    def note(self, size: int | None = None, *lines: SignatureLine) -> bytes:
        text = self.checkpoint(size).text
        return Note(text, (key_of("alice", self.origin).line(text), *lines)).encoded()

    def asked(
        self,
        size: int | None = None,
        *lines: SignatureLine,
        known: int = 0,
        token: bytes | None = None,
    ) -> Asked:
        """What an anchor is asked about the tree of this size; the whole log is signed."""
        end = len(self.leaves) if size is None else size
        return Asked(
            note=self.note(end, *lines),
            checkpoint=self.checkpoint(end),
            token=token,
            signed=len(self.leaves),
            known=known,
            now=NOW,
            prove=partial(consistency, new=end, read=self.hashes),
        )


def code_of(anchor: Anchor, asked: Asked) -> str:
    """The code that asking ends with."""
    with pytest.raises(AnchorError) as told:
        anchor.vouch(asked)
    return told.value.code

"""Checkpoint: the log, signed after it was committed; never inside a transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.evidence import parse_entry
from ticketgate.domain.instants import from_text
from ticketgate.domain.log.checkpoint import Checkpoint, parse_checkpoint
from ticketgate.domain.log.merkle import ReadHashes
from ticketgate.ports import Signer, Store

SIGN_WITHIN_SECONDS: Final = 1.0  # of the commit of a record that is not signed yet


class Checkpointer:
    """Signs what is committed: at the start, a second after a record, past 256, at the end."""

    def __init__(self, store: Store, signer: Signer, origin: str) -> None:
        self._store = store
        self._signer = signer
        self._origin = origin
        self._signed = 0
        self.failed = ""  # the code of what signing failed with last, until it works again

    def sign(self) -> bytes | None:
        """The signed checkpoint of every record that is committed; None of an empty log.

        Raises:
            TicketgateError: code `rolled_back` or `forked`: the log is not the one that was signed
                before; `signer`: the memory of what was signed cannot be used.
        """
        try:
            note = self._note()
        except TicketgateError as fault:
            self.failed = fault.code
            raise
        self.failed = ""
        if note is not None:
            self._signed = max(self._signed, parse_checkpoint(note).checkpoint.size)
        return note

    def step(self) -> float:
        """Sign if there is anything new, or less than was signed, which is refused; for a loop."""
        if self._size() != self._signed:
            self.sign()
        return SIGN_WITHIN_SECONDS

    def behind(self, now: datetime) -> float:
        """For how many seconds the oldest record that is not signed is committed; 0 without one.

        Raises:
            TicketgateError: the memory of what was signed, or the log, cannot be read.
        """
        newest = self._signer.newest()
        signed = 0 if newest is None else parse_checkpoint(newest).checkpoint.size
        with self._store.reading() as looking:
            for _, _, entry in looking.evidence.entries(signed, looking.evidence.tree().size):
                since = from_text(str(parse_entry(entry)["_ts"]))
                return max(0.0, (now - since).total_seconds())
        return 0.0

    def _note(self) -> bytes | None:
        if not self._size() and self._signer.newest() is None:
            return None
        return self._signer.sign(self._committed)

    def _size(self) -> int:
        with self._store.reading() as looking:
            return looking.evidence.tree().size

    @contextmanager
    def _committed(self) -> Iterator[tuple[Checkpoint, ReadHashes]]:
        """Taken by the signer once nobody else signs; see the port."""
        with self._store.reading() as looking:
            tree = looking.evidence.tree()
            yield Checkpoint(self._origin, tree.size, tree.root()), looking.evidence.hashes

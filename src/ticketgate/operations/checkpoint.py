"""Checkpoint: the log, signed after it was committed; never inside a transaction."""

from typing import Final

from ticketgate.domain.checkpoint import Checkpoint
from ticketgate.ports import Signer, Store

SIGN_WITHIN_SECONDS: Final = 1.0  # of the commit of a record that is not signed yet


class Checkpointer:
    """Signs what is committed: at the start, a second after a record, past 256, at the end."""

    def __init__(self, store: Store, signer: Signer, origin: str) -> None:
        self._store = store
        self._signer = signer
        self._origin = origin
        self._signed = 0

    def sign(self) -> bytes | None:
        """The signed checkpoint of every record that is committed; None of an empty log.

        Raises:
            TicketgateError: code `rolled_back` or `forked`: the log is not the one that was signed
                before; `signer`: the memory of what was signed cannot be used.
        """
        with self._store.reading() as looking:
            tree = looking.evidence.tree()
            if not tree.size and self._signer.newest() is None:
                return None
            checkpoint = Checkpoint(self._origin, tree.size, tree.root())
            note = self._signer.sign(checkpoint, looking.evidence.hashes)
        self._signed = tree.size
        return note

    def step(self) -> float:
        """Sign if there is anything new; for a loop."""
        with self._store.reading() as looking:
            head = looking.evidence.head()
        if head is not None and head.size > self._signed:
            self.sign()
        return SIGN_WITHIN_SECONDS

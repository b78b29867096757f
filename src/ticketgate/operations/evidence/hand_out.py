"""Handing out: checkpoint, tiles and receipts to whoever asks; never anything that is unsigned."""

from ticketgate.domain.log.checkpoint import SignedCheckpoint, parse_checkpoint
from ticketgate.domain.log.tiles import parse_tile
from ticketgate.operations.evidence.export_evidence import tile_bytes
from ticketgate.operations.evidence.receipts import receipt_of
from ticketgate.ports import Signer, Store


class HandOut:
    """What auditors and witnesses may fetch. None is: there is no such thing, or not for them.

    Checkpoint and hashes are for everybody; entries and receipts only where `public` says so.
    """

    def __init__(self, store: Store, signer: Signer, *, public: bool) -> None:
        self._store = store
        self._signer = signer
        self._public = public

    def checkpoint(self) -> bytes | None:
        """The newest signed checkpoint."""
        return self._signer.newest()

    def tile(self, path: str) -> bytes | None:
        """The tile of a path below `tile/`, in the tree of the newest checkpoint."""
        tile, signed = parse_tile(path), self._signed()
        if tile is None or signed is None or not tile.is_of(signed.checkpoint.size):
            return None
        if tile.level is None and not self._public:
            return None
        with self._store.reading() as looking:
            if tile.level is None and tile.first < looking.evidence.first():
                return None
            return tile_bytes(looking.evidence, tile)

    def receipt(self, index: int) -> bytes | None:
        """The receipt of a record, under the newest checkpoint."""
        signed = self._signed()
        if signed is None or not self._public:
            return None
        with self._store.reading() as looking:
            found = receipt_of(looking.evidence, signed, index)
        return None if found is None else found.encoded()

    def _signed(self) -> SignedCheckpoint | None:
        newest = self._signer.newest()
        return None if newest is None else parse_checkpoint(newest)

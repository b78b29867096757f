"""The keys that sign the log while a gateway runs: rotated and ended without a restart.

Order: the key file is durable before the record commits, so no key that the log names is ever
lost; an ended key stops signing before its record commits. What a crash leaves between is
completed by `settle` at the next start.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Final

from ticketgate.adapters.ids import RandomIds
from ticketgate.adapters.signer import CheckpointSigner
from ticketgate.adapters.signing_keys import KeyFileError, SigningKey, read_keys, write_keys
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.evidence import EvidenceRef
from ticketgate.domain.note import VerifierKey
from ticketgate.operations.rotate_key import BY_START, end_key, rotate_key
from ticketgate.ports import Store

KEYS_AT_ONCE: Final = 2  # both sign while they rotate
ROTATE: Final = "rotate_key"
END: Final = "end_key"
KEY_WORDS: Final = frozenset({ROTATE, END})


class KeyHolder:
    """Holds the private keys; the signer signs with what this says."""

    def __init__(self, path: Path, origin: str, store: Store, folder: Path) -> None:
        """Read the keys.

        Raises:
            KeyFileError: they cannot be read, or are not this log's.
        """
        self._path = path
        self._origin = origin
        self._store = store
        self._keys = read_keys(path, origin)
        self._lock = Lock()
        self.signer = CheckpointSigner(self._keys, folder)

    def settle(self) -> None:
        """Complete what a crash has left between key file and log: a rotation, or an end.

        After the store has started, before anything else is signed.
        """
        with self._lock, self._store.reading() as looking:
            ended = [key for key in self._keys if looking.log_keys.ended(key.public.text)]
            unknown = [key for key in self._keys if not looking.log_keys.rotated(key.public.text)]
        going_on = tuple(key for key in self._keys if key not in ended)
        if not going_on:
            raise TicketgateError(
                f"every key in {self._path} has ended by the log",
                code="signing_key",
                next_step="put the newest key file back",
            )
        if going_on != self._keys:
            write_keys(self._path, going_on)
            self._use(going_on)
        *newer, _ = going_on
        for at, key in reversed(list(enumerate(newer))):
            if key in unknown:
                self._record(going_on[at + 1], key, BY_START)

    def rotate(self, by: str) -> tuple[VerifierKey, EvidenceRef]:
        """Make a key that follows the current one; both sign from its record on.

        Raises:
            TicketgateError: code `usage`; two keys sign already.
            OSError: the key file cannot be written; nothing has changed.
        """
        with self._lock:
            if len(self._keys) >= KEYS_AT_ONCE:
                raise TicketgateError(
                    "two keys sign already",
                    code="usage",
                    next_step="end the older one first: `ticketgate keys rotate --end`",
                )
            before = self._keys
            fresh = SigningKey(self._origin, RandomIds().seed())
            write_keys(self._path, (fresh, *before))
            try:
                ref = self._record(before[0], fresh, by)
            except TicketgateError:
                self._put_back(fresh, before)
                raise
            self._use((fresh, *before))
        return fresh.public, ref

    def end(self, by: str) -> tuple[VerifierKey, EvidenceRef]:
        """End the older key; only the newer one signs from here on.

        Raises:
            TicketgateError: code `usage`; only one key signs.
            OSError: the key file could not be written: the next start drops the ended key from it.
        """
        with self._lock:
            before = self._keys
            if len(before) < KEYS_AT_ONCE:
                raise TicketgateError(
                    "only one key signs; the last one never ends",
                    code="usage",
                    next_step="`ticketgate keys rotate` makes one that follows it",
                )
            *going_on, older = before
            self._use(tuple(going_on))
            try:
                ref = self._store.write(partial(end_key, key=older.public.text, by=by))
            except BaseException:
                self._use(before)
                raise
            write_keys(self._path, going_on)
        return older.public, ref

    def _put_back(self, fresh: SigningKey, before: tuple[SigningKey, ...]) -> None:
        """Only if the log does not name it: a commit may have landed that was told to have failed.

        Where the log cannot be read the file keeps both, and the next start settles it.
        """
        with self._store.reading() as looking:
            named = looking.log_keys.rotated(fresh.public.text)
        if not named:
            write_keys(self._path, before)

    def answer(self, actor: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the control socket asks of keys: `rotate_key`, or `end_key`.

        Raises:
            TicketgateError: as `rotate` and `end`.
        """
        do = self.rotate if asked.get("do") == ROTATE else self.end
        try:
            key, ref = do(actor)
        except OSError as fault:
            raise KeyFileError(
                f"the key file {self._path} cannot be written: {fault.strerror}",
                next_step="mend the folder, then look with `ticketgate check`",
            ) from fault
        return {"key": key.text, "record": ref.text}

    def _record(self, old: SigningKey, new: SigningKey, by: str) -> EvidenceRef:
        return self._store.write(
            partial(
                rotate_key,
                origin=self._origin,
                old=old.public.text,
                new=new.public.text,
                by=by,
                sign=lambda text: (old.sign(text), new.sign(text)),
            )
        )

    def _use(self, keys: tuple[SigningKey, ...]) -> None:
        self._keys = keys
        self.signer.use(keys)

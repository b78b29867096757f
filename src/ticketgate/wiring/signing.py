"""The keys that sign the log while a gateway runs: rotated and ended without a restart.

Order: the key file is durable before the record commits, so no key that the log names is ever
lost; an ended key stops signing before its record commits. What the log says settles it: a commit
may have landed that was told to have failed, and a crash may come between.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any, Final

from ticketgate.adapters.ids import RandomIds
from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.adapters.keys.signing_keys import KeyFileError, SigningKey, read_keys, write_keys
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.evidence import EvidenceRef
from ticketgate.domain.log.note import VerifierKey
from ticketgate.operations.evidence.checkpoint import Checkpointer
from ticketgate.operations.evidence.rotate_key import BY_START, end_key, rotate_key
from ticketgate.ports import Store

KEYS_AT_ONCE: Final = 2  # both sign while they rotate
BEHIND_SECONDS_MAX: Final = 10.0  # signing behind the log; a second is as ever
ROTATE: Final = "rotate_key"
END: Final = "end_key"
KEY_WORDS: Final = frozenset({ROTATE, END})


def signing_check(checkpointer: Checkpointer | None, now: datetime) -> dict[str, tuple[bool, str]]:
    """The check `signing`."""
    if checkpointer is None:
        return {"signing": (False, "nothing is signed now")}
    try:
        behind = checkpointer.behind(now)
    except TicketgateError as fault:
        return {"signing": (False, f"{fault.code}: {fault.reason}")}
    if checkpointer.failed:
        return {"signing": (False, f"{checkpointer.failed}: the newest records are not signed")}
    return {
        "signing": (
            behind <= BEHIND_SECONDS_MAX,
            f"the oldest record that is not signed is {int(behind)} s old" if behind else "signs",
        )
    }


class KeyHolder:
    """Holds the private keys; the signer signs with what this says."""

    def __init__(self, path: Path, origin: str, store: Store, folder: Path) -> None:
        """Read the keys; one that the log has ended, or does not name yet, signs nothing.

        Raises:
            KeyFileError: they cannot be read, or are not this log's.
            TicketgateError: code `signing_key`; every one has ended.
        """
        self._path = path
        self._origin = origin
        self._store = store
        self._lock = Lock()
        _, self._keys = self._by_log(read_keys(path, origin))
        self.signer = CheckpointSigner(self._keys, folder)

    def settle(self) -> None:
        """Complete what a crash has left between key file and log: a rotation, or an end.

        After the store has started, and the log was found to go on from what was signed.
        """
        with self._lock:
            self._settle(complete=True)

    def rotate(self, by: str) -> tuple[VerifierKey, EvidenceRef]:
        """Make a key that follows the current one; both sign from its record on.

        Raises:
            TicketgateError: code `usage`; two keys sign already.
            OSError: the key file cannot be written; the log has not changed.
        """
        with self._lock:
            self._settle(complete=True)
            if len(self._keys) >= KEYS_AT_ONCE:
                raise TicketgateError(
                    "two keys sign already",
                    code="usage",
                    next_step="end the older one first: `ticketgate keys rotate --end`",
                )
            before = self._keys
            fresh = SigningKey(self._origin, RandomIds().seed())
            try:
                write_keys(self._path, (fresh, *before))
                ref = self._record(before[0], fresh, by)
            except Exception:
                self._settle_failure()
                raise
            self._use((fresh, *before))
        return fresh.public, ref

    def end(self, by: str) -> tuple[VerifierKey, EvidenceRef]:
        """End the older key; only the newer one signs from here on.

        Raises:
            TicketgateError: code `usage`; only one key signs.
            OSError: the key file could not be written; the ended key is dropped from it later.
        """
        with self._lock:
            self._settle(complete=True)
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
                write_keys(self._path, going_on)
            except Exception:
                self._settle_failure()
                raise
        return older.public, ref

    def _settle(self, *, complete: bool) -> None:
        """Hold file and memory to the log: without what it has ended.

        A key that it does not name yet is recorded with `complete`, else dropped.
        """
        held = read_keys(self._path, self._origin)
        going_on, known = self._by_log(held)
        self._use(known)
        wanted = going_on if complete else known
        if wanted != held:
            write_keys(self._path, wanted)
        for key, before in reversed(list(pairwise(wanted))):
            if key not in known:
                self._record(before, key, BY_START)
        self._use(wanted)

    def _settle_failure(self) -> None:
        """After whatever was raised, since what was told to have failed may have happened.

        Where this fails too, what signs is known to the log and not ended, the file holds every key
        that may be named, and the next rotation, end or start settles it.
        """
        with suppress(Exception):
            self._settle(complete=False)

    def _by_log(
        self, held: tuple[SigningKey, ...]
    ) -> tuple[tuple[SigningKey, ...], tuple[SigningKey, ...]]:
        """Those that have not ended; and of them those that the log names, with the oldest."""
        with self._store.reading() as looking:
            names = looking.log_keys
            going_on = tuple(key for key in held if not names.ended(key.public.text))
            known = tuple(key for key in going_on[:-1] if names.rotated(key.public.text))
        if not going_on:
            raise TicketgateError(
                f"every key in {self._path} has ended by the log",
                code="signing_key",
                next_step="put the newest key file back",
            )
        return going_on, (*known, going_on[-1])

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

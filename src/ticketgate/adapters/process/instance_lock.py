"""One gateway per store: a lock on `data/instance.lock`, gone with the process that held it."""

import fcntl
import os
from pathlib import Path

from ticketgate.domain.errors import StoreUnavailableError


class InstanceLock:
    """Taken when made; released by `release` or by the end of the process."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            StoreUnavailableError: code `locked`; another gateway runs on this store.
        """
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            os.close(self._handle)
            raise StoreUnavailableError(
                f"another gateway runs on this store ({path} is locked)",
                code="locked",
                next_step="stop it first; commands that write go to it by themselves",
            ) from fault

    def release(self) -> None:
        """Let go."""
        os.close(self._handle)

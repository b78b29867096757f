"""Who exists, as the gateway's own threads ask; and the exception while nobody can tell."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Final

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.operations.cases.exceptions import open_exception, void_exception
from ticketgate.ports import Clock, Store, Transaction

DOWN: Final = "directory_down"
SUBJECT: Final = "directory"


class WhoExists:
    """Safe to call from several threads. `tell` says aloud why the directory cannot be read."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        snapshot: Callable[[], DirectorySnapshot],
        tell: Callable[[str], None],
        *,
        whole: bool = True,
    ) -> None:
        """With `whole` false the configuration has faults, and nobody is looked up."""
        self._store = store
        self._clock = clock
        self._snapshot = snapshot
        self._tell = tell
        self._whole = whole
        self._noting = Lock()
        self._down: bool | None = None

    def known(self) -> DirectorySnapshot | None:
        """The directory; None while it cannot be read, and where it is none of a whole."""
        if not self._whole:
            return None
        try:
            found = self._snapshot()
        except TicketgateError as fault:
            self._tell(fault.code)
            if fault.code == "directory_unreadable":
                self._note(down=True)
            return None
        self._note(down=False)
        return found

    def at_any_rate(self) -> DirectorySnapshot:
        """The directory; an empty one while it cannot be read: taking away never waits for it."""
        return self.known() or DirectorySnapshot("", self._clock.now(), {})

    def _note(self, *, down: bool) -> None:
        with self._noting:
            if self._down != down:
                self._store.write(partial(_note_down, down=down))
                self._down = down


def _note_down(tx: Transaction, now: datetime, *, down: bool) -> None:
    """Open the exception, or close it: it is about nothing once the directory can be read."""
    known = tx.exceptions.opened(DOWN, SUBJECT)
    if down and known is None:
        open_exception(tx, now, DOWN, SUBJECT, about=tx.new_id("dir"))
    elif not down and known is not None:
        void_exception(tx, now, known)

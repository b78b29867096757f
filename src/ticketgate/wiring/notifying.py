"""Who outside is told: the loop that reads the log for receivers, and the lane that tells them."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from ticketgate.adapters.ids import RandomIds
from ticketgate.adapters.process.lanes import Lane
from ticketgate.adapters.process.loops import Loop
from ticketgate.adapters.telling.receivers import HttpReceivers
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.instants import to_text
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.settings import Settings
from ticketgate.domain.telling.announcement import TEST, Announcement
from ticketgate.operations.requests.in_force import InForce
from ticketgate.operations.requests.remind import Reminder
from ticketgate.operations.telling.announce import Announcer, begin_announcing
from ticketgate.operations.workers.run_announcements import AnnouncementRunner
from ticketgate.ports import Clock, Store
from ticketgate.wiring.telling import log

ANNOUNCEMENTS: Final = "announcements"


class Notifying:
    """The receivers of a configuration."""

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self._receivers = HttpReceivers(settings.receivers, clock.wall)
        self._store, self._clock, self._origin = store, clock, settings.origin
        self._reminding = settings.reminding
        news = Announcer(store, self._receivers.events)
        self.loops = [Loop("news", news.step)] if settings.receivers else []

    def lane(self, snapshot: Callable[[], DirectorySnapshot]) -> Lane:
        """One call at a time to each receiver; one that hangs delays no other."""
        runner = AnnouncementRunner(self._store, self._receivers, self._origin, log)
        kinds = (CommandKind.ANNOUNCE,)
        about = (ANNOUNCEMENTS, kinds, self._store, self._clock, snapshot)
        return Lane(*about, runner.run, one_at_a_time)

    def reminders(
        self, policy: InForce, snapshot: Callable[[], DirectorySnapshot | None]
    ) -> list[Loop]:
        """The loop that reminds approvers; none where the settings say nothing of it."""
        about = (self._store, self._clock, policy, snapshot, self._reminding)
        return [Loop("reminders", Reminder(*about).step)] if self._reminding.before else []

    def settle(self) -> None:
        """Records are told from now on, where anybody listens."""
        listens = bool(self._receivers.events)
        self._store.write(partial(begin_announcing, receivers=listens))


def send_test(settings: Settings, name: str, now: datetime) -> str:
    """Send one message of type `test` to a receiver, signed as of `now`; what it answered.

    Raises:
        TicketgateError: code `usage`: the settings name no such receiver; else why it did not go.
    """
    receivers = HttpReceivers(settings.receivers, lambda: now)
    if name not in receivers.events:
        known = ", ".join(sorted(receivers.events)) or "none"
        raise TicketgateError(
            f"ticketgate.yaml has no receiver {name!r}; it has: {known}",
            code="usage",
            next_step="list it under `notify`",
        )
    what = "This is a test of ticketgate's notifications. Nothing has happened."
    about = (RandomIds().ident("evt"), to_text(now), settings.origin)
    return receivers.send(name, Announcement(TEST, *about, 0, "", "", "", what))


def one_at_a_time(name: str) -> int:
    """How many calls at once a lane makes where their order is kept."""
    del name
    return 1

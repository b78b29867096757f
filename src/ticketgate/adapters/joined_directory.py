"""The file and the directories beside it, as one: asked now and then, and of some people at once.

A directory that is asked is down from a failure on until it answers again; meanwhile nobody is
told from memory who exists, so nothing is decided.
"""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from typing_extensions import override

from ticketgate.adapters.directory_file import DirectoryFile
from ticketgate.domain.directory import DirectorySnapshot, canonical
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.joined_directory import RemotePerson, RemoteReading, join
from ticketgate.ports import Directory

T = TypeVar("T")
PEOPLE_MAX: Final = 200_000  # of one directory; more is no reading at all
RETRY_AFTER_SECONDS: Final = 5.0  # how long a directory that failed is not asked again


def unreadable(name: str, reason: str) -> TicketgateError:
    """Why a directory could not be read; nothing of it is used."""
    return TicketgateError(
        f"the directory {name} cannot be read: {reason}",
        code="directory_unreadable",
        next_step="`ticketgate check` asks it again; until it answers nobody can decide",
    )


class RemoteDirectory(Protocol):
    """A directory that is asked over the network. Safe to call from several threads."""

    @property
    def name(self) -> str:
        """The name of it in the settings, and under `accounts`."""

    @property
    def every(self) -> timedelta:
        """How old what is known of it may become."""

    def read_all(self, now: datetime) -> RemoteReading:
        """All of it, or nothing.

        Raises:
            TicketgateError: code `directory_unreadable`: down, slow, cut short or too large.
        """

    def read_some(self, now: datetime, ids: Collection[str]) -> Mapping[str, RemotePerson | None]:
        """These accounts and their groups as they are now; None for one that is gone.

        Raises:
            TicketgateError: as above.
        """


@dataclass
class _Known:
    """What is known of one directory. `again` are accounts read since the last whole reading."""

    remote: RemoteDirectory
    reading: RemoteReading | None = None
    digest: str = ""
    again: dict[str, tuple[datetime, RemotePerson | None]] = field(default_factory=dict)
    failed: tuple[float, TicketgateError] | None = None
    asking: threading.Lock = field(default_factory=threading.Lock)


class JoinedDirectory(Directory):
    """`directory.yaml` with the directories beside it. Safe to call from several threads."""

    def __init__(
        self,
        file: DirectoryFile,
        remotes: Sequence[RemoteDirectory],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = file
        self._monotonic = monotonic
        self._known = [_Known(one) for one in remotes]
        self._lock = threading.Lock()  # of what is known; nothing is asked while it is held
        self._joined: tuple[tuple[str, ...], DirectorySnapshot] | None = None

    @property
    def remotes(self) -> tuple[RemoteDirectory, ...]:
        """The directories beside the file."""
        return tuple(one.remote for one in self._known)

    @override
    def read(self, now: datetime, sure: Collection[str] = ()) -> DirectorySnapshot:
        """Everybody as known now; of the subjects in `sure` every directory is asked at once.

        So it is of those who delegated something to one of them.

        Raises:
            TicketgateError: code `directory_unreadable`: the file has faults, or a directory does
                not answer.
        """
        file = self._file.read(now)
        given = (one for who in sure for one in file.duties.given_to(who, now))
        sure = frozenset({*sure, *(one.principal for one in given)})
        for one in self._known:
            self._keep_up(one, now)
            ids = _accounts(file, one.remote.name, sure)
            if ids:
                self._ask_again(one, now, ids)
        with self._lock:
            readings = [one.reading for one in self._known if one.reading is not None]
            key = (file.digest, *(one.digest for one in self._known))
            if self._joined is None or self._joined[0] != key:
                self._joined = (key, join(file, readings))
            oldest = min((one.read_at for one in readings), default=now)
            return self._joined[1].read_again(now, oldest, sure)

    def _keep_up(self, one: _Known, now: datetime) -> None:
        """Read it whole when that is due. Whoever comes meanwhile goes on with what is known."""
        age = None if one.reading is None else now - one.reading.read_at
        every = one.remote.every
        if age is not None and age < every and one.failed is None:
            return
        wait = age is None or age >= 2 * every or one.failed is not None
        if not one.asking.acquire(blocking=wait):
            return
        try:
            read_at = None if one.reading is None else one.reading.read_at
            if one.failed is None and read_at is not None and now - read_at < every:
                return  # whoever held the lock has just read it
            found = self._asked(one, lambda: one.remote.read_all(now))
            with self._lock:
                since = {ident: told for ident, told in one.again.items() if told[0] >= now}
                found = found.with_people({ident: told[1] for ident, told in since.items()})
                one.again = since
                self._take(one, found)
        finally:
            one.asking.release()

    def _ask_again(self, one: _Known, now: datetime, ids: Collection[str]) -> None:
        told = self._asked(one, lambda: one.remote.read_some(now, ids))
        with self._lock:
            fresh = {ident: person for ident, person in told.items() if _is_newer(one, ident, now)}
            one.again |= {ident: (now, person) for ident, person in fresh.items()}
            if one.reading is not None and any(
                one.reading.people.get(ident) != person for ident, person in fresh.items()
            ):
                self._take(one, one.reading.with_people(fresh))

    def _asked(self, one: _Known, ask: Callable[[], T]) -> T:
        """What it answers; one that failed just now is not asked."""
        if one.failed is not None and self._monotonic() - one.failed[0] < RETRY_AFTER_SECONDS:
            raise one.failed[1]
        try:
            answer = ask()
        except TicketgateError as fault:
            one.failed = (self._monotonic(), fault)
            raise
        one.failed = None
        return answer

    def _take(self, one: _Known, found: RemoteReading) -> None:
        digest = found.digest()
        if one.reading is not None and one.digest == digest:
            found = replace(one.reading, read_at=found.read_at)
        one.reading, one.digest = found, digest


def _is_newer(one: _Known, ident: str, now: datetime) -> bool:
    """Whether what was asked at `now` of an account is the newest word on it."""
    whole = one.reading is None or one.reading.read_at <= now
    return whole and (ident not in one.again or one.again[ident][0] <= now)


def _accounts(file: DirectorySnapshot, name: str, subjects: Collection[str]) -> frozenset[str]:
    """The ids by which a directory knows these subjects."""
    found: set[str] = set()
    for subject in subjects:
        person = file.person(subject)
        if person is not None:
            found.update(map(canonical, person.accounts.get(name, ())))
        elif subject.startswith(f"{name}:"):
            found.add(subject.removeprefix(f"{name}:"))
    return frozenset(found)

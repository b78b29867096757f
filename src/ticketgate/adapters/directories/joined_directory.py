"""The file and the directories beside it, as one: asked now and then, and of some people at once.

A directory that is asked is down from a failure on until it answers again; meanwhile nobody is
told from memory who exists, so nothing is decided.
"""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from typing_extensions import override

from ticketgate.adapters.directories.directory_file import DirectoryFile
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.people.directory import DirectorySnapshot, canonical
from ticketgate.domain.people.joined_directory import RemotePerson, RemoteReading, join
from ticketgate.ports import Directory

T = TypeVar("T")
PEOPLE_MAX: Final = 200_000  # of one directory; more is no reading at all
GONE_MIN: Final = 10  # so many, and more than half, are not gone at once
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


def in_a_thread(work: Callable[[], None]) -> None:
    """Run it beside everything else."""
    threading.Thread(target=work, name="directory", daemon=True).start()


class JoinedDirectory(Directory):
    """`directory.yaml` with the directories beside it. Safe to call from several threads."""

    def __init__(
        self,
        file: DirectoryFile,
        remotes: Sequence[RemoteDirectory],
        monotonic: Callable[[], float] = time.monotonic,
        run: Callable[[Callable[[], None]], None] = in_a_thread,
    ) -> None:
        """`run` has a directory read while others go on."""
        self._file = file
        self._monotonic = monotonic
        self._run = run
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
        """Have it read whole when that is due; only the first time anybody waits for it.

        What takes access away reads the directory as well, and waits for nobody.
        """
        if _is_new(one):
            with one.asking:
                if _is_new(one):  # nobody else has asked it meanwhile
                    self._read_whole(one, now)
        elif self._is_due(one, now) and one.asking.acquire(blocking=False):
            self._run(lambda: self._in_background(one, now))
        if one.failed is not None:
            raise one.failed[1]
        if one.reading is None or now - one.reading.read_at >= 2 * one.remote.every:
            raise unreadable(one.remote.name, "what is known of it is too old")

    def _is_due(self, one: _Known, now: datetime) -> bool:
        if one.failed is not None:
            return self._monotonic() - one.failed[0] >= RETRY_AFTER_SECONDS
        return one.reading is None or now - one.reading.read_at >= one.remote.every

    def _in_background(self, one: _Known, now: datetime) -> None:
        """With `asking` held, which is let go here. What fails is kept for whoever reads."""
        try:
            with suppress(TicketgateError):
                self._read_whole(one, now)
        finally:
            one.asking.release()

    def _read_whole(self, one: _Known, now: datetime) -> None:
        found = self._asked(one, lambda: _credible(one.reading, one.remote.read_all(now)))
        with self._lock:
            one.again = {ident: told for ident, told in one.again.items() if told[0] >= now}
            since = {ident: told[1] for ident, told in one.again.items()}
            self._take(one, found.with_people(since))

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
        """What it answers. One that does not is down from then on."""
        try:
            answer = ask()
        except Exception as fault:
            told = (
                fault
                if isinstance(fault, TicketgateError)
                else unreadable(one.remote.name, f"{type(fault).__name__}: {fault}")
            )
            one.failed = (self._monotonic(), told)
            raise told from fault
        one.failed = None
        return answer

    def _take(self, one: _Known, found: RemoteReading) -> None:
        digest = found.digest()
        if one.reading is not None and one.digest == digest:
            found = replace(one.reading, read_at=found.read_at)
        one.reading, one.digest = found, digest


def _credible(before: RemoteReading | None, found: RemoteReading) -> RemoteReading:
    """A reading in which not most accounts are gone at once: that would be a wrong answer.

    Raises:
        TicketgateError: code `directory_unreadable`.
    """
    known = set() if before is None else {*before.people}
    gone = len(known - found.people.keys())
    if gone >= GONE_MIN and 2 * gone > len(known):
        raise unreadable(
            found.name,
            f"{gone} of {len(known)} accounts are gone at once; start anew if they are meant to be",
        )
    return found


def _is_new(one: _Known) -> bool:
    return one.reading is None and one.failed is None


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

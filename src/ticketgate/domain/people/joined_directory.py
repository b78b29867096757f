"""Joined directory: what other directories say of people, laid over what the file says.

The file says who is who: a person's accounts in other directories are one person by the ids listed
under `accounts`, never by addresses or names that look alike. The other directory says who is
active, who manages whom, and who is in a group that the settings name by its immutable id.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.people.directory import DirectorySnapshot, Person, canonical


@dataclass(frozen=True, slots=True)
class RemotePerson:
    """What one directory says of an account; `id` is immutable there, in its `canonical` spelling.

    `manager` is an id of the same directory, empty where none is told. `groups` are the names that
    the settings give to groups there.
    """

    id: str
    name: str
    mail: str
    manager: str = ""
    team: str = ""
    groups: frozenset[str] = frozenset()
    active: bool = True


@dataclass(frozen=True, slots=True)
class RemoteReading:
    """One directory as it was at `read_at`, whole. `groups` maps their names here to those there.

    `tells_managers` and `tells_teams`: whether the settings take these from the directory.
    """

    name: str
    read_at: datetime
    people: Mapping[str, RemotePerson]
    groups: Mapping[str, str]
    tells_managers: bool = True
    tells_teams: bool = False

    def digest(self) -> str:
        """SHA-256 (hex) of what it says; when it was read is no part of it."""
        whole = hash_lines(
            [
                repr((one.id, one.name, one.mail, one.manager, one.team, sorted(one.groups)))
                + repr(one.active)
                for _, one in sorted(self.people.items())
            ]
        )
        told = (self.name, sorted(self.groups.items()), self.tells_managers, self.tells_teams)
        return hash_lines([repr(told), whole])

    def with_people(self, found: Mapping[str, RemotePerson | None]) -> "RemoteReading":
        """The same with some accounts read again; None is an account that is gone."""
        people = {ident: one for ident, one in self.people.items() if ident not in found}
        people |= {ident: one for ident, one in found.items() if one is not None}
        return replace(self, people=people)


def hash_lines(lines: Sequence[str]) -> str:
    """SHA-256 (hex) of texts in their order; none of them holds a line break."""
    return sha256("\n".join(lines).encode()).hexdigest()


def join(file: DirectorySnapshot, readings: Sequence[RemoteReading]) -> DirectorySnapshot:
    """Everybody: the people of the file by what the directories say of them, and who is not linked.

    - Active is who is active by the file and by every account that is linked; an account that is
      not there (any more) is not active.
    - Who is linked has the manager and the team of the first account listed, where the settings
      take them from that directory, and the groups of every account; name and mail stay the file's.
    - An account that nobody is linked to is a subject of its own, `NAME:id`. One whose address is
      another's as well is not active and has no address, until it is linked.

    Raises:
        TicketgateError: code `directory_unreadable`: a group, or a subject, would mean two things.
    """
    linked = _links(file, readings)
    groups = dict(file.groups)
    for reading in readings:
        for name, shown in reading.groups.items():
            if name in groups:
                raise TicketgateError(
                    f"the group {name!r} is defined twice",
                    code="directory_unreadable",
                    next_step=f"take it from `groups` of directory.yaml or of {reading.name}",
                )
            groups[name] = shown
    people = {one.id: _laid_over(one, readings, linked) for one in file.people.values()}
    own = [
        _own(one, reading, linked)
        for reading in readings
        for one in reading.people.values()
        if (reading.name, one.id) not in linked
    ]
    known = Counter(canonical(one.mail) for one in (*people.values(), *own) if one.mail)
    for one in own:
        shared = known[canonical(one.mail)] > 1
        people[one.id] = replace(one, mail="", active=False) if shared else one
    sources = (("file", file.digest), *((one.name, one.digest()) for one in readings))
    digest = hash_lines([f"{name} {told}" for name, told in sources])
    return replace(file, digest=digest, people=people, groups=groups, sources=sources)


def _links(
    file: DirectorySnapshot, readings: Sequence[RemoteReading]
) -> Mapping[tuple[str, str], str]:
    """(directory, id there) -> the subject of the file that lists it."""
    return {
        (reading.name, canonical(account)): person.id
        for person in file.people.values()
        for reading in readings
        for account in person.accounts.get(reading.name, ())
    }


def _laid_over(
    person: Person, readings: Sequence[RemoteReading], linked: Mapping[tuple[str, str], str]
) -> Person:
    for reading in readings:
        listed = [canonical(one) for one in person.accounts.get(reading.name, ())]
        held = [reading.people.get(one) for one in listed]
        if not held:
            continue
        first, there = held[0], [one for one in held if one is not None]
        if reading.tells_managers:
            above = "" if first is None else first.manager
            person = replace(person, manager=_subject(above, reading, linked))
        if reading.tells_teams:
            person = replace(person, team=(None if first is None else first.team) or None)
        person = replace(
            person,
            groups=person.groups.union(*(one.groups for one in there)),
            active=person.active and len(there) == len(held) and all(one.active for one in there),
        )
    return person


def _subject(
    ident: str, reading: RemoteReading, linked: Mapping[tuple[str, str], str]
) -> str | None:
    """The subject behind an id of a directory; None for none."""
    return linked.get((reading.name, ident), f"{reading.name}:{ident}") if ident else None


def _own(
    one: RemotePerson, reading: RemoteReading, linked: Mapping[tuple[str, str], str]
) -> Person:
    return Person(
        id=f"{reading.name}:{one.id}",
        name=one.name,
        mail=one.mail,
        manager=_subject(one.manager, reading, linked),
        team=one.team or None,
        groups=one.groups,
        accounts={reading.name: (one.id,)},
        active=one.active,
    )

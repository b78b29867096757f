"""`directory.yaml`: who exists. Read afresh each time, parsed again only if its bytes changed."""

import re
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from typing_extensions import override

from ticketgate.adapters.directories.duties_reader import read_away, read_duties
from ticketgate.adapters.files.files import read_file
from ticketgate.adapters.files.places import Place, Section, did_you_mean, is_ident
from ticketgate.adapters.files.strict_yaml import Report, parse
from ticketgate.adapters.files.zones import read_zone
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.people.claims import ClaimRules
from ticketgate.domain.people.directory import DirectorySnapshot, Person, canonical
from ticketgate.domain.people.duties import Duties
from ticketgate.ports import Directory

MAIL_CHARS_MAX: Final = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
KINDS: Final = ("human", "nhi", "agent")
ALIASES: Final = "aliases"  # the one key of `accounts` that is no system
_MAIL: Final = re.compile(r"[^\s@<>,;:\"\\()\[\]]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\Z")


@dataclass(frozen=True, slots=True)
class DirectoryRead:
    """What a directory file says, with the place of each person for faults of other files."""

    digest: str
    people: Mapping[str, Person]
    groups: Mapping[str, str]
    systems: tuple[tuple[str, Place], ...]
    duties: Duties

    def snapshot(self, read_at: datetime) -> DirectorySnapshot:
        """As read at that time."""
        return DirectorySnapshot(self.digest, read_at, self.people, self.groups, self.duties)


class DirectoryFile(Directory):
    """The directory in one file. Safe to call from several threads."""

    def __init__(self, path: Path, claims: ClaimRules | None = None) -> None:
        """`claims` says which groups a sign-in must confirm as well."""
        self.path = path
        self._claims = claims
        self._lock = threading.Lock()
        self._kept: DirectorySnapshot | None = None

    @override
    def read(self, now: datetime, sure: Collection[str] = ()) -> DirectorySnapshot:
        """The directory as the file is now; that is sure of everybody.

        Raises:
            TicketgateError: code `directory_unreadable`, with every fault of the file.
        """
        del sure
        report = Report(str(self.path))
        data = read_file(self.path, report)
        with self._lock:
            found = None if data is None else self._parsed(data, now, report)
        if found is None:
            raise TicketgateError(
                "\n".join(fault.text for fault in dict.fromkeys(report.faults)),
                code="directory_unreadable",
                next_step=f"mend {self.path}; until then nobody can decide",
            )
        return found.read_again(now)

    def _parsed(self, data: bytes, now: datetime, report: Report) -> DirectorySnapshot | None:
        digest = sha256(data).hexdigest()
        if self._kept is None or self._kept.digest != digest:
            found = read_directory(data, report)
            if found is None:
                return None
            self._kept = replace(found.snapshot(now), claims=self._claims)
        return self._kept


def is_mail(text: str) -> bool:
    """Whether it is a mail address."""
    return len(text) <= MAIL_CHARS_MAX and _MAIL.match(text) is not None


def read_directory(data: bytes, report: Report) -> DirectoryRead | None:
    """What the bytes of a directory say; None when anything is wrong, with the faults reported."""
    node = parse(data, report)
    top = None if node is None else Place(node, "", report).section()
    found = None if top is None else directory_in(top, sha256(data).hexdigest())
    return None if report.faults else found


def directory_in(top: Section, digest: str) -> DirectoryRead:
    """What a mapping with `people`, `groups` and duties says; faults go to its report."""
    reader = _Reader()
    groups = _read_groups(top.need("groups"))
    people = reader.people(top.need("people"))
    duties = read_duties(top, people)
    top.close()
    reader.check_names(people, groups)
    return DirectoryRead(digest, people, groups, tuple(reader.systems), duties)


class _Reader:
    """Reads people; keeps what must be unique and what must exist until all are read."""

    def __init__(self) -> None:
        self.systems: list[tuple[str, Place]] = []
        self._mails: dict[str, str] = {}
        self._accounts: dict[tuple[str, str], str] = {}
        self._managers: list[tuple[str, Place]] = []
        self._groups: list[tuple[str, Place]] = []
        self._aliases: list[tuple[str, Place]] = []

    def people(self, place: Place | None) -> dict[str, Person]:
        """Everybody, by id; who is faulty keeps a name, so that others can refer to it."""
        section = None if place is None else place.section()
        found: dict[str, Person] = {}
        for ident, inner in section.entries() if section else ():
            if not _is_ident(ident, inner):
                continue
            person = inner.section()
            found[ident] = self._person(ident, person) if person else Person(ident, "", "")
        return found

    def check_names(self, people: Mapping[str, Person], groups: Mapping[str, str]) -> None:
        """Managers, groups and aliases must exist; nobody manages themselves.

        An alias that names nothing would leave somebody's other self unknown, and so able to
        approve.
        """
        for name, place in self._managers:
            if name not in people:
                place.fault(f"nobody has the id {name!r}{did_you_mean(name, people)}")
            elif place.path.endswith(f"people.{name}.manager"):
                place.fault("nobody is their own manager")
        for name, place in self._groups:
            if name not in groups:
                place.fault(f"there is no group {name!r}{did_you_mean(name, groups)}")

        listed = {*map(canonical, people), *(account for _, account in self._accounts)}
        for name, place in self._aliases:
            if canonical(name) not in listed:
                close = did_you_mean(name, listed)
                place.fault(f"{name!r} is nobody's id and nobody's account{close}")

    def _person(self, ident: str, section: Section) -> Person:
        kind_place = section.get("kind")
        kind = (kind_place.choice(KINDS) if kind_place else None) or "human"
        name = section.need("name")
        mail = section.need("mail") if kind == "human" else section.get("mail")
        manager, team = section.get("manager"), section.get("team")
        active = section.need("active")
        person = Person(
            id=ident,
            name=(name.text() if name else None) or "",
            mail=self._mail(ident, mail),
            manager=self._manager(manager),
            team=None if team is None else team.ident(),
            groups=self._memberships(section.get("groups")),
            accounts=self._read_accounts(ident, section.get("accounts")),
            aliases=self._read_aliases(section.get("accounts")),
            active=bool(active.flag()) if active else False,
            kind=kind,
            away=read_away(section.get("away")),
            zone=read_zone(section.get("zone")),
        )
        section.close()
        return person

    def _mail(self, ident: str, place: Place | None) -> str:
        mail = None if place is None else place.text()
        if place is None or mail is None:
            return ""
        if not is_mail(mail):
            place.fault(f"{mail!r} is not a mail address")
            return ""
        first = self._mails.setdefault(mail.lower(), ident)
        if first != ident:
            place.fault(f"{first!r} has this mail address as well")
        return mail

    def _manager(self, place: Place | None) -> str | None:
        name = None if place is None else place.ident()
        if place is not None and name is not None:
            self._managers.append((name, place))
        return name

    def _memberships(self, place: Place | None) -> frozenset[str]:
        found = [(one.ident(), one) for one in (place.items() if place else None) or ()]
        named = [(name, one) for name, one in found if name is not None]
        self._groups += named
        return frozenset(name for name, _ in named)

    def _read_accounts(self, ident: str, place: Place | None) -> dict[str, tuple[str, ...]]:
        section = None if place is None else place.section()
        found: dict[str, tuple[str, ...]] = {}
        for system, inner in section.entries() if section else ():
            if system == ALIASES:
                continue
            self.systems.append((system, inner))
            found[system] = inner.texts() or ()
            for account in found[system]:
                first = self._accounts.setdefault((system, canonical(account)), ident)
                if first != ident:
                    inner.fault(f"{first!r} has the account {account!r} as well")
        return found

    def _read_aliases(self, accounts: Place | None) -> frozenset[str]:
        section = None if accounts is None else accounts.section()
        place = None if section is None else section.get(ALIASES)
        found = [] if place is None else [(one.text(), one) for one in place.either() or ()]
        named = [(name, one) for name, one in found if name is not None]
        self._aliases += named
        return frozenset(name for name, _ in named)


def _read_groups(place: Place | None) -> dict[str, str]:
    section = None if place is None else place.section()
    found: dict[str, str] = {}
    for ident, inner in section.entries() if section else ():
        group = inner.section() if _is_ident(ident, inner) else None
        if group is not None:
            name = group.need("name")
            found[ident] = (name.text() if name else None) or ident
            group.close()
    return found


def _is_ident(ident: str, place: Place) -> bool:
    if is_ident(ident):
        return True
    place.fault(f"{ident!r} is not an id: letters, digits, '.', '_' and '-'")
    return False

"""`*_test.yaml`: cases for a policy. Every fault of a file is told, by file and line."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from ticketgate.adapters.config.case_ticket import TicketReader
from ticketgate.adapters.directories.directory_file import directory_in
from ticketgate.adapters.files.files import read_file, stop_on_faults
from ticketgate.adapters.files.places import Place, Section, did_you_mean
from ticketgate.adapters.files.strict_yaml import Items, Report, Scalar, parse
from ticketgate.domain.evidence import Json
from ticketgate.domain.instants import parse_duration
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import ASSURANCE_LEVELS
from ticketgate.domain.policy.policy_case import EXPECTED, PLAYED, Case, Form, Move, Wanted
from ticketgate.domain.tickets.ticket import Ticket
from ticketgate.ports import Source

ACTIONS: Final = ("approve", "deny", "ticket", "leaves")
JUSTIFICATION: Final = "because the test of the policy says so, " * 40  # enough for any rule
SECONDS_MAX: Final = 366 * 86_400
_SOME_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)  # so that faults behind a bad `now` are found
_NOW: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z\Z")


def load_cases(
    path: Path, snapshot: DirectorySnapshot, sources: Mapping[str, Source]
) -> tuple[Case, ...]:
    """The cases of one file. `snapshot` holds where the file has no `directory` of its own.

    Raises:
        ConfigurationError: with every fault of the file.
    """
    report = Report(str(path))
    data = read_file(path, report)
    node = None if data is None else parse(data, report)
    top = None if node is None else Place(node, "", report).section()
    if data is None or top is None:
        return stop_on_faults(None, report.faults)
    version = top.need("version")
    if version is not None:
        version.integer(1, 1)
    now = _read_now(top.need("now"))
    people = _read_directory(top.get("directory"), sha256(data).hexdigest(), snapshot)
    reader = _Reader(path, now or _SOME_TIME, people, sources)
    found = [reader.case(one) for one in _sections(top.need("cases"))]
    top.close()
    return stop_on_faults(tuple(one for one in found if one is not None), report.faults)


def _read_directory(
    place: Place | None, digest: str, configured: DirectorySnapshot
) -> DirectorySnapshot:
    section = None if place is None else place.section()
    if section is None:
        return configured
    return directory_in(section, digest).snapshot(configured.read_at)


def _read_now(place: Place | None) -> datetime | None:
    """`2026-11-26T09:00:00Z`, in UTC."""
    text = None if place is None else place.text()
    if place is None or text is None:
        return None
    try:
        if _NOW.match(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass  # digits in the right places, and no day or hour of the calendar
    place.fault(f"{text!r} is no time such as 2026-11-26T09:00:00Z")
    return None


def _sections(place: Place | None) -> list[Section]:
    found = [one.section() for one in (place.some() if place else None) or ()]
    return [one for one in found if one is not None]


class _Reader:
    """Reads the cases of one file."""

    def __init__(
        self,
        path: Path,
        now: datetime,
        snapshot: DirectorySnapshot,
        sources: Mapping[str, Source],
    ) -> None:
        self._file = str(path)
        self._now = now
        self._snapshot = snapshot
        self._tickets = TicketReader(path.parent, snapshot, sources)
        self._names: dict[str, int] = {}

    def case(self, section: Section) -> Case | None:
        """One case."""
        name_place = section.need("name")
        name = None if name_place is None else name_place.text()
        if name_place is not None and name is not None:
            self._once(name, name_place)
        now_place = section.get("now")
        now = self._now if now_place is None else _read_now(now_place)
        ticket = self._tickets.read(section.need("ticket"))
        expect = self._expect(section.get("expect"), played=True)
        moves = self._moves(section.get("steps"), now or self._now, ticket)
        if not expect and not any(move.expect for move in moves):
            section.place.fault("expects nothing, so it would always pass")
        section.close()
        if name is None or now is None or ticket is None:
            return None
        return Case(
            self._file, section.line, name, now, ticket, self._snapshot, expect, tuple(moves)
        )

    def _once(self, name: str, place: Place) -> None:
        if name in self._names:
            place.fault(f"the name is there twice (first on line {self._names[name]})")
        self._names.setdefault(name, place.line)

    # --- steps --------------------------------------------------------------------------------

    def _moves(self, place: Place | None, now: datetime, ticket: Ticket | None) -> list[Move]:
        moves: list[Move] = []
        start = now
        for section in _sections(place):
            now = self._at(section.get("at"), start, now)
            move = self._move(section, now, ticket)
            if move is not None:
                ticket = move.ticket or ticket
                moves.append(move)
        return moves

    def _at(self, place: Place | None, start: datetime, before: datetime) -> datetime:
        """`+2h` after the case begins; time does not run back."""
        text = None if place is None else place.text()
        if place is None or text is None:
            return before
        after = parse_duration(text.removeprefix("+")) if text.startswith("+") else None
        if after is None or after.total_seconds() > SECONDS_MAX:
            place.fault(f"{text!r} is no time after the case begins, such as +2h")
            return before
        if start + after < before:
            place.fault("is before the step above it")
        return start + after

    def _move(self, section: Section, now: datetime, ticket: Ticket | None) -> Move | None:
        done = [name for name in ACTIONS if name in section]
        if len(done) > 1:
            section.place.fault(f"one thing a step: {' or '.join(done)}")
        if not done and "at" not in section:
            section.place.fault(f"does nothing; one of: at, {', '.join(ACTIONS)}")
        do = done[0] if done else ""
        by, seconds, method, said = "", None, ASSURANCE_LEVELS[-1], JUSTIFICATION
        fresh = None
        for name in ("approve", "deny"):
            place = section.get(name)
            if place is not None:
                by, seconds, method, said = self._decision(place)
        leaves, revision = section.get("leaves"), section.get("ticket")
        if leaves is not None:
            by = self._person(leaves)
        if revision is not None and ticket is not None:
            fresh = self._tickets.edit(revision, ticket)
        expect = self._expect(section.get("expect"), played=False)
        section.close()
        return Move(section.line, now, do, by, seconds, method, said, fresh, expect)

    def _decision(self, place: Place) -> tuple[str, int | None, str, str]:
        section = place.section()
        if section is None:
            return "", None, ASSURANCE_LEVELS[-1], JUSTIFICATION
        by = section.need("by")
        cut, method, said = (section.get(name) for name in ("for", "method", "justification"))
        span = None if cut is None else cut.duration()
        level = None if method is None else method.choice(ASSURANCE_LEVELS)
        words = None if said is None else said.text()
        section.close()
        return (
            "" if by is None else self._person(by),
            None if span is None else int(span.total_seconds()),
            level or ASSURANCE_LEVELS[-1],
            words or JUSTIFICATION,
        )

    def _person(self, place: Place) -> str:
        name = place.ident()
        if name is not None and name not in self._snapshot.people:
            place.fault(f"nobody has the id {name!r}{did_you_mean(name, self._snapshot.people)}")
        return name or ""

    # --- what is expected -----------------------------------------------------------------------

    def _expect(self, place: Place | None, *, played: bool) -> tuple[Wanted, ...]:
        section = None if place is None else place.section()
        found: list[Wanted] = []
        for key, inner in section.entries() if section else ():
            known = EXPECTED if played else PLAYED
            if key not in known:
                told = "is expected of a case, not of a step" if key in EXPECTED else "is unknown"
                inner.fault(f"{key!r} {told}{did_you_mean(key, known)}")
                continue
            value = _wanted(EXPECTED[key], inner)
            if value is not None:
                found.append(Wanted(key, value, inner.line))
        return tuple(found)


def _wanted(form: Form, place: Place) -> Json:
    """What is expected, as it is seen; None after a fault."""
    if form is Form.WORD:
        return place.text()
    if form is Form.SPAN:
        span = place.duration()
        return None if span is None else int(span.total_seconds())
    if form is Form.FLAG:
        return place.flag()
    if form is Form.COUNT:
        return place.integer(0, SECONDS_MAX)
    if form is Form.WORDS:
        return _words(place)
    section = place.section()
    people = {} if section is None else {name: _words(one) for name, one in section.entries()}
    return None if section is None or None in people.values() else {**people}


def _words(place: Place) -> Json:
    """A list, which may be empty, or one word."""
    if isinstance(place.node, Items) and not place.node.nodes:
        return []
    if isinstance(place.node, Scalar) and place.is_null:
        place.fault("is empty; nothing is []")
        return None
    found = place.texts()
    return None if found is None else [*sorted(found)]

"""Duties as a directory file writes them: delegations, rotas, and who is away."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Final

from ticketgate.adapters.files.places import Place, Section, did_you_mean, is_ident
from ticketgate.domain.people.directory import Person
from ticketgate.domain.people.duties import DELEGATION_MAX, Delegation, Duties, Shift, Window

WINDOW_MAX: Final = timedelta(days=366)  # of an absence or a shift
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})\Z"
)


def read_instant(place: Place | None) -> datetime | None:
    """`2026-11-26T09:00+01:00`: a day, a time, and how far from UTC; as UTC."""
    text = None if place is None else place.text()
    if place is None or text is None:
        return None
    try:
        if _INSTANT.match(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # digits in the right places, and no moment of the calendar
    place.fault(f"{text!r} is no time with its offset, such as 2026-11-26T09:00+01:00")
    return None


def read_window(section: Section, names: tuple[str, str], most: timedelta) -> Window | None:
    """The two times of a section under these names; the first is before the second."""
    places = [section.need(name) for name in names]
    starts, ends = map(read_instant, places)
    if starts is None or ends is None:
        return None
    if not starts < ends:
        section.place.fault(f"{names[0]!r} must be before {names[1]!r}")
        return None
    if ends - starts > most:
        section.place.fault(f"is longer than {most.days} days")
        return None
    return Window(starts, ends)


def read_away(place: Place | None) -> tuple[Window, ...]:
    """`away: [{from, to}]` of one person."""
    found: list[Window] = []
    for section in _sections(place):
        window = read_window(section, ("from", "to"), WINDOW_MAX)
        section.close()
        found += [window] if window else []
    return tuple(found)


def read_duties(top: Section, people: Mapping[str, Person]) -> Duties:
    """`delegations` and `on_call` of a directory with these people; faults go to its report."""
    delegations = [_delegation(one, people) for one in _sections(top.get("delegations"))]
    kept = [(one, place) for one, place in delegations if one is not None]
    for (one, _), (other, place) in combinations(kept, 2):
        if one.principal == other.principal and one.window.meets(other.window):
            place.fault(f"{one.principal!r} has delegated to {one.delegate!r} at the same time")
    rotas = top.get("on_call")
    section = None if rotas is None else rotas.section()
    on_call: dict[str, tuple[Shift, ...]] = {}
    for name, place in section.entries() if section else ():
        if not is_ident(name):
            place.fault(f"{name!r} is not an id: letters, digits, '.', '_' and '-'")
        shifts = [_shift(one, people) for one in _sections(place)]
        on_call[name] = tuple(one for one in shifts if one is not None)
    return Duties(tuple(one for one, _ in kept), on_call)


def _delegation(section: Section, people: Mapping[str, Person]) -> tuple[Delegation | None, Place]:
    principal, delegate = (_person(section.need(name), people) for name in ("from", "to"))
    window = read_window(section, ("starts", "ends"), DELEGATION_MAX)
    because_place = section.need("because")
    because = None if because_place is None else because_place.text()
    section.close()
    if principal is None or delegate is None or window is None or because is None:
        return None, section.place
    if principal == delegate:
        section.place.fault("nobody is their own delegate")
    return Delegation(principal, delegate, window, because), section.place


def _shift(section: Section, people: Mapping[str, Person]) -> Shift | None:
    person = _person(section.need("person"), people)
    window = read_window(section, ("from", "to"), WINDOW_MAX)
    section.close()
    return None if person is None or window is None else Shift(person, window)


def _person(place: Place | None, people: Mapping[str, Person]) -> str | None:
    """The id of a human of this directory."""
    name = None if place is None else place.ident()
    if place is None or name is None:
        return None
    if name not in people:
        place.fault(f"nobody has the id {name!r}{did_you_mean(name, people)}")
        return None
    if people[name].kind != "human":
        place.fault(f"{name!r} is no person, and only people decide")
        return None
    return name


def _sections(place: Place | None) -> list[Section]:
    found = [one.section() for one in (place.items() if place else None) or ()]
    return [one for one in found if one is not None]

"""The window of an emergency: every record that names the person, the grant or the emergency.

From its invocation to a day after the access was over: what its reviewer has to judge. It comes in
parts, by the log's index of what its records name: how long the log is does not matter.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ticketgate.domain.emergencies.emergency import Emergency, over_at
from ticketgate.domain.evidence import Json, parse_disclosure
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.requests.ground import Ground
from ticketgate.ports import Reading

SHOWN_MAX: Final = 100  # in one part
AFTER: Final = timedelta(days=1)  # a removal that a target delays belongs to it
_DETAILS: Final = ("cause", "code", "decision", "outcome", "residuals", "method")
_ABOUT: Final = ("id", "grant", "request", "about")


@dataclass(frozen=True, slots=True)
class Done:
    """One record in the window: its place, and what it says; `not_after`: of access, its end."""

    index: int
    at: datetime
    type: str
    about: str
    details: tuple[tuple[str, str], ...]
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A part of what is on record; `behind` is the index behind which it goes on, None: nowhere."""

    reason: str  # empty once it was erased
    done: tuple[Done, ...]
    behind: int | None
    how: str = ""  # of one that was entered afterwards
    seen_by: str = ""


def window_of(
    reading: Reading, emergency: Emergency, ground: Ground, behind: int | None = None
) -> Window:
    """The window, oldest first: at most `SHOWN_MAX` records, from behind one with an index on."""
    first = _first(reading, emergency)
    end = _end(reading, emergency)
    if behind is not None:
        first = max(first, behind + 1)
    places = {
        index
        for name in _names(reading, emergency, ground)
        for index in reading.evidence.naming(name, first, end, SHOWN_MAX + 1)
    }
    shown = sorted(places)[:SHOWN_MAX]
    entries = ((index, reading.evidence.entry(index)) for index in shown)
    found = tuple(_done(index, json.loads(entry)) for index, entry in entries if entry is not None)
    said = _said(reading, emergency.index)
    why, how, seen_by = (said.get(name, "") for name in ("reason", "how", "seen_by"))
    return Window(why, found, shown[-1] if len(places) > len(shown) else None, how, seen_by)


def _first(reading: Reading, emergency: Emergency) -> int:
    """The first record of the window: of its invocation, or from when the access is claimed."""
    if emergency.access_from is None:
        return emergency.index
    since = to_text(emergency.access_from)
    return _earliest(reading, 0, emergency.index, lambda at: at >= since)


def _end(reading: Reading, emergency: Emergency) -> int:
    """Behind the last record of the window; the size of the log while the window is open."""
    head = reading.evidence.head()
    size = 0 if head is None else head.size
    until = to_text(over_at(emergency, reading.grants.get(emergency.grant)) + AFTER)
    return _earliest(reading, min(emergency.index, size), size, lambda at: at > until)


def _earliest(reading: Reading, low: int, high: int, is_there: Callable[[str], bool]) -> int:
    """The first record of a range whose time is there; the end of the range, where none's is."""
    while low < high:  # time never goes back in a log; what was pruned is as if it were earlier
        middle = (low + high) // 2
        entry = reading.evidence.entry(middle)
        if entry is not None and is_there(str(json.loads(entry)["_ts"])):
            high = middle
        else:
            low = middle + 1
    return low


def _names(reading: Reading, emergency: Emergency, ground: Ground) -> frozenset[str]:
    """The ids that a record of the window has one of."""
    snapshot = ground.snapshot
    same = {one for one in snapshot.people if snapshot.same_human(one, emergency.subject)}
    actors = [reading.people.actor(one) for one in same | {emergency.subject}]
    ids = (*actors, emergency.id, emergency.grant)
    return frozenset(one for one in ids if one)


def _done(index: int, record: Mapping[str, Json]) -> Done:
    about = next((record[one] for one in _ABOUT if one in record), "")
    details = tuple((one, _text(record[one])) for one in _DETAILS if record.get(one))
    moment, ends = from_text(str(record["_ts"])), record.get("not_after")
    until = from_text(str(ends)) if ends else None
    return Done(index, moment, str(record["type"]), str(about), details, until)


def _text(value: Json) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def reason_of(reading: Reading, index: int) -> str:
    """Why it was invoked, which its record hides; a step-up hides its token beside it."""
    return _said(reading, index).get("reason", "")


def _said(reading: Reading, index: int) -> dict[str, str]:
    hidden = (
        one for _, _, one in reading.evidence.disclosures(index, index + 1) if one is not None
    )
    return {name: str(value) for _, name, value in map(parse_disclosure, hidden)}

"""The window of an emergency: every record that names the person, the grant or the emergency.

From its invocation to a day after the access was over: what its reviewer has to judge.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ticketgate.domain.emergencies.emergency import Emergency, over_at
from ticketgate.domain.evidence import Json, parse_disclosure
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.requests.ground import Ground
from ticketgate.ports import Reading

RECORDS_MAX: Final = 200_000  # looked through
SHOWN_MAX: Final = 500
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
    """What is on record; `cut` says that there is more than is shown."""

    reason: str  # empty once it was erased
    done: tuple[Done, ...]
    cut: bool
    how: str = ""  # of one that was entered afterwards
    seen_by: str = ""


def window_of(reading: Reading, emergency: Emergency, ground: Ground) -> Window:
    """Everything of the window, oldest first."""
    head = reading.evidence.head()
    size = 0 if head is None else head.size
    first = _first(reading, emergency)
    end = min(size, first + RECORDS_MAX)
    until = to_text(over_at(emergency, reading.grants.get(emergency.grant)) + AFTER)
    names = _names(reading, emergency, ground)
    named = (
        (index, json.loads(entry))
        for index, _, entry in reading.evidence.entries(first, end)
        if any(name in entry for name in names)
    )
    found = [_done(index, record) for index, record in named if record["_ts"] <= until]
    cut = end < size or len(found) > SHOWN_MAX
    said = _said(reading, emergency.index)
    why, how, seen_by = (said.get(name, "") for name in ("reason", "how", "seen_by"))
    return Window(why, tuple(found[:SHOWN_MAX]), cut, how, seen_by)


def _first(reading: Reading, emergency: Emergency) -> int:
    """The first record of the window: of its invocation, or from when the access is claimed."""
    if emergency.access_from is None:
        return emergency.index
    since, low, high = to_text(emergency.access_from), 0, emergency.index
    while low < high:  # time never goes back in a log; what was pruned is as if it were earlier
        middle = (low + high) // 2
        entry = next((one for _, _, one in reading.evidence.entries(middle, middle + 1)), None)
        if entry is not None and json.loads(entry)["_ts"] >= since:
            high = middle
        else:
            low = middle + 1
    return low


def _names(reading: Reading, emergency: Emergency, ground: Ground) -> frozenset[bytes]:
    """The ids that a record of the window has one of, as an entry writes them."""
    snapshot = ground.snapshot
    same = {one for one in snapshot.people if snapshot.same_human(one, emergency.subject)}
    actors = [reading.people.actor(one) for one in same | {emergency.subject}]
    ids = (*actors, emergency.id, emergency.grant)
    return frozenset(f'"{one}"'.encode() for one in ids if one)


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

"""Window check: replaying holds what is given against the window that was approved.

A record says the ends that a window has; one that says none has none.
"""

from collections.abc import Mapping
from typing import Final

from ticketgate.domain.evidence import Json
from ticketgate.domain.instants import is_instant

WINDOW: Final = ("not_before", "window_end")


def forget(said: dict[str, Json]) -> None:
    """Before another record of a request: what it does not say of its window, it has not."""
    for name in WINDOW:
        said.pop(name, None)


def unlike(record: Mapping[str, Json], said: Mapping[str, Json]) -> list[str]:
    """What of when a planned grant may begin is none, or not what was approved, in words."""
    faults = {
        "a grant within another window than was approved": any(
            record.get(name) != said.get(name) for name in WINDOW
        ),
        "a grant that has no time to begin by": not is_instant(record["activate_by"]),
    }
    return [text for text, bad in faults.items() if bad]


def outside(record: Mapping[str, Json], said: Mapping[str, Json]) -> list[str]:
    """What of a record that gives access lies outside the grant's window, in words.

    Instants are texts that sort as time does.
    """
    starts, ends = (said.get(name) for name in WINDOW)
    if not all(one is None or is_instant(one) for one in (starts, ends)):
        return ["access within a window that is none"]
    faults = {
        "access before its window": starts is not None and str(record["_ts"]) < str(starts),
        "access beyond its window": ends is not None and str(record["not_after"]) > str(ends),
    }
    return [text for text, bad in faults.items() if bad]

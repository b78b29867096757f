"""`remind` of the settings: when approvers are reminded before a deadline, and how often."""

from datetime import timedelta
from typing import Final

from ticketgate.adapters.files.places import Place
from ticketgate.domain.telling.reminding import PER_DAY, Reminding

TIMES_MAX: Final = 8
BEFORE_MIN: Final = timedelta(minutes=5)
BEFORE_MAX: Final = timedelta(days=30)
PER_DAY_MAX: Final = 50


def read_reminding(place: Place | None) -> Reminding:
    """Nobody is reminded unless the section is there."""
    section = None if place is None else place.section()
    if section is None:
        return Reminding()
    listed, most = section.need("before"), section.get("per_day")
    before = [_read_time(one) for one in (listed.some() if listed else None) or ()]
    found = {one for one in before if one is not None}
    if listed is not None and len(before) > TIMES_MAX:
        listed.fault(f"at most {TIMES_MAX} times")
    elif listed is not None and None not in before and len(found) != len(before):
        listed.fault("a time is listed twice")
    per_day = (most.integer(1, PER_DAY_MAX) if most else None) or PER_DAY
    section.close()
    return Reminding(tuple(sorted(found)), per_day)


def _read_time(place: Place) -> timedelta | None:
    found = place.duration(BEFORE_MAX)
    if found is not None and found < BEFORE_MIN:
        place.fault("people are reminded 5m before the deadline or earlier")
        return None
    return found

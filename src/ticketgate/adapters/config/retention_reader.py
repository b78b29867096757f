"""The section `retention` of `ticketgate.yaml`: how long evidence and messages are kept."""

from datetime import timedelta
from typing import Final

from ticketgate.adapters.files.places import Place
from ticketgate.domain.log.retention import Retention

RETENTION_MAX: Final = timedelta(days=36_525)  # a hundred years


def read_retention(place: Place | None) -> Retention:
    """What it says; nothing said is kept for good. Decisions are kept as long as entries at least.

    Only here may years stand: other durations end at 366 days.
    """
    section = None if place is None else place.section()
    if section is None:
        return Retention()
    entries = _kept(section.get("entries"))
    decisions = _kept(section.get("decisions"))
    disclosures = _kept(section.get("disclosures"))
    messages = _kept(section.get("messages"))
    section.close()
    return Retention(entries, entries if decisions is None else decisions, disclosures, messages)


def _kept(place: Place | None) -> timedelta | None:
    return None if place is None else place.duration(RETENTION_MAX)

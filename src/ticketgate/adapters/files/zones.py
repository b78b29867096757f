"""Time zones, by the names of the IANA database that the machine has (`Europe/Berlin`)."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ticketgate.adapters.files.places import Place


def read_zone(place: Place | None) -> tzinfo | None:
    """The zone of this name; `UTC` needs no database."""
    name = None if place is None else place.text()
    if place is None or name is None:
        return None
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        place.fault(f"this machine knows no time zone {name!r}; they are named as Europe/Berlin")
        return None

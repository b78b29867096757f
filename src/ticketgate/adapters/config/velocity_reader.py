"""How much a source may bring about, as read from the settings: `velocity`."""

from ticketgate.adapters.files.places import Place
from ticketgate.domain.requests.velocity import Rate, Velocity, parse_rate


def read_velocity(place: Place | None) -> Velocity:
    """The limits of a source; what is not said has its default."""
    section = None if place is None else place.section()
    plain = Velocity()
    if section is None:
        return plain
    requests, deliveries = section.get("requests"), section.get("deliveries")
    closings = section.get("closings")
    found = Velocity(
        requests=_read_rate(requests, plain.requests),
        deliveries=_read_rate(deliveries, plain.deliveries),
        closings=_read_rate(closings, plain.closings),
    )
    section.close()
    return found


def _read_rate(place: Place | None, plain: Rate) -> Rate:
    text = None if place is None else place.text()
    found = None if text is None else parse_rate(text)
    if place is not None and text is not None and found is None:
        place.fault(f"{text!r} is not a rate such as `50 per 10m`: 1 to 1000000 per `1m` to `1d`")
    return found or plain

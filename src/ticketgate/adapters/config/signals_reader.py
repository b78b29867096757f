"""The section `signals` of a policy: which patterns of approvals open an exception."""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Final, TypeVar

from ticketgate.adapters.files.places import Place
from ticketgate.adapters.files.strict_yaml import Scalar
from ticketgate.adapters.files.zones import read_zone
from ticketgate.domain.policy.signal_rules import InTurn, Load, OutOfHours, SignalRules

ON, OFF = "on", "off"
SECONDS_MAX: Final = timedelta(hours=1)
COUNT_MAX: Final = 100_000
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOCK: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
_CLOCK: Final = re.compile(CLOCK)
T = TypeVar("T")


def read_signals(place: Place | None, file: str) -> SignalRules:
    """The rules; what is not said has its default, and each can be `off`."""
    plain = SignalRules()
    section = None if place is None else place.section()
    if section is None:
        return plain
    unseen = section.get("unseen")
    found = SignalRules(
        at_once=_or_off(section.get("at_once"), plain.at_once, _read_at_once),
        unseen=plain.unseen if unseen is None else unseen.choice((ON, OFF)) == ON,
        in_turn=_or_off(section.get("in_turn"), plain.in_turn, _read_in_turn),
        out_of_hours=_or_off(section.get("out_of_hours"), plain.out_of_hours, _read_hours),
        load=_or_off(section.get("load"), plain.load, _read_load),
        shopping=_or_off(section.get("shopping"), plain.shopping, Place.duration),
        where=f"{file}:{section.line}",
    )
    section.close()
    return found


def _or_off(place: Place | None, plain: T | None, read: Callable[[Place], T | None]) -> T | None:
    if place is None:
        return plain
    if isinstance(place.node, Scalar) and place.node.text == OFF:
        return None
    return read(place)


def _read_at_once(place: Place) -> timedelta | None:
    found = place.duration()
    if found is not None and found > SECONDS_MAX:
        place.fault("longer than an hour is not at once")
    return found


def _read_in_turn(place: Place) -> InTurn | None:
    section, plain = place.section(), InTurn()
    if section is None:
        return None
    found = InTurn(
        each=_count(section.get("each"), plain.each),
        within=_span(section.get("within"), plain.within),
    )
    section.close()
    return found


def _read_load(place: Place) -> Load | None:
    section, plain = place.section(), Load()
    if section is None:
        return None
    found = Load(
        share=_count(section.get("share"), plain.share, most=99),
        least=_count(section.get("least"), plain.least),
        a_day=_count(section.get("a_day"), plain.a_day),
        within=_span(section.get("within"), plain.within),
    )
    section.close()
    return found


def _read_hours(place: Place) -> OutOfHours | None:
    section, plain = place.section(), OutOfHours()
    if section is None:
        return None
    begins = _clock(section.get("from"), plain.begins)
    ends = _clock(section.get("to"), plain.ends)
    days_place = section.get("days")
    days = [one.choice(DAYS) for one in (days_place.some() if days_place else None) or ()]
    found = OutOfHours(
        in_a_row=_count(section.get("in_a_row"), plain.in_a_row),
        begins=begins,
        ends=ends,
        days=frozenset(DAYS.index(day) for day in days if day) if days else plain.days,
        zone=read_zone(section.get("zone")) or plain.zone,
    )
    section.close()
    if begins >= ends:
        place.fault("`from` must be before `to`, on the same day")
    return found


def _count(place: Place | None, plain: int, most: int = COUNT_MAX) -> int:
    found = None if place is None else place.integer(1, most)
    return plain if found is None else found


def _span(place: Place | None, plain: timedelta) -> timedelta:
    found = None if place is None else place.duration()
    if place is not None and found is not None and found < timedelta(days=1):
        place.fault("must be a day or more")
    return found or plain


def _clock(place: Place | None, plain: time) -> time:
    text = None if place is None else place.text()
    if place is None or text is None:
        return plain
    if _CLOCK.fullmatch(text) is None:
        place.fault(f"{text!r} is not a time of day such as 08:00")
        return plain
    return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 -- a time of day has no zone yet

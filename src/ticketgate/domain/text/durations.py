"""Durations that tickets ask for. What cannot be read is None: it blocks, it is never unlimited."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from ticketgate.domain.instants import parse_duration, whole_seconds

REQUESTED_SECONDS_MAX: Final = 366 * 86_400  # longer is a mistake, not a wish
_NUMBER_CHARS_MAX: Final = 20
_NUMBER_CHARS: Final = frozenset("0123456789.-+")
_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DATE_UNITS: Final = {"W": 604_800, "D": 86_400}  # years and months have no fixed length
_TIME_UNITS: Final = {"H": 3600, "M": 60, "S": 1}

_WORD_SECONDS: Final = _UNIT_SECONDS | {"w": 604_800}
_LETTERS: Final = frozenset("SMHDW")
UNREADABLE: Final = "duration"
NULL: Final = "duration_null"
DURATION_REASONS: Final[Mapping[str, str]] = {
    UNREADABLE: "The ticket's duration is not one of `30m`, `4h`, `2d`, ISO 8601, or a number.",
    "duration_zero": "The ticket's duration is no time at all.",
    "duration_negative": "The ticket's duration is below nothing.",
    "duration_too_long": "The ticket's duration is longer than 366 days.",
    "duration_not_a_number": "The ticket's duration says that it is no number, or without end.",
    "duration_digits": "The ticket's duration has digits other than 0 to 9.",
    NULL: "The ticket's duration is null, and the source's mapping does not say what that means.",
}


def number(text: str) -> Decimal | None:
    """A plain decimal number of at most 20 characters; None for NaN, exponents and words."""
    if not 0 < len(text) <= _NUMBER_CHARS_MAX or not _NUMBER_CHARS.issuperset(text):
        return None
    digits = text.removeprefix("-") if text[0] == "-" else text.removeprefix("+")
    whole, _, part = digits.partition(".")
    if not whole.isdigit() or (part and not part.isdigit()):
        return None
    return Decimal(text)


def requested_seconds(raw: str, unit: str | None) -> int | None:
    """The whole seconds that `raw` asks for: `30m`, ISO 8601 (`PT2H`, `P1D`), or a number.

    A bare number counts in `unit` (s, m, h, d); without a unit it is unreadable. None for
    everything that is not between one second and 366 days.
    """
    text = raw.strip()
    duration = parse_duration(text)
    if duration is not None:
        return _bounded(Decimal(whole_seconds(duration)))
    if text[:1] == "P":
        return _bounded(_iso_seconds(text[1:]))
    count = number(text)
    if count is None or unit is None:
        return None
    return _bounded(count * _UNIT_SECONDS[unit])


def why_no_duration(raw: str, unit: str | None) -> str:
    """Which code of `DURATION_REASONS` says what is wrong where `requested_seconds` reads nothing.

    It only words a refusal: no time is read here, so it may know more forms.
    """
    text = raw.strip().upper()
    if any(char.isnumeric() and not char.isascii() for char in text):
        return "duration_digits"
    bare = text.removeprefix("P").removeprefix("T")
    named = bare[-1:].lower() if bare[-1:] in _LETTERS else unit
    try:
        count = Decimal(bare[:-1] if bare[-1:] in _LETTERS else bare)
    except InvalidOperation:
        return UNREADABLE
    if not count.is_finite():
        return "duration_not_a_number"
    if count <= 0:
        return "duration_negative" if count < 0 else "duration_zero"
    most = REQUESTED_SECONDS_MAX // _WORD_SECONDS[named or "s"]
    return "duration_too_long" if count > most else UNREADABLE


def _bounded(seconds: Decimal | None) -> int | None:
    if seconds is None or seconds != int(seconds) or not 1 <= seconds <= REQUESTED_SECONDS_MAX:
        return None
    return int(seconds)


def _iso_seconds(text: str) -> Decimal | None:
    """The part after `P` of an ISO 8601 §5.5.2.2 duration; each designator once, in order."""
    date, mark, time = text.partition("T")
    if mark and not time:
        return None
    days = _designated(date, _DATE_UNITS)
    rest = _designated(time, _TIME_UNITS)
    return None if days is None or rest is None or not text else days + rest


def _designated(text: str, units: dict[str, int]) -> Decimal | None:
    total = Decimal(0)
    left = list(units)
    digits = ""
    for char in text:
        if char.isascii() and char.isdigit():
            digits += char
            continue
        count = number(digits)
        if count is None or char not in left:
            return None
        total += count * units[char]
        left = left[left.index(char) + 1 :]
        digits = ""
    return None if digits else total

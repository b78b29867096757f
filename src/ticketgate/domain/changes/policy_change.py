"""Policy change: one difference between two policies, which way it goes, and why."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from ticketgate.domain.matching.implication import Scale, matcher_text, scale
from ticketgate.domain.matching.matcher import Matcher
from ticketgate.domain.policy.policy import DurationField, Word


class Direction(StrEnum):
    """What a change does."""

    TIGHTENED = "tightened"
    LOOSENED = "loosened"
    OTHER = "other"


TIGHTENED: Final = Direction.TIGHTENED
LOOSENED: Final = Direction.LOOSENED
OTHER: Final = Direction.OTHER


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `what` is added, removed, changed or moved; `field` only when changed."""

    section: str
    id: str
    what: str
    field: str
    old: str
    new: str
    direction: Direction
    reason: str
    where: str  # policy.yaml:6, of the new policy where it is there


class Judged(NamedTuple):
    """Which way a change goes, and why."""

    direction: Direction
    reason: str


Changed = Callable[[str, str, str, Judged], Change]


def changed(section: str, ident: str, where: str) -> Changed:
    """What makes a change of an element: of its field, the old and the new text, as judged."""

    def change(field: str, old: str, new: str, judged: Judged) -> Change:
        return Change(section, ident, "changed", field, old, new, *judged, where)

    return change


def whole(section: str, ident: str, what: str, where: str, judged: Judged) -> Change:
    """An element that is added or removed."""
    return Change(section, ident, what, "", "", "", *judged, where)


def matcher_change(
    change: Changed,
    field: str,
    pair: tuple[Matcher, Matcher],
    *,
    wider: Judged,
    narrower: Judged,
) -> Iterator[Change]:
    """How a matcher changed; one that is neither wider nor narrower does both in some case."""
    both = Judged(LOOSENED, "neither within the other: some cases are let go, others are added")
    found = scale(*pair)
    judged = {Scale.WIDER: wider, Scale.NARROWER: narrower}.get(found, both)
    if found is not Scale.SAME:
        yield change(field, matcher_text(pair[0]), matcher_text(pair[1]), judged)


def text_of(value: object) -> str:
    """A value as a policy writes it, more or less; empty for nothing."""
    if isinstance(value, Word):
        return value.text
    if isinstance(value, DurationField):
        return f"{value.field} ({value.unit or 'no unit'})"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={value[name]}" for name in sorted(value))
    return "" if value is None else str(value)

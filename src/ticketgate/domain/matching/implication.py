"""Implication: whether one matcher holds wherever another does, as far as form alone can tell.

`implies(a, b)` is sound and not complete: True means that for all facts the outcome of `a` is at
most that of `b` in the order false, unknown, true; False means that this was not shown.
"""

from enum import StrEnum
from typing import Final

from ticketgate.domain.matching.matcher import Clause, Group, Matcher

_PARTIAL: Final = frozenset({"contains", "startswith", "endswith"})
_EXACT: Final = frozenset({"cased", "fieldref"})
_KIND: Final = "kind"  # every kind of a ticket must be one of the values, whatever the test


class Scale(StrEnum):
    """How a new matcher stands to an old one."""

    SAME = "same"
    WIDER = "wider"
    NARROWER = "narrower"
    OTHER = "other"


def implies(one: Matcher, other: Matcher) -> bool:
    """Whether `other` was shown to hold wherever `one` does."""
    if isinstance(other, Group) and other.op == "all":
        return all(implies(one, part) for part in other.parts)
    if isinstance(one, Group) and one.op == "any":
        return all(implies(part, other) for part in one.parts)
    if isinstance(one, Clause) and isinstance(other, Clause):
        return _clause_implies(one, other)
    return _by_a_part(one, other)


def _by_a_part(one: Matcher, other: Matcher) -> bool:
    """One part of an `all` is enough, and one part of an `any`; `none` is turned round."""
    ones = one.parts if isinstance(one, Group) and one.op == "all" else ()
    others = other.parts if isinstance(other, Group) and other.op == "any" else ()
    if any(implies(part, other) for part in ones) or any(implies(one, part) for part in others):
        return True
    nones = [part for part in (one, other) if isinstance(part, Group) and part.op == "none"]
    return len(nones) == len((one, other)) and all(
        any(implies(no, part) for part in nones[0].parts) for no in nones[1].parts
    )


def scale(old: Matcher, new: Matcher) -> Scale:
    """How `new` stands to `old`; OTHER where neither was shown to lie within the other."""
    narrower, wider = implies(new, old), implies(old, new)
    if narrower and wider:
        return Scale.SAME
    if narrower or wider:
        return Scale.NARROWER if narrower else Scale.WIDER
    return Scale.OTHER


def matcher_text(matcher: Matcher) -> str:
    """A matcher in one line, as a policy writes it."""
    if isinstance(matcher, Clause):
        return matcher.text
    inner = ", ".join(matcher_text(part) for part in matcher.parts)
    return f"{{ {inner} }}" if matcher.op == "all" else f"{matcher.op}: [ {inner} ]"


def asks_about(matcher: Matcher, field: str) -> bool:
    """Whether any clause of it asks about the field."""
    if isinstance(matcher, Clause):
        return matcher.field == field
    return any(asks_about(part, field) for part in matcher.parts)


def _clause_implies(one: Clause, other: Clause) -> bool:
    """One field and test, and each value of `one` is covered by one of `other`."""
    if (one.field, one.test) != (other.field, other.test) or one.wide > other.wide:
        return False
    if one.test in _EXACT or one.field == _KIND:  # first: no form of a text makes these equal
        return set(one.values) <= set(other.values)
    if other.wide:  # the forms that are looked for tell nothing of one value within another
        return all(_same_value(value, other.values) for value in one.values)
    known = {value.casefold() for value in other.values}
    return all(_covered(value.casefold(), one.test, known) for value in one.values)


def _same_value(value: str, known: tuple[str, ...]) -> bool:
    """Capitals fold as other letters than small ones do, beyond ASCII."""
    folds = {one.casefold() for one in known}
    return value in known or (value.isascii() and value.casefold() in folds)


def _covered(value: str, test: str, known: set[str]) -> bool:
    if test not in _PARTIAL:
        return value in known
    if test == "startswith":
        return any(value.startswith(least) for least in known)
    if test == "endswith":
        return any(value.endswith(least) for least in known)
    return any(least in value for least in known)

"""Snapshot form: what an element of a snapshot may be, value by value.

A snapshot is believed for what it says of entries that nobody can read any more, so nothing in it
may have a form that `to_snapshot` would not write (docs/evidence-format.md, "Snapshots").
"""

from collections.abc import Callable, Mapping
from typing import Final

from ticketgate.domain.evidence import Json
from ticketgate.domain.instants import is_instant
from ticketgate.domain.log.folded import OF_PASSKEY
from ticketgate.domain.log.machines import EDGES
from ticketgate.domain.log.window_check import WINDOW
from ticketgate.domain.verifying.emergency_replay import SAID

_INTEGERS: Final = frozenset({"within", "seconds", "revision", "round", "stage"})
_SAID: Final[Mapping[str, frozenset[str]]] = {
    "delivery": frozenset({"source"}),
    "ticket": frozenset({"source", "table", "revision"}),
    "request": frozenset(
        {"entitlement", "target", "decide_by", "round", "stage", "material", "approvers", "extends"}
    ).union(WINDOW),
    "grant": frozenset(
        {"request", "entitlement", "target", "subject", "seconds", "not_after", "baseline", "since"}
    ).union(WINDOW, {"activate_by"}),
    "exception": frozenset({"code"}),
    "passkey": frozenset({*OF_PASSKEY, "confirmed_at"}),
    "review": SAID,
}
_GIVEN: Final = frozenset({"grant", "review"})  # of which nothing is said to be null
_STATES: Final = {on: {after for _, after in edges} for on, edges in EDGES.items()}


def is_element(name: str, value: Json, boundary: int) -> bool:
    """Whether this may stand in the list `name` of a snapshot of this boundary."""
    return _FORMS[name](value, boundary)


def _is_count(value: Json, least: int = 1) -> bool:
    return type(value) is int and value >= least


def _texts(value: Json) -> bool:
    texts = [one for one in value if isinstance(one, str)] if isinstance(value, list) else None
    return texts == value and texts == sorted(set(texts or ()))


def _approved(value: Json, _: int) -> bool:
    match value:
        case [str(), str() | None, str() | None, str() | None, seconds]:
            return _is_count(seconds, 0)
        case _:
            return False


def _automatic(value: Json, _: int) -> bool:
    match value:
        case [str(), str(day), number]:
            return is_instant(f"{day}T00:00:00.000000Z") and _is_count(number)
        case _:
            return False


def _ballot(value: Json, _: int) -> bool:
    match value:
        case {
            "approvers": list(approvers),
            "denied": bool(),
            "id": str(),
            "links": list(links),
            "need": list(need),
            "parties": parties,
            "seconds": list(seconds),
            **rest,
        } if _texts(parties) and _represents(rest):
            return (
                all(map(_is_approvers, approvers))
                and all(map(_is_link, links))
                and all(map(_is_need, need))
                and all(map(_is_seconds, seconds))
            )
        case _:
            return False


def _represents(rest: Mapping[object, object]) -> bool:
    """Whether the rest of a ballot is nothing, or those in whose place others decided."""
    match rest:
        case {"represented": list(rows), **more}:
            return not more and bool(rows) and all(map(_is_represented, rows))
        case _:
            return not rest


def _is_represented(row: Json) -> bool:
    match row:
        case [str(), turn, people]:
            return _is_count(turn) and bool(people) and _texts(people)
        case _:
            return False


def _is_approvers(row: Json) -> bool:
    match row:
        case [str(), turn, stage, people]:
            return _is_count(turn) and _is_count(stage) and bool(people) and _texts(people)
        case _:
            return False


def _is_link(row: Json) -> bool:
    match row:
        case [str(), str()]:
            return True
        case _:
            return False


def _is_need(row: Json) -> bool:
    match row:
        case [str(), turn, stage, count]:
            return all(map(_is_count, (turn, stage, count)))
        case _:
            return False


def _is_seconds(row: Json) -> bool:
    match row:
        case [str(), turn, seconds]:
            return _is_count(turn) and _is_count(seconds)
        case _:
            return False


def _folded(value: Json, boundary: int) -> bool:
    match value:
        case {
            "id": str(),
            "index": index,
            "on": str(on),
            "said": dict(said),
            "state": str(state),
            **rest,
        } if not rest and state in _STATES.get(on, ()):
            placed = type(index) is int and 0 <= index < boundary
            return placed and all(_is_said(on, key, one) for key, one in said.items())
        case _:
            return False


def _is_said(on: str, name: str, value: Json) -> bool:
    if name not in _SAID[on]:
        return False
    if name == "baseline":
        return value is None or isinstance(value, bool)
    if name == "drill":
        return isinstance(value, bool)
    if name in _INTEGERS:
        return _is_count(value, 0) or (value is None and on not in _GIVEN)
    return isinstance(value, str) or (value is None and on not in _GIVEN)


def _keys(value: Json, _: int) -> bool:
    match value:
        case [str(), above, end]:
            return _is_count(above, 0) and (end is None or _is_count(end, 0))
        case _:
            return False


def _revision(value: Json, _: int) -> bool:
    match value:
        case [str(), revision]:
            return type(revision) is int
        case _:
            return False


_FORMS: Final[Mapping[str, Callable[[Json, int], bool]]] = {
    "approved": _approved,
    "automatic": _automatic,
    "ballots": _ballot,
    "folded": _folded,
    "keys": _keys,
    "revisions": _revision,
}

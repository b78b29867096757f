"""Matchers as read from a policy: which fields, tests and blocks may stand where."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ticketgate.adapters.files.places import LATER, Place, did_you_mean
from ticketgate.adapters.files.strict_yaml import Items, Node, Scalar, Table
from ticketgate.domain.classifying.facts import (
    ENTITLEMENT_FIELDS,
    FREE_TEXT,
    LATER_FIELDS,
    PEOPLE_FIELDS,
    TICKET_FIELDS,
    TYPED_FIELDS,
    VARIABLES,
    WHEN_FIELDS,
)
from ticketgate.domain.matching.clause_tests import TESTS
from ticketgate.domain.matching.matcher import Clause, Group, Matcher
from ticketgate.domain.tickets.identity_event import KINDS, Tier

BLOCKS: Final = ("all", "any", "none")
TEXT_TESTS: Final = frozenset({"contains", "word"})  # more text never makes these fail
TIERS: Final = tuple(tier.word for tier in Tier)
LATER_KINDS: Final = frozenset({"physical.badge", "licence"})


@dataclass(frozen=True, slots=True)
class Scope:
    """Which fields a matcher may ask about, and whether free text and an empty matcher may be."""

    fields: frozenset[str]
    free_text: bool = False
    empty: bool = False
    wide: bool = False  # what more matches can only raise the risk, outside `none:`


CLASSIFY: Final = Scope(TICKET_FIELDS, free_text=True, wide=True)
ASKED_BY: Final = Scope(TICKET_FIELDS)
REQUESTABLE_BY: Final = Scope(TICKET_FIELDS | PEOPLE_FIELDS | ENTITLEMENT_FIELDS)
WHEN: Final = Scope(REQUESTABLE_BY.fields | WHEN_FIELDS, empty=True)


def digest_of_node(node: Node) -> str:
    """SHA-256 of what the node says, wherever it stands and however it is laid out (hex)."""
    return sha256(json.dumps(_plain(node), sort_keys=True).encode()).hexdigest()


def read_matcher(place: Place | None, scope: Scope) -> Matcher | None:
    """The matcher at a place; None when there is none, or it is faulty."""
    if place is None:
        return None
    found = _read_keys(place, scope, banned=False)
    if found is not None and not found.parts and not scope.empty:
        place.fault("is empty: it would match everything")
        return None
    return found


def read_field(place: Place | None, scope: Scope) -> str | None:
    """The name of a field that the scope knows."""
    name = None if place is None else place.text()
    if place is None or name is None:
        return None
    return name if _known_field(name, place, scope) else None


def read_kind(place: Place | None) -> str | None:
    """A kind of identity event."""
    return None if place is None else place.choice(KINDS, LATER_KINDS)


def read_tier(place: Place | None) -> Tier | None:
    """A tier."""
    word = None if place is None else place.choice(TIERS)
    return None if word is None else Tier[word.upper()]


def _plain(node: Node) -> object:
    if isinstance(node, Table):
        return {key: _plain(inner) for key, (_, inner) in node.nodes.items()}
    if isinstance(node, Items):
        return [_plain(inner) for inner in node.nodes]
    return node.text if isinstance(node, Scalar) else None


def _read_keys(place: Place, scope: Scope, *, banned: bool) -> Group | None:
    """A mapping whose keys are ANDed. `banned`: inside `none:`, where free text may not stand."""
    section = place.section()
    if section is None:
        return None
    parts = [_read_key(key, inner, scope, banned=banned) for key, inner in section.entries()]
    kept = tuple(part for part in parts if part is not None)
    return Group("all", kept, place.line) if len(kept) == len(parts) else None


def _read_key(key: str, place: Place, scope: Scope, *, banned: bool) -> Matcher | None:
    if key not in BLOCKS:
        return _read_clause(key, place, scope, banned=banned)
    banned = banned or key == "none"
    if isinstance(place.node, Table):
        found = _read_keys(place, scope, banned=banned)
        parts = None if found is None else list(found.parts)
    else:
        read = [_read_item(one, scope, banned=banned) for one in place.some() or ()]
        parts = [one for one in read if one is not None]
    if parts == [] and isinstance(place.node, Table):
        place.fault("is empty")
    return Group(key, tuple(parts), place.line) if parts else None


def _read_item(place: Place, scope: Scope, *, banned: bool) -> Group | None:
    """One item of a block; an empty one would hold for everything."""
    found = _read_keys(place, scope, banned=banned)
    if found is not None and not found.parts:
        place.fault("is empty")
        return None
    return found


def _read_clause(key: str, place: Place, scope: Scope, *, banned: bool) -> Clause | None:
    name, bar, test = key.partition("|")
    test = test if bar else "equals"
    fits = _known_field(name, place, scope)
    if test not in TESTS:
        place.fault(f"unknown test {test!r}{did_you_mean(test, TESTS)}")
        return None
    values = place.texts()
    if not fits or values is None or not _allowed(name, test, values, place, banned=banned):
        return None
    if test == "fieldref" and not all(_other_field(one, place, scope) for one in values):
        return None
    try:
        return Clause(name, test, values, place.line, _wide(name, scope) and not banned)
    except ValueError as fault:
        place.fault(str(fault))
        return None


def _wide(name: str, scope: Scope) -> bool:
    return scope.wide and (name in TYPED_FIELDS or name.startswith(VARIABLES))


def _known_field(name: str, place: Place, scope: Scope) -> bool:
    if name in FREE_TEXT and not scope.free_text:
        place.fault(f"free text never decides: {name} may only stand in `classify`")
    elif name in scope.fields or name.removeprefix(VARIABLES) not in {name, ""}:
        return True
    elif name.startswith(LATER_FIELDS):
        place.fault(f"{name!r} {LATER}")
    elif name in WHEN.fields or name in FREE_TEXT:
        place.fault(f"{name} is not known here yet: only {_heads(scope.fields)} may be asked")
    else:
        place.fault(f"unknown field {name!r}{did_you_mean(name, scope.fields)}")
    return False


def _heads(fields: Collection[str]) -> str:
    return ", ".join(sorted({f"{name.partition('.')[0]}.*" for name in fields}))


def _other_field(name: str, place: Place, scope: Scope) -> bool:
    if name in FREE_TEXT:
        place.fault(f"free text is not compared: {name}")
        return False
    return _known_field(name, place, scope)


def _allowed(name: str, test: str, values: Collection[str], place: Place, *, banned: bool) -> bool:
    """What adding text could turn against us, and words of closed lists."""
    if name in FREE_TEXT and banned:
        place.fault(f"free text inside `none:`: adding text would lower the risk ({name})")
    elif name in FREE_TEXT and test not in TEXT_TESTS:
        place.fault(f"free text takes only contains and word: adding text must not undo {test}")
    elif name in WHEN_FIELDS and test != "equals":
        place.fault(f"{name} takes no test")
    elif name in WHEN_FIELDS or name == "entitlement.tier":
        return _listed_words(values, KINDS if name == "kind" else TIERS, place)
    else:
        return True
    return False


def _listed_words(values: Collection[str], known: Collection[str], place: Place) -> bool:
    wrong = [value for value in values if value not in known]
    for value in wrong:
        later = value in LATER_KINDS
        hint = f" {LATER}" if later else f" is no word here{did_you_mean(value, known)}"
        place.fault(f"{value!r}{hint}")
    return not wrong

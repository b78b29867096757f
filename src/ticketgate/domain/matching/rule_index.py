"""Rule index: which clauses of all rules may hold of a ticket, found without asking each of them.

Of most clauses it is plain that they are false: none of the values that they ask for is there, and
no four letters of their phrases. So each field is gone through once for all clauses that ask for
it, and only those are asked (domain/matching/matcher.py) of which that is not plain. It never says
what holds; a clause too many costs time, and no outcome is another one than without the index.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

from ticketgate.domain.matching.clause_tests import Needed, needed
from ticketgate.domain.matching.matcher import Clause, Matcher, clauses_of, least_clauses
from ticketgate.domain.text.folding import pieces
from ticketgate.domain.tickets.identity_event import ClauseOutcome, Outcome
from ticketgate.domain.tickets.looks import Facts, Look
from ticketgate.domain.tickets.ticket import Missing

_FALSE: Final = Outcome.FALSE
_UNKNOWN: Final = Outcome.UNKNOWN
_NOTHING: Final = Missing.NOT_APPLICABLE
Key = TypeVar("Key", str, int)
_new: Final = tuple.__new__  # a named tuple without its checks: made for each clause of each ticket


class Traced(NamedTuple):
    """Every clause of all rules with its outcome, and the rules that may be anything but FALSE."""

    clauses: tuple[ClauseOutcome, ...]
    awake: set[int]


class RuleIndex:
    """The clauses of rules, by their number in the order of the rules, and by field."""

    __slots__ = ("_fields", "_heads", "_least", "_owners", "_waking", "spans")

    def __init__(self, matchers: Sequence[Matcher]) -> None:
        self._least = [least_clauses(one) for one in matchers]
        self._waking = [rule for rule, least in enumerate(self._least) if not least]
        asked = [[*clauses_of(one)] for one in matchers]
        clauses = [(rule, one) for rule, found in enumerate(asked) for one in found]
        self._owners = [rule for rule, _ in clauses]
        ends = [bisect_right(self._owners, rule) for rule in range(-1, len(matchers))]
        self.spans = [slice(*pair) for pair in pairwise(ends)]  # the clauses of each rule, of all
        by_field: dict[str, list[tuple[int, Clause]]] = {}
        for number, (_, clause) in enumerate(clauses):
            by_field.setdefault(clause.field, []).append((number, clause))
        self._fields = [_OfField(name, found) for name, found in by_field.items()]
        places = {name: place for place, name in enumerate(by_field)}
        self._heads = [((one.text, one.line), places[one.field]) for _, one in clauses]

    def awake(self, facts: Facts) -> set[int]:
        """The rules that may be anything but FALSE, by number."""
        live: list[int] = []
        for field in self._fields:
            look = facts.look(field.name)
            if look.missing is not _NOTHING:
                live += field.clauses if look.missing is not None else field.live(look)
        return self._awake(live)

    def traced(self, facts: Facts) -> Traced:
        """Each clause asked, as `evaluate` does it of one matcher."""
        live: list[int] = []
        asked: list[tuple[int, Outcome]] = []  # what is not as most clauses of its field are
        tails: list[tuple[Outcome, str, str]] = []
        for field in self._fields:
            look = facts.look(field.name)
            if look.missing is None:
                tails.append((_FALSE, look.shown, ""))
                checked = [(one, field.clauses[one].check(look, facts)) for one in field.live(look)]
                asked += [pair for pair in checked if pair[1] is not _FALSE]
            elif look.missing is _NOTHING:
                tails.append((_FALSE, "", look.missing.value))
            else:
                tails.append((_UNKNOWN, "", Missing.ABSENT.value))
                live += field.clauses
        told = [_new(ClauseOutcome, head + tails[place]) for head, place in self._heads]
        for number, outcome in asked:
            head, place = self._heads[number]
            note = "unreadable" if outcome is _UNKNOWN else ""
            told[number] = _new(ClauseOutcome, (*head, outcome, tails[place][1], note))
            live.append(number)
        return Traced(tuple(told), self._awake(live))

    def _awake(self, live: Iterable[int]) -> set[int]:
        """The rules of which enough clauses may be anything but FALSE."""
        found = set(self._waking)
        counts: dict[int, int] = {}
        for number in live:
            rule = self._owners[number]
            counts[rule] = count = counts.get(rule, 0) + 1
            if count >= self._least[rule]:
                found.add(rule)
        return found


class _OfField:
    """The clauses that ask for one field, by what the field must have for each."""

    __slots__ = (
        *("_folded", "_letters", "_lower", "_open", "_pieces", "_shorts", "_sought"),
        *("clauses", "name"),
    )

    def __init__(self, name: str, clauses: Sequence[tuple[int, Clause]]) -> None:
        self.name = name
        self.clauses = dict(clauses)
        needs = [(number, _needed(one)) for number, one in clauses]
        self._open = tuple(number for number, need in needs if need is None)
        known = [(number, need) for number, need in needs if need is not None]
        self._lower = _inverted((number, need.lower) for number, need in known)
        self._folded = _inverted((number, need.folded) for number, need in known)
        self._letters = _inverted((number, need.letters) for number, need in known)
        self._shorts = _inverted((number, need.shorts) for number, need in known)
        self._pieces = _inverted((number, need.pieces) for number, need in known)
        self._sought = frozenset(self._pieces)

    def live(self, look: Look) -> set[int]:
        """The clauses that may be anything but FALSE of a look that has values."""
        found = set(self._open)
        _add(found, self._lower, look.lower)
        if self._folded or self._letters:
            folds, letters = look.forms
            _add(found, self._folded, folds)
            _add(found, self._letters, letters)
        if self._sought or self._shorts:
            letters_ = look.joined.squeezed
            _add(found, self._pieces, self._sought.intersection(pieces(letters_)))
            _add(found, self._shorts, [one for one in self._shorts if one in letters_])
        return found


def _needed(clause: Clause) -> Needed | None:
    if clause.field == "kind":  # its test is another one
        return None
    return needed(clause.test, clause.values, wide=clause.wide)


def _inverted(pairs: Iterable[tuple[int, Iterable[Key]]]) -> dict[Key, list[int]]:
    found: dict[Key, list[int]] = {}
    for number, keys in pairs:
        for key in keys:
            found.setdefault(key, []).append(number)
    return found


def _add(found: set[int], table: Mapping[Key, list[int]], keys: Iterable[Key]) -> None:
    for key in keys:
        if key in table:
            found.update(table[key])

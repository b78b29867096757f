"""Matchers: the Sigma shape, no expression language, three outcomes.

Keys are ANDed, list items ORed; blocks `any:`, `all:`, `none:`; `field|test: value`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as kept
from typing import Final

from ticketgate.domain.matching.clause_tests import TESTS, compiled, only
from ticketgate.domain.tickets.identity_event import ClauseOutcome, Outcome
from ticketgate.domain.tickets.looks import Check, Facts
from ticketgate.domain.tickets.ticket import Missing

_TRUE: Final = Outcome.TRUE
_FALSE: Final = Outcome.FALSE
_UNKNOWN: Final = Outcome.UNKNOWN
_NOTHING: Final = Missing.NOT_APPLICABLE
_new: Final = tuple.__new__  # a named tuple without its checks: made for each clause of each ticket


@dataclass(frozen=True, slots=True)
class Clause:
    """`field|test: values` (any of the values), compiled when it is made.

    `wide`: also true where the value is there in the folded or the squeezed form of the text
    (domain/text/folding.py). Only for what may raise the risk: `classify`, outside `none:`.

    Raises:
        ValueError: the test does not exist, or the values do not fit it.
    """

    field: str
    test: str
    values: tuple[str, ...]
    line: int
    wide: bool = False
    text: str = kept(init=False, compare=False, repr=False)
    check: Check = kept(init=False, compare=False, repr=False)
    not_applicable: ClauseOutcome = kept(init=False, compare=False, repr=False)
    absent: ClauseOutcome = kept(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.test not in TESTS or not self.values:
            raise ValueError(f"{self.test!r} is not a test, or nothing to test against")
        text = _clause_text(self.field, self.test, self.values)
        none, absent = Missing.NOT_APPLICABLE.value, Missing.ABSENT.value
        made: dict[str, object] = {
            "text": text,
            "check": only(self.values)
            if self.field == "kind"
            else compiled(self.test, self.values, wide=self.wide),
            "not_applicable": ClauseOutcome(text, self.line, _FALSE, "", none),
            "absent": ClauseOutcome(text, self.line, _UNKNOWN, "", absent),
        }
        for name, value in made.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class Group:
    """`all`, `any` or `none` of its parts."""

    op: str
    parts: "tuple[Matcher, ...]"
    line: int


Matcher = Clause | Group


def clauses_of(matcher: Matcher) -> Iterator[Clause]:
    """The clauses of a matcher, in its order."""
    if isinstance(matcher, Clause):
        yield matcher
        return
    for part in matcher.parts:
        yield from clauses_of(part)


def fields_of(matcher: Matcher) -> Iterator[str]:
    """The fields that a matcher asks for, in its order."""
    return (clause.field for clause in clauses_of(matcher))


def evaluate(matcher: Matcher, facts: Facts) -> tuple[Outcome, tuple[ClauseOutcome, ...]]:
    """The outcome of a matcher with every clause's own outcome and the value seen.

    Kleene's logic: a clause on a field that does not apply is false, on an absent one unknown;
    nothing is skipped, so that the trace explains the whole matcher.
    """
    trace: list[ClauseOutcome] = []
    group = Group("all", (matcher,), matcher.line) if isinstance(matcher, Clause) else matcher
    return _evaluate(group, facts, trace), tuple(trace)


def decide(matcher: Matcher, facts: Facts) -> Outcome:
    """The outcome that `evaluate` gives, without a trace: it stops where the outcome is settled."""
    if isinstance(matcher, Clause):
        look = facts.look(matcher.field)
        if look.missing is None:
            return matcher.check(look, facts)
        return _FALSE if look.missing is _NOTHING else _UNKNOWN
    settling = _FALSE if matcher.op == "all" else _TRUE
    settled, open_ = (_TRUE, _FALSE) if matcher.op == "any" else (_FALSE, _TRUE)
    look_at = facts.look
    for part in matcher.parts:
        if isinstance(part, Clause):  # as above, written out: it runs for all rules
            look = look_at(part.field)
            if look.missing is None:
                outcome = part.check(look, facts)
            else:
                outcome = _FALSE if look.missing is _NOTHING else _UNKNOWN
        else:
            outcome = decide(part, facts)
        if outcome is settling:
            return settled
        if outcome is _UNKNOWN:
            open_ = _UNKNOWN
    return open_


def least_clauses(matcher: Matcher) -> int:
    """How many of its clauses are not FALSE at the least, where a matcher is not FALSE."""
    if isinstance(matcher, Clause):
        return 1
    found = [least_clauses(part) for part in matcher.parts]
    if matcher.op == "any":
        return min(found, default=1)
    return sum(found) if matcher.op == "all" else 0


def combined(matcher: Matcher, outcomes: Iterator[Outcome]) -> Outcome:
    """The outcome of a matcher whose clauses, in its order, have these outcomes."""
    if isinstance(matcher, Clause):
        return next(outcomes)
    found = [combined(part, outcomes) for part in matcher.parts]
    settled, open_ = (_TRUE, _FALSE) if matcher.op == "any" else (_FALSE, _TRUE)
    if (_FALSE if matcher.op == "all" else _TRUE) in found:
        return settled
    return _UNKNOWN if _UNKNOWN in found else open_


def _evaluate(group: Group, facts: Facts, trace: list[ClauseOutcome]) -> Outcome:
    """The outcome, each clause told on the way. Written out, as all clauses of all rules run it."""
    settling = _FALSE if group.op == "all" else _TRUE
    settled, open_ = (_TRUE, _FALSE) if group.op == "any" else (_FALSE, _TRUE)
    is_settled = False
    look_at = facts.look
    for part in group.parts:
        if isinstance(part, Clause):
            look = look_at(part.field)
            if look.missing is None:
                outcome = part.check(look, facts)
                note = "unreadable" if outcome is _UNKNOWN else ""
                told = (part.text, part.line, outcome, look.seen or look.shown, note)
                trace.append(_new(ClauseOutcome, told))
            else:
                is_nothing = look.missing is _NOTHING
                found = part.not_applicable if is_nothing else part.absent
                trace.append(found)
                outcome = found.outcome
        else:
            outcome = _evaluate(part, facts, trace)
        if outcome is settling:
            is_settled = True
        elif outcome is _UNKNOWN:
            open_ = _UNKNOWN
    return settled if is_settled else open_


def _clause_text(name: str, test: str, values: tuple[str, ...]) -> str:
    key = name if test == "equals" else f"{name}|{test}"
    return f"{key}: {values[0]}" if len(values) == 1 else f"{key}: [{', '.join(values)}]"

"""Matchers: the Sigma shape, no expression language, three outcomes.

Keys are ANDed, list items ORed; blocks `any:`, `all:`, `none:`; `field|test: value`. No regular
expression ever runs on ticket text: every test takes time linear in the text.
"""

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as kept
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import Final, Protocol

from ticketgate.domain.durations import number
from ticketgate.domain.folding import (
    SQUEEZED_ALONE_MIN,
    FoldedText,
    folded,
    has_word,
    squeezable,
)
from ticketgate.domain.identity_event import ClauseOutcome, Outcome
from ticketgate.domain.ticket import Missing
from ticketgate.domain.visible import visible

SHOWN_CHARS_MAX: Final = 80  # of a value seen, in a trace

_TRUE: Final = Outcome.TRUE
_FALSE: Final = Outcome.FALSE
_UNKNOWN: Final = Outcome.UNKNOWN


class Look:
    """The values of one field (none or several for groups), or why there is no value.

    Lower-cased, folded and shortened once per field, however many clauses ask, and only when one
    asks.
    """

    __slots__ = ("_lower", "_shown", "_texts", "missing", "values")

    def __init__(self, seen: tuple[str, ...] | Missing) -> None:
        self.missing = seen if isinstance(seen, Missing) else None
        self.values: tuple[str, ...] = () if isinstance(seen, Missing) else seen
        self._lower: tuple[str, ...] | None = None
        self._texts: tuple[FoldedText, ...] | None = None
        self._shown: str | None = None

    @property
    def lower(self) -> tuple[str, ...]:
        """The values, whatever their case."""
        if self._lower is None:
            self._lower = tuple([value.casefold() for value in self.values])
        return self._lower

    @property
    def texts(self) -> tuple[FoldedText, ...]:
        """The values in the forms in which phrases are looked for."""
        if self._texts is None:
            self._texts = tuple([FoldedText(value) for value in self.values])
        return self._texts

    @property
    def shown(self) -> str:
        """The values as a trace shows them."""
        if self._shown is None:
            self._shown = _shown(self.values)
        return self._shown


class Facts(Protocol):
    """What a matcher sees."""

    def look(self, field: str) -> Look:
        """The values of `field`, else why there is none; asked often, so worth keeping."""


@dataclass(frozen=True, slots=True)
class Clause:
    """`field|test: values` (any of the values), compiled when it is made.

    `wide`: also true where the value is there in the folded or the squeezed form of the text
    (domain/folding.py). Only for what may raise the risk: `classify`, outside `none:`.

    Raises:
        ValueError: the test does not exist, or the values do not fit it.
    """

    field: str
    test: str
    values: tuple[str, ...]
    line: int
    wide: bool = False
    text: str = kept(init=False, compare=False, repr=False)
    check: "Check" = kept(init=False, compare=False, repr=False)
    not_applicable: ClauseOutcome = kept(init=False, compare=False, repr=False)
    absent: ClauseOutcome = kept(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.test not in _COMPILERS or not self.values:
            raise ValueError(f"{self.test!r} is not a test, or nothing to test against")
        text = _clause_text(self.field, self.test, self.values)
        none, absent = Missing.NOT_APPLICABLE.value, Missing.ABSENT.value
        compiled: dict[str, object] = {
            "text": text,
            "check": _only(self.values) if self.field == "kind" else _compile(self),
            "not_applicable": ClauseOutcome(text, self.line, _FALSE, "", none),
            "absent": ClauseOutcome(text, self.line, _UNKNOWN, "", absent),
        }
        for name, value in compiled.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class Group:
    """`all`, `any` or `none` of its parts."""

    op: str
    parts: "tuple[Matcher, ...]"
    line: int


Matcher = Clause | Group
Check = Callable[[Look, Facts], Outcome]


def evaluate(matcher: Matcher, facts: Facts) -> tuple[Outcome, tuple[ClauseOutcome, ...]]:
    """The outcome of a matcher with every clause's own outcome and the value seen.

    Kleene's logic: a clause on a field that does not apply is false, on an absent one unknown;
    nothing is skipped, so that the trace explains the whole matcher.
    """
    trace: list[ClauseOutcome] = []
    return _evaluate(matcher, facts, trace), tuple(trace)


def decide(matcher: Matcher, facts: Facts) -> Outcome:
    """The outcome that `evaluate` gives, without a trace: it stops where the outcome is settled."""
    if isinstance(matcher, Clause):
        look = facts.look(matcher.field)
        if look.missing is None:
            return matcher.check(look, facts)
        return _FALSE if look.missing is Missing.NOT_APPLICABLE else _UNKNOWN
    settling = _FALSE if matcher.op == "all" else _TRUE
    settled, open_ = (_TRUE, _FALSE) if matcher.op == "any" else (_FALSE, _TRUE)
    for part in matcher.parts:
        outcome = decide(part, facts)
        if outcome is settling:
            return settled
        if outcome is _UNKNOWN:
            open_ = _UNKNOWN
    return open_


def _evaluate(matcher: Matcher, facts: Facts, trace: list[ClauseOutcome]) -> Outcome:
    if isinstance(matcher, Clause):
        return _evaluate_clause(matcher, facts, trace)
    outcomes = [_evaluate(part, facts, trace) for part in matcher.parts]
    if matcher.op == "all":
        return _FALSE if _FALSE in outcomes else _UNKNOWN if _UNKNOWN in outcomes else _TRUE
    if matcher.op == "any":
        return _TRUE if _TRUE in outcomes else _UNKNOWN if _UNKNOWN in outcomes else _FALSE
    return _FALSE if _TRUE in outcomes else _UNKNOWN if _UNKNOWN in outcomes else _TRUE


def _evaluate_clause(clause: Clause, facts: Facts, trace: list[ClauseOutcome]) -> Outcome:
    look = facts.look(clause.field)
    if look.missing is not None:
        found = clause.not_applicable if look.missing is Missing.NOT_APPLICABLE else clause.absent
        trace.append(found)
        return found.outcome
    outcome = clause.check(look, facts)
    note = "unreadable" if outcome is _UNKNOWN else ""
    trace.append(ClauseOutcome(clause.text, clause.line, outcome, look.shown, note))
    return outcome


def _shown(values: tuple[str, ...]) -> str:
    text = ", ".join(value[: SHOWN_CHARS_MAX + 1] for value in values[:SHOWN_CHARS_MAX])
    if len(text) > SHOWN_CHARS_MAX:
        text = text[: SHOWN_CHARS_MAX - 1] + "…"
    return text if text.isprintable() else visible(text)


def _clause_text(name: str, test: str, values: tuple[str, ...]) -> str:
    key = name if test == "equals" else f"{name}|{test}"
    return f"{key}: {values[0]}" if len(values) == 1 else f"{key}: [{', '.join(values)}]"


# --- tests: each compiler turns the values of a clause into a check ---------------------------


def _compile(clause: Clause) -> Check:
    narrow = _COMPILERS[clause.test](clause.values)
    test = _WIDE.get(clause.test) if clause.wide else None
    return narrow if test is None else _widened(narrow, test, clause.values)


def _said(holds: bool) -> Outcome:  # noqa: FBT001 -- its single argument is the answer itself
    return _TRUE if holds else _FALSE


def _only(values: tuple[str, ...]) -> Check:
    """`when.kind` holds only if every kind matched is listed."""
    wanted = frozenset(values)
    return lambda look, _: _said(bool(look.values) and wanted.issuperset(look.values))


def _equals(values: tuple[str, ...]) -> Check:
    wanted = frozenset(value.casefold() for value in values)
    return lambda look, _: _said(not wanted.isdisjoint(look.lower))


def _cased(values: tuple[str, ...]) -> Check:
    wanted = frozenset(values)
    return lambda look, _: _said(not wanted.isdisjoint(look.values))


def _contains(values: tuple[str, ...]) -> Check:
    wanted = tuple(value.casefold() for value in values)

    def check(look: Look, _: Facts) -> Outcome:
        for text in look.lower:
            for part in wanted:
                if part in text:
                    return _TRUE
        return _FALSE

    return check


def _word(values: tuple[str, ...]) -> Check:
    wanted = tuple(value.casefold() for value in values)
    return lambda look, _: _said(any(has_word(text, w) for text in look.lower for w in wanted))


def _startswith(values: tuple[str, ...]) -> Check:
    wanted = tuple(value.casefold() for value in values)
    return lambda look, _: _said(any(text.startswith(wanted) for text in look.lower))


def _endswith(values: tuple[str, ...]) -> Check:
    wanted = tuple(value.casefold() for value in values)
    return lambda look, _: _said(any(text.endswith(wanted) for text in look.lower))


def _cidr(values: tuple[str, ...]) -> Check:
    networks = tuple(ip_network(value) for value in values)

    def one(text: str) -> Outcome:
        try:
            address = ip_address(text)
        except ValueError:
            return _UNKNOWN
        plain = getattr(address, "ipv4_mapped", None) or address
        return _said(any(plain in network for network in networks))

    return lambda look, _: _readable(look, one)


def _compared(holds: Callable[[Decimal, Decimal], bool]) -> "Compiler":
    def compiler(values: tuple[str, ...]) -> Check:
        bounds = tuple(number(value) for value in values)
        if None in bounds:
            raise ValueError(f"not a number: {', '.join(values)}")
        known = tuple(bound for bound in bounds if bound is not None)

        def one(text: str) -> Outcome:
            found = number(text.strip())
            return _UNKNOWN if found is None else _said(any(holds(found, b) for b in known))

        return lambda look, _: _readable(look, one)

    return compiler


def _readable(look: Look, one: Callable[[str], Outcome]) -> Outcome:
    """Any of the values; one that is not empty and cannot be read is unknown."""
    outcomes = [one(text) for text in look.values if text]
    return _TRUE if _TRUE in outcomes else _UNKNOWN if _UNKNOWN in outcomes else _FALSE


def _exists(values: tuple[str, ...]) -> Check:
    if values not in {("true",), ("false",)}:
        raise ValueError("exists is true or false")
    wanted = values == ("true",)
    return lambda look, _: _said(any(look.values) is wanted)


def _fieldref(values: tuple[str, ...]) -> Check:
    def check(look: Look, facts: Facts) -> Outcome:
        others = [facts.look(value) for value in values]
        if any(not set(other.lower).isdisjoint(look.lower) for other in others):
            return _TRUE
        return _UNKNOWN if any(other.missing is Missing.ABSENT for other in others) else _FALSE

    return check


# --- the same in the folded and the squeezed form -------------------------------------------------

FoldedTest = Callable[[FoldedText, str], bool]


def _widened(narrow: Check, tests: tuple[FoldedTest, FoldedTest], values: tuple[str, ...]) -> Check:
    """`narrow`, or the value in the folded or the squeezed form.

    A value that folding leaves alone, where it stands in a text, stands in the folded text as
    well: `narrow` is asked only where there is another one.
    """
    in_folded, in_squeezed = tests
    forms = [folded(value) for value in values]
    phrases = tuple(form for form in forms if form.strip())
    short = [squeezable(form) for form in phrases]
    shorts = tuple(form for form in short if form is not None)
    ask_narrow = any(folded(value) != value.casefold() for value in values)

    def check(look: Look, facts: Facts) -> Outcome:
        for text in look.texts:
            for phrase in phrases:
                if in_folded(text, phrase):
                    return _TRUE
            for one in shorts:
                if in_squeezed(text, one):
                    return _TRUE
        return narrow(look, facts) if ask_narrow else _FALSE

    return check


def _in_squeezed(text: FoldedText, short: str) -> bool:
    if len(short) >= SQUEEZED_ALONE_MIN:
        return short in text.squeezed
    return text.has_split_word(short)


_WIDE: Final[dict[str, tuple[FoldedTest, FoldedTest]]] = {
    "equals": (
        lambda text, one: text.text.strip() == one.strip(),
        lambda text, one: text.squeezed == one,
    ),
    "contains": (lambda text, one: one in text.text, _in_squeezed),
    "word": (FoldedText.has_word, FoldedText.has_split_word),
    "startswith": (
        lambda text, one: text.text.startswith(one),
        lambda text, one: text.squeezed.startswith(one),
    ),
    "endswith": (
        lambda text, one: text.text.endswith(one),
        lambda text, one: text.squeezed.endswith(one),
    ),
}

Compiler = Callable[[tuple[str, ...]], Check]
_COMPILERS: Final[dict[str, Compiler]] = {
    "equals": _equals,
    "cased": _cased,
    "contains": _contains,
    "word": _word,
    "startswith": _startswith,
    "endswith": _endswith,
    "cidr": _cidr,
    "lt": _compared(lambda seen, bound: seen < bound),
    "lte": _compared(lambda seen, bound: seen <= bound),
    "gt": _compared(lambda seen, bound: seen > bound),
    "gte": _compared(lambda seen, bound: seen >= bound),
    "exists": _exists,
    "fieldref": _fieldref,
}
TESTS: Final = frozenset(_COMPILERS)

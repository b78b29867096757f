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
_new: Final = tuple.__new__  # a named tuple without its checks: made for each clause of each ticket


class Look:
    """The values of one field (none or several for groups), or why there is no value.

    Lower-cased, folded and shortened once per field, however many clauses ask; folded and shortened
    only when one asks.
    """

    __slots__ = ("_forms", "_joined", "_texts", "lower", "missing", "seen", "values")

    def __init__(self, seen: tuple[str, ...] | Missing) -> None:
        self.missing = seen if isinstance(seen, Missing) else None
        self.values: tuple[str, ...] = () if isinstance(seen, Missing) else seen
        self.lower = tuple([value.casefold() for value in self.values])
        self._texts: tuple[FoldedText, ...] | None = None
        self._joined: FoldedText | None = None
        self._forms: tuple[frozenset[str], frozenset[str]] | None = None
        self.seen = ""  # what `shown` says, once it was asked

    @property
    def texts(self) -> tuple[FoldedText, ...]:
        """Each value in the forms in which phrases are looked for."""
        if self._texts is None:
            self._texts = tuple([FoldedText(value) for value in self.values])
        return self._texts

    @property
    def forms(self) -> tuple[frozenset[str], frozenset[str]]:
        """The whole values, folded and squeezed."""
        if self._forms is None:
            folds = frozenset([one.text.strip() for one in self.texts])
            self._forms = (folds, frozenset([one.squeezed for one in self.texts]))
        return self._forms

    @property
    def joined(self) -> FoldedText:
        """All values in those forms, for one look at all of them."""
        if self._joined is None:
            self._joined = FoldedText(*self.values)
        return self._joined

    @property
    def shown(self) -> str:
        """The values as a trace shows them."""
        if not self.seen:
            self.seen = _shown(self.values)
        return self.seen


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
    return _evaluate(matcher, facts, trace.append), tuple(trace)


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


def _evaluate(matcher: Matcher, facts: Facts, told: Callable[[ClauseOutcome], None]) -> Outcome:
    """The outcome, each clause told on the way. Written out, as all clauses of all rules run it."""
    if isinstance(matcher, Clause):
        return _evaluate_clause(matcher, facts, told)
    settling = _FALSE if matcher.op == "all" else _TRUE
    settled, open_ = (_TRUE, _FALSE) if matcher.op == "any" else (_FALSE, _TRUE)
    is_settled = False
    for part in matcher.parts:
        if part.__class__ is Clause:
            outcome = _evaluate_clause(part, facts, told)
        else:
            outcome = _evaluate(part, facts, told)
        if outcome is settling:
            is_settled = True
        elif outcome is _UNKNOWN:
            open_ = _UNKNOWN
    return settled if is_settled else open_


def _evaluate_clause(
    clause: Clause, facts: Facts, told: Callable[[ClauseOutcome], None]
) -> Outcome:
    look = facts.look(clause.field)
    if look.missing is not None:
        found = clause.not_applicable if look.missing is Missing.NOT_APPLICABLE else clause.absent
        told(found)
        return found.outcome
    outcome = clause.check(look, facts)
    seen = look.seen or look.shown
    note = "unreadable" if outcome is _UNKNOWN else ""
    told(_new(ClauseOutcome, (clause.text, clause.line, outcome, seen, note)))
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
    wide = clause.wide and (clause.test in _ANYWHERE or clause.test in _PLACED)
    return _widened(narrow, clause.test, clause.values) if wide else narrow


def _said(holds: bool) -> Outcome:  # noqa: FBT001 -- its single argument is the answer itself
    return _TRUE if holds else _FALSE


def _only(values: tuple[str, ...]) -> Check:
    """`when.kind` holds only if every kind matched is listed."""
    wanted = frozenset(values)
    return lambda look, _: _said(bool(look.values) and wanted.issuperset(look.values))


def _equals(values: tuple[str, ...]) -> Check:
    wanted = frozenset(value.casefold() for value in values)
    return lambda look, _: _FALSE if wanted.isdisjoint(look.lower) else _TRUE


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


def _widened(narrow: Check, test: str, values: tuple[str, ...]) -> Check:
    """`narrow`, or the value in the folded or the squeezed form.

    A value that folding leaves alone, where it stands in a text, stands in the folded text as
    well: `narrow` is asked only where there is another one.
    """
    forms = tuple(form for form in map(folded, values) if form.strip())
    shorts = tuple(short for form in forms for short in [squeezable(form)] if short)
    wide = _finding(test, forms) if test in _ANYWHERE else _PLACED[test](forms, shorts)
    if all(folded(value) == value.casefold() for value in values):
        return wide
    return lambda look, facts: _TRUE if wide(look, facts) is _TRUE else narrow(look, facts)


def _finding(test: str, forms: tuple[str, ...]) -> Check:
    """Phrases anywhere in any value: each is looked for once in all of them.

    What is not in the squeezed text is in none of the forms, so one look settles most phrases.
    """
    in_folded, in_squeezed = _ANYWHERE[test]
    pairs = tuple((short, form) for form in forms for short in [squeezable(form)] if short)
    others = tuple(form for form in forms if not squeezable(form))

    def check(look: Look, _: Facts) -> Outcome:
        text = look.joined
        letters = text.squeezed
        for short, form in pairs:
            if short in letters and (in_folded(text, form) or in_squeezed(text, short)):
                return _TRUE
        for form in others:
            if in_folded(text, form):
                return _TRUE
        return _FALSE

    return check


def _is_one_of(forms: tuple[str, ...], shorts: tuple[str, ...]) -> Check:
    wanted, wanted_short = frozenset(map(str.strip, forms)), frozenset(shorts)

    def check(look: Look, _: Facts) -> Outcome:
        folds, letters = look.forms
        if wanted.isdisjoint(folds) and wanted_short.isdisjoint(letters):
            return _FALSE
        return _TRUE

    return check


def _starts(forms: tuple[str, ...], shorts: tuple[str, ...]) -> Check:
    return lambda look, _: _said(
        any(one.text.startswith(forms) or one.squeezed.startswith(shorts) for one in look.texts)
    )


def _ends(forms: tuple[str, ...], shorts: tuple[str, ...]) -> Check:
    return lambda look, _: _said(
        any(one.text.endswith(forms) or one.squeezed.endswith(shorts) for one in look.texts)
    )


def _in_folded(text: FoldedText, form: str) -> bool:
    return form in text.text


def _in_squeezed(text: FoldedText, short: str) -> bool:
    """Of a phrase whose letters are there: a short one begins or ends where a word does."""
    return len(short) >= SQUEEZED_ALONE_MIN or text.has_split_edge(short)


_ANYWHERE: Final[dict[str, tuple[FoldedTest, FoldedTest]]] = {
    "contains": (_in_folded, _in_squeezed),
    "word": (FoldedText.has_word, FoldedText.has_split_word),
}
_PLACED: Final[dict[str, Callable[[tuple[str, ...], tuple[str, ...]], Check]]] = {
    "equals": _is_one_of,
    "startswith": _starts,
    "endswith": _ends,
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

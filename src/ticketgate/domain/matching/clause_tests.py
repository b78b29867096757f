"""Clause tests: what `field|test: values` asks, compiled once into a check on a look.

No regular expression of a policy runs on ticket text: every test takes time linear in the text.
"""

from collections.abc import Callable
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple

from ticketgate.domain.text.durations import number
from ticketgate.domain.text.folding import (
    SQUEEZED_ALONE_MIN,
    FoldedText,
    folded,
    has_word,
    pieces_of_phrase,
    squeezable,
)
from ticketgate.domain.tickets.identity_event import Outcome
from ticketgate.domain.tickets.looks import Check, Facts, Look
from ticketgate.domain.tickets.ticket import Missing

_TRUE: Final = Outcome.TRUE
_FALSE: Final = Outcome.FALSE
_UNKNOWN: Final = Outcome.UNKNOWN


def compiled(test: str, values: tuple[str, ...], *, wide: bool) -> Check:
    """The check that a test makes of its values; `wide`: in the other forms of a text as well.

    Raises:
        ValueError: the values do not fit the test.
    """
    narrow = _COMPILERS[test](values)
    widened = wide and (test in _ANYWHERE or test in _PLACED)
    return _widened(narrow, test, values) if widened else narrow


class Needed(NamedTuple):
    """What a look must have so that a check says anything but FALSE: one of these at the least."""

    lower: frozenset[str] = frozenset()  # of `Look.lower`
    folded: frozenset[str] = frozenset()  # of the first of `Look.forms`
    letters: frozenset[str] = frozenset()  # of the second
    shorts: frozenset[str] = frozenset()  # anywhere in the squeezed text of `Look.joined`
    pieces: frozenset[int] = frozenset()  # of that text (`pieces` of domain/text/folding.py)


def needed(test: str, values: tuple[str, ...], *, wide: bool) -> Needed | None:
    """What the check that `compiled` makes of the same needs; None where that cannot be told.

    Of phrases only such are told that are looked for in all forms and that folding leaves alone:
    where one stands in any form of a text, its letters stand in the squeezed one (`_widened`).
    """
    if test in {"equals", "cased"}:
        lower = frozenset(value.casefold() for value in values)
        if not wide or test == "cased":
            return Needed(lower)
        forms = _forms(values)
        return Needed(lower, frozenset(map(str.strip, forms)), frozenset(_shorts(forms)))
    plain = all(folded(value) == value.casefold() for value in values)
    shorts = _shorts(_forms(values))
    if test not in _ANYWHERE or not wide or not plain or len(shorts) < len(values):
        return None
    found = {short: pieces_of_phrase(short) for short in shorts}
    without = frozenset(short for short in found if not found[short])
    return Needed(shorts=without, pieces=frozenset().union(*found.values()))


def _said(holds: bool) -> Outcome:  # noqa: FBT001 -- its single argument is the answer itself
    return _TRUE if holds else _FALSE


def only(values: tuple[str, ...]) -> Check:
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
    well: `narrow` is asked only where there is another one, and for `word` where a character that
    vanishes may be what stands between two words, so not of text in which none does.
    """
    forms = _forms(values)
    shorts = _shorts(forms)
    wide = _finding(test, forms) if test in _ANYWHERE else _PLACED[test](forms, shorts)
    if test != "word" and all(folded(value) == value.casefold() for value in values):
        return wide
    as_plain = test == "word" and all(value.isascii() and folded(value).strip() for value in values)

    def check(look: Look, facts: Facts) -> Outcome:
        if wide(look, facts) is _TRUE:
            return _TRUE
        return _FALSE if as_plain and look.is_plain else narrow(look, facts)

    return check


def _forms(values: tuple[str, ...]) -> tuple[str, ...]:
    """The values in their folded form, but for those of which nothing is left."""
    return tuple(form for form in map(folded, values) if form.strip())


def _shorts(forms: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are looked for in squeezed texts as well, so squeezed."""
    return tuple(short for form in forms for short in [squeezable(form)] if short)


def _finding(test: str, forms: tuple[str, ...]) -> Check:
    """Phrases anywhere in any value: each is looked for once in all of them.

    What is not in the squeezed text is in none of the forms, so one look settles most phrases.
    """
    in_folded, in_squeezed = _ANYWHERE[test]
    shorts = {form: squeezable(form) for form in forms}
    pairs = tuple((short, form) for form, short in shorts.items() if short)
    letter_runs = tuple(dict.fromkeys(short for short, _ in pairs))
    others = tuple(form for form, short in shorts.items() if not short)

    def holds(text: FoldedText, found: str) -> bool:
        """Whether a phrase of these letters, which are there, is there as well."""
        whole = any(in_folded(text, form) for short, form in pairs if short == found)
        return whole or in_squeezed(text, found)

    def check(look: Look, _: Facts) -> Outcome:
        text = look.joined
        letters = text.squeezed
        for run in letter_runs:
            if run in letters and holds(text, run):
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

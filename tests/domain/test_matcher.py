"""Each test of a clause, and the three outcomes of clauses and blocks."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.matching.clause_tests import TESTS
from ticketgate.domain.matching.matcher import Clause, Group, Matcher, decide, evaluate
from ticketgate.domain.text.visible import visible
from ticketgate.domain.tickets.identity_event import Outcome
from ticketgate.domain.tickets.looks import SHOWN_CHARS_MAX, Look
from ticketgate.domain.tickets.ticket import Missing

TRUE, FALSE, UNKNOWN = Outcome.TRUE, Outcome.FALSE, Outcome.UNKNOWN


class Known:
    """Facts from a mapping; what is not in it does not apply."""

    def __init__(self, **values: str | tuple[str, ...] | Missing) -> None:
        self._values = values

    def look(self, field: str) -> Look:
        found = self._values.get(field, Missing.NOT_APPLICABLE)
        return Look((found,) if isinstance(found, str) else found)


def outcome_of(test: str, values: str | tuple[str, ...], seen: str | tuple[str, ...]) -> Outcome:
    listed = (values,) if isinstance(values, str) else values
    return evaluate(Clause("x", test, listed, 1), Known(x=seen, y="Bob", gone=Missing.ABSENT))[0]


@pytest.mark.parametrize(
    ("test", "values", "seen", "outcome"),
    [
        ("equals", "Bob", "BOB", TRUE),
        ("equals", ("carol", "straße"), "STRASSE", TRUE),
        ("equals", "bob", "bobby", FALSE),
        ("equals", "sec-iam", ("sales", "sec-iam"), TRUE),
        ("equals", "sec-iam", (), FALSE),
        ("cased", "Bob", "Bob", TRUE),
        ("cased", "Bob", "bob", FALSE),
        ("contains", ("nothing", "Break Glass"), "please BREAK glass now", TRUE),
        ("contains", "break glass", "breakglass", FALSE),
        ("contains", "x", (), FALSE),
        ("word", "mfa", "reset my MFA.", TRUE),
        ("word", "mfa", "mfa", TRUE),
        ("word", "mfa", "mfas and xmfa, then mfa", TRUE),
        ("word", "mfa", "mfa_token smfa", FALSE),
        ("word", "vpn", "the éVPN", FALSE),
        ("startswith", ("SG-", "x"), "sg-prod", TRUE),
        ("startswith", "prod", "sg-prod", FALSE),
        ("endswith", "-PROD", "sg-prod", TRUE),
        ("endswith", "sg", "sg-prod", FALSE),
        ("cidr", "10.0.0.0/8", "10.1.2.3", TRUE),
        ("cidr", ("192.0.2.0/24", "2001:db8::/32"), "2001:db8::1", TRUE),
        ("cidr", "10.0.0.0/8", "::ffff:10.1.2.3", TRUE),
        ("cidr", "10.0.0.0/8", "11.0.0.1", FALSE),
        ("cidr", "10.0.0.0/8", "2001:db8::1", FALSE),
        ("cidr", "10.0.0.0/8", "not an address", UNKNOWN),
        ("cidr", "10.0.0.0/8", "", FALSE),
        ("lt", "3", "2", TRUE),
        ("lt", "3", "3", FALSE),
        ("lte", "3", "3.0", TRUE),
        ("gt", "3", " 10 ", TRUE),
        ("gte", ("3", "99"), "3", TRUE),
        ("gte", "3", "2.99", FALSE),
        ("lt", "3", "1 - Critical", UNKNOWN),
        ("lt", "3", ("nonsense", "2"), TRUE),
        ("exists", "true", "a", TRUE),
        ("exists", "true", "", FALSE),
        ("exists", "true", (), FALSE),
        ("exists", "false", "", TRUE),
        ("exists", "false", "a", FALSE),
        ("fieldref", "y", "bob", TRUE),
        ("fieldref", "y", "carol", FALSE),
        ("fieldref", ("nowhere", "y"), "BOB", TRUE),
        ("fieldref", "nowhere", "bob", FALSE),
        ("fieldref", "gone", "bob", UNKNOWN),
    ],
)
def test_a_clause_says(
    test: str, values: str | tuple[str, ...], seen: str | tuple[str, ...], outcome: Outcome
) -> None:
    assert outcome_of(test, values, seen) is outcome


def test_each_test_is_exercised_above() -> None:
    """A new test word without a row would go unnoticed."""
    marks = test_a_clause_says.pytestmark  # type: ignore[attr-defined] # set by the decorator
    assert {row[0] for row in marks[0].args[1]} == TESTS


@pytest.mark.parametrize("test", sorted(TESTS))
def test_a_field_that_does_not_apply_makes_a_clause_false_and_an_absent_one_unknown(
    test: str,
) -> None:
    values = {"cidr": "10.0.0.0/8", "exists": "false", "fieldref": "y"}.get(test, "1")
    clause = Clause("x", test, (values,), 7)
    outcome, trace = evaluate(clause, Known(x=Missing.NOT_APPLICABLE))
    assert (outcome, trace[0].note, trace[0].seen) == (FALSE, "not applicable", "")
    outcome, trace = evaluate(clause, Known(x=Missing.ABSENT))
    assert (outcome, trace[0].note, trace[0].line) == (UNKNOWN, "absent", 7)


@pytest.mark.parametrize(
    ("test", "values"),
    [
        ("equal", ("a",)),
        ("equals", ()),
        ("cidr", ("10.0.0.1/8",)),
        ("cidr", ("ten",)),
        ("lt", ("3", "many")),
        ("exists", ("yes",)),
        ("exists", ("true", "false")),
    ],
)
def test_a_clause_that_makes_no_sense_is_refused_when_it_is_made(
    test: str, values: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        Clause("x", test, values, 1)


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [(("a",), TRUE), (("a", "b"), TRUE), (("a", "c"), FALSE), ((), FALSE)],
)
def test_kind_holds_only_if_every_kind_matched_is_listed(
    seen: tuple[str, ...], outcome: Outcome
) -> None:
    assert evaluate(Clause("kind", "equals", ("a", "b"), 1), Known(kind=seen))[0] is outcome


SEEN: dict[Outcome, str | Missing] = {TRUE: "yes", FALSE: "no", UNKNOWN: Missing.ABSENT}


@pytest.mark.parametrize(
    ("left", "right"), list(itertools.product([TRUE, FALSE, UNKNOWN], repeat=2))
)
def test_blocks_follow_the_logic_of_kleene(left: Outcome, right: Outcome) -> None:
    facts = Known(left=SEEN[left], right=SEEN[right])
    parts: tuple[Matcher, ...] = tuple(
        Clause(name, "equals", ("yes",), 1) for name in ("left", "right")
    )
    order = [FALSE, UNKNOWN, TRUE]
    lower = min(left, right, key=order.index)
    higher = max(left, right, key=order.index)
    assert evaluate(Group("all", parts, 1), facts)[0] is lower
    assert evaluate(Group("any", parts, 1), facts)[0] is higher
    opposite = {TRUE: FALSE, FALSE: TRUE, UNKNOWN: UNKNOWN}[higher]
    assert evaluate(Group("none", parts, 1), facts)[0] is opposite


MATCHERS: st.SearchStrategy[Matcher] = st.recursive(
    st.sampled_from(["true", "false", "unknown", "inapplicable"]).map(
        lambda name: Clause(name, "equals", ("yes",), 1)
    ),
    lambda inner: st.builds(
        Group,
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, max_size=3).map(tuple),
        st.just(1),
    ),
    max_leaves=8,
)


@given(MATCHERS)
def test_deciding_without_a_trace_says_what_the_trace_says(matcher: Matcher) -> None:
    facts = Known(true="yes", false="no", unknown=Missing.ABSENT)
    assert decide(matcher, facts) is evaluate(matcher, facts)[0]


def test_an_absent_field_inside_none_is_unknown_never_true() -> None:
    clause = Clause("x", "equals", ("sandbox",), 1)
    assert evaluate(Group("none", (clause,), 1), Known(x=Missing.ABSENT))[0] is UNKNOWN
    assert evaluate(Group("none", (clause,), 1), Known())[0] is TRUE


def test_an_empty_condition_always_holds() -> None:
    assert evaluate(Group("all", (), 1), Known()) == (TRUE, ())


def test_a_long_value_is_cut_in_the_trace() -> None:
    assert Look(("x" * 5000,)).shown == "x" * (SHOWN_CHARS_MAX - 1) + "…"


def test_the_trace_names_every_clause_with_its_line_and_the_value_seen() -> None:
    one = Clause("x", "contains", ("a", "b"), 3)
    two = Clause("y", "equals", ("c",), 4)
    nested = Group("all", (two, Group("any", (one, two), 2)), 1)
    _, trace = evaluate(nested, Known(x="Abc", y=("d", "e")))
    assert [(c.clause, c.line, c.outcome, c.seen) for c in trace] == [
        ("y: c", 4, FALSE, "d, e"),
        ("x|contains: [a, b]", 3, TRUE, "Abc"),
        ("y: c", 4, FALSE, "d, e"),
    ]


def test_a_value_that_a_test_cannot_read_says_so() -> None:
    _, trace = evaluate(Clause("x", "gt", ("1",), 1), Known(x="many"))
    assert trace[0].note == "unreadable"


@given(st.lists(st.text(max_size=300), max_size=20))
def test_what_is_shown_of_a_value_is_short_and_acts_on_nothing(values: list[str]) -> None:
    look = Look(tuple(values))
    assert visible(look.shown) == look.shown
    if "".join(values).isprintable():
        assert len(look.shown) <= SHOWN_CHARS_MAX


@given(st.text(), st.text(min_size=1), st.text())
def test_adding_text_never_takes_a_phrase_away(before: str, phrase: str, after: str) -> None:
    assert outcome_of("contains", phrase, before + phrase + after) is TRUE
    assert outcome_of("word", phrase, f"{before} {phrase} {after}") is TRUE


def test_texts_are_folded_once_however_many_clauses_ask() -> None:
    known = Look(("A",))
    assert known.texts is known.texts
    assert known.joined is known.joined
    assert known.forms is known.forms

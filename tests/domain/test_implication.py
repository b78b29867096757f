"""What lies within what: one matcher follows from another, or that cannot be told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.matchers import block, both, clause

from ticketgate.domain.matching.implication import Scale, asks_about, implies, matcher_text, scale
from ticketgate.domain.matching.matcher import Clause, Group, Matcher, decide
from ticketgate.domain.tickets.identity_event import Outcome
from ticketgate.domain.tickets.looks import Look
from ticketgate.domain.tickets.ticket import Missing


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (clause("ticket.table=a"), clause("ticket.table=A,b")),
        (clause("ticket.table|contains=abc"), clause("ticket.table|contains=B,x")),
        (clause("ticket.table|startswith=abc"), clause("ticket.table|startswith=AB")),
        (clause("ticket.table|endswith=abc"), clause("ticket.table|endswith=BC")),
        (clause("ticket.table|cased=a"), clause("ticket.table|cased=a,B")),
        (both("ticket.table=a", "ticket.state=1"), clause("ticket.state=1")),
        (clause("ticket.table=a"), block("any", "ticket.table=a", "ticket.state=1")),
        (block("any", "ticket.table=a", "ticket.table=b"), clause("ticket.table=a,b")),
        (
            both("ticket.table=a", "ticket.state=1"),
            block("any", both("ticket.table=a", "ticket.state=1"), "ticket.state=2"),
        ),
        (block("none", "ticket.table=a,b"), block("none", "ticket.table=a")),
        (clause("ticket.table=a"), both()),
    ],
)
def test_what_lies_within_another(one: Matcher, other: Matcher) -> None:
    assert implies(one, other)
    assert not implies(other, one)
    assert scale(one, other) is Scale.WIDER
    assert scale(other, one) is Scale.NARROWER


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (clause("ticket.table=a"), clause("ticket.table|cased=a")),
        (clause("ticket.table|cased=a"), clause("ticket.table|cased=A")),
        (clause("ticket.table=a"), block("none", "ticket.table=b")),
        (clause("ticket.table|gt=1"), clause("ticket.table|gt=2")),
        (clause("kind=mover"), clause("kind=Mover")),
        (clause("kind|contains=mover"), clause("kind|contains=move")),
        (
            Clause("ticket.table", "cased", ("ADMIN",), 1, wide=True),
            Clause("ticket.table", "cased", ("admin",), 1, wide=True),
        ),
    ],
)
def test_what_cannot_be_told_is_other(one: Matcher, other: Matcher) -> None:
    assert scale(one, other) is Scale.OTHER


def test_a_matcher_is_told_as_it_is_written() -> None:
    said = matcher_text(both("ticket.table=a", block("none", "ticket.state=1")))
    assert said == "{ ticket.table: a, none: [ ticket.state: 1 ] }"
    assert asks_about(both(block("any", "kind=mover")), "kind")
    assert not asks_about(both("ticket.table=a"), "kind")


FIELDS = ("ticket.table", "ticket.state")
VALUES = ("a", "ab", "b", "A", "acc", "a-c-c", "ACC", "acc b", "\u017fs", "ß")


class Facts:
    """Two fields, each with a value or none."""

    def __init__(self, values: dict[str, tuple[str, ...] | Missing]) -> None:
        self._values = values

    def look(self, field: str) -> Look:
        """The field."""
        return Look(self._values[field])


TESTS = ("equals", "cased", "contains", "word", "startswith", "endswith")
CLAUSES = st.builds(
    lambda field, test, values, wide: Clause(field, test, tuple(values), 1, wide),
    st.sampled_from(FIELDS),
    st.sampled_from(TESTS),
    st.lists(st.sampled_from(VALUES), min_size=1, max_size=2),
    st.booleans(),
)
MATCHERS = st.recursive(
    CLAUSES,
    lambda inner: st.builds(
        lambda op, parts: Group(op, tuple(parts), 1),
        st.sampled_from(("all", "any", "none")),
        st.lists(inner, min_size=1, max_size=2),
    ),
    max_leaves=4,
)
OTHERS = ("", "xab", "xacc", "a c c", "my acc b", "4cc", "SS")
SEEN = st.sampled_from((*((value,) for value in (*VALUES, *OTHERS)), *Missing))
ORDER = (Outcome.FALSE, Outcome.UNKNOWN, Outcome.TRUE)


CASED = st.builds(
    lambda test, values, wide: Clause(FIELDS[0], test, tuple(values), 1, wide),
    st.sampled_from(TESTS),
    st.lists(st.sampled_from(VALUES), min_size=1, max_size=2),
    st.booleans(),
)


@given(one=MATCHERS, other=MATCHERS, table=SEEN, state=SEEN)
def test_what_is_said_to_follow_does(
    one: Matcher, other: Matcher, table: tuple[str, ...] | Missing, state: tuple[str, ...] | Missing
) -> None:
    facts = Facts({"ticket.table": table, "ticket.state": state})
    for a, b in ((one, other), (one, both(one, other)), (both(one, other), other)):
        if implies(a, b):
            assert ORDER.index(decide(a, facts)) <= ORDER.index(decide(b, facts))


@given(one=CASED, other=CASED, seen=SEEN)
def test_one_clause_that_is_said_to_follow_from_another_does(
    one: Clause, other: Clause, seen: tuple[str, ...] | Missing
) -> None:
    """Of one field, in which two clauses meet more often."""
    facts = Facts({"ticket.table": seen})
    if implies(one, other):
        assert ORDER.index(decide(one, facts)) <= ORDER.index(decide(other, facts))

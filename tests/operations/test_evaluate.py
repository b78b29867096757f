"""Evaluate: verdicts held against labels, over all rows or parts that do not overlap."""

from tests.domain.test_classify import rule

from ticketgate.domain.classifying.labels import Labelled
from ticketgate.domain.matching.matcher import Clause, Group
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.text.training import Counts, Example
from ticketgate.domain.tickets.identity_event import Verdict
from ticketgate.domain.tickets.ticket import FIELD_TEXT_MAX
from ticketgate.operations.trying.evaluate import evaluate, examples, first_percent, halves

ITEM = Clause("ticket.catalog_item", "word", ("password",), 1)
OURS = Group("all", (Clause("ticket.source", "equals", ("snow",), 2), ITEM), 2)
TABLE = Clause("ticket.table", "equals", ("incident",), 3)
TALK = Group("all", (TABLE, Clause("ticket.text", "contains", ("access",), 3)), 3)
RULES = Policy("d", (rule("item", OURS), rule("talk", TALK, verdict=Verdict.UNCERTAIN)), (), (), ())
ROWS = [
    Labelled("Y", {"catalog_item": "Password reset"}),
    Labelled("Y", {"description": "access please", "table": "incident"}),
    Labelled("Y", {"description": "access please"}),
    Labelled("N", {"catalog_item": "Password book"}),
    Labelled("N", {"text": "my printer"}),
    Labelled("P", {"text": "floor access", "table": "incident"}),
    Labelled("?", {"text": "?"}),
]


def test_verdicts_are_counted_against_labels() -> None:
    found = evaluate(ROWS, RULES, source="snow", positive={"Y"})
    assert found.identity == Counts(tp=1, fp=1, fn=2, tn=1)
    assert found.identity_or_uncertain == Counts(tp=2, fp=1, fn=1, tn=1)
    assert found.left_out == {"?": 1, "P": 1}


def test_more_letters_may_be_positive_and_the_source_counts() -> None:
    found = evaluate(ROWS, RULES, source="other", positive={"Y", "P"})
    assert found.identity == Counts(0, 0, 4, 2)
    assert found.identity_or_uncertain == Counts(2, 0, 2, 2)


def test_a_text_that_would_be_cut_is_uncertain() -> None:
    row = Labelled("Y", {"text": "x" * (FIELD_TEXT_MAX + 1), "table": "incident"})
    assert evaluate([row], RULES, source="s", positive={"Y"}).identity_or_uncertain.tp == 1


def test_parts_do_not_overlap_and_leave_nothing_out() -> None:
    rows = [Labelled("Y", {"text": f"text {number}"}) for number in range(1000)]
    for parts, first in ((halves(), 500), (first_percent(40), 400)):
        sizes = [sum(belongs(row) for row in rows) for belongs in parts.values()]
        assert sum(sizes) == len(rows)
        assert abs(sizes[0] - first) < 60


def test_weights_learn_from_rows_with_text_and_a_label_that_counts() -> None:
    found = examples([*ROWS, Labelled("Y", {"table": "incident"})], {"Y"})
    assert found[:2] == [Example(("Password reset",), True), Example(("access please",), True)]
    assert len(found) == 5

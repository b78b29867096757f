"""What folding makes longer than it is written is counted, and beyond a limit it is unread."""

import base64
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.matchers import both, clause

from ticketgate.domain.classifying.classify import classify
from ticketgate.domain.classifying.facts import TicketFacts
from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.policy.policy import ClassifyRule, Policy
from ticketgate.domain.text import expansion
from ticketgate.domain.text.expansion import GROWTH_MAX, growth
from ticketgate.domain.text.folding import folded
from ticketgate.domain.text.text_forms import forms_of
from ticketgate.domain.tickets.identity_event import Classification, Tier, Verdict
from ticketgate.domain.tickets.ticket import Missing, StateClass, Ticket

PHRASE = "\ufdfa"  # eighteen letters, in three bytes
MOST = GROWTH_MAX // (len(folded(PHRASE)) - 1)  # of these that are read
WORDS = Clause("ticket.text", "contains", ("vpn",), 1, wide=True)
RULE = ClassifyRule("vpn", "access.grant", Tier.HIGH, Verdict.UNCERTAIN, WORDS, "p:1", "r")
POLICY = Policy("d", (RULE,), (), (), ())


def ticket(**texts: str) -> Ticket:
    fields = {"short_description": "a printer", **texts}
    return Ticket("s", "incident", "1", 1, "1", StateClass.OPEN, "alice", fields=fields)


def said(of: Ticket, policy: Policy = POLICY) -> Classification:
    return classify(policy, TicketFacts(of))


@given(st.text(st.sampled_from([*"aé½ß㌖ﷻ…ﬃ", PHRASE, "漢", "뷁", "\u0301"])))
def test_folding_adds_no_more_than_is_counted(text: str) -> None:
    assert len(folded(text)) <= 2 * len(text) + growth(text)


@pytest.mark.untraced
def test_no_character_of_unicode_adds_more_than_is_counted() -> None:
    for code in range(128, sys.maxunicode + 1):
        char = chr(code)
        assert len(folded(char)) <= 2 + growth(char), hex(code)


def test_what_is_as_long_as_it_is_written_adds_nothing() -> None:
    assert growth("access for the ﬁrst " * 1000) == 0
    assert growth("раѕѕ 漢字 é" * 1000) == 0  # noqa: RUF001
    assert growth(PHRASE * 10) == 170


def test_a_text_that_folding_makes_far_longer_is_unread_and_its_ticket_uncertain() -> None:
    assert said(ticket(description=PHRASE * MOST)).verdict is Verdict.NOT_IDENTITY
    found = said(ticket(description=PHRASE * (MOST + 1)))
    assert found.verdict is Verdict.UNCERTAIN
    assert [one.rule for one in found.blind] == ["vpn"]
    assert found.tier is Tier.HIGH


def test_the_limit_is_of_all_texts_of_a_ticket_together() -> None:
    half = PHRASE * (MOST // 2 + 1)
    assert said(ticket(description=half)).verdict is Verdict.NOT_IDENTITY
    several = replace(ticket(description=half), variables={"more": half})
    assert said(several).verdict is Verdict.UNCERTAIN
    facts = TicketFacts(several)
    assert facts.seen("ticket.text") is Missing.ABSENT
    assert facts.seen("ticket.description") == (half,)


@pytest.mark.parametrize("field", ["category", "catalog_item"])
def test_any_other_field_of_a_ticket_is_unread_as_well(field: str) -> None:
    rule = replace(RULE, match=both(clause(f"ticket.{field}|contains=vpn")))
    policy = replace(POLICY, classify=(rule,))
    long = ticket(**{field: f"vpn {PHRASE * (MOST + 1)}"})
    assert said(long, policy).verdict is Verdict.UNCERTAIN
    assert [one.rule for one in said(long, policy).blind] == ["vpn"]
    assert said(ticket(**{field: PHRASE * 9}), policy).verdict is Verdict.NOT_IDENTITY


@pytest.mark.parametrize(
    "encoded",
    [
        lambda count: base64.b64encode((PHRASE * count).encode()).decode(),
        lambda count: "%EF%B7%BA" * count,
        lambda count: f"<p>{'&#xFDFA;' * count}</p>",
        lambda count: "&#xFDFA;" * count,
        lambda count: "\\ufdfa" * count,
    ],
    ids=["base64", "percent", "markup", "entities", "numbers"],
)
def test_what_is_undone_counts_as_well(encoded: Callable[[int], str]) -> None:
    few, many = encoded(300), encoded(MOST + 1)
    assert forms_of((few, f"{few} ", f" {few}")).whole
    assert not forms_of((many,)).whole
    found = said(ticket(description=many))
    assert found.verdict is Verdict.UNCERTAIN
    assert "unread-text" in {one.rule for one in found.blind}
    read = forms_of((many,)).read
    assert sum(len(folded(one)) for one in read) <= 2 * len(many) + 2 * GROWTH_MAX


def test_a_full_memory_of_lengths_only_costs_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "_CACHED_MAX", 0)
    monkeypatch.setattr(expansion, "_LENGTHS", expansion._Lengths())
    assert growth("\ufdfa" * 3) == 3 * 17
    assert expansion._LENGTHS == {}

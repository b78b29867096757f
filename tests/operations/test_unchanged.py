"""What is left alone without asking all rules is what all rules would have left as it was."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domain.matchers import block, both, clause
from tests.operations.test_diff_and_backtest import PEOPLE, Draw
from typing_extensions import override

from ticketgate.connector_api import Missing, Reference, StateClass, Ticket
from ticketgate.domain.changes.backtest import Effect, Recorded, effects
from ticketgate.domain.classifying import unchanged
from ticketgate.domain.matching.matcher import Matcher
from ticketgate.domain.policy.policy import ClassifyRule, Policy
from ticketgate.domain.text.language import Covered
from ticketgate.domain.text.secret_shapes import MARK
from ticketgate.domain.text.weights import Weights
from ticketgate.domain.tickets.identity_event import Tier, Verdict
from ticketgate.operations.classifying.classified import classified, facts_of
from ticketgate.operations.trying import backtest as replaying
from ticketgate.operations.trying.backtest import Pair

TICKETS: Final = 12
PAIRS: Final = 300
DESCRIPTIONS: Final = (
    None, None, None, "thanks", "mailbox", "access and mailbox", "нужен доступ к почте",
    "erawdrah \u202e", f"the key is {MARK}token⟧", Missing.ABSENT,
)  # fmt: skip
CATEGORIES: Final = (None, None, "hardware", "access", "erawdrah \u202e", f"{MARK}token⟧")
READS: Final[tuple[Matcher, ...]] = (
    both("ticket.category|contains=access"),
    both("ticket.description|contains=mailbox"),
    block("any", "ticket.category=access", "ticket.text|contains=mailbox"),
)
LANGUAGES: Final = (None, Covered(("en",), "", 1, "en"), Covered(("en", "ru"), "", 1, "en, ru"))
WEIGHTS: Final = (
    None,
    Weights({"mailbox": 400}, 1000, "", 1, "far"),
    Weights({"mailbox": 400}, 300, "", 1, "near"),
)


class Wider(Draw):
    """Also language, weights, fields with text that cannot be read, and masked secrets."""

    @override
    def pair(self) -> tuple[Policy, Policy]:
        old, new = super().pair()
        draw = self._draw
        if draw.random() < 0.5:
            languages, weights = draw.choice(LANGUAGES), draw.choice(WEIGHTS)
            old, new = (replace(one, languages=languages, weights=weights) for one in (old, new))
        if draw.random() < 0.3:
            new = replace(new, languages=draw.choice(LANGUAGES))
        if draw.random() < 0.3:
            new = replace(new, weights=draw.choice(WEIGHTS))
        if draw.random() < 0.3:
            new = replace(new, classify=new.classify[::-1])
        return old, new

    @override
    def sees(self, ident: str) -> ClassifyRule:
        made, draw = super().sees(ident), self._draw
        if draw.random() < 0.4:
            match = draw.choice(READS)
            made = replace(made, match=match, digest=f"{made.digest[:32]}{READS.index(match)}")
        return made

    @override
    def tickets(self, count: int) -> Iterator[tuple[Recorded, Ticket]]:
        draw = self._draw
        for recorded, ticket in super().tickets(count):
            said = {"description": draw.choice(DESCRIPTIONS), "category": draw.choice(CATEGORIES)}
            fields: dict[str, Any] = {name: one for name, one in said.items() if one is not None}
            state = draw.choice((StateClass.OPEN, StateClass.OPEN, StateClass.CLOSED))
            yield recorded, replace(ticket, fields={**ticket.fields, **fields}, state_class=state)


def misses(seed: int) -> list[str]:
    """Tickets of which the short way says something else than all rules of both policies do."""
    draw = Wider(seed)
    pair = Pair(*draw.pair(), PEOPLE)
    found = []
    for recorded, ticket in draw.tickets(TICKETS):
        outcomes = [
            replaying._outcome(ticket, classified(ticket, policy, PEOPLE), policy, pair)
            for policy in (pair.old, pair.new)
        ]
        plain = list(effects(*outcomes))
        if list(replaying._ticket_effects(ticket, pair)) != plain:
            found.append(f"{recorded.ident}: {plain}")
    return found


def many_misses() -> Iterator[str]:
    for seed in range(PAIRS):
        yield from misses(seed)


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32))
def test_the_short_way_says_what_all_rules_say(seed: int) -> None:
    assert misses(seed) == []


def test_the_short_way_leaves_tickets_of_every_kind() -> None:
    """And not only those of which nothing is open, or none would be left to hold it against."""
    left: set[tuple[Verdict, bool]] = set()
    for seed in range(40):
        draw = Wider(seed)
        pair = Pair(*draw.pair(), PEOPLE)
        for _, ticket in draw.tickets(TICKETS):
            verdict = classified(ticket, pair.old, PEOPLE).verdict
            left.add((verdict, pair.between.leaves(ticket, facts_of(ticket, PEOPLE))))
    assert left == {(verdict, is_left) for verdict in Verdict for is_left in (True, False)}


def nothing(*_: object, **__: object) -> tuple[()]:
    return ()


@pytest.mark.parametrize(
    ("name", "careless"),
    [
        ("text_hints", nothing),
        ("_rest", nothing),
        ("_read_beside", nothing),
        ("_needed", lambda _: frozenset({"ticket.variables.x"})),
        ("_is_open", lambda _: False),
    ],
)
def test_a_short_way_that_forgets_one_of_these_is_caught(
    name: str, careless: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unchanged, name, careless)
    assert next(many_misses(), "")


def tier_of_a_rule_that_does_not_match(category: str) -> list[Effect]:
    """What a lower tier of it changes of an IDENTITY with that category."""
    draw = Draw(0)
    sure = replace(draw.sees("sure"), verdict=Verdict.IDENTITY, tier=Tier.LOW)
    sure = replace(sure, match=both("ticket.catalog_item=elevated"))
    reading = replace(sure, id="reading", match=both("ticket.category|contains=access"))
    entitlement = replace(draw.entitlement("e"), tier=Tier.LOW, asked_by=sure.match)
    entitlement = replace(entitlement, duration_from=None, requestable_by=None)
    approve, limit = replace(draw.approve("a"), when=both()), replace(draw.limit(), when=both())
    high, low = (replace(reading, tier=one, digest=one.word) for one in (Tier.CRITICAL, Tier.LOW))
    old = Policy("0" * 64, (sure, high), (entitlement,), (approve,), (limit,))
    pair = Pair(old, replace(old, classify=(sure, low)), PEOPLE)
    (_, ticket), *_ = draw.tickets(1)
    fields: dict[str, Any] = {
        **ticket.fields, "catalog_item": Reference("i", "elevated"), "category": category,
    }  # fmt: skip
    ticket = replace(ticket, fields=fields, updated_by="sys-alice")
    return list(replaying._ticket_effects(ticket, pair))


@pytest.mark.parametrize(
    ("category", "asked"),
    [("erawdrah \u202e", "unread_text"), (f"{MARK}token⟧", "shown_in")],
)
def test_what_is_hidden_has_the_tier_of_rules_that_do_not_match(
    category: str, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tier_of_a_rule_that_does_not_match("hardware") == []
    assert [one.what for one in tier_of_a_rule_that_does_not_match(category)] == ["a lower tier"]
    monkeypatch.setattr(unchanged, asked, nothing)
    assert tier_of_a_rule_that_does_not_match(category) == [], "so it would be missed"


def rules(*matches: Matcher) -> Policy:
    """Rules that say IDENTITY, one for each match."""
    made = [
        ClassifyRule(f"r{at}", "mover", Tier.LOW, Verdict.IDENTITY, match, "", f"{at}")
        for at, match in enumerate(matches)
    ]
    return Policy("0" * 64, tuple(made), (), (), ())


def test_rules_are_asked_only_where_the_field_that_they_need_has_a_value() -> None:
    policy = rules(
        clause("ticket.category=access"),
        both("ticket.table=req", "ticket.category=account"),
        block("any", "ticket.state=1", "ticket.state=2"),
        block("any", "ticket.state=1", "ticket.table=req"),
        block("none", "ticket.state=1"),
        both(),
    )
    fields = [(field, len(those)) for field, those in unchanged.apart(policy, policy).sure]
    assert fields == [("ticket.category", 2), ("ticket.state", 1), ("", 3)]

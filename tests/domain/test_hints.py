"""Hints: language and weights make a ticket uncertain that no rule speaks of, and nothing else."""

from dataclasses import replace

import pytest
from tests.domain.test_classify import ELEVATED, item, policy, rule, ticket

from ticketgate.domain.classifying.classify import classify
from ticketgate.domain.classifying.facts import TicketFacts
from ticketgate.domain.classifying.hints import acquits_unread_languages
from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.text.language import Covered
from ticketgate.domain.text.weights import Weights
from ticketgate.domain.tickets.identity_event import ClauseOutcome, Outcome, Tier, Verdict
from ticketgate.domain.tickets.ticket import Missing, StateClass, Ticket

IDENTITY, UNCERTAIN, NOT_IDENTITY = Verdict.IDENTITY, Verdict.UNCERTAIN, Verdict.NOT_IDENTITY
ENGLISH = Covered(("en",), "policy.yaml:9", 9, "languages")
LEARNT = Weights({"vpn": 1200, "token": 900}, 1000, "weights.json", 1, "weights")
GERMAN = "bitte setzen sie mein kennwort zurück, ich kann mich nicht anmelden"

TALKS = Clause("ticket.text", "word", ("vpn",), 1, wide=True)


def hinting(*, languages: bool = False, weights: bool = False) -> Policy:
    found = policy(rule("elevated", ELEVATED, Tier.LOW))
    return replace(
        found, languages=ENGLISH if languages else None, weights=LEARNT if weights else None
    )


def incident(text: str | Missing) -> TicketFacts:
    fields = {"description": text}
    return TicketFacts(
        Ticket("s", "incident", "1", 1, "1", StateClass.OPEN, "alice", fields=fields)
    )


def test_text_in_a_language_that_no_rule_covers_is_uncertain() -> None:
    found = classify(hinting(languages=True), incident(GERMAN))
    assert (found.verdict, found.kinds, found.tier) == (
        UNCERTAIN,
        ("unknown.identity",),
        Tier.MEDIUM,
    )
    hint = found.matched[0]
    assert (hint.rule, hint.where, hint.digest) == ("languages", "policy.yaml:9", "languages")
    assert hint.clauses == (
        ClauseOutcome(
            "ticket.text in another language than [en]", 9, Outcome.TRUE,
            "asks for access in de: anmelden",
        ),
    )  # fmt: skip


def test_a_score_at_the_threshold_is_uncertain_and_shows_its_words() -> None:
    found = classify(hinting(weights=True), incident("the VPN token"))
    assert (found.verdict, found.matched[0].rule) == (UNCERTAIN, "weights")
    assert found.matched[0].clauses[0].seen == "2.100: vpn 1.200, token 0.900"
    assert found.matched[0].clauses[0].clause == "score of ticket.text at least 1.000"


@pytest.mark.parametrize("text", ["please mend the printer", "my token"])
def test_what_has_no_sign_is_acquitted(text: str) -> None:
    found = classify(hinting(languages=True, weights=True), incident(text))
    assert (found.verdict, found.kinds, found.tier) == (NOT_IDENTITY, (), Tier.LOW)
    assert [one.outcome for one in found.rules] == [Outcome.FALSE] * 3


def test_a_text_that_could_not_be_read_is_uncertain() -> None:
    found = classify(hinting(languages=True, weights=True), incident(Missing.ABSENT))
    assert (found.verdict, len(found.blind)) == (UNCERTAIN, 2)
    assert found.blind[0].clauses[0].note == "absent"


def test_a_ticket_without_any_text_is_told_nothing_of() -> None:
    facts = TicketFacts(Ticket("s", "incident", "1", 1, "1", StateClass.OPEN, "alice"))
    found = classify(hinting(languages=True, weights=True), facts)
    assert found.verdict is NOT_IDENTITY
    assert found.rules[1].clauses[0].note == "not applicable"


def test_hints_change_nothing_of_an_identity_event() -> None:
    facts = TicketFacts(replace(ticket(catalog_item=item("Elevated")), variables={"why": GERMAN}))
    found = classify(hinting(languages=True, weights=True), facts)
    assert (found.verdict, found.kinds, found.tier) == (IDENTITY, ("kind-of-elevated",), Tier.LOW)
    assert "languages" in [one.rule for one in found.matched], "but are told"


def test_a_policy_whose_rules_read_text_and_name_no_language_is_told() -> None:
    """The control: it is not, where no rule reads text."""
    plain = hinting()
    reading = replace(plain, classify=(rule("words", TALKS, Tier.LOW),))
    assert acquits_unread_languages(reading)
    assert not acquits_unread_languages(replace(reading, languages=ENGLISH))
    assert not acquits_unread_languages(plain)
    packed = replace(plain.classify[0], where="packs/servicenow_catalog.yaml:7")
    assert acquits_unread_languages(replace(plain, classify=(packed,)))

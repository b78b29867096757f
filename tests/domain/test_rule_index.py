"""The index of rules says nothing of its own: with it, every outcome is that of asking each."""

import sys
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ticketgate.domain.classifying.classify import classify
from ticketgate.domain.classifying.facts import TicketFacts
from ticketgate.domain.matching import rule_index
from ticketgate.domain.matching.clause_tests import Needed
from ticketgate.domain.matching.matcher import (
    Clause,
    Group,
    Matcher,
    combined,
    decide,
    evaluate,
    least_clauses,
)
from ticketgate.domain.matching.rule_index import RuleIndex
from ticketgate.domain.policy.policy import ClassifyRule, Policy
from ticketgate.domain.text.folding import PIECED_MIN, folded, pieces, pieces_of_phrase, squeezed
from ticketgate.domain.tickets.identity_event import Outcome, RuleOutcome, Tier, Verdict
from ticketgate.domain.tickets.looks import Facts, Look
from ticketgate.domain.tickets.ticket import Missing, StateClass, Ticket

FALSE = Outcome.FALSE
VERDICTS = (Verdict.IDENTITY, Verdict.UNCERTAIN)
PHRASES = (
    "password reset", "new account", "vpn", "mfa", "api key", "sudo", "c++", "a@b", "4dmin",
    "break-glass", "na\u00efve", "\u0434\u043e\u0441\u0442\u0443\u043f", "\u200b", " ", "10.0.0.0",
)  # fmt: skip
TEXT_TESTS = ("contains", "word", "equals", "cased", "startswith", "endswith")
DRESS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "capitals": str.upper,
    "split": " ".join,
    "hidden": "\u200b".join,
    "look-alikes": lambda text: text.replace("a", "\u0430").replace("s", "\u017f"),
    "kelvin": lambda text: text.replace("k", "\u212a"),
    "digits": lambda text: text.replace("a", "4").replace("o", "0"),
    "tags": lambda text: "<b>" + "</b><b>".join(text) + "</b>",
    "references": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "soft hyphens": lambda text: text.replace(" ", "\u00ad"),
    "in a word": lambda text: f"x{text}x",
    "accents": lambda text: f"\u00e9 {text}.",
    "cut": lambda text: text[:-1],
}
FIELDS = ("ticket.text", "ticket.category", "ticket.priority", "ticket.table", "beneficiary.team")

clauses = st.one_of(
    st.builds(
        Clause,
        st.sampled_from(FIELDS),
        st.sampled_from(TEXT_TESTS),
        st.lists(st.sampled_from(PHRASES), min_size=1, max_size=3).map(tuple),
        st.integers(0, 9),
        st.booleans(),
    ),
    st.builds(
        lambda field, asked, line: Clause(field, asked[0], asked[1], line),
        st.sampled_from(FIELDS),
        st.sampled_from([("exists", ("false",)), ("gt", ("3",)), ("cidr", ("10.0.0.0/8",))]),
        st.integers(0, 9),
    ),
    st.just(Clause("kind", "equals", ("access.grant",), 1)),
)
matchers: st.SearchStrategy[Matcher] = st.recursive(
    clauses,
    lambda inner: st.builds(
        Group,
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, max_size=3).map(tuple),
        st.just(1),
    ),
    max_leaves=5,
)
said = st.builds(
    lambda phrase, dress: DRESS[dress](phrase),
    st.sampled_from(PHRASES),
    st.sampled_from(sorted(DRESS)),
)
texts = st.lists(st.one_of(said, st.text(max_size=9)), max_size=4).map(" ".join)
values = st.one_of(texts, st.just(Missing.ABSENT), st.just(Missing.NOT_APPLICABLE))


def facts_of(*seen: str | Missing) -> TicketFacts:
    names = ("description", "category", "priority")
    fields = {name: one for name, one in zip(names, seen, strict=True) if isinstance(one, str)}
    absent = {name for name, one in zip(names, seen, strict=True) if one is Missing.ABSENT}
    return TicketFacts(
        Ticket(
            "snow-prod", "vpn", "9d38", 1, "2", StateClass.LIVE, "alice",
            fields=fields | dict.fromkeys(absent, Missing.ABSENT),
        )
    )  # fmt: skip


def policy_of(found: list[Matcher]) -> Policy:
    rules = [
        ClassifyRule(f"r{n}", "access.grant", Tier.HIGH, VERDICTS[n % 2], match, f"p:{n}", "d")
        for n, match in enumerate(found)
    ]
    return Policy("d", tuple(rules), (), (), ())


def told_by(policy: Policy, facts: Facts, *, traced: bool) -> list[RuleOutcome]:
    return [*classify(policy, facts, traced=traced).rules[: len(policy.classify)]]


def as_each_says(policy: Policy, facts: Facts) -> None:
    """Holds what the index makes against every matcher asked by itself."""
    for rule, one, lean in zip(
        policy.classify,
        told_by(policy, facts, traced=True),
        told_by(policy, facts, traced=False),
        strict=True,
    ):
        outcome, trace = evaluate(rule.match, facts)
        assert (one.outcome, one.clauses) == (outcome, trace)
        assert lean == one._replace(clauses=())
        assert outcome is decide(rule.match, facts)


@given(st.lists(matchers, max_size=6), values, values, values)
@settings(max_examples=300)
@example([Clause("ticket.text", "word", ("vpn",), 1, wide=True)], "the x\u00advpn", "", "")
def test_all_rules_at_once_say_what_each_says_by_itself(
    found: list[Matcher], text: str | Missing, category: str | Missing, priority: str | Missing
) -> None:
    as_each_says(policy_of(found), facts_of(text, category, priority))


WIDE = [
    Clause("ticket.text", test, (phrase,), 1, wide=True)
    for phrase, test in product(PHRASES, TEXT_TESTS)
]


@pytest.mark.parametrize("dress", sorted(DRESS))
@pytest.mark.parametrize("phrase", PHRASES)
def test_a_phrase_in_any_dress_is_found_as_without_the_index(phrase: str, dress: str) -> None:
    dressed = DRESS[dress](phrase)
    as_each_says(policy_of([*WIDE]), facts_of(f"so {dressed}, please", "", ""))
    as_each_says(policy_of([*WIDE]), facts_of(dressed, "", ""))


@pytest.mark.parametrize(
    ("test", "text"), [("contains", "a new account"), ("word", "mfa"), ("equals", "sudo")]
)
def test_an_index_that_knows_too_little_would_be_noticed(
    test: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without what a clause needs, the same comparison fails."""
    phrase = text.removeprefix("a ")
    one: list[Matcher] = [Clause("ticket.text", test, (phrase,), 1, wide=True)]
    as_each_says(policy_of(one), facts_of(text, "", ""))
    monkeypatch.setattr(rule_index, "needed", lambda *_, **__: Needed())
    with pytest.raises(AssertionError):
        as_each_says(policy_of(one), facts_of(text, "", ""))


def test_only_clauses_of_which_something_is_there_are_asked() -> None:
    asked: list[str] = []

    def noticing(look: Look, _: Facts) -> Outcome:
        asked.append(look.values[0])
        return FALSE

    there = Clause("ticket.text", "contains", ("new account",), 1, wide=True)
    others = [
        Clause("ticket.text", "contains", ("password reset", "vpn"), 2, wide=True),
        Clause("ticket.text", "word", ("sudoers",), 3, wide=True),
        Clause("ticket.table", "equals", ("incident",), 4),
        Clause("ticket.category", "equals", ("access",), 5, wide=True),
    ]
    for one in (there, *others):
        object.__setattr__(one, "check", noticing)
    index = RuleIndex([there, *others])
    facts = facts_of("one new accountant", "hardware", "")
    assert not index.traced(facts).awake
    assert asked == ["one new accountant"]
    assert index.awake(facts) == {0}


@given(matchers, st.data())
def test_a_matcher_is_false_with_fewer_clauses_than_it_needs(
    matcher: Matcher, data: st.DataObject
) -> None:
    count = len(evaluate(matcher, facts_of("", "", ""))[1])
    outcomes = data.draw(st.lists(st.sampled_from(Outcome), min_size=count, max_size=count))
    if sum(one is not FALSE for one in outcomes) < least_clauses(matcher):
        assert combined(matcher, iter(outcomes)) is FALSE


@given(matchers, values, values, values)
def test_outcomes_combine_to_what_the_matcher_says(
    matcher: Matcher, text: str | Missing, category: str | Missing, priority: str | Missing
) -> None:
    outcome, trace = evaluate(matcher, facts_of(text, category, priority))
    assert combined(matcher, iter([one.outcome for one in trace])) is outcome


@given(
    st.text("ab1\u0434\U0001d400\0"), st.text("abcdefgh1", min_size=PIECED_MIN), st.text("ab\u0434")
)
def test_a_phrase_has_a_piece_wherever_it_stands(before: str, phrase: str, after: str) -> None:
    assert not set(pieces(before + phrase + after)).isdisjoint(pieces_of_phrase(phrase))


@given(st.text("ab\u0434\0", max_size=40), st.text("cd", min_size=PIECED_MIN))
def test_a_phrase_of_other_letters_has_no_piece_there(text: str, phrase: str) -> None:
    assert set(pieces(text)).isdisjoint(pieces_of_phrase(phrase))


@pytest.mark.parametrize("phrase", ["", "abcd", "\u0434\u043e\u0441\u0442\u0443\u043f"])
def test_a_phrase_that_is_short_or_of_another_script_has_no_pieces(phrase: str) -> None:
    assert pieces_of_phrase(phrase) == ()


def test_letters_that_lower_case_makes_ascii_are_those_that_folding_makes() -> None:
    """What a phrase of ASCII is found in as it is written has its letters squeezed as well."""
    for code in range(sys.maxunicode + 1):
        lower = chr(code).casefold()
        letters = [char for char in lower if char.isascii() and char.isalnum()]
        if letters:
            assert [*squeezed(folded(chr(code)))] == letters


def test_of_a_rule_that_is_known_the_known_outcome_stands() -> None:
    policy = policy_of([Clause("ticket.table", "equals", ("vpn",), 1)] * 2)
    first, second = policy.classify
    known = {(first.id, first.digest): first.unmatched._replace(where="other.yaml:7")}
    rules = classify(policy, facts_of("", "", ""), traced=False, known=known).rules
    assert rules[0] is known[first.id, first.digest]
    assert rules[1] == second.unmatched._replace(outcome=Outcome.TRUE)

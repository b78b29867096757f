"""Classify: what the policy says of a ticket. Unknown is never no and never yes."""

from datetime import timedelta
from typing import NamedTuple

from ticketgate.domain.classifying.facts import FREE_TEXT
from ticketgate.domain.classifying.hints import Known, text_hints, unread_text
from ticketgate.domain.instants import whole_seconds
from ticketgate.domain.matching.matcher import Matcher, combined, decide
from ticketgate.domain.policy.policy import ApproveRule, ClassifyRule, Entitlement, Policy
from ticketgate.domain.tickets.access_window import START_WITHIN
from ticketgate.domain.tickets.identity_event import (
    UNKNOWN_KIND,
    Classification,
    Outcome,
    RuleOutcome,
    Tier,
    Verdict,
)
from ticketgate.domain.tickets.looks import Facts, Look
from ticketgate.domain.tickets.ticket import Missing

_TRUE, _FALSE = Outcome.TRUE, Outcome.FALSE
_new = tuple.__new__


class Asked(NamedTuple):
    """The entitlements that a ticket asks for; `unknown`: some `asked_by` could not be read."""

    entitlements: tuple[Entitlement, ...]
    unknown: bool


class LimitSeconds(NamedTuple):
    """The shortest of all limits that apply, in seconds, and the digests of those limits."""

    default: int
    max: int
    hard_max: int
    digests: tuple[str, ...]
    extend: int = 0
    start_within: timedelta = START_WITHIN


def classify(
    policy: Policy, facts: Facts, *, traced: bool = True, known: Known | None = None
) -> Classification:
    """The verdict on a ticket revision: all rules run, every outcome is kept.

    IDENTITY if one rule that says so matched without leaning on free text, whatever others
    could not read; else UNCERTAIN if any rule matched or is blind; else NOT_IDENTITY. Tier and
    kinds are those of the rules that matched or are blind: what could not be read never lowers
    the risk. Language and weights stand behind the rules and only ever make an UNCERTAIN of what
    is not IDENTITY. Not `traced`, no rule has its clauses, and each stops where its outcome is
    settled. With `known`, a rule that another policy had as well is not asked again.

    Text that nobody can read as it is written is a blind rule of its own (`unread_text`).
    """
    rules = _traced(policy, facts) if traced else _outcomes(policy, facts, known or {})
    rules += unread_text(policy, facts)
    open_ = [rule for rule in rules if rule.outcome is not _FALSE]
    verdict = Verdict.NOT_IDENTITY
    if any(one.verdict is Verdict.IDENTITY and one.outcome is _TRUE for one in open_):
        verdict = Verdict.IDENTITY
    hints = text_hints(policy, facts, known or {})
    if verdict is not Verdict.IDENTITY:
        open_ += [hint for hint in hints if hint.outcome is not _FALSE]
        verdict = Verdict.UNCERTAIN if open_ else verdict
    kinds = dict.fromkeys([rule.kind for rule in open_])
    if len(kinds) > 1:
        kinds.pop(UNKNOWN_KIND, None)  # it says nothing beside a kind that is known
    tier = max([rule.tier for rule in open_], default=Tier.LOW)
    return Classification(verdict, tuple(kinds), tier, (*rules, *hints))


def asked_entitlements(policy: Policy, facts: Facts) -> Asked:
    """What the ticket asks for, in the order of the policy."""
    outcomes = [(one, decide(one.asked_by, facts)) for one in policy.entitlements]
    return Asked(
        tuple(one for one, outcome in outcomes if outcome is Outcome.TRUE),
        any(outcome is Outcome.UNKNOWN for _, outcome in outcomes),
    )


def may_request(entitlement: Entitlement, facts: Facts) -> bool:
    """Whether `requestable_by` lets the beneficiary have it; unknown is no."""
    if entitlement.requestable_by is None:
        return True
    return decide(entitlement.requestable_by, facts) is Outcome.TRUE


def approve_rule_for(policy: Policy, facts: Facts) -> ApproveRule | None:
    """The first rule that matches. None blocks: no match, or an earlier rule that is unknown."""
    for rule in policy.approve:
        outcome = decide(rule.when, facts)
        if outcome is not Outcome.FALSE:
            return rule if outcome is Outcome.TRUE else None
    return None


def limit_for(policy: Policy, facts: Facts) -> LimitSeconds | None:
    """The shortest of all limits that apply; an unknown one applies. None: no limit, no access."""
    found = [one for one in policy.limits if decide(one.when, facts) is not Outcome.FALSE]
    if not found:
        return None
    return LimitSeconds(
        whole_seconds(min(one.default for one in found)),
        whole_seconds(min(one.max for one in found)),
        whole_seconds(min(one.hard_max for one in found)),
        tuple(one.digest for one in found),
        min(one.extend for one in found),
        min(one.start_within for one in found),
    )


def _traced(policy: Policy, facts: Facts) -> list[RuleOutcome]:
    told, awake = policy.index.traced(facts)
    rules = [  # a RuleOutcome without its checks: made for each rule of each ticket
        _new(RuleOutcome, rule.unmatched[:-1] + (told[span],))  # noqa: RUF005 -- half the time
        for rule, span in zip(policy.classify, policy.index.spans, strict=True)
    ]
    for number in awake:
        rule, clauses = policy.classify[number], rules[number].clauses
        outcome = combined(rule.match, iter([one.outcome for one in clauses]))
        if outcome is not _FALSE:
            rules[number] = _open(rule, outcome, facts)._replace(clauses=clauses)
    return rules


def _outcomes(policy: Policy, facts: Facts, known: Known) -> list[RuleOutcome]:
    rules = [rule.unmatched for rule in policy.classify]
    if known:
        rules = [known.get((one.rule, one.digest), one) for one in rules]
    for number in policy.index.awake(facts):
        rule = policy.classify[number]
        if (rule.id, rule.digest) not in known:
            outcome = decide(rule.match, facts)
            rules[number] = rule.unmatched if outcome is _FALSE else _open(rule, outcome, facts)
    return rules


def _open(rule: ClassifyRule, outcome: Outcome, facts: Facts) -> RuleOutcome:
    verdict = rule.verdict if outcome is not _TRUE else _verdict(rule, facts)
    return rule.unmatched._replace(outcome=outcome, verdict=verdict)


def _verdict(rule: ClassifyRule, facts: Facts) -> Verdict:
    """What a rule that matched says: no IDENTITY where it leans on free text."""
    leaning = rule.verdict is Verdict.IDENTITY and _leans(rule.match, facts)
    return Verdict.UNCERTAIN if leaning else rule.verdict


def _leans(matcher: Matcher, facts: Facts) -> bool:
    """Whether a match needs a free-text clause: without free text it is none."""
    return decide(matcher, _WithoutText(facts)) is not Outcome.TRUE


class _WithoutText:
    """Facts with every free-text field taken away."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def look(self, field: str) -> Look:
        return Look(Missing.NOT_APPLICABLE) if field in FREE_TEXT else self._facts.look(field)

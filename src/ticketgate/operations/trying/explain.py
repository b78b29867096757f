"""Explain: what the gateway would make of a ticket now, and why. Nothing is stored or sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ticketgate.domain.classifying.boundary import bounded
from ticketgate.domain.classifying.classify import classify
from ticketgate.domain.classifying.hints import HINT_FIELD, HINT_IDS
from ticketgate.domain.classifying.masked_ticket import raised
from ticketgate.domain.matching.matcher import fields_of
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import ApproveRule, Policy, Stage
from ticketgate.domain.requests.approvers import absent, candidates
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.opening import Asked, blocking, case_of, fresh_request
from ticketgate.domain.tickets.identity_event import Classification, Verdict
from ticketgate.domain.tickets.looks import Facts, Look
from ticketgate.domain.tickets.ticket import TERMINAL_STATES, Missing, Ticket
from ticketgate.operations.classifying.classified import classified, facts_of
from ticketgate.operations.requests.ask_again import wanted_by


@dataclass(frozen=True, slots=True)
class Wish:
    """One entitlement that a ticket asks for, or none that is known.

    `reasons` block it; `stages` has, for each stage, who would be asked: subject -> the
    word that names them, and for whom they stand in.
    """

    what: Asked
    reasons: tuple[str, ...]
    rule: ApproveRule | None
    stages: tuple[tuple[Stage, Mapping[str, str]], ...]
    away: tuple[str, ...] = ()  # who would be asked if they were there


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a ticket is, and what would come of it.

    `wishes` is empty unless a request would open. `without` are the fields on which the verdict
    hangs: had the ticket no such field, the verdict would be the one beside it.
    """

    ticket: Ticket
    classification: Classification
    wishes: tuple[Wish, ...]
    without: tuple[tuple[str, Verdict], ...]


def explain(
    ticket: Ticket,
    policy: Policy,
    snapshot: DirectorySnapshot,
    now: datetime,
    own_users: frozenset[str] = frozenset(),
) -> Explanation:
    """What this policy and directory make of a ticket that was never seen before."""
    facts = facts_of(ticket, snapshot)
    classification = classified(ticket, policy, snapshot, traced=True)
    without = _without(policy, ticket, facts, classification)
    classification = bounded(ticket, classification, policy, snapshot, own_users)
    wishes: tuple[Wish, ...] = ()
    closed = ticket.state_class in TERMINAL_STATES
    if classification.verdict is Verdict.IDENTITY and not closed:
        ground = Ground(policy, snapshot)
        wanted = wanted_by(ticket, classification, ground)
        wishes = tuple(_wish(what, ticket, ground, now) for what in wanted.values())
    return Explanation(ticket, classification, wishes, without)


def _wish(what: Asked, ticket: Ticket, ground: Ground, now: datetime) -> Wish:
    request = fresh_request(what, ticket, 1, shapers=(), ident="", salt="", now=now)
    reasons = blocking(request, ground.policy, ground.snapshot, now)
    case = case_of(request, ground.policy, ground.snapshot, now)
    if case is None:
        return Wish(what, reasons, None, ())
    asked = [(stage, candidates(case, stage)) for stage in case.rule.stages]
    stages = tuple((stage, {who: one.text for who, one in found.items()}) for stage, found in asked)
    return Wish(what, reasons, case.rule, stages, absent(case))


def _without(
    policy: Policy, ticket: Ticket, facts: Facts, classification: Classification
) -> tuple[tuple[str, Verdict], ...]:
    """Each field that a matched rule asks about and whose lack would change the verdict."""
    matched = {(one.rule, one.where) for one in classification.matched}
    rules = [rule for rule in policy.classify if (rule.id, rule.where) in matched]
    fields = dict.fromkeys(name for rule in rules for name in fields_of(rule.match))
    if any(one.rule in HINT_IDS for one in classification.matched):
        fields[HINT_FIELD] = None
    lacking = [(name, classify(policy, _Lacking(facts, name), traced=False)) for name in fields]
    verdicts = [(name, raised(one, ticket, policy.classify).verdict) for name, one in lacking]
    return tuple((name, one) for name, one in verdicts if one is not classification.verdict)


class _Lacking:
    """Facts of a ticket that has no such field."""

    def __init__(self, facts: Facts, field: str) -> None:
        self._facts = facts
        self._field = field

    def look(self, field: str) -> Look:
        return Look(Missing.NOT_APPLICABLE) if field == self._field else self._facts.look(field)

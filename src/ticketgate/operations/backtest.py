"""Backtest: recorded tickets and decisions through two policies. Nothing is stored or sent."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ticketgate.domain.access_request import AccessRequest, RequestState
from ticketgate.domain.approval import Approval
from ticketgate.domain.approvers import Case, standing
from ticketgate.domain.backtest import Effect, Group, Groups, Outcome, Recorded, effects
from ticketgate.domain.boundary import bounded
from ticketgate.domain.classify import classify
from ticketgate.domain.decision import Verdict as Tally
from ticketgate.domain.decision import decide
from ticketgate.domain.directory import DirectorySnapshot
from ticketgate.domain.facts import TicketFacts
from ticketgate.domain.hints import UNREAD_RULE, read_fields
from ticketgate.domain.identity_event import Classification, Verdict
from ticketgate.domain.identity_event import Outcome as Matched
from ticketgate.domain.masked_ticket import raised, shown_in
from ticketgate.domain.matcher import decide as decide_match
from ticketgate.domain.opening import refreshed
from ticketgate.domain.policy import ClassifyRule, Policy
from ticketgate.domain.policy_change import Direction
from ticketgate.domain.ticket import TERMINAL_STATES, Ticket
from ticketgate.domain.triage import Triaged, after_triage
from ticketgate.operations.classified import classified, facts_of
from ticketgate.operations.work_delivery import Ground, wanted_by

PROGRESS_EVERY = 1000
_Told = tuple[Ticket, Triaged | None]
_FALSE: Final = Matched.FALSE
Given = tuple[AccessRequest, Ticket | None, Sequence[Approval], Triaged | None]
"""A decided request, its ticket (None: erased), its approvals, and a person's word that holds."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """Two policies over what was recorded. Counts are of revisions and of decided requests."""

    revisions: int
    erased: int
    decisions: int
    decisions_erased: int
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """The policies that are held against each other, and the directory as it is now."""

    old: Policy
    new: Policy
    snapshot: DirectorySnapshot
    own_users: frozenset[tuple[str, str]] = frozenset()  # (source, account) of ours


def backtest(
    tickets: Iterable[tuple[Recorded, Ticket | None]],
    decided: Iterable[Given],
    pair: Pair,
    progress: Callable[[int], None],
) -> Backtest:
    """Replay everything; a ticket of None was erased. `progress` hears the count now and then."""
    groups, apart = Groups(), _apart(pair.old, pair.new)
    revisions = erased = decisions = decisions_erased = 0
    for recorded, ticket in tickets:
        revisions += 1
        if ticket is None:
            erased += 1
        else:
            groups.add(recorded, _ticket_effects(ticket, pair, apart))
        if revisions % PROGRESS_EVERY == 0:
            progress(revisions)
    for request, ticket, approvals, triage in decided:
        decisions += 1
        if ticket is None:
            decisions_erased += 1
        else:
            recorded = Recorded(request.id, request.ticket_number)
            groups.add(recorded, _decision_effects(request, (ticket, triage), approvals, pair))
    return Backtest(revisions, erased, decisions, decisions_erased, groups.listed())


@dataclass(frozen=True, slots=True)
class _Apart:
    """The classify rules that only one of two policies has, all that stands beside them alike."""

    gone: frozenset[tuple[str, str]]  # (id, digest)
    fresh: tuple[ClassifyRule, ...]

    def leave(self, said: Classification, facts: TicketFacts) -> bool:
        """Whether a ticket that the old policy does not call IDENTITY, as `said`, stays what it is.

        None of the rules that are gone counted, and none of the new ones does. Entitlements and
        automations only ever matter to an IDENTITY, and the order of the rules to no verdict.
        """
        if said.verdict is Verdict.IDENTITY:
            return False
        for one in said.rules:
            if one.outcome is not _FALSE and (one.rule, one.digest) in self.gone:
                return False
            if one.rule == UNREAD_RULE:  # its tier is that of other rules
                return False
        return all(decide_match(rule.match, facts) is _FALSE for rule in self.fresh)


def _apart(old: Policy, new: Policy) -> _Apart | None:
    """How the rules differ, by what they say; None where what stands beside them differs."""
    if _beside(old) != _beside(new):
        return None
    was, now = ([(rule.id, rule.digest) for rule in one.classify] for one in (old, new))
    both = frozenset(was) & frozenset(now)
    fresh = tuple(rule for rule in new.classify if (rule.id, rule.digest) not in both)
    return _Apart(frozenset(was) - both, fresh)


def _beside(policy: Policy) -> tuple[object, ...]:
    """Language and weights by what they say (file and line do not count), and what is read."""
    return (
        read_fields(policy),
        policy.languages and (policy.languages.codes, policy.languages.digest),
        policy.weights and (policy.weights.threshold, policy.weights.digest),
    )


def _ticket_effects(ticket: Ticket, pair: Pair, apart: _Apart | None) -> Iterable[Effect]:
    facts = facts_of(ticket, pair.snapshot)  # values and rules are looked at once for both
    said = classify(pair.old, facts, traced=False)
    if apart is not None and apart.leave(said, facts):
        return ()
    shown = shown_in(ticket)
    old = _outcome(ticket, raised(said, ticket, pair.old.classify, shown), pair.old, pair)
    known = {(one.rule, one.digest): one for one in said.rules}
    said = classify(pair.new, facts, traced=False, known=known)
    new = _outcome(ticket, raised(said, ticket, pair.new.classify, shown), pair.new, pair)
    return effects(old, new)


def _outcome(ticket: Ticket, said: Classification, policy: Policy, pair: Pair) -> Outcome:
    snapshot = pair.snapshot
    own = frozenset(account for source, account in pair.own_users if source == ticket.source)
    said = bounded(ticket, said, policy, snapshot, own)
    if said.verdict is not Verdict.IDENTITY or ticket.state_class in TERMINAL_STATES:
        return Outcome(said, {})
    wanted = wanted_by(ticket, said, Ground(policy, snapshot))
    rules = {one.id: one for one in policy.approve}
    return Outcome(
        said, {name: (what, rules.get(what.approve_rule)) for name, what in wanted.items()}
    )


def _decision_effects(
    request: AccessRequest, told: _Told, approvals: Sequence[Approval], pair: Pair
) -> Iterable[Effect]:
    """Whether the approvals that were given would be enough; a denial stays one."""
    was, _ = _would_do(request, told, approvals, pair.old, pair)
    now, cause = _would_do(request, told, approvals, pair.new, pair)
    if was == now:
        return ()
    if now:
        return (Effect(Direction.LOOSENED, "approvals given would be enough now", cause),)
    return (Effect(Direction.TIGHTENED, "approvals given would not be enough now", cause),)


def _would_do(
    request: AccessRequest,
    told: _Told,
    approvals: Sequence[Approval],
    policy: Policy,
    pair: Pair,
) -> tuple[bool, str]:
    """Whether these people's approvals, in the order given, fill every stage under this policy.

    A person's word counts while it is about what the rules say under this policy.
    """
    snapshot = pair.snapshot
    ticket, triage = told
    said = after_triage(ticket, classified(ticket, policy, snapshot), triage)[0]
    what = wanted_by(ticket, said, Ground(policy, snapshot)).get(request.entitlement)
    entitlement = policy.entitlement(request.entitlement)
    rules = {one.id: one for one in policy.approve}
    rule = None if what is None else rules.get(what.approve_rule)
    if what is None or rule is None or entitlement is None:
        return False, f"entitlement {request.entitlement}"
    case = Case(refreshed(request, what), rule, entitlement, snapshot)
    counted: list[Approval] = []
    tally = decide(rule, counted, 1)
    for one in sorted(approvals, key=lambda given: given.index):
        if tally.verdict is not Tally.PENDING:
            break
        earlier = frozenset(other.approver for other in counted)
        stage = rule.stages[tally.stage - 1]
        if isinstance(standing(case, stage, one.approver, earlier), str):
            counted.append(replace(one, round=1, stage=tally.stage))
            tally = decide(rule, counted, 1)
    return tally.verdict is Tally.APPROVED and not what.reasons, f"approve {rule.id}"


def last_round(request: AccessRequest, approvals: Sequence[Approval]) -> list[Approval]:
    """The approvals that counted; empty unless the request was approved."""
    if request.state is not RequestState.APPROVED:
        return []
    return [one for one in approvals if one.round == request.round]

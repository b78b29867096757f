"""Backtest: recorded tickets and decisions through two policies. Nothing is stored or sent."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ticketgate.domain.access_request import AccessRequest, RequestState
from ticketgate.domain.approval import Approval
from ticketgate.domain.approvers import Case, standing
from ticketgate.domain.backtest import Effect, Group, Groups, Outcome, Recorded, effects
from ticketgate.domain.boundary import bounded
from ticketgate.domain.classify import Known, classify
from ticketgate.domain.decision import Verdict as Tally
from ticketgate.domain.decision import decide
from ticketgate.domain.directory import DirectorySnapshot
from ticketgate.domain.facts import TicketFacts
from ticketgate.domain.identity_event import Verdict
from ticketgate.domain.masked_ticket import raised
from ticketgate.domain.opening import refreshed
from ticketgate.domain.policy import Policy
from ticketgate.domain.policy_diff import Direction
from ticketgate.domain.ticket import TERMINAL_STATES, Ticket
from ticketgate.operations.classified import classified, facts_of
from ticketgate.operations.work_delivery import Ground, wanted_by

PROGRESS_EVERY = 1000
Given = tuple[AccessRequest, Ticket | None, Sequence[Approval]]


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
    groups, alike = Groups(), _classify_alike(pair.old, pair.new)
    revisions = erased = decisions = decisions_erased = 0
    for recorded, ticket in tickets:
        revisions += 1
        if ticket is None:
            erased += 1
        else:
            groups.add(recorded, _ticket_effects(ticket, pair, alike=alike))
        if revisions % PROGRESS_EVERY == 0:
            progress(revisions)
    for request, ticket, approvals in decided:
        decisions += 1
        if ticket is None:
            decisions_erased += 1
        else:
            recorded = Recorded(request.id, request.ticket_number)
            groups.add(recorded, _decision_effects(request, ticket, approvals, pair))
    return Backtest(revisions, erased, decisions, decisions_erased, groups.listed())


def _classify_alike(old: Policy, new: Policy) -> bool:
    """Whether every ticket is the same under both: by the same rules, and by what stands beside."""
    beside = [(one.automations, one.languages, one.weights) for one in (old, new)]
    rules = [[(rule.id, rule.digest) for rule in one.classify] for one in (old, new)]
    return rules[0] == rules[1] and beside[0] == beside[1]


def _ticket_effects(ticket: Ticket, pair: Pair, *, alike: bool) -> Iterable[Effect]:
    facts = facts_of(ticket, pair.snapshot)  # values and rules are looked at once for both
    known: Known = {}
    old = _outcome(ticket, facts, pair.old, pair, known)
    if alike and not old.asks:
        return ()
    return effects(old, _outcome(ticket, facts, pair.new, pair, known))


def _outcome(
    ticket: Ticket, facts: TicketFacts, policy: Policy, pair: Pair, known: Known
) -> Outcome:
    snapshot = pair.snapshot
    said = classify(policy, facts, traced=False, known=known)
    said = raised(said, ticket, policy.classify)
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
    request: AccessRequest, ticket: Ticket, approvals: Sequence[Approval], pair: Pair
) -> Iterable[Effect]:
    """Whether the approvals that were given would be enough; a denial stays one."""
    was, cause = _would_do(request, ticket, approvals, pair.old, pair)
    now, new_cause = _would_do(request, ticket, approvals, pair.new, pair)
    if was == now:
        return ()
    if now:
        return (Effect(Direction.LOOSENED, "approvals given would be enough now", new_cause),)
    told = new_cause if new_cause != cause else cause
    return (Effect(Direction.TIGHTENED, "approvals given would not be enough now", told),)


def _would_do(
    request: AccessRequest,
    ticket: Ticket,
    approvals: Sequence[Approval],
    policy: Policy,
    pair: Pair,
) -> tuple[bool, str]:
    """Whether these people's approvals, in the order given, fill every stage under this policy."""
    snapshot = pair.snapshot
    said = classified(ticket, policy, snapshot)
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

"""Backtest: recorded tickets and decisions through two policies. Nothing is stored or sent."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from ticketgate.domain.changes.backtest import Effect, Group, Groups, Outcome, Recorded, effects
from ticketgate.domain.changes.policy_change import Direction
from ticketgate.domain.classifying.boundary import bounded
from ticketgate.domain.classifying.classify import classify
from ticketgate.domain.classifying.masked_ticket import raised, shown_in
from ticketgate.domain.classifying.unchanged import Apart, apart
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.access_request import AccessRequest, RequestState
from ticketgate.domain.requests.approval import Approval, voices
from ticketgate.domain.requests.approvers import Case, Standing, standing
from ticketgate.domain.requests.decision import Verdict as Tally
from ticketgate.domain.requests.decision import decide
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.opening import refreshed
from ticketgate.domain.tickets.identity_event import Classification, Verdict
from ticketgate.domain.tickets.ticket import TERMINAL_STATES, Ticket
from ticketgate.domain.tickets.triage import Triaged, after_triage
from ticketgate.operations.classifying.classified import classified, facts_of
from ticketgate.operations.requests.ask_again import wanted_by

PROGRESS_EVERY = 1000
_Told = tuple[Ticket, Triaged | None]
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
    between: Apart = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "between", apart(self.old, self.new))


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was found in a part of the recorded revisions."""

    revisions: int
    erased: int
    groups: tuple[Group, ...]


def replay(tickets: Iterable[tuple[Recorded, Ticket | None]], pair: Pair) -> Replayed:
    """Revisions through both policies; a ticket of None was erased."""
    groups, revisions, erased = Groups(), 0, 0
    for recorded, ticket in tickets:
        revisions += 1
        if ticket is None:
            erased += 1
        else:
            groups.add(recorded, _ticket_effects(ticket, pair))
    return Replayed(revisions, erased, groups.listed())


def backtest(
    parts: Iterable[Replayed],
    decided: Iterable[Given],
    pair: Pair,
    progress: Callable[[int], None],
) -> Backtest:
    """All parts of what was recorded, in its order, and what was decided.

    `progress` hears the count of revisions now and then.
    """
    groups = Groups()
    revisions = erased = decisions = decisions_erased = 0
    for part in parts:
        told = revisions // PROGRESS_EVERY
        revisions += part.revisions
        erased += part.erased
        groups.join(part.groups)
        for times in range(told, revisions // PROGRESS_EVERY):
            progress((times + 1) * PROGRESS_EVERY)
    for request, ticket, approvals, triage in decided:
        decisions += 1
        if ticket is None:
            decisions_erased += 1
        else:
            recorded = Recorded(request.id, request.ticket_number)
            groups.add(recorded, _decision_effects(request, (ticket, triage), approvals, pair))
    return Backtest(revisions, erased, decisions, decisions_erased, groups.listed())


def _ticket_effects(ticket: Ticket, pair: Pair) -> Iterable[Effect]:
    facts = facts_of(ticket, pair.snapshot)  # values and rules are looked at once for both
    if pair.between.leaves(ticket, facts):
        return ()
    said = classify(pair.old, facts, traced=False)
    shown = shown_in(ticket)
    old = _outcome(ticket, raised(said, ticket, pair.old.classify, shown), pair.old, pair)
    if not pair.between.judges_alike:
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
        without = any(f"approve {one.id}" == cause for one in pair.new.approve if one.automatic)
        what = "would need no person now" if without else "approvals given would be enough now"
        return (Effect(Direction.LOOSENED, what, cause),)
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
    case = Case(refreshed(request, what), rule, entitlement, snapshot, request.opened_at)
    counted: list[Approval] = []
    tally = decide(rule, counted, 1)
    for one in sorted(approvals, key=lambda given: given.index):
        if tally.verdict is not Tally.PENDING:
            break
        then, stage = replace(case, now=one.decided_at), rule.stages[tally.stage - 1]
        earlier = voices(counted, 1)
        if isinstance(standing(then, stage, one.approver, earlier, one.on_behalf_of), Standing):
            counted.append(replace(one, round=1, stage=tally.stage))
            tally = decide(rule, counted, 1)
    return tally.verdict is Tally.APPROVED and not what.reasons, f"approve {rule.id}"


def last_round(request: AccessRequest, approvals: Sequence[Approval]) -> list[Approval]:
    """The approvals that counted; empty unless the request was approved."""
    if request.state is not RequestState.APPROVED:
        return []
    return [one for one in approvals if one.round == request.round]

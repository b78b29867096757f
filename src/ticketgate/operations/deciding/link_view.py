"""The view of a link: exactly what its holder is shown, in the words of policy and directory."""

from dataclasses import dataclass
from datetime import datetime

from ticketgate.domain.errors import Refusal
from ticketgate.domain.grants.grant import UNENDED
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.naming import name_and_id, name_of
from ticketgate.domain.policy.policy import ASSURANCE_DEFAULT
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import Approval, Link
from ticketgate.domain.requests.approvers import Case, Standing
from ticketgate.domain.tickets.access_window import NO_WINDOW, AccessWindow
from ticketgate.ports import Reading


@dataclass(frozen=True, slots=True)
class LinkView:
    """Exactly what the holder of a link decides about; `shown` is the digest of it."""

    ticket: str  # RITM0010001
    source: str
    requester: str  # name and subject id
    beneficiary: str
    entitlement: str
    target: str
    access: tuple[tuple[str, str], ...]
    seconds: int  # the longest life that can be given
    seconds_asked: int | None
    catalog_item: str
    reason: str
    tier: str
    kinds: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]  # (rule id, policy.yaml:6) that say it is an identity event
    approve_rule: tuple[str, str]
    clause: str  # the word that names this approver
    stage: int
    stages: int
    stage_name: str
    round: int
    need: int
    decisions: tuple[tuple[str, str, datetime], ...]  # (name, decision, when) so far this round
    justification_chars_min: int
    assurance: str
    because: str
    decide_by: datetime
    shown: str
    state: str  # awaiting, or how it ended
    mine: str  # "", or what this approver decided
    evidence: str = ""  # origin#index of this approver's decision
    shapers: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (name and id, roles); none may decide
    on_behalf_of: str = ""  # name and subject id of whom this approver stands in for
    delegated_until: datetime | None = None  # as long as it is to be decided
    place: str = ""  # one line: where in the log it stands, and the newest signed root
    by: str = ""  # name and subject id of the delegate who decided in the holder's place
    takeable: bool = False  # the holder's approval, or that one, can still be taken back
    given: str = ""  # the state of the access that came of it; empty where none did
    extends: bool = False  # more time for access that they have, not access
    held: bool = False  # access that is approved waits until a restore is ended
    window: AccessWindow = NO_WINDOW  # when the access may begin, and is removed at the latest
    limit: int = 0  # seconds that the policy allows of what was asked; `seconds` may be cut
    cut_by: tuple[str, ...] = ()  # names of the approvers who cut it to `seconds`
    mine_seconds: int = 0  # that the holder's own decision gave at the most; 0 without one
    hold: Refusal | None = None  # why no decision counts until somebody mends it
    changed: tuple[tuple[str, str, str], ...] = ()  # (what, then, now) since they were asked before
    has_already: tuple[tuple[str, datetime | None], ...] = ()  # (grant, its end) of the same access


def view_of(
    link: Link,
    request: AccessRequest,
    approvals: list[Approval],
    case: Case,
    found: Standing,
    *,
    state: str,
    origin: str,
    mine: Approval | None,
) -> LinkView:
    """What a link shows, in the words of policy and directory.

    `mine` is what its holder decided, or a delegate in their place.
    """
    own = mine is not None and mine.approver == link.approver
    here = [one for one in approvals if one.round == request.round]
    stage, names = case.rule.stages[link.stage - 1], case.snapshot
    needed = case.rule.assurance or ASSURANCE_DEFAULT[request.tier]
    return LinkView(
        ticket=request.ticket_number,
        source=request.source,
        requester=name_and_id(request.requester.subject, names),
        beneficiary=name_and_id(request.beneficiary.subject, names),
        entitlement=request.entitlement,
        target=request.target,
        access=tuple(sorted(request.access.items())),
        seconds=request.seconds_now,
        seconds_asked=request.seconds_asked,
        catalog_item=request.catalog_item,
        reason=request.reason,
        tier=request.tier.word,
        kinds=request.kinds,
        rules=tuple(_rule(one) for one in request.rule_ids),
        approve_rule=(case.rule.id, case.rule.where),
        clause=found.clause,
        on_behalf_of=name_and_id(found.on_behalf_of, names) if found.on_behalf_of else "",
        delegated_until=found.until,
        stage=link.stage,
        stages=len(case.rule.stages),
        stage_name=stage.name,
        round=link.round,
        need=stage.need,
        decisions=tuple((_who(one, names), one.decision, one.decided_at) for one in here),
        justification_chars_min=case.rule.justification_chars_min,
        assurance=needed,
        because=case.rule.because,
        decide_by=request.decide_by,
        shown=request.shown if state == "awaiting" and mine is None else link.shown,
        state=state,
        mine="" if mine is None or not own else mine.decision,
        evidence="" if mine is None else f"{origin}#{mine.index}",
        by="" if mine is None or own else name_and_id(mine.approver, names),
        extends=bool(request.extends),
        window=request.window,
        limit=request.seconds,
        cut_by=tuple(_who(one, names) for one in here if one.seconds == request.cut),
        mine_seconds=0 if mine is None or not own else mine.seconds,
        shapers=_shapers(request, names),
    )


def has_already(
    reading: Reading, request: AccessRequest
) -> tuple[tuple[str, datetime | None], ...]:
    """Grants by which the beneficiary has the same access, or gets it, without this request.

    Not the one whose life it asks to extend: that stands on the page anyhow.
    """
    found = reading.grants.matching(subject=request.beneficiary.subject, target=request.target)
    return tuple(
        (one.id, one.not_after)
        for one in found
        if one.state in UNENDED
        and one.access == request.access
        and one.request != request.id
        and one.id != request.extends
    )


def _shapers(
    request: AccessRequest, snapshot: DirectorySnapshot
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Everybody who shaped what is asked, each once, with every role they had (ADR 0009)."""
    roles: dict[str, list[str]] = {}
    for shaper in request.shapers:
        party = shaper.party
        who = name_and_id(party.subject, snapshot) if party.subject else party.account
        roles.setdefault(who, []).append(shaper.role)
    return tuple((who, tuple(dict.fromkeys(had))) for who, had in roles.items())


def _who(one: Approval, snapshot: DirectorySnapshot) -> str:
    name = name_of(one.approver, snapshot)
    return f"{name} for {name_of(one.on_behalf_of, snapshot)}" if one.on_behalf_of else name


def _rule(named: str) -> tuple[str, str]:
    """`id@file:line` as (id, file:line)."""
    ident, _, where = named.partition("@")
    return ident, where

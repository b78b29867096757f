"""Opening: what a ticket revision asks for under the policy, and what stands in its way.

Pure: (ticket, classification, policy, directory) -> `Asked`. The same function runs when a
request opens, when its ticket is edited, and just before a decision commits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ticketgate.domain.classifying.classify import (
    LimitSeconds,
    approve_rule_for,
    limit_for,
    may_request,
)
from ticketgate.domain.classifying.facts import TicketFacts
from ticketgate.domain.evidence import digest_of
from ticketgate.domain.instants import whole_seconds
from ticketgate.domain.people.directory import DirectorySnapshot, Person
from ticketgate.domain.policy.policy import ApproveRule, Entitlement, Policy
from ticketgate.domain.requests.access_request import (
    AccessRequest,
    Party,
    RequestState,
    Shaper,
    material_of,
)
from ticketgate.domain.requests.approvers import Case, fillable
from ticketgate.domain.requests.unfilled import UNFILLED_REASONS, why_unfilled
from ticketgate.domain.text import durations
from ticketgate.domain.tickets.access_window import (
    NO_WINDOW,
    START_WITHIN,
    TOO_LONG,
    WINDOW_REASONS,
    AccessWindow,
    against,
    decide_until,
    window_of,
)
from ticketgate.domain.tickets.identity_event import Classification, Tier, Verdict
from ticketgate.domain.tickets.ticket import Missing, StateClass, Ticket

BLOCKED_FOR_MAX: Final = timedelta(days=7)  # a request that no rule gives a time to decide

REASONS: Final[Mapping[str, str]] = {
    "no_entitlement": "The ticket names no entitlement of the policy. Name one in the ticket.",
    "entitlement_unreadable": "The field that names the entitlement could not be read.",
    "unknown_requester": "The directory knows nobody by the account that opened the ticket.",
    "unknown_beneficiary": "The directory knows nobody by the account that would get access.",
    "inactive_beneficiary": "The person who would get access is not active.",
    "unknown_editor": "The ticket was changed by an account that the directory does not know.",
    "not_requestable": "The policy does not let this person ask for this entitlement.",
    **durations.DURATION_REASONS,
    **WINDOW_REASONS,
    "no_limit": "No limit of the policy applies, so there is no end to give.",
    "no_approve_rule": "No rule of the policy says who approves this.",
    **UNFILLED_REASONS,
    "daily_cap": "The rule that approves this by itself has done so as often as it may in a day.",
    "clock_disputed": "The machine's clock is off, so no rule approves anything.",
    "directory_stale": "Whom this is about was not read freshly enough for a rule to approve it.",
    "person_locked": "An emergency of somebody concerned was not reviewed in time.",
    "velocity": "The source opened more requests than its limit. This one waits its turn.",
    "ticket_state": "The ticket is in a state that the configuration does not list.",
    "uncertain": "The rules in force do not say that this ticket is an identity event.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a ticket asks for one entitlement. `reasons` are codes of `REASONS`; none: it is open.

    `rules` is the digest of every policy element that matched.
    """

    entitlement: str
    target: str
    access: Mapping[str, str]
    requester: Party
    beneficiary: Party
    seconds: int
    seconds_asked: int | None
    catalog_item: str
    reason: str
    tier: Tier
    kinds: tuple[str, ...]
    rule_ids: tuple[str, ...]
    approve_rule: str
    rules: str
    decide_within: timedelta
    reasons: tuple[str, ...]
    longest: int = 0  # seconds that can be asked at a time
    hard_max: int = 0  # seconds that nothing outlives, extensions and all
    extend: int = 0  # how often access may be extended
    window: AccessWindow = NO_WINDOW
    start_within: timedelta = START_WITHIN  # how far ahead access may be asked to begin

    @property
    def essence(self) -> tuple[object, ...]:
        """What a revision leaves as it was when its writer shaped nothing (ADR 0009)."""
        people = (one.subject or one.account for one in (self.requester, self.beneficiary))
        what = (self.entitlement, self.target, self.seconds, self.catalog_item, self.reason)
        reasons = frozenset(self.reasons) - {"ticket_state"}
        return (*people, *what, self.window, self.tier, self.approve_rule, self.rules, reasons)


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: this ticket, so classified, for this entitlement, of this policy."""

    ticket: Ticket
    classification: Classification
    entitlement: Entitlement | None
    unreadable: bool
    policy: Policy
    snapshot: DirectorySnapshot


def requester_of(ticket: Ticket, snapshot: DirectorySnapshot) -> Person | None:
    """The person behind the account that opened the ticket."""
    return _person(ticket, "opened_by", snapshot)


def beneficiary_of(ticket: Ticket, snapshot: DirectorySnapshot) -> Person | None:
    """The person behind the account that the ticket is for."""
    return _person(ticket, beneficiary_field(ticket), snapshot)


def beneficiary_field(ticket: Ticket) -> str:
    """The field that holds who the access is for: the one that the ticket is bound to."""
    return "assignee" if ticket.bound_to == "assignee" else "requested_for"


def _person(ticket: Ticket, field: str, snapshot: DirectorySnapshot) -> Person | None:
    reference = ticket.reference(field)
    if reference is None or not reference.id:
        return None
    return snapshot.by_account(ticket.source, reference.id)


def _party(ticket: Ticket, field: str, person: Person | None) -> Party:
    reference = ticket.reference(field)
    account = "" if reference is None else reference.id or ""
    return Party("" if person is None else person.id, account)


def editor_of(ticket: Ticket, snapshot: DirectorySnapshot) -> Party:
    """Who the platform says wrote this revision; the subject is empty when unknown."""
    person = snapshot.by_account(ticket.source, ticket.updated_by)
    return Party("" if person is None else person.id, ticket.updated_by)


def shapers_of(ticket: Ticket, snapshot: DirectorySnapshot, *, edited: bool) -> tuple[Shaper, ...]:
    """Whose hand is in this revision: opener and beneficiary, and its writer when it `edited`."""
    named = [
        Shaper(role, _party(ticket, field, _person(ticket, field, snapshot)))
        for role, field in (("requester", "opened_by"), ("beneficiary", beneficiary_field(ticket)))
    ]
    shapers = [one for one in named if one.party.account]
    if edited:
        shapers.append(Shaper("editor", editor_of(ticket, snapshot)))
    return tuple(dict.fromkeys(shapers))


def known_now(
    shapers: tuple[Shaper, ...], source: str, snapshot: DirectorySnapshot
) -> tuple[Shaper, ...]:
    """The shapers, those looked up again whom the directory did not know; each once."""
    found: dict[Shaper, None] = {}
    for shaper in shapers:
        person = None
        if not shaper.party.subject:
            person = snapshot.by_account(source, shaper.party.account)
        known = shaper if person is None else _as(shaper, person)
        found[known] = None
    return tuple(found)


def _as(shaper: Shaper, person: Person) -> Shaper:
    return replace(shaper, party=replace(shaper.party, subject=person.id))


def asked(question: Ask) -> Asked:
    """What the ticket asks, with every reason that blocks it."""
    ticket, entitlement, snapshot = question.ticket, question.entitlement, question.snapshot
    requester, beneficiary = requester_of(ticket, snapshot), beneficiary_of(ticket, snapshot)
    tier = question.classification.tier
    if entitlement is not None:
        tier = max(tier, entitlement.tier)
    facts = TicketFacts(
        ticket,
        requester=requester,
        beneficiary=beneficiary,
        entitlement=entitlement,
        tier=tier,
        kinds=question.classification.kinds,
    )
    rule = approve_rule_for(question.policy, facts)
    life = limit_for(question.policy, facts)
    window, wanted = window_of(ticket), _wanted(entitlement, facts)
    if wanted is None and isinstance(window, AccessWindow):
        wanted = window.seconds
        window = _no_longer(window, life)
    seconds_asked = 0 if isinstance(wanted, str) else wanted
    reasons = [
        *_people_reasons(requester, beneficiary),
        *_policy_reasons(question, facts, rule),
        *(["no_limit"] if life is None else []),
        *([wanted] if isinstance(wanted, str) else []),
        *([window] if isinstance(window, str) else []),
        *(["ticket_state"] if ticket.state_class is StateClass.UNLISTED else []),
        *([] if question.classification.verdict is Verdict.IDENTITY else ["uncertain"]),
    ]
    seconds = 0 if life is None else min(seconds_asked or life.default, life.max, life.hard_max)
    digests = sorted(one.digest for one in question.classification.matched)
    digests += ["" if rule is None else rule.digest]
    digests += ["" if entitlement is None else entitlement.digest]
    digests += () if life is None else sorted(life.digests)
    return Asked(
        entitlement="" if entitlement is None else entitlement.id,
        target="" if entitlement is None else entitlement.target,
        access={} if entitlement is None else entitlement.access,
        requester=_party(ticket, "opened_by", requester),
        beneficiary=_party(ticket, beneficiary_field(ticket), beneficiary),
        seconds=seconds,
        seconds_asked=seconds_asked,
        catalog_item=ticket.text("catalog_item"),
        reason=ticket.text("reason") or ticket.text("short_description"),
        tier=tier,
        kinds=question.classification.kinds,
        rule_ids=tuple(f"{one.rule}@{one.where}" for one in question.classification.matched),
        approve_rule="" if rule is None else rule.id,
        rules=digest_of(digests),
        decide_within=BLOCKED_FOR_MAX if rule is None else rule.decide_within,
        reasons=tuple(reasons),
        longest=0 if life is None else min(life.max, life.hard_max),
        hard_max=0 if life is None else life.hard_max,
        extend=0 if life is None or (rule and rule.automatic) else life.extend,
        window=NO_WINDOW if isinstance(window, str) else window,
        start_within=START_WITHIN if life is None else life.start_within,
    )


def _no_longer(window: AccessWindow, life: LimitSeconds | None) -> AccessWindow | str:
    """The window; `window_too_long` where access never lasts so long.

    It is not cut: it says until when somebody counts on the access.
    """
    longest = None if life is None else min(life.max, life.hard_max)
    seconds = window.seconds
    too_long = longest is not None and seconds is not None and seconds > longest
    return TOO_LONG if too_long else window


def _wanted(entitlement: Entitlement | None, facts: TicketFacts) -> int | str | None:
    """Seconds that the ticket asks for; None where it leaves them to the limit; or why not any."""
    if entitlement is None or entitlement.duration_from is None:
        return None
    seen = facts.seen(entitlement.duration_from.field)
    if isinstance(seen, Missing):
        return durations.UNREADABLE
    text = "".join(seen).strip()
    if not text:
        return durations.NULL if facts.is_null(entitlement.duration_from.field) else None
    unit = entitlement.duration_from.unit
    return durations.requested_seconds(text, unit) or durations.why_no_duration(text, unit)


def _people_reasons(requester: Person | None, beneficiary: Person | None) -> list[str]:
    reasons: list[str] = []
    if requester is None:
        reasons.append("unknown_requester")
    if beneficiary is None:
        reasons.append("unknown_beneficiary")
    elif not beneficiary.active:
        reasons.append("inactive_beneficiary")
    return reasons


def _policy_reasons(question: Ask, facts: TicketFacts, rule: ApproveRule | None) -> list[str]:
    entitlement = question.entitlement
    if entitlement is None:
        return ["entitlement_unreadable" if question.unreadable else "no_entitlement"]
    reasons: list[str] = []
    if not may_request(entitlement, facts):
        reasons.append("not_requestable")
    if rule is None:
        reasons.append("no_approve_rule")
    return reasons


def case_of(
    request: AccessRequest, policy: Policy, snapshot: DirectorySnapshot, now: datetime
) -> Case | None:
    """The approver question of a request under this policy now; None when its rule is gone."""
    rule = next((one for one in policy.approve if one.id == request.approve_rule), None)
    entitlement = policy.entitlement(request.entitlement)
    if rule is None or entitlement is None:
        return None
    return Case(request, rule, entitlement, snapshot, now)


def blocking(
    request: AccessRequest, policy: Policy, snapshot: DirectorySnapshot, now: datetime
) -> tuple[str, ...]:
    """The reasons of a request, those included that need it whole: shapers, fillable stages.

    An opener or editor of any revision whom the directory does not know might be an approver.
    """
    unknown = {one.role for one in request.shapers if not one.party.subject}
    hidden = [f"unknown_{role}" for role in ("requester", "editor") if role in unknown]
    late = against(now, request.window, timedelta(seconds=request.start_within))
    reasons = list(dict.fromkeys([*request.reasons, *hidden, *([late] if late else [])]))
    case = case_of(request, policy, snapshot, now)
    if not reasons and case is not None and not fillable(case):
        reasons.append(why_unfilled(case))
    return tuple(reasons)


def fresh_request(
    what: Asked,
    ticket: Ticket,
    revision: int,
    *,
    shapers: tuple[Shaper, ...],
    ident: str,
    salt: str,
    now: datetime,
) -> AccessRequest:
    """A request as it opens: version 1, round 1, stage 1; blocked or awaiting is the caller's."""
    request = AccessRequest(
        id=ident,
        version=1,
        state=RequestState.AWAITING,
        source=ticket.source,
        table=ticket.table,
        ticket_id=ticket.id,
        ticket_number=ticket.number,
        revision=revision,
        entitlement=what.entitlement,
        target=what.target,
        access=what.access,
        requester=what.requester,
        beneficiary=what.beneficiary,
        shapers=shapers,
        seconds=what.seconds,
        seconds_asked=what.seconds_asked,
        catalog_item=what.catalog_item,
        reason=what.reason,
        tier=what.tier,
        kinds=what.kinds,
        rule_ids=what.rule_ids,
        approve_rule=what.approve_rule,
        salt=salt,
        material="",
        rules=what.rules,
        round=1,
        stage=1,
        opened_at=now,
        decide_by=decide_until(now, what.decide_within, what.window),
        reasons=what.reasons,
        not_before=what.window.not_before,
        window_end=what.window.ends,
        start_within=whole_seconds(what.start_within),
    )
    return replace(request, material=material_of(request))


def refreshed(request: AccessRequest, what: Asked) -> AccessRequest:
    """The request with what its ticket asks now; rounds, stages and states are the caller's.

    How long an extension is for, why and who asks it were not asked by the ticket, so they stay;
    it begins at once, since the access is there.
    """
    own = request if request.extends else None
    now_asked = replace(
        request,
        target=what.target,
        access=what.access,
        requester=what.requester if own is None else own.requester,
        beneficiary=what.beneficiary,
        seconds=what.seconds if own is None else min(own.seconds_asked or 0, what.longest),
        seconds_asked=what.seconds_asked if own is None else own.seconds_asked,
        catalog_item=what.catalog_item,
        reason=what.reason if own is None else own.reason,
        tier=what.tier,
        kinds=what.kinds,
        rule_ids=what.rule_ids,
        approve_rule=what.approve_rule,
        rules=what.rules,
        not_before=what.window.not_before if own is None else None,
        window_end=what.window.ends,
        start_within=whole_seconds(what.start_within),
        reasons=tuple(
            one for one in what.reasons if own is None or one not in durations.DURATION_REASONS
        ),
    )
    return replace(now_asked, material=material_of(now_asked))

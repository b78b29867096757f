"""Open, renew and withdraw requests: what a ticket revision does to what was asked before."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from ticketgate.domain.evidence import Disclosure, Draft, Json
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.instants import to_text
from ticketgate.domain.log.machines import NEW, edge
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.access_request import (
    TRIAGER,
    AccessRequest,
    RequestState,
    window_fields,
)
from ticketgate.domain.requests.approval import Link, LinkState, voices
from ticketgate.domain.requests.approvers import Case, candidates, triagers_apart
from ticketgate.domain.requests.automatic import CAUSE, automatic_rule
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.requests.opening import (
    Asked,
    case_of,
    fresh_request,
    known_now,
    refreshed,
)
from ticketgate.domain.tickets.access_window import decide_until
from ticketgate.operations.outbox import queue_mail
from ticketgate.operations.people.actors import actor_of
from ticketgate.operations.requests.automatic import approved_by_rule
from ticketgate.operations.requests.plan_grant import plan_grant
from ticketgate.operations.requests.velocity import note_pace, reasons_now
from ticketgate.operations.telling.tell_outcome import tell_of_request
from ticketgate.ports import Transaction


@dataclass(frozen=True, slots=True)
class Word:
    """What a record says of the person whose act it is: fields in clear, and what is hidden."""

    fields: Mapping[str, Json] = field(default_factory=dict)
    hidden: tuple[Disclosure, ...] = ()


NOBODYS: Final = Word()  # no person's act: a ticket's, a policy's, or time's
LINKS_PER_RECORD: Final = 200  # an entry's size is limited


def open_request(
    tx: Transaction,
    now: datetime,
    *,
    what: Asked,
    row: TicketRow,
    policy: Policy,
    snapshot: DirectorySnapshot,
) -> AccessRequest:
    """A new request: awaiting its first stage, approved by a rule, or blocked with every reason."""
    request = fresh_request(
        what,
        row.ticket,
        row.revision,
        shapers=known_now(row.shapers, row.ticket.source, snapshot),
        ident=tx.new_id("req"),
        salt=tx.new_salt(),
        now=now,
    )
    return settle(tx, now, request, NEW, "opened", policy=policy, snapshot=snapshot)


def settle(
    tx: Transaction,
    now: datetime,
    request: AccessRequest,
    before: str,
    cause: str,
    *,
    policy: Policy,
    snapshot: DirectorySnapshot,
) -> AccessRequest:
    """Blocked, or awaiting with links for the first stage, or approved by an automatic rule.

    Saved, recorded, mailed; of what a rule approves, the grant is planned.
    """
    reasons = reasons_now(tx, now, request, before, policy=policy, snapshot=snapshot)
    state = RequestState.BLOCKED if reasons else RequestState.AWAITING
    request = note_pace(tx, now, replace(request, state=state, reasons=reasons), before)
    by_rule = None if reasons else approved_by_rule(tx, now, request, policy)
    if by_rule is not None:
        approved, said = by_rule
        tx.requests.save(approved)
        record(tx, now, approved, before, CAUSE, [], said)
        plan_grant(tx, now, approved)
        return approved
    tx.requests.save(request)
    case = None if reasons else case_of(request, policy, snapshot, now)
    links = [] if case is None else issue_links(tx, now, request, case, frozenset())
    record(tx, now, request, before, cause, links, kept_out(tx, request, case))
    return request


def kept_out(tx: Transaction, request: AccessRequest, case: Case | None) -> dict[str, Json]:
    """The field of a record that names whom `never: triager` keeps from the stage that is asked."""
    if case is None:
        return {}
    apart = triagers_apart(case, case.rule.stages[request.stage - 1])
    return {"triagers": sorted(actor_of(tx, one) for one in apart)} if apart else {}


def record(
    tx: Transaction,
    now: datetime,
    request: AccessRequest,
    before: str,
    cause: str,
    links: list[Link],
    more: dict[str, Json] | None = None,
    word: Word = NOBODYS,
) -> None:
    """The record of one move of a request, with everything that a replay needs.

    Links beyond `LINKS_PER_RECORD` follow in records of their own.
    """
    issued: list[Json] = [[link.id, actor_of(tx, link.approver)] for link in links]
    fields: dict[str, Json] = {
        "request": request.id,
        "ticket": tx.tickets.ident(request.ticket) or "",
        "entitlement": request.entitlement,
        "target": request.target,
        "tier": request.tier.word,
        "kinds": list(request.kinds),
        "round": request.round,
        "stage": request.stage,
        "material": request.material,
        "rules": request.rules,
        "approve_rule": request.approve_rule,
        "decide_by": to_text(request.decide_by),
        **window_fields(request.window),
        "seconds": request.seconds_now,
        "revision": request.revision,
        "reasons": list(request.reasons),
        "links": issued[:LINKS_PER_RECORD],
        "cut": request.cut,
        "shown": request.shown,
        **({"extends": request.extends} if request.extends else {}),
        **_people(tx, request),
        **(more or {}),
        **word.fields,
    }
    hidden = (
        Disclosure("ticket_number", request.ticket_number),
        Disclosure("reason", request.reason, subject=request.beneficiary.subject),
        Disclosure("salt", request.salt),
        *word.hidden,
    )
    ref = tx.append(edge("request", request.id, before, request.state.value, cause, fields, hidden))
    tx.requests.note_record(request.id, ref.index)
    tell_of_request(tx, now, request, before, cause, ref.index)
    place: dict[str, Json] = {
        "request": request.id,
        "round": request.round,
        "stage": request.stage,
    }
    for first in range(LINKS_PER_RECORD, len(issued), LINKS_PER_RECORD):
        more_links = issued[first : first + LINKS_PER_RECORD]
        tx.append(Draft("links.issued", {**place, "links": more_links}))


def _people(tx: Transaction, request: AccessRequest) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, party in (
        ("requester", request.requester),
        ("beneficiary", request.beneficiary),
    ):
        if party.subject:
            found[name] = actor_of(tx, party.subject)
    hands = (one for one in request.shapers if one.role != TRIAGER)
    shaped = dict.fromkeys(one.party.subject for one in hands if one.party.subject)
    found["editors"] = [actor_of(tx, subject) for subject in shaped]
    return found


def issue_links(
    tx: Transaction, now: datetime, request: AccessRequest, case: Case, earlier: frozenset[str]
) -> list[Link]:
    """A link, and a mail that will carry it, for everybody who may decide at this stage now.

    Whoever has a link for this stage of this round gets no other one in the same capacity.
    """
    stage = case.rule.stages[request.stage - 1]
    place = (request.round, request.stage)
    sent = [one for one in tx.links.of_request(request.id) if _place(one) == place]
    had = {(one.approver, one.on_behalf_of) for one in sent}
    links = [
        Link(
            id=tx.new_id("lnk"),
            request=request.id,
            round=request.round,
            stage=request.stage,
            approver=subject,
            clause=found.clause,
            shown=request.shown,
            state=LinkState.ISSUED,
            expires_at=request.decide_by,
            on_behalf_of=found.on_behalf_of,
        )
        for subject, found in candidates(replace(case, request=request), stage, earlier).items()
        if (subject, found.on_behalf_of) not in had
    ]
    for link in links:
        tx.links.save(link)
        queue_mail(tx, now, CommandKind.MAIL_LINK, link.id)
    return links


def _place(link: Link) -> tuple[int, int]:
    return (link.round, link.stage)


def invite(
    tx: Transaction,
    now: datetime,
    request: AccessRequest,
    *,
    policy: Policy,
    snapshot: DirectorySnapshot,
) -> bool:
    """Ask whoever the open stage names now and did not before; False when there is nobody.

    The links that were sent stay good: neither material nor rules nor round are other ones.
    """
    case = case_of(request, policy, snapshot, now)
    if request.state is not RequestState.AWAITING or case is None or case.rule.automatic:
        return False
    earlier = voices(tx.requests.approvals(request.id), request.round)
    links = issue_links(tx, now, request, case, earlier)
    if links:
        after = replace(request, version=request.version + 1)
        tx.requests.save(after)
        apart = kept_out(tx, after, case)
        record(tx, now, after, request.state.value, "approvers", links, apart)
    return bool(links)


def void_links(tx: Transaction, request: str, why: str) -> None:
    """Every link of the request that was not used is void; `why` is the refusal's code."""
    for link in tx.links.of_request(request):
        if link.state is LinkState.ISSUED:
            tx.links.save(replace(link, state=LinkState.VOID, why=why))


def end_request(
    tx: Transaction,
    now: datetime,
    request: AccessRequest,
    state: RequestState,
    cause: str,
    word: Word = NOBODYS,
) -> AccessRequest:
    """End a live request: withdrawn, denied, timed out. Its links are void with that cause.

    `word` is that of the person who ends it, where one does.
    """
    ended = replace(request, state=state, version=request.version + 1, closed_at=now, cause=cause)
    tx.requests.save(ended)
    void_links(tx, request.id, cause)
    record(tx, now, ended, request.state.value, cause, [], word=word)
    return ended


def renew(
    tx: Transaction,
    now: datetime,
    request: AccessRequest,
    *,
    what: Asked,
    row: TicketRow,
    policy: Policy,
    snapshot: DirectorySnapshot,
) -> AccessRequest:
    """Hold a live request against what is asked now; the same object when nothing has changed.

    Other material, rules or shapers: a new round, and the old links are void. A request that was
    awaiting and is now blocked, or a rule's to approve, is withdrawn, since nothing leads from
    awaiting to there; another one opens for what the ticket asks now, with the same shapers.
    """
    cause = changed(request, what)
    shapers = known_now(row.shapers, request.source, snapshot)
    same = not cause and shapers == request.shapers
    awaiting = request.state is RequestState.AWAITING
    if awaiting and same and not what.reasons:
        return request
    fresh = replace(
        refreshed(request, what),
        shapers=shapers,
        version=request.version + 1,
        decide_by=decide_until(now, what.decide_within, what.window),
        cut=None,
        escalated=0,
        stage=1,
        round=request.round + (1 if awaiting else 0),
    )
    if awaiting and automatic_rule(fresh, policy):
        return _anew(tx, now, request, "superseded", what, row, policy, snapshot)
    before = request.state.value
    reasons = reasons_now(tx, now, fresh, before, policy=policy, snapshot=snapshot)
    if not awaiting and same and reasons == request.reasons:
        return request
    void_links(tx, request.id, "rules_changed" if cause == "rules" else "ticket_changed")
    if awaiting and reasons:
        return _anew(tx, now, request, "blocked", what, row, policy, snapshot)
    cause = (cause or "shapers") if awaiting else "revalidated"
    return settle(tx, now, fresh, before, cause, policy=policy, snapshot=snapshot)


def _anew(
    tx: Transaction,
    now: datetime,
    request: AccessRequest,
    cause: str,
    what: Asked,
    row: TicketRow,
    policy: Policy,
    snapshot: DirectorySnapshot,
) -> AccessRequest:
    """End a request that awaits, and open another one for what its ticket asks now.

    None for more time: the ticket asks for access, which it has; not for more of it.
    """
    ended = end_request(tx, now, request, RequestState.WITHDRAWN, cause)
    if request.extends:
        return ended
    return open_request(tx, now, what=what, row=row, policy=policy, snapshot=snapshot)


def changed(request: AccessRequest, what: Asked) -> str:
    """`material`, `rules`, or nothing: what of the request is not as it was shown."""
    now_asked = refreshed(request, what)
    if now_asked.material != request.material:
        return "material"
    if now_asked.rules != request.rules:
        return "rules"
    return ""

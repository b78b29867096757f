"""Open, renew and withdraw requests: what a ticket revision does to what was asked before."""

from dataclasses import replace
from datetime import datetime

from ticketgate.domain.access_request import AccessRequest, Party, RequestState
from ticketgate.domain.approval import Link, LinkState
from ticketgate.domain.approvers import Case, candidates
from ticketgate.domain.command import Command, CommandKind, CommandState
from ticketgate.domain.directory import DirectorySnapshot
from ticketgate.domain.evidence import Disclosure, Json
from ticketgate.domain.inbox import TicketRow
from ticketgate.domain.instants import to_text
from ticketgate.domain.machines import NEW, edge
from ticketgate.domain.opening import Asked, blocking, case_of, fresh_request, refreshed
from ticketgate.domain.policy import Policy
from ticketgate.operations.actors import actor_of
from ticketgate.ports import Transaction


def open_request(
    tx: Transaction,
    now: datetime,
    *,
    what: Asked,
    row: TicketRow,
    editor: Party | None,
    policy: Policy,
    snapshot: DirectorySnapshot,
) -> AccessRequest:
    """A new request: awaiting its first stage, or blocked with every reason.

    `editor` is who made the ticket ask for this: never an approver of it.
    """
    request = fresh_request(
        what,
        row.ticket,
        row.revision,
        editor=editor,
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
    """Blocked or awaiting, with links for the first stage: saved, recorded, mailed."""
    reasons = blocking(request, policy, snapshot)
    state = RequestState.BLOCKED if reasons else RequestState.AWAITING
    request = replace(request, state=state, reasons=reasons)
    tx.requests.save(request)
    case = None if reasons else case_of(request, policy, snapshot)
    links = [] if case is None else issue_links(tx, now, request, case, frozenset())
    record(tx, request, before, cause, links)
    return request


def record(
    tx: Transaction,
    request: AccessRequest,
    before: str,
    cause: str,
    links: list[Link],
    more: dict[str, Json] | None = None,
) -> None:
    """The record of one move of a request, with everything that a replay needs."""
    fields: dict[str, Json] = {
        "request": request.id,
        "ticket": _ticket_id(tx, request),
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
        "seconds": request.seconds_now,
        "revision": request.revision,
        "reasons": list(request.reasons),
        "links": [[link.id, actor_of(tx, link.approver)] for link in links],
        **_people(tx, request),
        **(more or {}),
    }
    hidden = (
        Disclosure("ticket_number", request.ticket_number),
        Disclosure("reason", request.reason, subject=request.beneficiary.subject),
        Disclosure("salt", request.salt),
    )
    tx.append(edge("request", request.id, before, request.state.value, cause, fields, hidden))


def _people(tx: Transaction, request: AccessRequest) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, party in (
        ("requester", request.requester),
        ("beneficiary", request.beneficiary),
        ("editor", request.editor),
    ):
        if party is not None and party.subject:
            found[name] = actor_of(tx, party.subject)
    return found


def _ticket_id(tx: Transaction, request: AccessRequest) -> str:
    row = tx.tickets.find(request.ticket)
    return "" if row is None else row.id


def issue_links(
    tx: Transaction, now: datetime, request: AccessRequest, case: Case, earlier: frozenset[str]
) -> list[Link]:
    """A link, and a mail that will carry it, for everybody who may decide at this stage now."""
    stage = case.rule.stages[request.stage - 1]
    links = [
        Link(
            id=tx.new_id("lnk"),
            request=request.id,
            round=request.round,
            stage=request.stage,
            approver=subject,
            clause=word,
            shown=request.shown,
            state=LinkState.ISSUED,
            expires_at=request.decide_by,
        )
        for subject, word in candidates(replace(case, request=request), stage, earlier).items()
    ]
    for link in links:
        tx.links.save(link)
        tx.commands.add(
            Command(
                id=tx.new_id("cmd"),
                kind=CommandKind.MAIL_LINK,
                about=link.id,
                target="mail",
                state=CommandState.QUEUED,
                due_at=now,
            )
        )
    return links


def void_links(tx: Transaction, request: str, why: str) -> None:
    """Every link of the request that was not used is void; `why` is the refusal's code."""
    for link in tx.links.of_request(request):
        if link.state is LinkState.ISSUED:
            tx.links.save(replace(link, state=LinkState.VOID, why=why))


def end_request(
    tx: Transaction, now: datetime, request: AccessRequest, state: RequestState, cause: str
) -> AccessRequest:
    """End a live request: withdrawn, timed out. Its links are void with that cause."""
    ended = replace(request, state=state, version=request.version + 1, closed_at=now)
    tx.requests.save(ended)
    void_links(tx, request.id, cause)
    record(tx, ended, request.state.value, cause, [])
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

    Other material or rules: a new round, and the old links are void. A request that was awaiting
    and is now blocked is withdrawn, since nothing leads from awaiting to blocked; another one
    opens for what the ticket asks now, with the same last editor.
    """
    cause = changed(request, what)
    awaiting = request.state is RequestState.AWAITING
    if awaiting and not cause and not what.reasons:
        return request
    fresh = replace(
        refreshed(request, what),
        editor=_known_now(request, snapshot),
        version=request.version + 1,
        decide_by=now + what.decide_within,
        cut=None,
        stage=1,
        round=request.round + (1 if awaiting else 0),
    )
    reasons = blocking(fresh, policy, snapshot)
    if not awaiting and not cause and reasons == request.reasons:
        return request
    void_links(tx, request.id, "rules_changed" if cause == "rules" else "ticket_changed")
    if awaiting and reasons:
        end_request(tx, now, request, RequestState.WITHDRAWN, "blocked")
        return open_request(
            tx, now, what=what, row=row, editor=fresh.editor, policy=policy, snapshot=snapshot
        )
    cause = cause if awaiting else "revalidated"
    return settle(tx, now, fresh, request.state.value, cause, policy=policy, snapshot=snapshot)


def _known_now(request: AccessRequest, snapshot: DirectorySnapshot) -> Party | None:
    """The last material editor, looked up again while the directory did not know the account."""
    editor = request.editor
    if editor is None or editor.subject:
        return editor
    person = snapshot.by_account(request.source, editor.account)
    return editor if person is None else Party(person.id, editor.account)


def changed(request: AccessRequest, what: Asked) -> str:
    """`material`, `rules`, or nothing: what of the request is not as it was shown."""
    now_asked = refreshed(request, what)
    if now_asked.material != request.material:
        return "material"
    if now_asked.rules != request.rules:
        return "rules"
    return ""

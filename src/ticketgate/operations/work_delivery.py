"""Work off a delivery: normalised and classified outside, its effect is one transaction.

Platforms repeat, reorder and lose; whatever comes, the same ticket state results (invariant I9).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from ticketgate.domain.access_request import (
    LIVE_REQUEST,
    AccessRequest,
    Party,
    RequestState,
    material_of,
)
from ticketgate.domain.classify import asked_entitlements, classify
from ticketgate.domain.directory import DirectorySnapshot
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure, Draft, Json
from ticketgate.domain.facts import TicketFacts
from ticketgate.domain.grant import Grant
from ticketgate.domain.identity_event import Classification, Verdict
from ticketgate.domain.inbox import DeliveryRow, TicketRow
from ticketgate.domain.machines import NEW, edge
from ticketgate.domain.opening import (
    Ask,
    Asked,
    asked,
    beneficiary_field,
    beneficiary_of,
    editor_of,
    refreshed,
    requester_of,
)
from ticketgate.domain.policy import Policy
from ticketgate.domain.ticket import TERMINAL_STATES, ApproverRow, Ticket
from ticketgate.operations.end_grant import end_grant
from ticketgate.operations.open_request import changed, end_request, open_request, renew
from ticketgate.ports import Transaction


@dataclass(frozen=True, slots=True)
class Reading:
    """A delivery as read: a ticket with its classification, an approver row, or a refusal."""

    row: DeliveryRow
    what: Ticket | ApproverRow | Refusal
    classification: Classification | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What the policy and the directory say while a delivery is worked off."""

    policy: Policy
    snapshot: DirectorySnapshot
    own_users: frozenset[str]


def facts_of(ticket: Ticket, snapshot: DirectorySnapshot) -> TicketFacts:
    """What the matchers see of a ticket."""
    return TicketFacts(
        ticket,
        requester=requester_of(ticket, snapshot),
        beneficiary=beneficiary_of(ticket, snapshot),
    )


def classified(ticket: Ticket, policy: Policy, snapshot: DirectorySnapshot) -> Classification:
    """The verdict on a ticket under this policy and directory."""
    return classify(policy, facts_of(ticket, snapshot))


def work_delivery(tx: Transaction, now: datetime, *, reading: Reading, ground: Ground) -> str:
    """Give a delivery its effect; returns the effect in a word."""
    what = reading.what
    if isinstance(what, Refusal):
        return _finish(tx, reading, "quarantined", what.code, None)
    if isinstance(what, ApproverRow):
        return _approver_row(tx, reading, what)
    if reading.classification is None:
        raise ValueError("a ticket is classified before it is worked off")
    known = tx.tickets.find(what.key)
    odd = _odd(tx, reading.row, what, known)
    if odd is not None:
        state, word = odd
        return _finish(tx, reading, state, word, what.id)
    row = _accept(tx, now, reading, what, reading.classification, known, ground.policy)
    _apply(tx, now, row, known, reading.classification, ground)
    return _finish(tx, reading, "processed", row.verdict, what.id)


def _odd(
    tx: Transaction, row: DeliveryRow, ticket: Ticket, known: TicketRow | None
) -> tuple[str, str] | None:
    """Why this revision has no effect: (delivery state, effect), or None when it has."""
    if known is None:
        return None
    last = known.ticket
    if ticket.version is not None and last.version is not None and ticket.version <= last.version:
        if ticket.version < last.version:
            return "processed", "stale"
        same = replace(ticket, updated_by=last.updated_by) == last
        return ("processed", "duplicate") if same else ("quarantined", "version_conflict")
    if last.state_class in TERMINAL_STATES:
        return "processed", "terminal"
    if ticket.version is None and _seen_before(tx, row):
        return "quarantined", "needs_poll"
    return None


def _seen_before(tx: Transaction, row: DeliveryRow) -> bool:
    """Without a version the same body may repeat honestly: only the platform can say."""
    return any(
        other.seq < row.seq and other.state == "processed"
        for other in tx.deliveries.with_body(row.source, row.body_digest)
    )


def _finish(tx: Transaction, reading: Reading, state: str, effect: str, ticket: str | None) -> str:
    row = reading.row
    reason = effect if state == "quarantined" else ""
    fields: dict[str, Json] = {"source": row.source, "body": row.body_digest, "reason": reason}
    tx.append(edge("delivery", row.id, "accepted", state, effect, fields))
    tx.deliveries.finish(row.seq, state, reason, ticket or row.ticket, effect)
    return effect


def _approver_row(tx: Transaction, reading: Reading, row: ApproverRow) -> str:
    tx.append(
        Draft(
            "ticket.approval_claimed",
            {"source": row.source, "state": row.state},
            (
                Disclosure("parent", row.parent),
                Disclosure("approver", [row.approver.id, row.approver.name]),
                Disclosure("updated_by", row.updated_by),
            ),
        )
    )
    return _finish(tx, reading, "processed", "approver_row", row.parent)


def _accept(
    tx: Transaction,
    now: datetime,
    reading: Reading,
    ticket: Ticket,
    classification: Classification,
    known: TicketRow | None,
    policy: Policy,
) -> TicketRow:
    """The accepted revision: saved and recorded with its classification."""
    verdict = classification.verdict.value
    row = TicketRow(
        id=tx.new_id("tkt") if known is None else known.id,
        ticket=ticket,
        revision=1 if known is None else known.revision + 1,
        verdict=verdict,
        delivery_seq=reading.row.seq,
        updated_at=now,
    )
    tx.tickets.save(row)
    fields: dict[str, Json] = {
        "source": ticket.source,
        "table": ticket.table,
        "revision": row.revision,
        "verdict": verdict,
        "state_class": ticket.state_class.value,
        "kinds": list(classification.kinds),
        "tier": classification.tier.word,
        "rules": [f"{one.rule}@{one.where}" for one in classification.matched],
        "blind": [f"{one.rule}@{one.where}" for one in classification.blind],
        "policy": policy.digest,
        "delivery": reading.row.id,
    }
    before = NEW if known is None else known.verdict
    tx.append(
        edge(
            "ticket",
            row.id,
            before,
            verdict,
            "revision",
            fields,
            (Disclosure("ticket", ticket.plain(), kind="ticket"),),
        )
    )
    return row


def _apply(
    tx: Transaction,
    now: datetime,
    row: TicketRow,
    known: TicketRow | None,
    classification: Classification,
    ground: Ground,
) -> None:
    """What the revision does to requests and grants of its ticket."""
    requests = tx.requests.of_ticket(row.ticket.key)
    if row.ticket.state_class in TERMINAL_STATES:
        _withdraw(tx, now, requests, "ticket_closed")
        for grant in tx.grants.of_ticket(row.ticket.key):
            end_grant(tx, now, grant, "ticket_closed")
        return
    wanted = _wanted(row.ticket, classification, ground)
    _end_what_is_not_asked(tx, now, row, known, wanted)
    if classification.verdict is not Verdict.IDENTITY:
        _withdraw(tx, now, requests, row.verdict)
        return
    gone = [one for one in requests if one.entitlement not in wanted]
    _withdraw(tx, now, gone, "superseded")
    for what in wanted.values():
        _ask(tx, now, row, what, requests, ground)


def _wanted(ticket: Ticket, classification: Classification, ground: Ground) -> dict[str, Asked]:
    """What the ticket asks now, by entitlement; one blocked ask when it names none."""
    entitlements, unreadable = asked_entitlements(ground.policy, facts_of(ticket, ground.snapshot))
    questions = [
        Ask(ticket, classification, one, unreadable, ground.policy, ground.snapshot)
        for one in entitlements or (None,)
    ]
    return {what.entitlement: what for what in map(asked, questions)}


def _ask(
    tx: Transaction,
    now: datetime,
    row: TicketRow,
    what: Asked,
    requests: list[AccessRequest],
    ground: Ground,
) -> None:
    """Open, renew, or leave alone the request for one entitlement."""
    of_this = [one for one in requests if one.entitlement == what.entitlement]
    live = next((one for one in of_this if one.state in LIVE_REQUEST), None)
    editor = _editor(row, ground)
    if live is None:
        if not any(_settled(one, what) for one in of_this):
            open_request(
                tx,
                now,
                what=what,
                row=row,
                editor=editor,
                policy=ground.policy,
                snapshot=ground.snapshot,
            )
        return
    cause = changed(live, what) or ("reasons" if what.reasons != live.reasons else "")
    if not cause:
        return
    if cause == "material":
        live = replace(live, editor=editor)
    renewed = renew(
        tx,
        now,
        replace(live, revision=row.revision),
        what=what,
        cause=cause if live.state is RequestState.AWAITING else "revalidated",
        policy=ground.policy,
        snapshot=ground.snapshot,
    )
    if renewed.state is RequestState.WITHDRAWN:
        open_request(
            tx,
            now,
            what=what,
            row=row,
            editor=live.editor,
            policy=ground.policy,
            snapshot=ground.snapshot,
        )


def _editor(row: TicketRow, ground: Ground) -> Party | None:
    """Who wrote this revision; an unknown editor blocks (ADR 0007).

    Of the first revision the opener is known: an unknown editor of it (a workflow) says nothing.
    """
    editor = editor_of(row.ticket, ground.snapshot)
    return editor if editor.subject or row.revision > 1 else None


def _settled(request: AccessRequest, what: Asked) -> bool:
    """Whether an ended request answers what is asked now.

    After an approval only another beneficiary asks anew; after a denial or a time-out only
    another material does.
    """
    if request.state is RequestState.APPROVED:
        return request.beneficiary.subject == what.beneficiary.subject
    if request.state in {RequestState.DENIED, RequestState.TIMED_OUT}:
        return material_of(refreshed(request, what)) == request.material
    return False


def _end_what_is_not_asked(
    tx: Transaction,
    now: datetime,
    row: TicketRow,
    known: TicketRow | None,
    wanted: dict[str, Asked],
) -> None:
    """Grants of another beneficiary or entitlement than the ticket asks now are revoked."""
    passed_on = known is not None and _passed_on(known.ticket, row.ticket)
    unreadable = any("entitlement_unreadable" in what.reasons for what in wanted.values())
    for grant in tx.grants.of_ticket(row.ticket.key):
        what = wanted.get(grant.entitlement)
        if passed_on:
            end_grant(tx, now, grant, "ticket_passed_on")
        elif (what is None and not unreadable) or (what is not None and _another(what, grant)):
            end_grant(tx, now, grant, "unapproved")


def _another(what: Asked, grant: Grant) -> bool:
    """Whether the ticket names somebody else now; an unreadable name says nothing."""
    return bool(what.beneficiary.account) and what.beneficiary.subject != grant.subject


def _passed_on(last: Ticket, ticket: Ticket) -> bool:
    """Whether the ticket is bound to a person, and that person is another one now."""
    bound = beneficiary_field(ticket)
    before, after = last.reference(bound), ticket.reference(bound)
    if ticket.bound_to == "none" or before is None or after is None:
        return False
    return before.id != after.id


def _withdraw(tx: Transaction, now: datetime, requests: list[AccessRequest], cause: str) -> None:
    for request in requests:
        if request.state in LIVE_REQUEST:
            end_request(tx, now, request, RequestState.WITHDRAWN, cause)

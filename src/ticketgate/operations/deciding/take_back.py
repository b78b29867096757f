"""Take an approval back: who gave it, or for whom a delegate did, on the page of their own link.

Whom a delegate stood in for may have no link, being away then: they do it on the request's page.

It only takes away, so it waits for nothing: a request that is not approved yet is denied by it, and
access that came of an approved one is revoked. What was taken back is never given again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure, Draft, EvidenceRef, Json
from ticketgate.domain.grants.grant import HOLDING, Grant, GrantState
from ticketgate.domain.instants import to_text
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.requests.access_request import TAKEN_BACK, AccessRequest, RequestState
from ticketgate.domain.requests.approval import Approval, Link
from ticketgate.domain.requests.approvers import unfit
from ticketgate.domain.text.typed_text import bad_typed
from ticketgate.operations.deciding.decide_request import JUSTIFICATION_CHARS_MAX, SignedIn
from ticketgate.operations.deciding.decision_refusals import not_found, with_word
from ticketgate.operations.deciding.who_decided import of_end
from ticketgate.operations.grants.end_grant import end_grant
from ticketgate.operations.people.actors import actor_of
from ticketgate.operations.requests.open_request import Word, end_request
from ticketgate.ports import Reading, Transaction

UNAPPROVED: Final = "unapproved"
_GIVEN: Final = HOLDING | {GrantState.PLANNED}
_NOT_OFFERED: Final = Refusal(
    "not_offered",
    "There is no approval of yours here that still counts.",
    "Open the link again; it shows what became of the request.",
)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """An approval that was taken back; `state` is that of the request afterwards."""

    state: str
    evidence: EvidenceRef


def takeable(
    request: AccessRequest, link: Link, approvals: Sequence[Approval], grants: Sequence[Grant]
) -> bool:
    """Whether an approval of the holder, or in their place, stands, and still does something."""
    counts = any(
        one.decision == "approve" and one.stage == link.stage and is_of(link.approver, one)
        for one in approvals
        if one.round == link.round == request.round
    )
    return counts and _does_something(request, grants)


def in_place_of(reading: Reading, request: AccessRequest, subject: str) -> Approval | None:
    """What a delegate approved in this person's place, while it stands and does something."""
    stands = (
        one
        for one in reading.requests.approvals(request.id)
        if (one.on_behalf_of, one.decision, one.round) == (subject, "approve", request.round)
    )
    return next(stands, None) if _does_something(request, given_by(reading, request)) else None


def _does_something(request: AccessRequest, grants: Sequence[Grant]) -> bool:
    if request.state is RequestState.AWAITING:
        return True
    return request.state is RequestState.APPROVED and any(one.state in _GIVEN for one in grants)


def is_of(subject: str, approval: Approval) -> bool:
    """Whether it is this person's own, or was given by their delegate in their place."""
    return subject in {approval.approver, approval.on_behalf_of}


def given_by(reading: Reading, request: AccessRequest) -> list[Grant]:
    """The grants that an approval of the request gave, or gave more time."""
    extended = reading.grants.get(request.extends) if request.extends else None
    return reading.grants.of_request(request.id) if extended is None else [extended]


def take_back(
    tx: Transaction,
    now: datetime,
    *,
    token_hash: str,
    who: SignedIn,
    reason: str,
    snapshot: DirectorySnapshot,
) -> TakenBack | Refusal:
    """Take the approval back that this link's holder gave, or their delegate in their place.

    Refusals: `not_found` (unknown, or somebody else's link: alike), `approver_unknown`,
    `approver_inactive`, `not_human`, `not_offered`, `justification`, `secret_typed`.
    """
    link = tx.links.by_token(token_hash)
    request = None if link is None else tx.requests.get(link.request)
    if link is None or request is None or link.approver != who.subject:
        return not_found()
    refusal = unfit(snapshot.person(who.subject))
    grants = given_by(tx, request)
    if refusal is None and not takeable(request, link, tx.requests.approvals(request.id), grants):
        refusal = with_word(_NOT_OFFERED, of_end(tx, request, snapshot))
    if refusal is not None:
        return refusal
    return _taken(tx, now, request, link, who, reason)


def take_back_in_place(
    tx: Transaction, now: datetime, *, request: AccessRequest, who: SignedIn, reason: str
) -> TakenBack | Refusal:
    """Take back what a delegate approved in this person's place; that they may act was checked.

    Refusals: `not_offered`, `justification`, `secret_typed`.
    """
    approval = in_place_of(tx, request, who.subject)
    wanted = None if approval is None else _place(approval)
    links = (one for one in tx.links.of_request(request.id) if _place(one) == wanted)
    link = next(links, None)
    return _NOT_OFFERED if link is None else _taken(tx, now, request, link, who, reason)


def _place(one: Approval | Link) -> tuple[str, str, int, int]:
    return (one.approver, one.on_behalf_of, one.round, one.stage)


def _taken(
    tx: Transaction,
    now: datetime,
    request: AccessRequest,
    link: Link,
    who: SignedIn,
    reason: str,
) -> TakenBack | Refusal:
    refusal = bad_typed("justification", reason, chars_min=1, chars_max=JUSTIFICATION_CHARS_MAX)
    if refusal is not None:
        return refusal
    grants = given_by(tx, request)
    ref = _record(tx, link, who, reason)
    by = actor_of(tx, who.subject)
    if request.state is RequestState.AWAITING:
        request = end_request(tx, now, request, RequestState.DENIED, TAKEN_BACK, Word({"by": by}))
    for grant in (one for one in grants if one.state in _GIVEN):
        end_grant(tx, now, grant, UNAPPROVED, by)
    return TakenBack(request.state.value, ref)


def _record(tx: Transaction, link: Link, who: SignedIn, reason: str) -> EvidenceRef:
    fields: dict[str, Json] = {
        "request": link.request,
        "round": link.round,
        "stage": link.stage,
        "approver": actor_of(tx, who.subject),
        "link": link.id,
        "method": who.method,
        "signed_in_at": to_text(who.at),
    }
    said = Disclosure("justification", reason.strip(), subject=who.subject, kind="decision")
    return tx.append(Draft("decision.taken_back", fields, (said,)))

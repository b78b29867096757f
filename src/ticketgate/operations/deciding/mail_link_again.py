"""Mail a link again: who was asked, and lost the mail or never got it, asks for it on a page.

It gives nobody a right: the mail goes to the holder's own address, with a fresh token of the link
that they have, and every token is void once one is used (`docs/rules.md` rule 16).
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Draft, Json
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.people.sign_in import LINKS_AN_HOUR_MAX
from ticketgate.domain.requests.access_request import AccessRequest, RequestState
from ticketgate.domain.requests.approval import Link, LinkState, voices
from ticketgate.domain.requests.approvers import standing, unfit
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.opening import case_of
from ticketgate.domain.requests.seat import may_decide
from ticketgate.operations.deciding.decision_refusals import RULES, no_longer, not_found
from ticketgate.operations.outbox import queue_mail
from ticketgate.operations.people.actors import actor_of
from ticketgate.operations.people.emergency_lock import lock_on
from ticketgate.operations.people.freshness import stale
from ticketgate.operations.people.sayer import Sayer
from ticketgate.ports import Reading, Transaction

HOUR: Final = timedelta(hours=1)
_TOO_MANY: Final = Refusal(
    "too_many_links",
    f"At most {LINKS_AN_HOUR_MAX} links an hour are mailed again to one person.",
    "Use the newest mail that you have, or wait an hour.",
)


def mail_link_again(tx: Transaction, now: datetime, *, ident: str, who: Sayer) -> Link | Refusal:
    """Queue the mail of a link once more, for its holder alone.

    A mail of it that waits already, as for a server that is away, is tried at once instead; either
    counts for the five an hour that one person, and so one link, may ask for.

    Refusals: `directory_stale`, `approver_unknown`, `approver_inactive`, `not_human`, `not_found`
    (unknown, or somebody else's: alike; the latter is recorded), those of `no_longer`,
    `person_locked`, `rules_changed`, those of `approvers.standing`, `too_many_links`.
    """
    refusal = stale(tx, now, who.snapshot, who.subject) or unfit(who.snapshot.person(who.subject))
    if refusal is not None:
        return refusal
    link = tx.links.get(ident)
    request = None if link is None else tx.requests.get(link.request)
    if link is None or request is None:
        return not_found()
    if link.approver != who.subject:
        _record_refused(tx, request, who.subject)
        return not_found()
    closed = no_longer(tx, request, link, now, who.snapshot)
    refusal = closed or _unseated(tx, now, link, request, who)
    if refusal is not None:
        return refusal
    actor, since = actor_of(tx, who.subject), now - HOUR
    if tx.pace.mailed_again(actor, since) >= LINKS_AN_HOUR_MAX:
        return _TOO_MANY
    tx.pace.note_mailed_again(actor, link.id, now, since)
    _mail(tx, now, link)
    return link


def open_link(
    reading: Reading, request: AccessRequest, subject: str, ground: Ground, now: datetime
) -> str:
    """The id of the link by which this person may decide a request now; empty without one."""
    if request.state is not RequestState.AWAITING:
        return ""
    given = reading.requests.approvals(request.id)
    open_ = (
        one.id
        for one in reading.links.of_request(request.id)
        if one.approver == subject
        and one.state is LinkState.ISSUED
        and may_decide(one, request, given, ground.policy, ground.snapshot, now)
    )
    return next(open_, "")


def _unseated(
    tx: Transaction, now: datetime, link: Link, request: AccessRequest, who: Sayer
) -> Refusal | None:
    """Why its holder may decide nothing with it now, by the lock and by the rules of now."""
    people = {who.subject, link.on_behalf_of} - {""}
    locked = lock_on(tx, now, people, who.snapshot)
    case = case_of(request, who.policy, who.snapshot, now)
    if locked is not None or case is None or link.stage > len(case.rule.stages):
        return locked or RULES
    earlier = voices(tx.requests.approvals(request.id), request.round)
    stage = case.rule.stages[link.stage - 1]
    found = standing(case, stage, link.approver, earlier, link.on_behalf_of)
    return found if isinstance(found, Refusal) else None


def _mail(tx: Transaction, now: datetime, link: Link) -> None:
    for kind in (CommandKind.MAIL_LINK, CommandKind.MAIL_AGAIN):
        waiting = tx.commands.of(link.id, kind)
        if waiting is not None:
            tx.commands.save(replace(waiting, due_at=min(waiting.due_at, now)))
            return
    queue_mail(tx, now, CommandKind.MAIL_AGAIN, link.id)


def _record_refused(tx: Transaction, request: AccessRequest, subject: str) -> None:
    fields: dict[str, Json] = {
        "request": request.id,
        "round": request.round,
        "stage": request.stage,
        "code": "not_link_holder",
        "approver": actor_of(tx, subject),
    }
    tx.append(Draft("decision.refused", fields))

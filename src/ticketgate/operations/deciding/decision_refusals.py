"""Decision refusals: what the holder of a link is told when the request has moved on."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.instants import to_text
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.requests.access_request import AccessRequest, RequestState
from ticketgate.domain.requests.approval import Link, LinkState
from ticketgate.domain.requests.approvers import unfit
from ticketgate.operations.deciding.who_decided import of_end, of_stage
from ticketgate.ports import Reading

_NEW_MAIL: Final = "A new mail shows what is asked now."
_NO_MAIL: Final = "You are not asked again now; whoever decides it has a mail of their own."
CHANGED: Final = Refusal(
    "ticket_changed",
    "The ticket was changed after this page was shown; the old link is void.",
    _NEW_MAIL,
)
NOT_ASKED: Final = Refusal(
    "request_blocked", "This is not asked for, or not offered, any more.", "Nothing is left to do."
)
RULES: Final = Refusal(
    "rules_changed",
    "The rules that apply are not the ones that were shown; the old link is void.",
    _NEW_MAIL,
)
VOID: Final = {
    "rules_changed": RULES,
    "stage_done": Refusal("already_decided", "Others have decided at this stage."),
    "restored": Refusal(
        "restored", "The gateway was restored from a backup; the old link is void.", _NEW_MAIL
    ),
}

_BY_STAGE: Final = frozenset({"link_used", "already_decided"})


def not_found() -> Refusal:
    """What is not there, and what is not for this person, look alike."""
    return Refusal("not_found", "There is nothing here for you.")


def no_longer(
    reading: Reading, request: AccessRequest, link: Link, now: datetime, snapshot: DirectorySnapshot
) -> Refusal | None:
    """Why the link decides nothing any more, and who decided and when; None while it does."""
    refusal = _no_longer(request, link, now)
    if refusal is None or refusal.code == "decision_late":  # which time alone decides
        return refusal
    refusal = as_mailed(reading, link, refusal)
    if unfit(snapshot.person(link.approver)) is not None:
        return refusal
    known = of_end(reading, request, snapshot)
    if refusal.code in _BY_STAGE and not known:
        known = of_stage(reading, link, snapshot)
    return with_word(refusal, known)


def as_mailed(reading: Reading, link: Link, refusal: Refusal) -> Refusal:
    """The refusal; one that promises a new mail does so to whom one was sent, and to nobody else.

    Who changed the ticket, say, decides nothing of it any more, and has none.
    """
    if refusal.next_step != _NEW_MAIL:
        return refusal
    links = reading.links.of_request(link.request)
    anew = any(
        one.approver == link.approver and one.state is LinkState.ISSUED and one.round > link.round
        for one in links
    )
    return refusal if anew else replace(refusal, next_step=_NO_MAIL)


def with_word(refusal: Refusal, known: str) -> Refusal:
    """The refusal, and what is known of who decided, when there is something."""
    return replace(refusal, reason=f"{refusal.reason} {known}.") if known else refusal


def _late(request: AccessRequest, link: Link) -> Refusal:
    over = to_text(min(request.decide_by, link.expires_at))
    return Refusal(
        "decision_late",
        f"The time to decide was over at {over}.",
        "Ask for the access again in a new ticket.",
    )


def _no_longer(request: AccessRequest, link: Link, now: datetime) -> Refusal | None:
    if link.state is LinkState.USED:
        return Refusal("link_used", "This link has been used; a link works once.")
    if request.state is RequestState.TIMED_OUT:
        return _late(request, link)
    if request.state is not RequestState.AWAITING and link.why not in {
        "ticket_changed",
        "rules_changed",
    }:
        return Refusal("already_decided", f"The request is {request.state.value} already.")
    if now >= request.decide_by or now >= link.expires_at:
        return _late(request, link)
    if link.state is LinkState.VOID:
        return VOID.get(link.why, CHANGED)
    return None

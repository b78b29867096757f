"""Earlier round: what the holder of a link is told whose request changed after they were asked.

Nothing of what is asked now is told here: it stands on the page of the link of the new round, for
whoever may decide that. What was shown then is told as the log has it, under the digest of then.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketgate.domain.evidence import parse_disclosure
from ticketgate.domain.instants import duration_text, from_text, minute_text
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.naming import name_and_id
from ticketgate.domain.requests.access_request import AccessRequest, RequestState
from ticketgate.domain.requests.approval import Approval, Link
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.tickets.access_window import AccessWindow
from ticketgate.operations.deciding.mail_link_again import open_link
from ticketgate.operations.deciding.who_decided import LOOKED_AT
from ticketgate.ports import Reading


@dataclass(frozen=True, slots=True)
class Then:
    """What a link showed, as the record of that moment has it; `reason` is empty once erased."""

    requester: str  # name and subject id
    beneficiary: str
    target: str
    seconds: int  # the longest life that could be given
    tier: str
    window: AccessWindow
    reason: str


@dataclass(frozen=True, slots=True)
class EarlierLink:
    """A link of an earlier round: it decides nothing any more, and shows nothing of now."""

    ticket: str
    source: str
    entitlement: str
    cause: str  # why a new round began: material, rules, shapers, restored; empty: not known
    then: Then | None  # None: the log does not have it at hand
    shown: str  # digest of what was shown then
    mine: str  # "", or what its holder decided, or a delegate in their place
    seconds: int  # that this decision gave at the most; 0 without one
    decided_at: datetime | None
    evidence: str  # origin#index of this decision; empty without one
    by: str  # name and subject id of the delegate who decided in the holder's place
    state: str  # of the request now
    anew: str  # the id of the link by which its holder may decide now; empty without one


def earlier_link(
    reading: Reading,
    request: AccessRequest,
    link: Link,
    *,
    ground: Ground,
    now: datetime,
    origin: str,
) -> EarlierLink:
    """What a link of an earlier round than the request's of now says to its holder."""
    given = reading.requests.approvals(request.id)
    mine = next((one for one in given if _is_answer(one, link)), None)
    by = "" if mine is None or mine.approver == link.approver else mine.approver
    return EarlierLink(
        ticket=request.ticket_number,
        source=request.source,
        entitlement=request.entitlement,
        cause=_cause(reading, link),
        then=shown_then(reading, link.request, link.shown, ground.snapshot),
        shown=link.shown,
        mine="" if mine is None else mine.decision,
        seconds=0 if mine is None else mine.seconds,
        decided_at=None if mine is None else mine.decided_at,
        evidence="" if mine is None else f"{origin}#{mine.index}",
        by=name_and_id(by, ground.snapshot) if by else "",
        state=request.state.value,
        anew=open_link(reading, request, link.approver, ground, now),
    )


def changed_for(
    reading: Reading, link: Link, snapshot: DirectorySnapshot
) -> tuple[tuple[str, str, str], ...]:
    """What is not as this person was shown it in an earlier round: (what, then, now).

    Empty where they were not asked before, and where the log does not have both at hand.
    """
    before = [
        one
        for one in reading.links.of_request(link.request)
        if one.approver == link.approver and one.round < link.round
    ]
    if not before:
        return ()
    last = max(before, key=lambda one: (one.round, one.stage))
    then = shown_then(reading, link.request, last.shown, snapshot)
    now = shown_then(reading, link.request, link.shown, snapshot)
    return () if then is None or now is None else _differences(then, now)


def shown_then(
    reading: Reading, request: str, shown: str, snapshot: DirectorySnapshot
) -> Then | None:
    """What stood behind the digest `shown`; None where the newest records do not tell it."""
    asked = _asked(reading, request)
    index, record = next((one for one in asked if one[1]["shown"] == shown), (0, None))
    if record is None:
        return None
    return Then(
        requester=_person(reading, record, "requester", snapshot),
        beneficiary=_person(reading, record, "beneficiary", snapshot),
        target=record["target"],
        seconds=record["seconds"],
        tier=record["tier"],
        window=AccessWindow(_moment(record, "not_before"), _moment(record, "window_end")),
        reason=_reason(reading, index),
    )


def _differences(then: Then, now: Then) -> tuple[tuple[str, str, str], ...]:
    pairs = (
        ("Who asks", then.requester, now.requester),
        ("For whom", then.beneficiary, now.beneficiary),
        ("On", then.target, now.target),
        ("How long", duration_text(then.seconds), duration_text(now.seconds)),
        ("Begins at the earliest", _at(then.window.not_before), _at(now.window.not_before)),
        ("Over at the latest", _at(then.window.ends), _at(now.window.ends)),
        ("Risk tier", then.tier, now.tier),
        ("Why, in the words of the ticket", then.reason, now.reason),
    )
    return tuple((name, was, is_) for name, was, is_ in pairs if was != is_)


def _at(moment: datetime | None) -> str:
    return "not said" if moment is None else minute_text(moment)


def _is_answer(one: Approval, link: Link) -> bool:
    here = (one.round, one.stage) == (link.round, link.stage)
    return here and link.approver in {one.approver, one.on_behalf_of}


def _asked(reading: Reading, request: str) -> list[tuple[int, dict[str, Any]]]:
    """The newest records by which people were asked, in the order of the log."""
    found = (
        (index, json.loads(entry))
        for index, entry in reading.console.records(request, [], LOOKED_AT)
    )
    return [(index, one) for index, one in found if one.get("to") == RequestState.AWAITING.value]


def _cause(reading: Reading, link: Link) -> str:
    """Why the round after that of the link began, in the word of its record."""
    asked = (one for _, one in _asked(reading, link.request))
    return next((str(one["cause"]) for one in asked if one["round"] == link.round + 1), "")


def _person(
    reading: Reading, record: Mapping[str, Any], name: str, snapshot: DirectorySnapshot
) -> str:
    subject = reading.people.subject(record[name]) if name in record else None
    return "" if subject is None else name_and_id(subject, snapshot)


def _moment(record: Mapping[str, Any], name: str) -> datetime | None:
    return from_text(record[name]) if name in record else None


def _reason(reading: Reading, index: int) -> str:
    hidden = (parse_disclosure(one) for _, one, _, _ in reading.evidence.hidden(index) if one)
    return next((str(value) for _, name, value in hidden if name == "reason"), "")

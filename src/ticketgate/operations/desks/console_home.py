"""What waits for somebody: their undecided links, their own requests and access, and the lanes.

A link is still only in its mail (rule 16): here stands what it is about and where it was mailed to,
as long as its holder may still decide.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.grants.command import Command, CommandKind, CommandState
from ticketgate.domain.instants import seconds_since, whole_seconds
from ticketgate.domain.people.naming import name_of
from ticketgate.domain.requests.access_request import LIVE_REQUEST, AccessRequest
from ticketgate.domain.requests.approval import Link
from ticketgate.domain.requests.roles import AUDITOR, OPERATOR, TRIAGE
from ticketgate.operations.desks.console_desk import (
    ConsoleDesk,
    HeldRow,
    RequestRow,
    held_rows,
    request_rows,
)
from ticketgate.operations.people.sayer import Sayer
from ticketgate.operations.telling.workload import to_decide
from ticketgate.ports import Counts, Reading, RequestFilter

SHOWN_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class ToDecide:
    """A request that this person may decide now, by a link that was mailed to them.

    `mail` is how that went: `sent`, `waiting`, or `failed`; `address` is where to.
    """

    link: str  # its id, by which its holder can have it mailed again; it opens nothing
    number: str
    entitlement: str
    target: str
    requester: str
    beneficiary: str
    on_behalf_of: str  # the name of whom they stand in for; empty: nobody
    asked_at: datetime
    age_seconds: int
    decide_by: datetime
    left_seconds: int
    mail: str
    address: str


@dataclass(frozen=True, slots=True)
class Home:
    """The page. `counts` is None for who has no role for them; `roles` are those they have."""

    decide: tuple[ToDecide, ...]
    requests: tuple[RequestRow, ...]  # their own that are open
    held: tuple[HeldRow, ...]
    counts: Counts | None
    roles: frozenset[str]
    now: datetime  # when it was so


def home(desk: ConsoleDesk, subject: str) -> Home | Refusal:
    """What waits for this person, each kind (of requests each state) at most `SHOWN_MAX`.

    Refusals: as of `ConsoleDesk.requests`.
    """
    who = desk.known(subject)
    if isinstance(who, Refusal):
        return who
    roles, now = who.holds, desk.clock.now()
    with desk.store.reading() as looking:
        own = [
            one
            for state in sorted(LIVE_REQUEST)
            for one in looking.console.requests(subject, RequestFilter(state), "", SHOWN_MAX)
        ]
        held = looking.console.held(subject, "", SHOWN_MAX)
        return Home(
            _to_decide(looking, who, now),
            request_rows(looking, own, who),
            held_rows(held, who, now),
            looking.console.counts() if roles & {TRIAGE, OPERATOR, AUDITOR} else None,
            roles,
            now,
        )


def _to_decide(looking: Reading, who: Sayer, now: datetime) -> tuple[ToDecide, ...]:
    open_ = to_decide(looking, who.subject, who.policy, who.snapshot, now)[:SHOWN_MAX]
    links = [link.id for link, _ in open_]
    first = looking.console.last_commands(CommandKind.MAIL_LINK, links)
    mails = {**first, **looking.console.last_commands(CommandKind.MAIL_AGAIN, links)}
    person = who.snapshot.person(who.subject)
    address = "" if person is None else person.mail
    return tuple(
        _waiting(link, request, who, now, (_mail(mails.get(link.id)), address))
        for link, request in open_
    )


def _mail(command: Command | None) -> str:
    """How the mail of a link went, or goes."""
    if command is None or command.state in {CommandState.QUEUED, CommandState.INTENDED}:
        return "waiting"
    return "sent" if command.last_outcome == "sent" else "failed"


def _waiting(
    link: Link, request: AccessRequest, who: Sayer, now: datetime, mail: tuple[str, str]
) -> ToDecide:
    names = who.snapshot
    return ToDecide(
        link=link.id,
        number=request.ticket_number,
        entitlement=request.entitlement,
        target=request.target,
        requester=name_of(request.requester.subject, names),
        beneficiary=name_of(request.beneficiary.subject, names),
        on_behalf_of=name_of(link.on_behalf_of, names) if link.on_behalf_of else "",
        asked_at=request.opened_at,
        age_seconds=seconds_since(request.opened_at, now),
        decide_by=request.decide_by,
        left_seconds=whole_seconds(request.decide_by - now),
        mail=mail[0],
        address=mail[1],
    )

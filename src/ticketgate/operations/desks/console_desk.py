"""The lists of the console: requests, access that is held, deliveries; and who sees which.

What somebody finds here is what the page of each would show them (`own_request.may_see`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.grants.grant import EMERGENCY, HOLDING, UNENDED, Grant, GrantState
from ticketgate.domain.instants import whole_seconds
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.naming import name_and_id, name_of
from ticketgate.domain.requests.access_request import LIVE_REQUEST, AccessRequest
from ticketgate.domain.requests.approval import Link
from ticketgate.domain.requests.inbox import DeliveryRow
from ticketgate.domain.requests.roles import (
    may_look,
    may_operate,
    may_read_parked,
    may_see_deliveries,
)
from ticketgate.operations.deciding.end_access import EndForm, end_access, not_ended, shown_of
from ticketgate.operations.deciding.mail_link_again import mail_link_again
from ticketgate.operations.deciding.own_request import is_own
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.desks.lane_desk import LaneDesk
from ticketgate.operations.grants.end_grant import sharers
from ticketgate.operations.people.sayer import Sayer
from ticketgate.operations.people.view import note_view
from ticketgate.ports import Reading, RequestFilter

ROWS_MAX: Final = 50
REQUESTS, GRANTS, DELIVERIES = "requests", "grants", "deliveries"  # what looks at them are about


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request of a list. `access` is (state, end) of each grant, oldest first."""

    id: str
    number: str
    source: str
    entitlement: str  # empty where none is named
    beneficiary: str
    requester: str
    state: str
    opened_at: datetime
    decide_by: datetime | None  # while it waits
    mine: bool
    access: tuple[tuple[str, datetime | None], ...]


@dataclass(frozen=True, slots=True)
class RequestPage:
    """Some rows; `behind` is where the next ones begin, empty at the end.

    `sources` and `entitlements` are what can be chosen from; `everybodys` says whose these are.
    """

    rows: tuple[RequestRow, ...]
    behind: str
    sources: tuple[str, ...]
    entitlements: tuple[str, ...]
    everybodys: bool


@dataclass(frozen=True, slots=True)
class HeldRow:
    """Access that somebody has, or that is being given or removed."""

    id: str
    request: str  # its request; of an emergency its id
    emergency: bool
    who: str
    entitlement: str
    target: str
    state: str
    not_after: datetime
    left_seconds: int  # 0 once that is past
    mine: bool
    givable: bool  # who looks has it, and can give it back or ask for more time
    endable: bool  # who looks is an operator, and it has not begun to end
    overdue: bool  # who looks is an operator, and removing it is overdue: it may be given up


@dataclass(frozen=True, slots=True)
class OtherHolder:
    """Another grant of the same access to the same account: with it the access stays."""

    id: str
    emergency: bool
    not_after: datetime | None


@dataclass(frozen=True, slots=True)
class Ending:
    """Access that an operator is about to end. `not_after` is None before it was first given."""

    id: str
    who: str  # name and subject id
    entitlement: str
    target: str
    state: str
    not_after: datetime | None
    emergency: bool
    shown: str
    others: tuple[OtherHolder, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldPage:
    """As of `RequestPage`. `now` is when it was so."""

    rows: tuple[HeldRow, ...]
    behind: str
    everybodys: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """As of `RequestPage`. `parked` says whether who looks may read what is quarantined."""

    rows: tuple[DeliveryRow, ...]
    behind: str
    parked: bool


@dataclass(frozen=True, slots=True)
class ConsoleDesk(LaneDesk):
    """What the lists of the console call. Each page is `ROWS_MAX` rows and a few queries."""

    def requests(
        self, subject: str, wanted: RequestFilter, person: str = "", behind: str = ""
    ) -> RequestPage | Refusal:
        """One's own, and everybody's for who may attend to them; newest first.

        `person` is an id, an address or a part of a name. What a delegate decided in one's place
        is one's own. A look at everybody's is recorded once an hour.

        Refusals: `approver_unknown`, `approver_inactive`, `not_human`, those of the directory.
        """
        who = self.known(subject)
        if isinstance(who, Refusal):
            return who
        everybodys = may_look(who.roles, subject, who.snapshot) is None
        asked = RequestFilter(
            wanted.state, wanted.source, wanted.entitlement, _people(person, who.snapshot)
        )
        with self.store.reading() as looking:
            whose = None if everybodys else subject
            found = looking.console.requests(whose, asked, behind, ROWS_MAX + 1)
            rows = request_rows(looking, found[:ROWS_MAX], who)
        if everybodys:
            self.store.write(partial(note_view, about=REQUESTS, subject=subject))
        entitlements = tuple(sorted(one.id for one in who.policy.entitlements))
        return RequestPage(
            rows, _behind(rows, found), tuple(sorted(self.own_users)), entitlements, everybodys
        )

    def held(self, subject: str, behind: str = "") -> HeldPage | Refusal:
        """Access that is held, one's own or everybody's as of `requests`; what ends first is first.

        Refusals: as of `requests`.
        """
        who = self.known(subject)
        if isinstance(who, Refusal):
            return who
        everybodys = may_look(who.roles, subject, who.snapshot) is None
        with self.store.reading() as looking:
            whose = None if everybodys else subject
            found = looking.console.held(whose, behind, ROWS_MAX + 1)
        now = self.clock.now()
        rows = held_rows(found[:ROWS_MAX], who, now)
        if everybodys:
            self.store.write(partial(note_view, about=GRANTS, subject=subject))
        return HeldPage(rows, _behind(rows, found), everybodys, now)

    def ending(self, ident: str, subject: str) -> Ending | Refusal:
        """What is ended by `end`, for an operator; the look is recorded as one at its request.

        Refusals: those of `may_operate`, `not_found`, `ended_already`, those of the directory.
        """
        who = self.seen_by(subject, may_operate)
        if isinstance(who, Refusal):
            return who
        with self.store.reading() as looking:
            found = not_ended(looking, looking.grants.get(ident), who.snapshot)
            if isinstance(found, Refusal):
                return found
            others = sharers(looking, found)
        self.store.write(partial(note_view, about=found.request, subject=subject))
        return Ending(
            id=found.id,
            who=name_and_id(found.subject, who.snapshot),
            entitlement=found.entitlement,
            target=found.target,
            state=found.state.value,
            not_after=found.not_after,
            emergency=found.origin == EMERGENCY,
            shown=shown_of(found),
            others=tuple(
                OtherHolder(one.id, one.origin == EMERGENCY, one.not_after) for one in others
            ),
        )

    def end(self, ident: str, session: Session, form: EndForm) -> Grant | Refusal:
        """End access, as an operator. Refusals: those of `end_access`, of directory and store."""
        return self.carry_out(
            session,
            lambda who: partial(end_access, ident=ident, form=form, who=who),
            urgent=True,
        )

    def mail_link(self, ident: str, session: Session) -> Link | Refusal:
        """Mail a link again to its holder. Refusals: its own, those of directory and store."""
        return self.carry_out(session, lambda who: partial(mail_link_again, ident=ident, who=who))

    def deliveries(self, subject: str, state: str = "", behind: str = "") -> DeliveryPage | Refusal:
        """What platforms sent, newest first, without any body; of an empty `state` all.

        Refusals: those of `may_see_deliveries`, of the directory. A look is recorded once an hour.
        """
        who = self.seen_by(subject, may_see_deliveries)
        if isinstance(who, Refusal):
            return who
        with self.store.reading() as looking:
            found = looking.console.deliveries(state, behind, ROWS_MAX + 1)
        rows = tuple(found[:ROWS_MAX])
        self.store.write(partial(note_view, about=DELIVERIES, subject=subject))
        parked = may_read_parked(who.roles, subject, who.snapshot) is None
        return DeliveryPage(rows, _behind(rows, found), parked)


def request_rows(
    looking: Reading, found: list[AccessRequest], who: Sayer
) -> tuple[RequestRow, ...]:
    """The rows of these requests, as this person sees them."""
    grants = looking.console.grants_of([one.id for one in found])
    return tuple(
        RequestRow(
            id=one.id,
            number=one.ticket_number,
            source=one.source,
            entitlement=one.entitlement,
            beneficiary=_named(one.beneficiary.subject, one.beneficiary.account, who),
            requester=_named(one.requester.subject, one.requester.account, who),
            state=one.state.value,
            opened_at=one.opened_at,
            decide_by=one.decide_by if one.state in LIVE_REQUEST else None,
            mine=is_own(one, who.subject),
            access=tuple((grant.state.value, grant.not_after) for grant in grants.get(one.id, ())),
        )
        for one in found
    )


def held_rows(found: list[Grant], who: Sayer, now: datetime) -> tuple[HeldRow, ...]:
    """The rows of these grants, each of which has an end, as this person sees them."""
    operates = may_operate(who.roles, who.subject, who.snapshot) is None
    return tuple(
        HeldRow(
            id=one.id,
            request=one.request,
            emergency=one.origin == EMERGENCY,
            who=name_of(one.subject, who.snapshot),
            entitlement=one.entitlement,
            target=one.target,
            state=one.state.value,
            not_after=one.not_after,
            left_seconds=max(0, whole_seconds(one.not_after - now)),
            mine=one.subject == who.subject,
            givable=one.subject == who.subject and one.state in HOLDING,
            endable=operates and one.state in UNENDED,
            overdue=operates and one.state is GrantState.REVOKE_OVERDUE,
        )
        for one in found
        if one.not_after is not None
    )


def _behind(rows: tuple[RequestRow | HeldRow | DeliveryRow, ...], found: Sequence[object]) -> str:
    """The id of the last row, where there are more than these."""
    return rows[-1].id if len(found) > len(rows) else ""


def _people(text: str, snapshot: DirectorySnapshot) -> frozenset[str] | None:
    """Everybody whom these words may mean; None where none are given."""
    wanted = text.strip().casefold()
    if not wanted:
        return None
    return frozenset(
        one.id
        for one in snapshot.people.values()
        if wanted in {one.id.casefold(), one.mail.casefold()} or wanted in one.name.casefold()
    )


def _named(subject: str, account: str, who: Sayer) -> str:
    """The name; the bare account of somebody whom the directory did not know."""
    return name_of(subject, who.snapshot) if subject else account

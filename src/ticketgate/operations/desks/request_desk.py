"""The request desk: what people see of their requests, and what they do with them.

Who asks or gets it sees it; people with the role `triage`, `operator` or `auditor` see those of
everybody.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from ticketgate.domain.errors import Refusal
from ticketgate.domain.grants.grant import UNENDED, Grant
from ticketgate.domain.people.naming import name_and_id
from ticketgate.domain.requests.access_request import LIVE_REQUEST, AccessRequest
from ticketgate.domain.requests.opening import REASONS
from ticketgate.domain.requests.roles import may_audit, may_look, may_operate
from ticketgate.domain.requests.way_out import NEXT_STEPS
from ticketgate.domain.telling.outcomes import EMERGENCY_KIND
from ticketgate.operations.deciding.decision_refusals import not_found
from ticketgate.operations.deciding.mail_link_again import open_link
from ticketgate.operations.deciding.own_request import (
    EXTEND,
    RETURN,
    TAKE_BACK,
    KnownRequest,
    RequestForm,
    do_with_request,
    is_own,
    known_request,
    may_see,
    offered,
    shown_of,
)
from ticketgate.operations.deciding.why_denied import why_denied
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.desks.lane_desk import LaneDesk
from ticketgate.operations.desks.timeline import Step, timeline_of
from ticketgate.operations.people.sayer import Sayer
from ticketgate.operations.people.view import note_view
from ticketgate.ports import Reading


@dataclass(frozen=True, slots=True)
class GrantLine:
    """One grant of a request. `not_after` is None before it was first given."""

    id: str
    state: str
    cause: str
    not_after: datetime | None
    returnable: bool
    extendable: bool  # who looks has it; whether the rules let them shows when they ask
    endable: bool  # who looks is an operator, and it has not begun to end


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request. `deeds` are what this person can do with it now."""

    id: str
    number: str
    source: str
    entitlement: str
    target: str
    requester: str
    beneficiary: str
    state: str
    cause: str
    seconds: int
    reason: str
    opened_at: datetime
    decide_by: datetime
    reasons: tuple[tuple[str, str, str], ...]  # (code, what it means, what to do)
    grants: tuple[GrantLine, ...]
    deeds: frozenset[str]
    mine: bool
    live: bool
    shown: str
    extends: str = ""  # the grant that it asks more time for
    not_before: datetime | None = None  # when the access begins at the earliest
    window_end: datetime | None = None  # when it is over at the latest
    timeline: tuple[Step, ...] = ()  # what the log says of it
    emergency: bool = False  # whether its ticket asks for an emergency, which it only offers
    because: str = ""  # what whoever denied it typed; for its own people, and auditors
    link: str = ""  # the id of the link by which who looks may decide now


@dataclass(frozen=True, slots=True)
class RequestDesk(LaneDesk):
    """What the pages of requests call."""

    def view(self, ident: str, subject: str) -> RequestView | Refusal:
        """One request; auditors see any. Refusals: those of `may_see`, and of the directory."""
        who = self.known(subject)
        if isinstance(who, Refusal):
            return who
        with self.store.reading() as looking:
            found = known_request(looking, ident)
            if found is None:
                return not_found()
            refusal = may_see(found.request, subject, who.roles, who.snapshot, found.stood_in_for)
            if refusal is not None and may_audit(who.roles, subject, who.snapshot) is not None:
                return refusal
            steps = _steps(looking, found, who)
            because = _because(looking, found.request, who)
            link = open_link(looking, found.request, subject, who.ground(), self.clock.now())
        self.store.write(partial(note_view, about=ident, subject=subject))
        return replace(_view(found, who), timeline=steps, link=link, because=because)

    def say(self, ident: str, session: Session, form: RequestForm) -> AccessRequest | Refusal:
        """Carry out what was posted. Refusals: those of `do_with_request`, directory and store."""
        return self.carry_out(
            session,
            lambda who: partial(
                do_with_request,
                ident=ident,
                form=form,
                who=who,
                signed_in_at=session.signed_in_at,
            ),
        )


def _steps(looking: Reading, known: KnownRequest, who: Sayer) -> tuple[Step, ...]:
    links = looking.links.of_request(known.request.id)
    about = [known.request.id, *(one.id for one in links), *(one.id for one in known.grants)]
    inside = may_look(who.roles, who.subject, who.snapshot) is None
    return timeline_of(looking, known.request.id, about, who.snapshot, inside=inside)


def _because(looking: Reading, request: AccessRequest, who: Sayer) -> str:
    audits = may_audit(who.roles, who.subject, who.snapshot) is None
    return why_denied(looking, request) if audits or is_own(request, who.subject) else ""


def _view(known: KnownRequest, who: Sayer) -> RequestView:
    request, grants = known.request, known.grants
    deeds = offered(request, grants, who)
    if who.subject in known.takers:
        deeds |= {(TAKE_BACK, "")}
    own = {request.requester.subject, request.beneficiary.subject}
    operates = may_operate(who.roles, who.subject, who.snapshot) is None
    return RequestView(
        id=request.id,
        number=request.ticket_number,
        source=request.source,
        entitlement=request.entitlement,
        target=request.target,
        requester=_named(request.requester.subject, request.requester.account, who),
        beneficiary=_named(request.beneficiary.subject, request.beneficiary.account, who),
        state=request.state.value,
        cause=request.cause,
        seconds=request.seconds_now,
        reason=request.reason,
        opened_at=request.opened_at,
        decide_by=request.decide_by,
        reasons=tuple(
            (code, REASONS.get(code, code), NEXT_STEPS.get(code, "")) for code in request.reasons
        ),
        grants=tuple(_line(one, deeds, operates=operates) for one in grants),
        deeds=frozenset(what for what, _ in deeds),
        mine=who.subject in own,
        live=request.state in LIVE_REQUEST,
        shown=shown_of(request, grants),
        extends=request.extends,
        not_before=request.not_before,
        window_end=request.window_end,
        emergency=EMERGENCY_KIND in request.kinds and request.state in LIVE_REQUEST,
    )


def _line(grant: Grant, deeds: frozenset[tuple[str, str]], *, operates: bool) -> GrantLine:
    return GrantLine(
        grant.id,
        grant.state.value,
        grant.cause,
        grant.not_after,
        returnable=(RETURN, grant.id) in deeds,
        extendable=(EXTEND, grant.id) in deeds,
        endable=operates and grant.state in UNENDED,
    )


def _named(subject: str, account: str, who: Sayer) -> str:
    """Name and immutable id; the bare account of somebody whom the directory did not know."""
    return name_and_id(subject, who.snapshot) if subject else account

"""The emergency desk: what a signed-in person can invoke, give back and review."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from ticketgate.domain.emergencies.emergency import (
    CONSENT_LIFE,
    Emergency,
    ReviewState,
    due_at,
    is_ask,
    is_overdue,
    terms,
)
from ticketgate.domain.errors import Refusal, TicketgateError
from ticketgate.domain.grants.grant import UNENDED, Grant
from ticketgate.domain.instants import whole_seconds
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.naming import name_and_id, name_of
from ticketgate.domain.requests.approvers import unfit
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.roles import Roles, may_audit, may_operate
from ticketgate.operations.deciding.decide_request import SignedIn
from ticketgate.operations.deciding.decision_refusals import not_found
from ticketgate.operations.deciding.step_up import by_step_up, stepped_up
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.desks.emergency_view import Ask, EmergencyPage, EmergencyView, Offer
from ticketgate.operations.emergencies.claim_emergency import claimable
from ticketgate.operations.emergencies.consent_emergency import ConsentForm, consent, may_consent
from ticketgate.operations.emergencies.emergency_window import reason_of, window_of
from ticketgate.operations.emergencies.invoke_emergency import (
    InvokeForm,
    give_back,
    invoke_emergency,
    may_invoke,
    not_yet,
    too_weak,
)
from ticketgate.operations.emergencies.review_emergency import (
    ReviewForm,
    may_review,
    review_emergency,
    shown_of,
)
from ticketgate.operations.people.emergency_lock import LOCKED
from ticketgate.operations.people.sign_in import secret_hash
from ticketgate.operations.people.view import note_view
from ticketgate.operations.requests.in_force import InForce, under
from ticketgate.operations.workers.target_activity import CANNOT_TELL, activity_of
from ticketgate.ports import Clock, Directory, Operation, Reading, Store, Targets

T = TypeVar("T")

PAGE_MAX: Final = 50  # of those that this person may see, on one page
LOOKED_MAX: Final = 100  # that one look goes through for them
PAGE: Final = "emergency"  # what the record of a look is about
CLOCK: Final = Refusal(
    "clock_disputed",
    "The machine's clock is off, so no time to live can be given.",
    "An operator must mend the clock; docs/emergency.md says what to do meanwhile.",
)


@dataclass(frozen=True, slots=True)
class EmergencyDesk:
    """What the pages of emergencies call. `snapshot` records a directory before it is used.

    Of the subjects that it is given every directory is asked at that moment.
    """

    store: Store
    clock: Clock
    directory: Directory
    snapshot: Callable[..., DirectorySnapshot]
    roles: Roles
    policy: InForce
    log: Callable[[str, str], None]  # (event, code) of what could not be read
    targets: Targets | None = None  # asked what somebody did there, where they can tell

    def is_open(self, subject: str, ground: Ground) -> bool:
        """Whether the page has anything for this active human; each page of the console asks.

        Whom a word of the policy lets invoke, consent or review may also enter a claim, so beyond
        that it is open only to those whose emergency, claim or ask there is: two queries at most.
        """
        if self._audits(subject, ground) or claimable(subject, ground, self.roles):
            return True
        with self.store.reading() as looking:
            asked = looking.emergencies.asks(self.clock.now() - CONSENT_LIFE)
            return any(one.subject == subject for one in asked) or looking.emergencies.concern(
                _selves(subject, ground.snapshot)
            )

    def page(self, session: Session, behind: str = "") -> EmergencyPage | Refusal:
        """What this person may invoke, theirs, and what they may review.

        Emergencies come newest first, from behind the one with an id on; an unknown one: none.
        Refusals: `not_found` where there is nothing for them, `directory_unreadable`.
        """
        found = self._page(session, behind)
        if isinstance(found, EmergencyPage):
            self.store.write(partial(note_view, about=PAGE, subject=session.subject))
        return found

    def _page(self, session: Session, behind: str = "") -> EmergencyPage | Refusal:
        ground = self.ground_now(session)
        if isinstance(ground, Refusal):
            return ground
        section = ground.policy.emergency
        names = () if section is None else dict.fromkeys(one.entitlement for one in section.allow)
        with self.store.reading() as looking:
            made = [self._offer(looking, session, name, ground) for name in names]
            asked = [
                self._ask(looking, one, session, ground)
                for one in looking.emergencies.asks(self.clock.now() - CONSENT_LIFE)
            ]
            found, onward = self._listed(looking, session, ground, behind)
        offers = tuple(one for one in made if one is not None)
        audits = self._audits(session.subject, ground)
        asks = tuple(one for one in asked if one is not None)
        claims = bool(claimable(session.subject, ground, self.roles))
        there = audits or offers or asks or found or claims
        there = there or self.is_open(session.subject, ground)  # theirs may be on another page
        return EmergencyPage(offers, asks, found, claims, onward) if there else not_found()

    def _listed(
        self, looking: Reading, session: Session, ground: Ground, behind: str
    ) -> tuple[tuple[EmergencyView, ...], str]:
        """Some of those that this person may see, and the id behind which there may be more.

        Most are not everybody's, so a look may find few, or none, before it has looked enough.
        """
        known = looking.emergencies.listed(LOOKED_MAX + 1, behind)
        found: list[EmergencyView] = []
        for count, one in enumerate(known[:LOOKED_MAX], start=1):
            view = self._view(looking, one, session, ground)
            found += [view] if view.audited or view.concerns else []
            if len(found) == PAGE_MAX:
                return tuple(found), one.id if count < len(known) else ""
        return tuple(found), known[LOOKED_MAX - 1].id if len(known) > LOOKED_MAX else ""

    def _audits(self, subject: str, ground: Ground) -> bool:
        """Whether this person reads every emergency."""
        return may_audit(self.roles, subject, ground.snapshot) is None

    def waiting(self, session: Session) -> tuple[EmergencyView, ...]:
        """Emergencies whose review is this person's to do now, oldest first; for the first page."""
        ground = self.ground_now(session)
        if isinstance(ground, Refusal):
            return ()
        with self.store.reading() as looking:
            known = looking.emergencies.unreviewed()
            views = [self._view(looking, one, session, ground) for one in known]
        return tuple(one for one in views if one.can_review)

    def view(
        self, ident: str, session: Session, behind: int | None = None
    ) -> EmergencyView | Refusal:
        """One, with what is on record of it, from behind the record with an index on.

        Refusals: `not_found`, of the directory.
        """
        ground = self.ground_now(session)
        if isinstance(ground, Refusal):
            return ground
        with self.store.reading() as looking:
            emergency = looking.emergencies.get(ident)
            if emergency is None or is_ask(emergency):
                return not_found()
            view = self._view(looking, emergency, session, ground)
            view = replace(view, window=window_of(looking, emergency, ground, behind))
            grant = looking.grants.get(emergency.grant)
        if not (view.audited or view.concerns):
            return not_found()
        self.store.write(partial(note_view, about=ident, subject=session.subject))
        now = self.clock.now()
        done = activity_of(self.targets, emergency, grant, ground.snapshot, now)
        if done is not None and done.code not in {"", CANNOT_TELL}:
            self.log("activity.unreadable", done.code)
        return replace(view, activity=done)

    def invoke(self, session: Session, form: InvokeForm) -> Emergency | Refusal:
        """Refusals: those of `invoke_emergency`, `clock_disputed`, of directory and store."""
        if self.clock.disputed():
            return CLOCK
        call = partial(invoke_emergency, form=form, roles=self.roles)
        return self.decide(session, form.shown, call)

    def give_back(self, session: Session, ident: str) -> Emergency | Refusal:
        """Refusals: those of `give_back`, of directory and store."""
        call = partial(give_back, ident=ident, who=session.who)
        return self._carry_out(session, lambda ground: partial(call, ground=ground))

    def review(self, session: Session, ident: str, form: ReviewForm) -> Emergency | Refusal:
        """Refusals: those of `review_emergency`, of directory and store."""
        return self.decide(session, form.shown, partial(review_emergency, ident=ident, form=form))

    def consent(self, session: Session, ident: str, form: ConsentForm) -> Emergency | Refusal:
        """Refusals: those of `consent`, of directory and store."""
        return self.decide(session, form.shown, partial(consent, ident=ident, form=form))

    def shows(self, session: Session, shown: str) -> bool:
        """Whether the pages show just this to this person now, to act on."""
        page = self._page(session)
        if isinstance(page, Refusal):
            return False
        offered = {one.shown for one in page.offers}
        asked = {one.shown for one in page.asks}
        listed = (*page.found, *self.waiting(session))  # however far behind a review is
        return shown in offered | asked | {one.shown for one in listed}

    def decide(
        self, session: Session, shown: str, operation: Callable[..., T | Refusal]
    ) -> T | Refusal:
        """Carry it out with what a step-up for `shown` adds to how surely the person is known."""
        call = partial(
            by_step_up, session_hash=secret_hash(session.id), who=session.who, shown=shown
        )
        return self._carry_out(
            session, lambda ground: partial(call, operation=partial(operation, ground=ground))
        )

    def ground_now(self, session: Session) -> Ground | Refusal:
        """What somebody who looks is shown by; nothing is shown to who is no active human."""
        try:
            ground = Ground(self.policy.now, self.directory.read(self.clock.now()))
        except TicketgateError as fault:
            return fault.refusal
        gone = unfit(ground.snapshot.person(session.subject)) is not None
        return not_found() if gone else ground

    def _carry_out(
        self, session: Session, operation: Callable[[Ground], Operation[T | Refusal]]
    ) -> T | Refusal:
        try:
            ground = Ground(self.policy.now, self.snapshot(session.subject))
            return self.store.write(under(ground.policy, operation(ground)))
        except TicketgateError as fault:
            return fault.refusal

    def known_as(self, looking: Reading, session: Session, shown: str) -> SignedIn:
        """How surely this person is known, to do what `shown` is the digest of."""
        who, now = session.who, self.clock.now()
        return stepped_up(looking, now, secret_hash(session.id), who, shown)

    def _offer(self, looking: Reading, session: Session, name: str, ground: Ground) -> Offer | None:
        found = may_invoke(looking, self.clock.now(), session.who, name, ground)
        if isinstance(found, Refusal):
            return Offer(name, refusal=found) if found.code == LOCKED else None
        section, wanted = found.rules, found.entitlement
        shown = terms(section, wanted, found.clause)
        return Offer(
            wanted.id,
            wanted.target,
            found.clause,
            whole_seconds(section.hard_max),
            whole_seconds(section.review_within),
            shown,
            too_weak(self.known_as(looking, session, shown), wanted, section),
            not_yet(looking, self.clock.now(), session.subject, found, ground.snapshot),
        )

    def _ask(
        self, looking: Reading, ask: Emergency, session: Session, ground: Ground
    ) -> Ask | None:
        shown = shown_of(ask, None)
        who = self.known_as(looking, session, shown)
        found = may_consent(looking, self.clock.now(), ask, who, ground)
        barred = found if isinstance(found, Refusal) else None
        mine = ask.subject == session.subject
        if barred is not None and barred.code not in {"assurance", LOCKED} and not mine:
            return None
        return Ask(
            ask.id,
            name_and_id(ask.subject, ground.snapshot),
            ask.entitlement,
            ask.target,
            ask.seconds,
            reason_of(looking, ask.index),
            ask.invoked_at + CONSENT_LIFE,
            ask.state is ReviewState.CONSENTED,
            mine,
            barred,
            shown,
        )

    def _view(
        self,
        looking: Reading,
        emergency: Emergency,
        session: Session,
        ground: Ground,
    ) -> EmergencyView:
        grant = looking.grants.get(emergency.grant)
        snapshot, shown = ground.snapshot, shown_of(emergency, grant)
        who = self.known_as(looking, session, shown)
        found = may_review(looking, self.clock.now(), emergency, who, ground)
        barred = found if isinstance(found, Refusal) else None
        overdue = is_overdue(emergency, grant, self.clock.now())
        return EmergencyView(
            id=emergency.id,
            drill=emergency.drill,
            who=name_and_id(emergency.subject, snapshot),
            entitlement=emergency.entitlement,
            target=emergency.target,
            clause=emergency.clause,
            invoked_at=emergency.invoked_at,
            not_after=None if grant is None else grant.not_after,
            access="" if grant is None else grant.state.value,
            ended_at=None if grant is None else grant.ended_at,
            state=ReviewState.OVERDUE.value if overdue else emergency.state.value,
            review_by=due_at(emergency, grant),
            outcome=emergency.outcome,
            reviewer=name_of(emergency.reviewer, snapshot),
            mine=snapshot.same_human(emergency.subject, session.subject),
            live=grant is not None and grant.state in UNENDED,
            can_review=barred is None or barred.code in {"assurance", LOCKED},
            barred=barred,
            shown=shown,
            audited=self._audits(session.subject, ground),
            entered_by=name_of(emergency.entered_by, snapshot),
            access_from=emergency.access_from,
            access_until=emergency.access_until,
            entered=snapshot.same_human(emergency.entered_by, session.subject),
            ends=self._ends(grant, session.subject, snapshot),
        )

    def _ends(self, grant: Grant | None, subject: str, snapshot: DirectorySnapshot) -> str:
        """The grant that this person may end by its own page; empty where there is none."""
        if grant is None or grant.state not in UNENDED:
            return ""
        return grant.id if may_operate(self.roles, subject, snapshot) is None else ""


def _selves(subject: str, snapshot: DirectorySnapshot) -> frozenset[str]:
    """Every name of this human: subjects and aliases."""
    same = [one for one in snapshot.people.values() if snapshot.same_human(one.id, subject)]
    return frozenset({subject}).union(*({one.id, *one.aliases} for one in same))

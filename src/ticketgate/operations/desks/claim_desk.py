"""The desk of what was done without the gateway: who may enter it, and for what."""

from dataclasses import dataclass
from functools import partial

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.errors import Refusal
from ticketgate.domain.instants import whole_seconds
from ticketgate.operations.deciding.decision_refusals import not_found
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.desks.emergency_desk import CLOCK, EmergencyDesk
from ticketgate.operations.emergencies.claim_emergency import (
    ClaimForm,
    claim_emergency,
    claim_terms,
    claimable,
    claims_for_others,
)
from ticketgate.operations.emergencies.invoke_emergency import too_weak


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """What this person may enter: (entitlement, target), how far back, and what is in the way.

    `others`: whether also what somebody else held. Who may not is offered just what the account
    that they are signed in with, `person`, could hold, which may be nothing.
    """

    may: tuple[tuple[str, str], ...]
    person: str
    others: bool
    back: int  # seconds
    within: int  # seconds until its review is due
    shown: str
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class ClaimDesk:
    """What the page of an entry calls."""

    emergencies: EmergencyDesk

    def page(self, session: Session) -> ClaimPage | Refusal:
        """Refusals: `not_found` where this person may enter nothing, `directory_unreadable`."""
        desk = self.emergencies
        ground = desk.ground_now(session)
        if isinstance(ground, Refusal):
            return ground
        section, found = ground.policy.emergency, claimable(session.subject, ground, desk.roles)
        if section is None or not found:
            return not_found()
        shown = claim_terms(ground)
        with desk.store.reading() as looking:
            who = desk.known_as(looking, session, shown)
        weak = [too_weak(who, one, section) for one in found]
        others = claims_for_others(session.subject, ground, desk.roles)
        accounts = ground.snapshot.people[session.subject].accounts
        return ClaimPage(
            tuple((one.id, one.target) for one in found if others or accounts.get(one.target)),
            session.subject,
            others,
            whole_seconds(section.backfill_within),
            whole_seconds(section.review_within),
            shown,
            next(filter(None, weak), None),
        )

    def claim(self, session: Session, form: ClaimForm) -> Emergency | Refusal:
        """Refusals: those of `claim_emergency`, `clock_disputed`, of directory and store."""
        desk = self.emergencies
        if desk.clock.disputed():
            return CLOCK
        call = partial(claim_emergency, form=form, roles=desk.roles)
        return desk.decide(session, form.shown, call)

    def shows(self, session: Session, shown: str) -> bool:
        """Whether the page shows just this to this person now."""
        page = self.page(session)
        return not isinstance(page, Refusal) and page.shown == shown

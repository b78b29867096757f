"""The desk where operators give up on a revocation that its target never confirms."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from ticketgate.domain.errors import Refusal
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.log.restore import to_abandon
from ticketgate.domain.people.naming import name_and_id, name_of
from ticketgate.domain.requests.roles import may_operate
from ticketgate.operations.attending.abandon import (
    AbandonForm,
    abandon,
    last_answer,
    not_overdue,
    own_grant,
    shown_of,
)
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.desks.lane_desk import LaneDesk
from ticketgate.operations.people.view import note_view
from ticketgate.operations.restoring.declare_restore import Heard, standing


@dataclass(frozen=True, slots=True)
class AbandonView:
    """One overdue revocation: whose access, where, since when, and what was heard of it."""

    id: str
    who: str
    entitlement: str
    target: str
    cause: str  # why the access ends
    not_after: datetime | None
    since: datetime | None  # when it began to end
    outcome: str  # the target's last answer; empty where none came
    tries: int
    shown: str
    mine: bool  # this person has said so, and another one must
    said_by: tuple[str, ...]
    barred: Refusal | None = None


@dataclass(frozen=True, slots=True)
class AbandonDesk(LaneDesk):
    """What the page of one overdue revocation calls."""

    def view(self, ident: str, subject: str) -> AbandonView | Refusal:
        """What an operator sees. A look is recorded once an hour.

        Refusals: those of `may_operate`, of the directory, `not_found`, `not_overdue`.
        """
        who = self.seen_by(subject, may_operate)
        if isinstance(who, Refusal):
            return who
        with self.store.reading() as looking:
            grant = looking.grants.get(ident)
            refusal = _NOT_FOUND if grant is None else not_overdue(grant)
            if grant is None or refusal is not None:
                return refusal or _NOT_FOUND
            shown, (outcome, tries) = shown_of(looking, grant), last_answer(looking, grant)
            now, about = self.clock.now(), to_abandon(ident)
            said = standing(looking, now, about, shown, who.roles, who.snapshot)
            view = AbandonView(
                id=grant.id,
                who=name_and_id(grant.subject, who.snapshot),
                entitlement=grant.entitlement,
                target=grant.target,
                cause=grant.cause,
                not_after=grant.not_after,
                since=grant.revoking_since,
                outcome=outcome,
                tries=tries,
                shown=shown,
                mine=any(who.snapshot.same_human(one.subject, subject) for one in said),
                said_by=tuple(name_of(one.subject, who.snapshot) for one in said),
                barred=own_grant(looking, grant, subject, who.snapshot),
            )
        self.store.write(partial(note_view, about=ident, subject=subject))
        return view

    def say(self, ident: str, session: Session, form: AbandonForm) -> Grant | Heard | Refusal:
        """Give it up. Refusals: those of `abandon`, of directory and store."""
        return self.carry_out(
            session, lambda who: partial(abandon, ident=ident, form=form, who=who)
        )


_NOT_FOUND = Refusal("not_found", "There is no such access.")

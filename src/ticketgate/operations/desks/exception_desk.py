"""The exception desk: what people with the role `triage` or `operator` see of them, and say.

Auditors see them, and say nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from ticketgate.domain.cases.exception_case import EXCEPTIONS, ExceptionCase, ExceptionState
from ticketgate.domain.errors import Refusal
from ticketgate.domain.instants import seconds_since
from ticketgate.domain.people.naming import name_of
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.requests.roles import may_attend, may_look, may_triage
from ticketgate.operations.attending.attend import (
    AttendForm,
    attend,
    fit_to_own,
    own_exception,
    shown_of,
    ticket_of,
)
from ticketgate.operations.attending.quarantine import Told, told_by
from ticketgate.operations.cases.signals import told_subject
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.desks.lane_desk import LaneDesk
from ticketgate.operations.desks.triage_desk import is_open
from ticketgate.operations.people.sayer import Sayer
from ticketgate.operations.people.view import note_view
from ticketgate.ports import Reading, Source

LISTED_MAX: Final = 200
LIST: Final = "exceptions"  # what the record of a look at the whole list is about
_PERSON, _GROUP = "person:", "group:"


@dataclass(frozen=True, slots=True)
class ExceptionView:
    """One exception. `about` says which page shows its origin, if one does."""

    id: str
    code: str
    words: str
    subject: str  # empty once it was erased
    state: str
    owner: str  # as people know them; empty where nobody is named
    opened_at: datetime
    age_seconds: int
    about: tuple[str, str]  # (page, id); the page is empty where none shows it to this person
    number: str  # what people call the ticket that it is of, empty where it is not known
    shown: str
    mine: bool  # this person is who has to look
    barred: Refusal | None = None
    people: tuple[tuple[str, str], ...] = ()  # (subject, name) of those who can be given it


@dataclass(frozen=True, slots=True)
class ExceptionDesk(LaneDesk):
    """What the pages of exceptions call. `sources` read what the body of a delivery tells."""

    sources: Mapping[str, Source]

    def listed(
        self, subject: str, behind: str = "", limit: int = LISTED_MAX
    ) -> tuple[ExceptionView, ...] | Refusal:
        """The open ones, oldest first, at most `limit`, from behind the one with an id on.

        Refusals: those of `may_look`, of the directory. A look is recorded once an hour.
        """
        who = self.seen_by(subject, may_look)
        if isinstance(who, Refusal):
            return who
        now = self.clock.now()
        with self.store.reading() as looking:
            cases = looking.exceptions.waiting(limit, behind)
            views = tuple(_view(looking, one, who, now) for one in cases)
        self.store.write(partial(note_view, about=LIST, subject=subject))
        return views

    def view(self, ident: str, subject: str) -> ExceptionView | Refusal:
        """One that is open. Refusals: as of `listed`, and `not_found`."""
        who = self.seen_by(subject, may_look)
        if isinstance(who, Refusal):
            return who
        with self.store.reading() as looking:
            case = looking.exceptions.get(ident)
            if case is None or case.state is ExceptionState.RESOLVED:
                return Refusal("not_found", "No such exception is open.")
            told = self._told(looking, case)
            barred = may_attend(who.roles, subject, who.snapshot) or own_exception(
                looking, case, subject, who.snapshot, told
            )
            people = () if barred else _people(looking, case, who, told)
            view = _view(looking, case, who, self.clock.now(), barred, people)
        self.store.write(partial(note_view, about=ident, subject=subject))
        return view

    def say(self, ident: str, session: Session, form: AttendForm) -> ExceptionCase | Refusal:
        """Take, assign or resolve it. Refusals: those of `attend`, of directory and store."""
        return self.carry_out(
            session,
            lambda who: partial(attend, ident=ident, form=form, who=who, told=self._told_of(ident)),
        )

    def _told_of(self, ident: str) -> Told:
        with self.store.reading() as looking:
            case = looking.exceptions.get(ident)
            return None if case is None else self._told(looking, case)

    def _told(self, looking: Reading, case: ExceptionCase) -> Told:
        """What the body of the delivery that it is about says, while that is there."""
        row = looking.deliveries.get(case.about)
        if row is None:
            return None
        return told_by(self.sources.get(row.source), looking.deliveries.body(row.seq))


def _view(
    looking: Reading,
    case: ExceptionCase,
    who: Sayer,
    now: datetime,
    barred: Refusal | None = None,
    people: tuple[tuple[str, str], ...] = (),
) -> ExceptionView:
    owner, row = _subject_of(looking, case.owner), ticket_of(looking, case)
    return ExceptionView(
        id=case.id,
        code=case.code,
        words=EXCEPTIONS.get(case.code, "This version does not know the code."),
        subject=told_subject(looking, case, partial(name_of, snapshot=who.snapshot)),
        state=case.state.value,
        owner=_owner(case.owner, owner, who),
        opened_at=case.opened_at,
        age_seconds=seconds_since(case.opened_at, now),
        about=_about(looking, case, row, who),
        number="" if row is None else row.ticket.number,
        shown=shown_of(case),
        mine=bool(owner) and who.snapshot.same_human(owner, who.subject),
        barred=barred,
        people=people,
    )


def _subject_of(looking: Reading, owner: str) -> str:
    """The directory subject behind a word that names a person; empty for others and erased ones."""
    if not owner.startswith(_PERSON):
        return ""
    return looking.people.subject(owner.removeprefix(_PERSON)) or ""


def _owner(word: str, subject: str, who: Sayer) -> str:
    if subject:
        return name_of(subject, who.snapshot)
    if word.startswith(_GROUP):
        ident = word.removeprefix(_GROUP)
        return f"group {who.snapshot.groups.get(ident) or ident}"
    return word


def _about(
    looking: Reading, case: ExceptionCase, row: TicketRow | None, who: Sayer
) -> tuple[str, str]:
    """The page where this person sees what it is of now, empty where none shows it; and its id."""
    triage = may_triage(who.roles, who.subject, who.snapshot) is None
    if row is not None:
        return "triage" if triage and is_open(row) else "", row.id
    parked = triage and looking.deliveries.quarantined_one(case.about) is not None
    return "quarantine" if parked else "", case.about


def _people(
    looking: Reading, case: ExceptionCase, who: Sayer, told: Told
) -> tuple[tuple[str, str], ...]:
    found = (
        (one.id, one.name)
        for one in who.snapshot.people.values()
        if one.id != who.subject
        if fit_to_own(looking, case, one.id, who, told)
    )
    return tuple(sorted(found, key=lambda one: (one[1], one[0])))

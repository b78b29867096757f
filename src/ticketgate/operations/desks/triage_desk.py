"""The triage desk: what people with the role `triage` see of uncertain tickets, and say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import EvidenceRef
from ticketgate.domain.instants import seconds_since
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.naming import name_and_id
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.requests.opening import known_now
from ticketgate.domain.requests.roles import may_triage
from ticketgate.domain.tickets.identity_event import Classification, Outcome, RuleOutcome, Verdict
from ticketgate.domain.tickets.ticket import TERMINAL_STATES, Missing, Reference, Ticket, Value
from ticketgate.operations.attending.triage import (
    TriageForm,
    hands_untold,
    own_ticket,
    shown_of,
    triage,
)
from ticketgate.operations.classifying.classified import bounded_row, classified
from ticketgate.operations.classifying.second_word import SECOND, second_of
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.desks.lane_desk import LaneDesk
from ticketgate.operations.intake.parked import unsettled
from ticketgate.operations.people.sayer import Sayer
from ticketgate.operations.people.view import note_view
from ticketgate.ports import Reading

LISTED_MAX: Final = 100
LIST: Final = "triage"  # what the record of a look at the whole list is about


@dataclass(frozen=True, slots=True)
class TriageView:
    """One uncertain ticket. `shown` is the digest that a word about it is bound to."""

    id: str
    number: str
    source: str
    table: str
    state: str
    revision: int
    since: datetime
    age_seconds: int
    short: str
    rules: tuple[RuleOutcome, ...]  # that matched or are blind, with their clauses
    classification: Classification
    fields: tuple[tuple[str, str], ...] = ()  # (name, value) of all that the rules see
    people: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (who, roles) that shaped it
    unknown: tuple[str, ...] = ()  # in words, each hand of which nobody can tell whose it is
    said_once: bool = False  # somebody has called this revision nothing, and another must agree
    shown: str = ""
    barred: Refusal | None = None  # why this person may not say what it is
    waits: Refusal | None = None  # why nobody may yet


@dataclass(frozen=True, slots=True)
class TriageDesk(LaneDesk):
    """What the pages of the triage lane call."""

    def listed(
        self, subject: str, behind: str = "", limit: int = LISTED_MAX
    ) -> tuple[TriageView, ...] | Refusal:
        """The uncertain tickets, oldest first, at most `limit`, from behind the one with an id on.

        Refusals: those of `may_triage`, of the directory. A look is recorded once an hour.
        """
        who = self.seen_by(subject, may_triage)
        if isinstance(who, Refusal):
            return who
        with self.store.reading() as looking:
            rows = looking.tickets.uncertain(limit, behind)
        self.store.write(partial(note_view, about=LIST, subject=subject))
        now = self.clock.now()
        return tuple(view_of(row, who, now) for row in rows)

    def view(self, ident: str, subject: str) -> TriageView | Refusal:
        """One uncertain ticket with its text. Refusals: as of `listed`, and `not_found`."""
        who = self.seen_by(subject, may_triage)
        if isinstance(who, Refusal):
            return who
        with self.store.reading() as looking:
            row = looking.tickets.get(ident)
            if row is None or not is_open(row):
                return Refusal("not_found", "No such ticket waits for a word.")
            view = whole_view(looking, row, who, self.clock.now())
        self.store.write(partial(note_view, about=ident, subject=subject))
        return view

    def say(self, ident: str, session: Session, form: TriageForm) -> EvidenceRef | Refusal:
        """Say what it is. Refusals: those of `triage`, of the directory and the store."""
        return self.carry_out(session, lambda who: partial(triage, ident=ident, form=form, who=who))


def is_open(row: TicketRow) -> bool:
    """Whether a word is wanted on this ticket."""
    over = row.ticket.state_class in TERMINAL_STATES
    return row.verdict == Verdict.UNCERTAIN.value and not over


def view_of(row: TicketRow, who: Sayer, now: datetime) -> TriageView:
    """What the list shows of a ticket: which rules matched or were blind, and why."""
    ticket, policy, snapshot = row.ticket, who.policy, who.snapshot
    rules = classified(ticket, policy, snapshot, traced=True)
    rules = bounded_row(row, rules, who.ground(ticket.source))
    return TriageView(
        id=row.id,
        number=ticket.number,
        source=ticket.source,
        table=ticket.table,
        state=ticket.state_class.value,
        revision=row.revision,
        since=row.updated_at,
        age_seconds=seconds_since(row.updated_at, now),
        short=ticket.text("short_description"),
        rules=tuple(one for one in rules.rules if one.outcome is not Outcome.FALSE),
        classification=rules,
        shown=shown_of(row, rules),
        fields=told_fields(row.ticket),
        people=_people(row, snapshot),
    )


def whole_view(looking: Reading, row: TicketRow, who: Sayer, now: datetime) -> TriageView:
    """The same for one person: whether they may say what it is, and whether that is enough."""
    return replace(
        view_of(row, who, now),
        unknown=hands_untold(row, who),
        said_once=looking.exceptions.opened(SECOND, second_of(row)) is not None,
        barred=own_ticket(row, who.subject, who.snapshot),
        waits=unsettled(looking, row.ticket.key),
    )


def told_fields(ticket: Ticket) -> tuple[tuple[str, str], ...]:
    """Every field of a ticket with its value for eyes; empty where it could not be read."""
    return tuple((name, _told(value)) for name, value in _fields(ticket).items())


def _fields(ticket: Ticket) -> Mapping[str, Value | Missing]:
    variables = ticket.variables or {}
    return {
        **ticket.fields,
        **{f"variables.{name}": value for name, value in variables.items()},
        "state": ticket.state,
        "updated_by": ticket.updated_by,
    }


def _told(value: Value | Missing) -> str:
    if isinstance(value, Missing):
        return ""
    if isinstance(value, Reference):
        return " ".join(one for one in (value.name, value.id and f"({value.id})") if one)
    return value


def _people(row: TicketRow, snapshot: DirectorySnapshot) -> tuple[tuple[str, tuple[str, ...]], ...]:
    roles: dict[str, list[str]] = {}
    for shaper in known_now(row.shapers, row.ticket.source, snapshot):
        subject, account = shaper.party.subject, shaper.party.account
        who = name_and_id(subject, snapshot) if subject else f"account {account}"
        roles.setdefault(who, []).append(shaper.role)
    return tuple((who, tuple(dict.fromkeys(had))) for who, had in roles.items())

"""Attend: a signed-in person takes an exception, gives it to another, or resolves it.

`docs/rules.md`, "Exceptions". It gives and takes nothing; what is said is one transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ticketgate.domain.cases.exception_case import ExceptionCase, ExceptionState
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import digest_of
from ticketgate.domain.people.directory import DirectorySnapshot, canonical
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.requests.roles import may_attend
from ticketgate.operations.attending.party import hands_of
from ticketgate.operations.attending.quarantine import Told, own_of, own_told
from ticketgate.operations.attending.triage import own_ticket
from ticketgate.operations.cases.exceptions import assign_exception, resolve_exception
from ticketgate.operations.people.sayer import Sayer, bad_justification, may_say
from ticketgate.ports import Reading, Transaction

TAKE, ASSIGN, RESOLVE = "take", "assign", "resolve"
_DEEDS: Final = frozenset({TAKE, ASSIGN, RESOLVE})
_OWN: Final = Refusal(
    "own_exception",
    "This exception is about you, an account of yours, or something in which you had a hand;"
    " somebody else must judge it.",
    "Others whose role opens this list see it too.",
)


@dataclass(frozen=True, slots=True)
class AttendForm:
    """What was posted: `take`, `assign` (then `to`, a subject) or `resolve` (then why).

    `shown` is the digest of what the page showed.
    """

    what: str
    to: str
    justification: str
    shown: str


def shown_of(case: ExceptionCase) -> str:
    """The digest of what a page shows of an exception."""
    return digest_of([case.id, case.state.value, case.owner, case.code, case.subject])


def own_exception(
    reading: Reading,
    case: ExceptionCase,
    subject: str,
    snapshot: DirectorySnapshot,
    told: Told = None,
) -> Refusal | None:
    """Nobody judges what is about themself or their own ticket, by any account of theirs.

    About somebody is what hides something of them, or has an account of theirs for its subject,
    and what is of access in which they had a hand (`party.hands_of`): who asked, approved, gave up.
    What is of a delivery, whatever became of that, is of the ticket that its body says (`told`, as
    `told_by` reads it) and of the one that it is known to be of.
    Refusals: `own_exception`, `own_ticket`. Of a ticket that is not kept it cannot be told.
    """
    if _is_named(reading, case, subject, snapshot):
        return _OWN
    row = ticket_of(reading, case)
    refusal = (
        _own_delivery(reading, case, subject, snapshot, told)
        if row is None
        else own_ticket(row, subject, snapshot)
    )
    hands = hands_of(reading, case.about)
    if refusal is None and any(snapshot.same_human(one, subject) for one in hands):
        return _OWN
    return refusal


def _is_named(
    reading: Reading, case: ExceptionCase, subject: str, snapshot: DirectorySnapshot
) -> bool:
    about = reading.exceptions.named(case)
    return any(snapshot.same_human(one, subject) for one in about) or any(
        canonical(case.subject) == canonical(f"account {account} of {system}")
        for person in snapshot.people.values()
        if snapshot.same_human(person.id, subject)
        for system, accounts in person.accounts.items()
        for account in accounts
    )


def _own_delivery(
    reading: Reading, case: ExceptionCase, subject: str, snapshot: DirectorySnapshot, told: Told
) -> Refusal | None:
    delivery = reading.deliveries.get(case.about)
    if delivery is None:
        return None
    ident = delivery.ticket
    rows = () if ident is None else reading.tickets.of_platform_id(delivery.source, ident)
    refusal = own_told(reading, delivery, subject, snapshot, told)
    return refusal or own_of(rows, subject, snapshot)


def ticket_of(reading: Reading, case: ExceptionCase) -> TicketRow | None:
    """The ticket that an exception, or its request or grant, is of, as far as it is kept."""
    bound = reading.requests.get(case.about) or reading.grants.get(case.about)
    if bound is not None:
        return reading.tickets.find(bound.ticket)
    return reading.tickets.get(case.about)


def attend(
    tx: Transaction,
    now: datetime,
    *,
    ident: str,
    form: AttendForm,
    who: Sayer,
    told: Told = None,
) -> ExceptionCase | Refusal:
    """Take it, assign it to somebody who may attend to it, or resolve it for good.

    `told` is what the body of the delivery that it is about says, as `own_exception` has it.
    Refusals: `directory_stale`, those of `may_attend`, `not_found`, `own_exception`, `own_ticket`,
    `resolved_already`, `shown_changed`, `what`, `assignee`, `justification`,
    `secret_typed`. A refused word changes nothing.
    """
    refusal = may_say(tx, now, who, may_attend)
    case = tx.exceptions.get(ident)
    if refusal is not None or case is None:
        return refusal or Refusal("not_found", "There is no such exception.")
    refusal = own_exception(tx, case, who.subject, who.snapshot, told)
    refusal = refusal or _bad_form(tx, case, form, who, told)
    if refusal is not None:
        return refusal
    if form.what == RESOLVE:
        return resolve_exception(
            tx,
            now,
            ident=ident,
            person=who.subject,
            reason=form.justification.strip(),
            method=who.method,
        )
    to = who.subject if form.what == TAKE else form.to
    return assign_exception(tx, ident=ident, person=who.subject, to=to, method=who.method)


def _bad_form(
    tx: Transaction, case: ExceptionCase, form: AttendForm, who: Sayer, told: Told
) -> Refusal | None:
    if case.state is ExceptionState.RESOLVED:
        return Refusal("resolved_already", "Somebody has resolved it already.")
    if form.shown != shown_of(case):
        return Refusal(
            "shown_changed", "This is not what the page shows now.", "Read it again, then say so."
        )
    if form.what not in _DEEDS:
        return Refusal("what", "Say what becomes of the exception.", "Choose one of them.")
    if form.what == RESOLVE:
        return bad_justification(form.justification)
    if form.what == ASSIGN and not fit_to_own(tx, case, form.to, who, told):
        return Refusal(
            "assignee",
            "It cannot be given to this person.",
            "Choose somebody with the role `triage` or `operator` whom it is not about.",
        )
    return None


def fit_to_own(
    reading: Reading, case: ExceptionCase, subject: str, who: Sayer, told: Told = None
) -> bool:
    """Whether an exception can be given to this person: they could resolve it now."""
    return (
        may_attend(who.roles, subject, who.snapshot) is None
        and own_exception(reading, case, subject, who.snapshot, told) is None
    )

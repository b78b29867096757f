"""Tell outcomes: those who wait for one have mail, and its ticket a comment; each once.

Both are committed with the outcome and go out later; a test holds that no edge is forgotten.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ticketgate.domain.emergencies.emergency import CONSENT_LIFE, Emergency, due_at
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.domain.people.passkey_row import Passkey
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.telling.emergency_outcomes import of_late_review, of_lock, of_review
from ticketgate.domain.telling.outcomes import (
    BENEFICIARY,
    REQUESTER,
    TOLD,
    OutcomeLetter,
    Saying,
    of_ask,
    of_ending,
    of_grant,
    of_passkey,
    of_request,
    soon_over,
)
from ticketgate.operations.outbox import queue_mail
from ticketgate.operations.telling.write_back import tell_ticket
from ticketgate.ports import Reading, Transaction


def tell_of_request(
    tx: Transaction, now: datetime, request: AccessRequest, before: str, cause: str, index: int
) -> None:
    """What a move of a request is to its people and its ticket; `index` is its record's."""
    said = of_request(request, before, cause)
    if said is None:
        return
    tell_ticket(tx, now, ticket=request.ticket, about=request.id, said=said, index=index)
    _tell_people(tx, now, said, request.id, request.id, index, _people(request))


def tell_of_grant(
    tx: Transaction, now: datetime, grant: Grant, before: str, cause: str, kept: str, index: int
) -> None:
    """The same of a grant. Of an emergency's, the person alone is told."""
    said = of_grant(grant, before, cause, kept)
    if said is None:
        return
    tell_ticket(tx, now, ticket=grant.ticket, about=grant.id, said=said, index=index)
    request = tx.requests.get(grant.request)
    people = {BENEFICIARY: grant.subject} if request is None else _people(request)
    _tell_people(tx, now, said, grant.id, grant.request, index, people)


def tell_of_passkey(
    tx: Transaction, now: datetime, passkey: Passkey, before: str, index: int
) -> None:
    """Whose passkey it is hears of it, so that nobody enrols one in their name unseen."""
    said = of_passkey(before, passkey.state.value, passkey.key)
    subject = tx.people.subject(passkey.person)
    if said is not None and subject is not None:
        _mail(tx, now, said, (passkey.id, ""), index, [subject])


def tell_of_ask(tx: Transaction, now: datetime, ask: Emergency, people: Iterable[str]) -> None:
    """Those who may consent to what somebody asks are told that it waits for one of them."""
    said = of_ask(ask.entitlement, ask.target, CONSENT_LIFE)
    _mail(tx, now, said, (ask.id, ask.id), ask.index, people)


def tell_overdue(
    tx: Transaction, now: datetime, late: Emergency, reviewers: Iterable[str], index: int
) -> None:
    """The person hears that they are locked, and those who can review it that it is overdue."""
    due = due_at(late, tx.grants.get(late.grant))
    own, others = of_lock(late, due), of_late_review(late, due)
    _mail(tx, now, others if late.drill else own, (late.id, late.id), index, [late.subject])
    _mail(tx, now, others, (late.id, late.id), index, (r for r in reviewers if r != late.subject))


def tell_review(tx: Transaction, now: datetime, done: Emergency, index: int, *, ends: bool) -> None:
    """Whose emergency it was, and who entered it, hear what its review found."""
    people = (done.subject, done.entered_by)
    _mail(tx, now, of_review(done, ends=ends), (done.id, done.id), index, people)


def ending_soon(reading: Reading, now: datetime, notice: timedelta) -> list[str]:
    """The active grants whose end is near, and whose person was not told of just that end."""
    near = reading.grants.due(now + notice)
    return [one.id for one in near if _is_unannounced(reading, now, one, notice)]


def tell_ending(tx: Transaction, now: datetime, *, ident: str, notice: timedelta) -> None:
    """Tell whoever has access that it ends soon, once for each end that it gets."""
    grant = tx.grants.get(ident)
    if grant is not None and _is_unannounced(tx, now, grant, notice):
        _queue(tx, now, _ending_letter(grant, now, tx.new_id("ltr")))


def _is_unannounced(reading: Reading, now: datetime, grant: Grant, notice: timedelta) -> bool:
    near = grant.state is GrantState.ACTIVE and soon_over(grant, now, notice)
    return near and not reading.letters.has(_ending_letter(grant, now, "").key)


def _ending_letter(grant: Grant, now: datetime, ident: str) -> OutcomeLetter:
    said = of_ending(grant)
    return OutcomeLetter(
        id=ident,
        outcome=said.outcome,
        about=grant.id,
        thread=grant.request,
        subject=grant.subject,
        text=said.text,
        next=said.next,
        index=None,
        queued_at=now,
        until=grant.not_after,
    )


def _people(request: AccessRequest) -> dict[str, str]:
    return {REQUESTER: request.requester.subject, BENEFICIARY: request.beneficiary.subject}


def _tell_people(
    tx: Transaction,
    now: datetime,
    said: Saying,
    about: str,
    thread: str,
    index: int,
    people: dict[str, str],
) -> None:
    subjects = [people.get(party, "") for party in TOLD[said.outcome].who]
    _mail(tx, now, said, (about, thread), index, subjects)


def _mail(
    tx: Transaction,
    now: datetime,
    said: Saying,
    of: tuple[str, str],
    index: int,
    subjects: Iterable[str],
) -> None:
    """One letter for each person; `of` is what it is about, and the thread. Nobody is skipped."""
    for subject in dict.fromkeys(filter(None, subjects)):
        letter = OutcomeLetter(
            id=tx.new_id("ltr"),
            outcome=said.outcome,
            about=of[0],
            thread=of[1],
            subject=subject,
            text=said.text,
            next=said.next,
            index=index,
            queued_at=now,
        )
        _queue(tx, now, letter)


def _queue(tx: Transaction, now: datetime, letter: OutcomeLetter) -> None:
    tx.letters.add(letter)
    queue_mail(tx, now, CommandKind.MAIL_OUTCOME, letter.id)

"""Exceptions: opened once per code and subject, assigned to somebody, closed with a reason."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from ticketgate.domain.cases.exception_case import (
    EXCEPTIONS,
    MORE,
    OPEN_MAX,
    ExceptionCase,
    ExceptionState,
)
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure, Json
from ticketgate.domain.log.machines import NEW, edge
from ticketgate.operations.people.actors import actor_of
from ticketgate.ports import Transaction

_PERSON: Final = "person:"


def open_exception(
    tx: Transaction,
    now: datetime,
    code: str,
    subject: str,
    *,
    about: str,
    owner: str = "",
    hidden: Sequence[Disclosure] = (),
) -> ExceptionCase:
    """The open exception of this code and subject; opened, with its record, when there is none.

    `about` is a random id of ours; `owner` a word of the policy (`person:carol`, `group:sec-iam`)
    or empty. What may name somebody stands in `subject` and `hidden`, which are disclosures. Where
    `OPEN_MAX` of the code are open, one exception with the subject `MORE` stands for all others.

    Raises:
        ValueError: a code that is not one of `EXCEPTIONS`, or no subject.
    """
    if code not in EXCEPTIONS or not subject:
        raise ValueError(f"no exception has the code {code!r} and the subject {subject!r}")
    known = tx.exceptions.opened(code, subject)
    if known is None and is_full(tx, code):
        subject, hidden, owner = MORE, (), ""
        known = tx.exceptions.opened(code, subject)
    if known is not None:
        return known
    told = owner
    if owner.startswith(_PERSON):  # a subject id stands in no entry
        told = _PERSON + actor_of(tx, owner.removeprefix(_PERSON))
    ident = tx.new_id("exc")
    opened = ExceptionState.OPENED
    fields = {"code": code, "about": about, "owner": told}
    values = (Disclosure("subject", subject), *hidden)
    ref = tx.append(edge("exception", ident, NEW, opened.value, "found", fields, values))
    case = ExceptionCase(ident, code, subject, about, told, opened, now, ref.index)
    tx.exceptions.add(case)
    return case


def is_full(tx: Transaction, code: str) -> bool:
    """Whether one more subject of this code would not be told by itself, but in `MORE`."""
    return tx.exceptions.count(code) >= OPEN_MAX


def assign_exception(
    tx: Transaction, *, ident: str, person: str, to: str, method: str = ""
) -> ExceptionCase | Refusal:
    """Make `to` the owner of an open exception, in the name of the signed-in `person` (rule 12).

    Both are directory subjects. Whether they may is the caller's to have checked. Refusals:
    `no_exception`, `resolved_already`.
    """
    case = _open_one(tx, ident)
    if isinstance(case, Refusal):
        return case
    owner = _PERSON + actor_of(tx, to)
    assigned = replace(case, state=ExceptionState.ASSIGNED, owner=owner)
    fields = _said_by(tx, case, person, method) | {"owner": owner}
    before, after = case.state.value, assigned.state.value
    tx.append(edge("exception", ident, before, after, "assigned", fields))
    tx.exceptions.move(assigned)
    return assigned


def resolve_exception(
    tx: Transaction, now: datetime, *, ident: str, person: str, reason: str, method: str = ""
) -> ExceptionCase | Refusal:
    """Close an open exception in the name of a signed-in person (rule 12), with their reason.

    Whether they may is the caller's to have checked. Refusals: `no_exception`, `resolved_already`,
    `reason_missing`.
    """
    case = _open_one(tx, ident)
    if isinstance(case, Refusal):
        return case
    if not reason.strip():
        return Refusal("reason_missing", "Say why it is resolved.")
    fields = _said_by(tx, case, person, method)
    actor = actor_of(tx, person)
    resolved = replace(case, state=ExceptionState.RESOLVED, resolved_at=now, resolved_by=actor)
    why = Disclosure("reason", reason, subject=person)
    tx.append(
        edge("exception", ident, case.state.value, resolved.state.value, "resolved", fields, (why,))
    )
    tx.exceptions.move(resolved)
    return resolved


def void_exception(tx: Transaction, now: datetime, case: ExceptionCase) -> None:
    """Close an open exception that is about nothing any more: no person does, `cause` is `void`."""
    resolved = replace(case, state=ExceptionState.RESOLVED, resolved_at=now)
    fields: dict[str, Json] = {"code": case.code, "person": ""}
    tx.append(edge("exception", case.id, case.state.value, resolved.state.value, "void", fields))
    tx.exceptions.move(resolved)


def _open_one(tx: Transaction, ident: str) -> ExceptionCase | Refusal:
    case = tx.exceptions.get(ident)
    if case is None:
        return Refusal("no_exception", "There is no such exception.")
    if case.state is ExceptionState.RESOLVED:
        return Refusal("resolved_already", "Somebody has resolved it already.")
    return case


def _said_by(tx: Transaction, case: ExceptionCase, person: str, method: str) -> dict[str, Json]:
    """What a record of a person's word on it has; `method` where they came by a page."""
    how: dict[str, Json] = {"method": method} if method else {}
    return {"code": case.code, "person": actor_of(tx, person), **how}

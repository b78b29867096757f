"""Approver rows: what the platform says of approvals is a claim; it opens no request (rule 7)."""

from datetime import datetime
from hashlib import sha256
from typing import Final

from ticketgate.domain.evidence import Disclosure, Draft, Json
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.requests.approval_findings import Finding, Scene, findings_on
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.requests.opening import beneficiary_of, requester_of
from ticketgate.domain.tickets.identity_event import Verdict
from ticketgate.domain.tickets.ticket import ApproverRow
from ticketgate.operations.cases.exceptions import open_exception
from ticketgate.ports import Transaction

CLAIMS: Final = frozenset(
    {"requested", "approved", "rejected", "cancelled", "not_required", "duplicate"}
)  # what an approver row may say; its own words stand in no entry


def take_claim(
    tx: Transaction,
    now: datetime,
    row: ApproverRow,
    *,
    delivery: str,
    ground: Ground,
) -> None:
    """Record what an approver row claims, and open an exception for each finding on it.

    Findings are made on rows of tickets that are identity events or uncertain, and that were seen
    before the row; an older version of a row gives none.
    """
    snapshot = ground.snapshot
    _record(tx, row, delivery, snapshot)
    before = tx.approver_rows.last(row.source, row.id)
    version = None if before is None else before[0]
    if version is not None and row.version is not None and row.version < version:
        return
    approver = sha256((row.approver.id or "").encode()).hexdigest()
    tx.approver_rows.note(
        row.source, row.id, parent=row.parent, version=row.version, approver=approver
    )
    changed = before is not None and before[1] != approver
    for ticket in _tickets(tx, row):
        scene = Scene(ground, _parties(ticket, snapshot), changed)
        for finding in findings_on(row, scene):
            _open(tx, now, row, ticket, finding, snapshot)


def _record(tx: Transaction, row: ApproverRow, delivery: str, snapshot: DirectorySnapshot) -> None:
    """Record what the row claims; who and of which ticket stands in disclosures."""
    fields: dict[str, Json] = {
        "source": row.source,
        "state": row.state if row.state in CLAIMS else "other",
        "delivery": delivery,
    }
    hidden = (
        Disclosure("state", row.state),
        Disclosure("parent", row.parent),
        *_people(row, snapshot),
    )
    tx.append(Draft("ticket.approval_claimed", fields, hidden))


def _people(row: ApproverRow, snapshot: DirectorySnapshot) -> tuple[Disclosure, Disclosure]:
    return (
        Disclosure(
            "approver",
            [row.approver.id, row.approver.name],
            subject=_subject_of(row.source, row.approver.id, snapshot),
        ),
        Disclosure(
            "updated_by", row.updated_by, subject=_subject_of(row.source, row.updated_by, snapshot)
        ),
    )


def _tickets(tx: Transaction, row: ApproverRow) -> list[TicketRow]:
    """The tickets of which the row may be, as far as they can change access."""
    known = [tx.tickets.find(key) for key in tx.approver_rows.parents(row.source, row.parent)]
    return [one for one in known if one is not None and one.verdict != Verdict.NOT_IDENTITY.value]


def _parties(row: TicketRow, snapshot: DirectorySnapshot) -> frozenset[str]:
    people = (requester_of(row.ticket, snapshot), beneficiary_of(row.ticket, snapshot))
    return frozenset(one.id for one in people if one is not None)


def _open(
    tx: Transaction,
    now: datetime,
    row: ApproverRow,
    ticket: TicketRow,
    finding: Finding,
    snapshot: DirectorySnapshot,
) -> None:
    open_exception(
        tx,
        now,
        finding.code,
        f"approval {row.id} of {row.source}",
        about=ticket.id,
        owner=finding.owner,
        hidden=(
            Disclosure("ticket", ticket.ticket.number),
            Disclosure("what", finding.what),
            *_people(row, snapshot),
        ),
    )


def _subject_of(source: str, account: str | None, snapshot: DirectorySnapshot) -> str:
    """Whom the directory knows by an account of a source; empty for nobody."""
    person = None if account is None else snapshot.by_account(source, account)
    return "" if person is None else person.id

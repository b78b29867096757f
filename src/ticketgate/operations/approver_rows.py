"""Approver rows: what the platform says of approvals is a claim; it opens no request (rule 7)."""

from typing import Final

from ticketgate.domain.directory import DirectorySnapshot
from ticketgate.domain.evidence import Disclosure, Draft, Json
from ticketgate.domain.ticket import ApproverRow
from ticketgate.ports import Transaction

CLAIMS: Final = frozenset(
    {"requested", "approved", "rejected", "cancelled", "not_required", "duplicate"}
)  # what an approver row may say; its own words stand in no entry


def record_claim(
    tx: Transaction, row: ApproverRow, delivery: str, snapshot: DirectorySnapshot
) -> None:
    """Record what an approver row claims; who and of which ticket stands in disclosures."""
    fields: dict[str, Json] = {
        "source": row.source,
        "state": row.state if row.state in CLAIMS else "other",
        "delivery": delivery,
    }
    hidden = (
        Disclosure("state", row.state),
        Disclosure("parent", row.parent),
        Disclosure(
            "approver",
            [row.approver.id, row.approver.name],
            subject=subject_of(row.source, row.approver.id, snapshot),
        ),
        Disclosure(
            "updated_by", row.updated_by, subject=subject_of(row.source, row.updated_by, snapshot)
        ),
    )
    tx.append(Draft("ticket.approval_claimed", fields, hidden))


def subject_of(source: str, account: str | None, snapshot: DirectorySnapshot) -> str:
    """Whom the directory knows by an account of a source; empty for nobody."""
    person = None if account is None else snapshot.by_account(source, account)
    return "" if person is None else person.id

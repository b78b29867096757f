"""What was decided, in SQLite, as signals are found in it."""

import json
import sqlite3
from collections.abc import Collection
from datetime import datetime
from typing import Final

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.exception_tables import case_of
from ticketgate.adapters.sqlite.rows import Row, one, rows
from ticketgate.domain.cases.exception_case import ExceptionCase
from ticketgate.domain.cases.signals import ClosedRequest, SeenApproval
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.requests.access_request import BY_ITS_PEOPLE, RequestState

_OF_CONTENT: Final = (
    "CASE WHEN json_valid(request.content) THEN json_extract(request.content, '$.{}') END"
)
_REQUESTER: Final = _OF_CONTENT.format("requester[0]")
_BENEFICIARY: Final = _OF_CONTENT.format("beneficiary[0]")
_CAUSE: Final = _OF_CONTENT.format("cause")
_CLOSED_AT: Final = "CASE WHEN json_valid(content) THEN json_extract(content, '$.closed_at') END"
_PEOPLE: Final = """CASE state
 WHEN 'withdrawn' THEN
  (SELECT json_group_array(approver) FROM link WHERE link.request = request.id)
 ELSE
  (SELECT json_group_array(approver) FROM approval WHERE approval.request = request.id
   AND decision = CASE state WHEN 'approved' THEN 'approve' ELSE 'deny' END
   AND round = (SELECT max(round) FROM approval WHERE approval.request = request.id))
 END"""  # who approved or denied it in its last round, or was asked
_BY_PEOPLE: Final = (BY_ITS_PEOPLE, "ticket_closed")  # why a request was withdrawn


class SqliteSignals:
    """`ports.Signals`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def newest(self) -> tuple[datetime, int] | None:
        """When the newest decision was made, and its record; None where there is none."""
        sql = "SELECT decided_at, idx FROM approval ORDER BY decided_at DESC, idx DESC LIMIT 1"
        found = one(self._db, sql)
        return None if found is None else (from_text(found["decided_at"]), found["idx"])

    def approvals(self, since: datetime, limit: int) -> list[SeenApproval]:
        """The newest approvals made since then, oldest first."""
        sql = (
            "SELECT approval.*, "  # noqa: S608 -- fixed words
            f"{_REQUESTER} AS requester, {_BENEFICIARY} AS beneficiary,"
            " (SELECT min(at) FROM request_view WHERE request_view.request = approval.request"
            "  AND subject = approver AND at <= decided_at) AS viewed"
            " FROM approval JOIN request ON request.id = approval.request"
            " WHERE decided_at >= ? AND decision = 'approve'"
            " ORDER BY decided_at DESC, approval.idx DESC LIMIT ?"
        )
        found = [_approval(row) for row in rows(self._db, sql, to_text(since), limit)]
        return found[::-1]

    def closed(self, since: datetime, approved: datetime) -> list[ClosedRequest]:
        """Requests that people denied or withdrew since then, or `approved` since that moment.

        Withdrawn also by the ticket's end. Of one whose content was erased nothing is told.
        """
        sql = (
            "SELECT id, state, entitlement, "  # noqa: S608 -- fixed words
            f"{_BENEFICIARY} AS beneficiary, {_CLOSED_AT} AS closed_at,"
            f" {_CAUSE} AS cause, {_PEOPLE} AS people FROM request"
            " WHERE state IN ('approved', 'denied', 'withdrawn')"
            f" AND {_CLOSED_AT} >= ? AND (state <> 'approved' OR {_CLOSED_AT} >= ?)"
        )
        found = list(rows(self._db, sql, to_text(since), to_text(approved)))
        return [
            ClosedRequest(
                row["id"],
                row["beneficiary"],
                row["entitlement"],
                RequestState(row["state"]),
                from_text(row["closed_at"]),
                frozenset(json.loads(row["people"])),
            )
            for row in found
            if row["state"] != RequestState.WITHDRAWN or row["cause"] in _BY_PEOPLE
        ]

    def cases(self, codes: Collection[str], since: datetime) -> list[ExceptionCase]:
        """The exceptions of these codes that are open, or were resolved since then."""
        marks = ", ".join("?" * len(codes))
        sql = (
            f"SELECT * FROM exception WHERE code IN ({marks}) AND state <> 'resolved'"  # noqa: S608 -- as many marks
            f" UNION ALL SELECT * FROM exception WHERE code IN ({marks})"
            " AND state = 'resolved' AND resolved_at >= ? ORDER BY opened_at, idx"
        )
        return [case_of(row) for row in rows(self._db, sql, *codes, *codes, to_text(since))]


def _approval(row: Row) -> SeenApproval:
    return SeenApproval(
        request=row["request"],
        approver=row["approver"],
        on_behalf_of=row["on_behalf_of"],
        requester=row["requester"] or "",
        beneficiary=row["beneficiary"] or "",
        decided_at=from_text(row["decided_at"]),
        first_viewed_at=codec.moment(row["viewed"]),
        index=row["idx"],
    )

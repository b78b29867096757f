"""Zendesk asked by us: the incremental export for tickets that were changed, and private comments.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/,
.../tickets/tickets/ ("Show multiple tickets", side-loads), .../tickets/ticket_comments/.

The export tells in the order of `generated_timestamp`, which also counts what the platform does
itself, and holds back what is younger than a minute. It takes ten requests a minute.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from ticketgate.connector_api import (
    HttpClient,
    ItsmSettings,
    JsonValue,
    Misconfigured,
    NotFound,
    Page,
    Polled,
    Refused,
    TooLarge,
)
from ticketgate_connectors.itsm.zendesk.connector import GONE, TABLE
from ticketgate_connectors.records import scalar, text_at
from ticketgate_connectors.rest import Rest, account, read_back, record, records
from ticketgate_connectors.walk import Walk, read_walk

PAGE_MAX: Final = 100  # of "Show multiple tickets"
COMMENTS_PAGE: Final = 100
COMMENTS_MAX: Final = 5_000  # Zendesk's own limit for a ticket
# What the export is asked for from must lie a minute back.
OVERLAP_MIN: Final = timedelta(minutes=2)
SUFFIX: Final = "/token"  # behind the account whose API token it is
# Words of fixed lists, which placeholders write with a capital.
CAPITAL: Final = ("type", "priority")
SAME: Final = ("status", "updated_at", "submitter_id", "requester_id", "assignee_id", "group_id")
TYPED: Final = ("subject", "description")  # last, as in the trigger's body
_ID: Final = re.compile(r"[1-9][0-9]{0,14}")
_SECOND: Final = timedelta(seconds=1)

Record = Mapping[str, JsonValue]


class ZendeskClient:
    """`connector_api.ItsmClient` on the Support API, with an API token or an OAuth token."""

    tables: tuple[str, ...] = (TABLE,)

    def __init__(self, settings: ItsmSettings, http: HttpClient) -> None:
        self._rest = Rest(f"{settings.url}/api/v2", account(settings, SUFFIX), http)
        self._overlap = max(settings.overlap, OVERLAP_MIN) // _SECOND

    def begin(self, since: datetime) -> str:
        """The cursor of that time."""
        return Walk(max(int(since.timestamp()) - self._overlap, 0)).text

    def poll(self, table: str, cursor: str, limit: int) -> Page:
        """Tickets changed behind the cursor, each as it is now, with who changed it last."""
        del table  # there is one
        walk = read_walk(cursor)
        body = self._export(walk, min(limit, PAGE_MAX))
        found, ended = records(body.get("tickets")), body.get("end_of_stream")
        if not isinstance(ended, bool):
            raise Misconfigured("the answer is not in the platform's form")
        following = walk.behind(
            map(_generated, found), body.get("after_cursor"), self._overlap, more=not ended
        )
        return Page(self._polled(found), following.text, more=not ended)

    def fetch(self, table: str, ticket_id: str) -> Polled | None:
        """One ticket as it is now; None where our user is shown none, or it is deleted."""
        del table
        if not _ID.fullmatch(ticket_id):
            return None
        found = self._whole([ticket_id])
        if set(found) - {ticket_id}:
            raise Misconfigured("the platform answered with another ticket")
        return found.get(ticket_id)

    def comment(self, table: str, ticket_id: str, text: str, key: str) -> str:
        """A private comment, which only agents see."""
        del table
        if not _ID.fullmatch(ticket_id):
            raise NotFound("that is no ticket id")
        if self._find(ticket_id, key) is not None:
            return key
        said: JsonValue = {"ticket": {"comment": {"body": text, "public": False}}}
        self._rest.change("PUT", f"/tickets/{ticket_id}.json", said)
        written = read_back(lambda: self._find(ticket_id, key), "comment")
        if written is None:
            raise Refused(
                "the comment was taken, and is not among those of the ticket",
                next_step="find out what on the platform takes private comments away",
            )
        if written.get("public") is not False:
            raise Refused(
                "the comment was taken, and the requester sees it",
                next_step="find out what on the platform makes private comments public",
            )
        return key

    def close(self) -> None:
        """Nothing is kept open."""

    def _export(self, walk: Walk, limit: int) -> Record:
        size = {"per_page": str(limit)}
        start, onwards = {"start_time": str(walk.since)}, {"cursor": walk.token}
        path = "/incremental/tickets/cursor.json"
        return walk.asked(self._rest, path, {**start, **size}, {**onwards, **size})

    def _polled(self, found: Sequence[Record]) -> tuple[Polled, ...]:
        """The tickets in the export's order. What is deleted is told by the export alone."""
        idents = [_ident(one) for one in found]
        there = [
            ident
            for ident, one in zip(idents, found, strict=True)
            if text_at(one, "status").lower() != GONE
        ]
        whole = self._whole(there) if there else {}
        return tuple(
            whole.get(ident) or _told(one, "", {}) for ident, one in zip(idents, found, strict=True)
        )

    def _whole(self, idents: Sequence[str]) -> dict[str, Polled]:
        """The tickets of these ids, with their last audits and the names of their forms."""
        params = {
            "ids": ",".join(dict.fromkeys(idents)),
            "include": "last_audits,ticket_forms",
        }
        raw, _ = self._rest.get("/tickets/show_many.json", params)
        body = record(raw)
        writers = {
            text_at(one, "ticket_id"): text_at(one, "author_id")
            for one in records(body.get("last_audits"))
        }
        forms = {
            text_at(one, "id"): text_at(one, "name")
            for one in records(body.get("ticket_forms", []))
        }
        return {
            _ident(one): _told(one, writers.get(_ident(one), ""), forms)
            for one in records(body.get("tickets"))
        }

    def _find(self, ticket_id: str, key: str) -> Record | None:
        """The comment that holds the key, the newest one first."""
        params = {"page[size]": str(COMMENTS_PAGE), "sort": "-created_at"}
        for _ in range(COMMENTS_MAX // COMMENTS_PAGE):
            raw, _answer = self._rest.get(f"/tickets/{ticket_id}/comments.json", params)
            for one in records(record(raw).get("comments")):
                if key in text_at(one, "body"):
                    return one
            meta = record(record(raw).get("meta"))
            if meta.get("has_more") is not True:
                return None
            params = {**params, "page[after]": text_at(meta, "after_cursor")}
        raise TooLarge("the ticket has more comments than are looked through")


def _generated(one: Record) -> int:
    when = one.get("generated_timestamp")
    if type(when) is not int:
        raise Misconfigured("the platform gave a time that is not in its form")
    return when


def _ident(one: Record) -> str:
    found = text_at(one, "id")
    if not _ID.fullmatch(found):
        raise Misconfigured("the answer is not in the platform's form")
    return found


def _told(one: Record, writer: str, forms: Mapping[str, str]) -> Polled:
    """The ticket as the trigger of the set-up page would have posted it."""
    body: dict[str, JsonValue] = {"id": _ident(one), "updater_id": writer}
    body |= {name: one[name] for name in SAME if name in one}
    body |= {name: text_at(one, name).capitalize() for name in CAPITAL if name in one}
    form = text_at(one, "ticket_form_id")
    if not form or form in forms:  # of a form whose name is not told, nothing is said
        body["ticket_form_name"] = forms.get(form, "")
    fields = {
        ident: cell.get("value")
        for cell in records(one.get("custom_fields", []))
        if (ident := scalar(cell.get("id")))
    }
    body["custom_fields"] = {ident: fields[ident] for ident in sorted(fields)}
    if "tags" in one:
        body["tags"] = one["tags"]
    body |= {name: one[name] for name in TYPED if name in one}
    text = json.dumps(body, separators=(",", ":"))
    return Polled(TABLE, _ident(one), text.encode("ascii"))

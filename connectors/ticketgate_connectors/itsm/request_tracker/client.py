"""Request Tracker asked by us: REST2 for tickets that were changed, and for comments.

https://docs.bestpractical.com/rt/5.0.3/RT/REST2.html. A ticket's version is the id of its last
transaction, as in the shipped scrip. RT reads the times of a query in the time zone of who asks,
so that must be UTC.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from ticketgate.connector_api import (
    FIELD_TEXT_MAX,
    HttpAnswer,
    HttpClient,
    ItsmSettings,
    JsonValue,
    Misconfigured,
    NotFound,
    Page,
    Polled,
    Refused,
)
from ticketgate_connectors.itsm.request_tracker.connector import TABLE
from ticketgate_connectors.paging import FORM, Cursor, read_cursor
from ticketgate_connectors.rest import Rest, authorization, read_back, record, records

PAGE_MAX: Final = 10  # two more requests for each ticket
# Mails that RT itself sent: they change nothing, and run no scrip.
MAILS: Final = frozenset({"EmailRecord", "CommentEmailRecord"})
NOBODY: Final = "Nobody"
NO_CONTENT: Final = "This transaction appears to have no content"  # RT's own words, as a scrip has
_ID: Final = re.compile(r"[1-9][0-9]{0,14}")
_USER: Final = re.compile(r"[A-Za-z0-9._@-]{1,128}")
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_FIELDS: Final = "LastUpdated,Subject,Status,Priority,Queue,Creator,Owner,Requestor,CustomFields"
_NAMED: Final = {
    f"fields[{name}]": "id,Name" for name in ("Queue", "Creator", "Owner", "Requestor")
}

Record = Mapping[str, JsonValue]


class RequestTrackerClient:
    """`connector_api.ItsmClient` on REST2, with a token or a password (Basic)."""

    tables: tuple[str, ...] = (TABLE,)

    def __init__(self, settings: ItsmSettings, http: HttpClient) -> None:
        self._rest = Rest(f"{settings.url}/REST/2.0", authorization(settings, "token"), http)
        self._user = settings.user
        self._overlap = settings.overlap

    def begin(self, since: datetime) -> str:
        """The cursor of that time."""
        return Cursor((since - self._overlap).replace(microsecond=0)).text

    def poll(self, table: str, cursor: str, limit: int) -> Page:
        """Tickets changed behind the cursor, with their last transaction each.

        What was changed in a second that is not over is left for the next poll: it may change
        again within it.
        """
        del table  # there is one
        at, limit = read_cursor(cursor), min(limit, PAGE_MAX)
        now = self._server_time()
        found, full = self._tickets(_query(at), limit)
        seen = [(_moment(one, "LastUpdated"), _text(one, "id")) for one in found]
        settled = [(when, ident) for when, ident in seen if when < now]
        full = full and len(settled) == len(seen)
        following, more = at.behind(settled, self._overlap, full=full)
        bodies = [self._body(one) for one in found[: len(settled)]]
        # Ticket and history are read one after the other. What is no more as it was listed was
        # changed meanwhile, and comes again with that change.
        still = [_told(one) for one in (self._tickets(_query(at), limit)[0] if bodies else ())]
        polled = tuple(
            Polled(TABLE, _text(one, "id"), body)
            for one, body in zip(found, bodies, strict=False)
            if _told(one) in still
        )
        return Page(polled, following.text, more)

    def fetch(self, table: str, ticket_id: str) -> Polled | None:
        """One ticket as it is now; None where it is not shown, or changed while it was read."""
        del table
        if not _ID.fullmatch(ticket_id):
            return None
        query = _asking(f"id = {ticket_id}", "id")
        found, _ = self._tickets(query, 1)
        if [_text(one, "id") for one in found] not in ([], [ticket_id]):
            raise Misconfigured("the platform answered with another ticket")
        bodies = [self._body(one) for one in found]
        still = [_told(one) for one in (self._tickets(query, 1)[0] if found else ())]
        if [_told(one) for one in found] != still or not bodies:
            return None
        return Polled(TABLE, ticket_id, bodies[0])

    def _tickets(self, query: Mapping[str, str], limit: int) -> tuple[list[Record], bool]:
        """The next tickets, and whether there are more of them now."""
        raw, _ = self._rest.get("/tickets", {**query, "per_page": str(limit)})
        body = record(raw)
        found, total = records(body.get("items")), body.get("total")
        return found, total > len(found) if type(total) is int else len(found) >= limit

    def comment(self, table: str, ticket_id: str, text: str, key: str) -> str:
        """A comment, which requestors do not see; its subject holds the key."""
        del table
        if not _ID.fullmatch(ticket_id):
            raise NotFound("that is no ticket id")
        self._rest.get(f"/ticket/{ticket_id}")  # a comment on no ticket would be a 400
        if self._is_there(ticket_id, key):
            return key
        said = {"Subject": f"ticketgate {key}", "Content": text, "ContentType": "text/plain"}
        self._rest.change("POST", f"/ticket/{ticket_id}/comment", said)
        written = read_back(lambda: self._is_there(ticket_id, key), "comment")
        if not written:
            raise Refused(
                "the comment was taken, and is not shown to our user",
                next_step="give the user the right ShowTicketComments",
            )
        return key

    def close(self) -> None:
        """Nothing is kept open."""

    def _server_time(self) -> datetime:
        """What time it is there, from the answer that also tells our user's time zone."""
        if not _USER.fullmatch(self._user):
            raise Misconfigured(
                "the user whom the token belongs to is not told",
                next_step="write `user:` beside `token:`",
            )
        raw, answer = self._rest.get(f"/user/{self._user}")
        if _text(record(raw), "Timezone") not in {"UTC", "GMT"}:
            raise Misconfigured(
                "RT reads the times of a query in the time zone of our user, which is not UTC",
                next_step="set the user's time zone to UTC",
            )
        return _date(answer)

    def _is_there(self, ticket_id: str, key: str) -> bool:
        query = f"ObjectType='RT::Ticket' AND ObjectId={ticket_id} AND Type='Comment'"
        params = {"query": f"{query} AND Data LIKE '{key}'", "fields": "Data"}
        raw, _ = self._rest.get("/transactions", params)
        found = records(record(raw).get("items"))
        return any(key in _text(one, "Data").split() for one in found)

    def _body(self, one: Record) -> bytes:
        """What the shipped scrip would have posted after the ticket's last transaction."""
        ident = _text(one, "id")
        transaction = self._last(ident)
        told: dict[str, JsonValue] = {
            "id": ident,
            "queue": _named(one.get("Queue")),
            "status": _text(one, "Status"),
            "priority": _text(one, "Priority"),
            "creator": _person(one.get("Creator")),
            "owner": _person(one.get("Owner")),
            "custom_fields": {
                _text(field, "name"): field.get("values")
                for field in records(one.get("CustomFields"))
            },
        }
        people = records(one.get("Requestor"))
        if all(person.get("type") == "user" for person in people):  # of a group we know no members
            told["requestors"] = [_person(person) for person in people]
        long = {"subject": _text(one, "Subject"), "description": self._opening(ident)}
        told |= {name: text for name, text in long.items() if _is_sent(text)}
        body = {"ticket": told, "transaction": transaction}
        return _canonical(body).encode("ascii")

    def _last(self, ident: str) -> dict[str, JsonValue]:
        """The last transaction."""
        for one in self._history(ident, "DESC"):
            if _text(one, "Type") in MAILS:
                continue
            return {
                "id": _text(one, "id"),
                "type": _text(one, "Type"),
                "creator": _person(one.get("Creator")),
            }
        raise Refused(
            "a ticket shows no transaction to our user",
            next_step="give the user the rights ShowTicket and ShowTicketComments",
        )

    def _opening(self, ident: str) -> str | None:
        """The text that opened the ticket; None where it has none that is plain."""
        first = next(iter(self._history(ident, "ASC")), {})
        if _text(first, "Type") != "Create":
            return None
        fields = {"fields": "ContentType,Content", "per_page": "100"}
        raw, _ = self._rest.get(f"/transaction/{_text(first, 'id')}/attachments", fields)
        parts = records(record(raw).get("items"))
        if not parts:
            return NO_CONTENT
        plain = (one for one in parts if _text(one, "ContentType") == "text/plain")
        content = next(plain, {}).get("Content")
        return content if isinstance(content, str) else None

    def _history(self, ident: str, order: str) -> Sequence[Record]:
        params = {
            "fields": "Type,Creator",
            "fields[Creator]": "id,Name",
            "orderby": "id",
            "order": order,
            "per_page": "20",
        }
        raw, _ = self._rest.get(f"/ticket/{ident}/history", params)
        return records(record(raw).get("items"))


def _told(one: Record) -> str:
    """What a list says of a ticket, to be compared: RT gives fields and people in any order."""
    unordered = ("CustomFields", "Requestor")
    lists = {name: sorted(map(_canonical, records(one.get(name)))) for name in unordered}
    return _canonical({**one, **lists})


def _canonical(value: JsonValue) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _query(at: Cursor) -> dict[str, str]:
    when = at.since.strftime(FORM)
    query, orderby = f"LastUpdated >= '{when}'", "LastUpdated"
    if at.after:
        query = f"{query} AND LastUpdated <= '{when}' AND id > {at.after}"
        orderby = "id"
    return _asking(query, orderby)


def _asking(query: str, orderby: str) -> dict[str, str]:
    return {"query": query, "orderby": orderby, "order": "ASC", "fields": _FIELDS, **_NAMED}


def _moment(one: Record, name: str) -> datetime:
    try:
        return datetime.strptime(_text(one, name), _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise Misconfigured("the platform gave a time that is not in its form") from None


def _date(answer: HttpAnswer) -> datetime:
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except ValueError:
        raise Misconfigured("the platform does not tell its time") from None


def _person(raw: JsonValue) -> dict[str, JsonValue]:
    named = _named(raw)
    return {"id": "", "name": ""} if named["name"] == NOBODY else named


def _named(raw: JsonValue) -> dict[str, JsonValue]:
    one = record(raw)
    return {"id": _text(one, "id"), "name": _text(one, "Name")}


def _text(one: Record, name: str) -> str:
    """A text or number of an answer, as text; empty where there is none."""
    found = one.get(name)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    return str(found)


def _is_sent(text: str | None) -> bool:
    """As the scrip does: an unset text is sent, one that is too long is not."""
    return text is not None and len(text) <= FIELD_TEXT_MAX

"""Zammad asked by us: its REST API for tickets that were changed, and for internal notes.

https://docs.zammad.org/en/latest/api/intro.html. A search by `condition` without `query` is
answered by the database; one by `query` by the search index, which lags behind, or is not there at
all. Times have milliseconds, and ids are numbers, so that (time, id) tells where a page ended.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
    TableMapping,
)
from ticketgate_connectors.itsm.zammad.connector import TABLE
from ticketgate_connectors.records import millis, text_at
from ticketgate_connectors.rest import Rest, authorization, read_back, records

PAGE_MAX: Final = 200  # of Zammad's search
# What a hook holds as an object, and an answer as a name with an id beside it.
PEOPLE: Final = ("created_by", "customer", "owner", "updated_by")
NAMED: Final = ("group", "organization", "priority")
_ID: Final = re.compile(r"[1-9][0-9]{0,14}")
_MILLISECOND: Final = timedelta(milliseconds=1)

Record = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Asked next: what changed after `since` (ms since 1970), or then with an id past `after`."""

    since: int
    after: int = 0
    newest: int = 0

    @property
    def text(self) -> str:
        """As it is kept."""
        return json.dumps([self.since, self.after, self.newest])


def read_cursor(text: str) -> Cursor:
    """A cursor as it was kept. Raises Misconfigured: it is none."""
    try:
        since, after, newest = json.loads(text)
    except (ValueError, TypeError):
        since = after = newest = None
    if not (type(since) is int and type(after) is int and type(newest) is int):
        raise Misconfigured("the cursor that was kept cannot be read")
    return Cursor(since, after, newest)


class ZammadClient:
    """`connector_api.ItsmClient` on the REST API, with an access token or a password (Basic)."""

    tables: tuple[str, ...] = (TABLE,)

    def __init__(self, settings: ItsmSettings, http: HttpClient) -> None:
        said = {"Authorization": f"Token token={settings.token}"}
        headers = said if settings.token else authorization(settings, "Basic")
        self._rest = Rest(f"{settings.url}/api/v1", headers, http)
        self._mapping = settings.mapping.tables.get(TABLE)
        self._overlap = settings.overlap // _MILLISECOND

    def begin(self, since: datetime) -> str:
        """The cursor of that time."""
        at = (since - datetime(1970, 1, 1, tzinfo=UTC)) // _MILLISECOND
        return Cursor(at - self._overlap).text

    def poll(self, table: str, cursor: str, limit: int) -> Page:
        """Tickets changed behind the cursor, each as a hook without an article tells it."""
        del table  # there is one
        _check_mapping(self._mapping)
        at, limit = read_cursor(cursor), min(limit, PAGE_MAX)
        found, full = self._behind(at, limit)
        if full and not found:  # a page of tickets of one moment, all of them told before
            found, full = self._behind(at, PAGE_MAX)
            found, full = found[:limit], full or len(found) > limit
        if full and not found:
            raise Refused(
                "more tickets were changed in one millisecond than Zammad shows at once",
                next_step="save some of those tickets again",
            )
        newest = max([at.newest, *(_when(one) for one in found)])
        if full:
            following = Cursor(_when(found[-1]), _number(found[-1]), newest)
        else:
            following = Cursor(newest - self._overlap if newest else at.since)
        polled = tuple(Polled(TABLE, str(_number(one)), hook_of(one)) for one in found)
        return Page(polled, following.text, full)

    def fetch(self, table: str, ticket_id: str) -> Polled | None:
        """One ticket as it is now; None where our user is shown none."""
        del table
        _check_mapping(self._mapping)
        if not _ID.fullmatch(ticket_id):
            return None
        found = self._search("ticket.id", "is", ticket_id, 1)
        if [str(_number(one)) for one in found] not in ([], [ticket_id]):
            raise Misconfigured("the platform answered with another ticket")
        return Polled(TABLE, ticket_id, hook_of(found[0])) if found else None

    def comment(self, table: str, ticket_id: str, text: str, key: str) -> str:
        """An internal note, which customers do not see; its subject holds the key."""
        del table
        if not _ID.fullmatch(ticket_id):
            raise NotFound("that is no ticket id")
        if self._is_there(ticket_id, key):
            return key
        note: dict[str, JsonValue] = {
            "ticket_id": int(ticket_id),
            "subject": f"ticketgate {key}",
            "body": text,
            "content_type": "text/plain",
            "type": "note",
            "internal": True,
        }
        self._rest.change("POST", "/ticket_articles", note)
        written = read_back(lambda: self._is_there(ticket_id, key), "note")
        if not written:
            raise Refused(  # tried again it would be written again
                "the note was taken, and is not among the internal ones of the ticket",
                next_step="give the user the permission ticket.agent and read on the group",
            )
        return key

    def close(self) -> None:
        """Nothing is kept open."""

    def _behind(self, at: Cursor, limit: int) -> tuple[list[Record], bool]:
        """What of the next `limit` tickets is behind the cursor, and whether there are more.

        Zammad reads the rows anew after it has put them in order: what is changed in between
        stands where it was. So a page out of order is asked for once more.
        """
        since = datetime.fromtimestamp(at.since // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        when = f"{since}.{at.since % 1000:03d}Z"
        for _ in range(2):
            found = self._search("ticket.updated_at", "after (absolute)", when, limit)
            seen = [(_when(one), _number(one)) for one in found]
            if seen == sorted(set(seen)) and all(time >= at.since for time, _ in seen):
                new = [one for one in found if (_when(one), _number(one)) > (at.since, at.after)]
                return new, len(found) >= limit
        raise Misconfigured("the platform does not heed the query's order or its times")

    def _search(self, field: str, operator: str, value: str, limit: int) -> Sequence[Record]:
        params = {
            f"condition[{field}][operator]": operator,
            f"condition[{field}][value]": value,
            "sort_by": "updated_at,id",
            "order_by": "asc,asc",
            "page": "1",
            "per_page": str(limit),
            "expand": "true",
        }
        raw, _ = self._rest.get("/tickets/search", params)
        return records(raw)

    def _is_there(self, ticket_id: str, key: str) -> bool:
        """Whether an internal article has the key. What customers write is none."""
        raw, _ = self._rest.get(f"/ticket_articles/by_ticket/{ticket_id}")
        return any(
            one.get("internal") is True and key in text_at(one, "subject").split()
            for one in records(raw)
        )


def _check_mapping(known: TableMapping | None) -> None:
    """Hooks tell more than answers do; a field that only hooks tell would differ each time.

    Raises:
        Misconfigured: the mapping reads such a field.
    """
    given = {} if known is None else known.map
    if "description" not in given:
        raise Misconfigured(
            "the first article comes with some hooks only, so a poll cannot tell the description",
            next_step="write `map: { description: null }` under the table of the source",
        )
    told = {f"{name}.{half}" for name in PEOPLE for half in ("id", "login")}
    told |= {f"{name}.{half}" for name in NAMED for half in ("id", "name")}
    for path in given.values():
        root, dot, _ = (path or "").partition(".")
        if root == "article" or (dot and root in (*PEOPLE, *NAMED) and path not in told):
            raise Misconfigured(
                "the mapping reads something that hooks tell and polls do not",
                next_step="map id, login or name of a person, group, organization or priority only",
            )


def hook_of(one: Record) -> bytes:
    """What a webhook would have posted of the ticket, after a change without an article."""
    objects: dict[str, JsonValue] = {}
    for half, names in (("login", PEOPLE), ("name", NAMED)):
        for name in names:
            ident = one.get(f"{name}_id")
            objects[name] = {} if ident is None else {"id": ident, half: one.get(name)}
    body: JsonValue = {"ticket": {**one, **objects}, "article": {}}
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode("ascii")


def _when(one: Record) -> int:
    found = millis(one.get("updated_at"))
    if found is None:
        raise Misconfigured("the platform gave a time that is not in its form")
    return found


def _number(one: Record) -> int:
    found = one.get("id")
    if type(found) is not int or found < 1:
        raise Misconfigured("the platform gave a ticket without an id")
    return found

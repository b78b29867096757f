"""Jira Cloud asked by us: JQL for issues that were changed, and internal comments.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/ ("Issue search", "Issue comments").
Issues are read by version 2 of the same interface, which gives texts as the webhooks do and not as
documents; comments are written by version 3, since version 2 would read markup into them.

JQL reads a quoted time in the time zone of who asks, and by the minute. A bare number is
milliseconds since 1970 in any time zone; it is rounded down to its minute all the same.
"""

import json
import re
from collections.abc import Mapping
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
from ticketgate_connectors.itsm.jira.connector import (
    CREATED,
    SERVICE_DESK,
    TABLE,
    UPDATED,
)
from ticketgate_connectors.records import millis, text_at
from ticketgate_connectors.rest import Rest, account, read_back, record, records
from ticketgate_connectors.walk import Walk, read_walk

PAGE_MAX: Final = 50  # with the history of each issue
COMMENTS_PAGE: Final = 100
COMMENTS_MAX: Final = 5_000  # of an issue, looked through for one
# Everything that a hook's issue has, without the long lists that no rule reads.
FIELDS: Final = "*all,-comment,-worklog,-attachment"
# https://developer.atlassian.com/cloud/jira/platform/ : no customer of a service project sees it.
INTERNAL: Final[JsonValue] = [{"key": "sd.public.comment", "value": {"internal": True}}]
_ID: Final = re.compile(r"[1-9][0-9]{0,17}")
_MINUTE: Final = 60_000  # milliseconds
_MILLISECOND: Final = timedelta(milliseconds=1)

Record = Mapping[str, JsonValue]


class JiraClient:
    """`connector_api.ItsmClient` on Jira Cloud, with an API token (Basic) or an OAuth token."""

    tables: tuple[str, ...] = (TABLE,)

    def __init__(self, settings: ItsmSettings, http: HttpClient) -> None:
        self._rest = Rest(f"{settings.url}/rest/api", account(settings), http)
        self._overlap = settings.overlap // _MILLISECOND

    def begin(self, since: datetime) -> str:
        """The cursor of that time."""
        return Walk(_since_epoch(since) - self._overlap).text

    def poll(self, table: str, cursor: str, limit: int) -> Page:
        """Issues changed behind the cursor, each with who last changed a field of it.

        Jira's index follows its issues late: what it does not show yet is found within `overlap`.
        """
        del table  # there is one
        walk = read_walk(cursor)
        body = self._search(walk, min(limit, PAGE_MAX))
        found, token = records(body.get("issues")), body.get("nextPageToken")
        following = walk.behind(
            map(_changed, found),
            token,
            self._overlap,
            more=bool(token),
            earliest=_minute(walk.since),
        )
        polled = tuple(_polled(one) for one in found)
        return Page(polled, following.text, more=bool(token))

    def fetch(self, table: str, ticket_id: str) -> Polled | None:
        """One issue as it is now, from the store behind the index."""
        del table
        if not _ID.fullmatch(ticket_id):
            return None
        params = {"fields": FIELDS, "expand": "changelog"}
        try:
            raw, _ = self._rest.get(f"/2/issue/{ticket_id}", params)
        except NotFound:
            return None
        return _polled(_same(record(raw), ticket_id))

    def comment(self, table: str, ticket_id: str, text: str, key: str) -> str:
        """A comment, internal in a service project."""
        del table
        if not _ID.fullmatch(ticket_id):
            raise NotFound("that is no issue id")
        raw, _ = self._rest.get(f"/2/issue/{ticket_id}", {"fields": "project"})
        issue = _same(record(raw), ticket_id)
        customers = text_at(issue, "fields.project.projectTypeKey") in {"", SERVICE_DESK}
        if self._find(ticket_id, key) is not None:
            return key
        said: JsonValue = {"body": _document(text), "properties": INTERNAL}
        self._rest.change("POST", f"/3/issue/{ticket_id}/comment", said)
        written = read_back(lambda: self._find(ticket_id, key), "comment")
        if written is None:
            raise Refused(
                "the comment was taken, and is not among those of the issue",
                next_step="give the user the right to browse the project",
            )
        if customers and written.get("jsdPublic") is not False:
            raise Refused(
                "the comment was taken, and customers see it",
                next_step="give the user a licence of the service project, as agents have",
            )
        return key

    def close(self) -> None:
        """Nothing is kept open."""

    def _search(self, walk: Walk, limit: int) -> Record:
        """A page of every issue that our user sees, by the time of its last change.

        The token is Jira's own, and ends after seven days.
        """
        params = {
            "jql": f"updated >= {_minute(walk.since)} ORDER BY updated ASC, key ASC",
            "fields": FIELDS,
            "expand": "changelog",
            "maxResults": str(limit),
        }
        onwards = {**params, "nextPageToken": walk.token}
        return walk.asked(self._rest, "/2/search/jql", params, onwards)

    def _find(self, ticket_id: str, key: str) -> Record | None:
        """The comment that holds the key, the newest one first."""
        for start in range(0, COMMENTS_MAX, COMMENTS_PAGE):
            params = {
                "orderBy": "-created",
                "startAt": str(start),
                "maxResults": str(COMMENTS_PAGE),
            }
            raw, _ = self._rest.get(f"/3/issue/{ticket_id}/comment", params)
            found = records(record(raw).get("comments"))
            for one in found:
                if key in json.dumps(one.get("body")):
                    return one
            if len(found) < COMMENTS_PAGE:
                return None
        raise TooLarge("the issue has more comments than are looked through")


def _minute(when: int) -> int:
    return when // _MINUTE * _MINUTE


def _since_epoch(when: datetime) -> int:
    return int(when.timestamp()) * 1000


def _same(issue: Record, ticket_id: str) -> Record:
    if issue.get("id") != ticket_id:
        raise Misconfigured("the platform answered with another issue")
    return issue


def _changed(issue: Record) -> int:
    when = millis(record(issue.get("fields")).get("updated"))
    if when is None:
        raise Misconfigured("the platform gave a time that is not in its form")
    return when


def _polled(issue: Record) -> Polled:
    """The issue as the webhook of its last change would have told it."""
    fields, ident = record(issue.get("fields")), issue.get("id")
    if not isinstance(ident, str):
        raise Misconfigured("the answer is not in the platform's form")
    fresh = fields.get("created") == fields.get("updated")
    body: dict[str, JsonValue] = {
        "webhookEvent": CREATED if fresh else UPDATED,
        "user": {"accountId": _writer(issue)},
        "issue": {"id": ident, "key": issue.get("key"), "fields": fields},
    }
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return Polled(TABLE, ident, text.encode("ascii"))


def _writer(issue: Record) -> str:
    """Who last changed a field, else who created the issue. Comments change none.

    A search gives the newest 40 or so entries of a history, which hold the last one.
    """
    histories = records(record(issue.get("changelog")).get("histories"))
    if not histories:
        return text_at(issue, "fields.creator.accountId")
    last = max(histories, key=lambda one: millis(one.get("created")) or 0)
    return text_at(last, "author.accountId")


def _document(text: str) -> JsonValue:
    """The text as a document, a paragraph for each line that says something."""
    lines = [line for line in text.splitlines() if line.strip()]
    paragraphs: list[JsonValue] = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in lines
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}

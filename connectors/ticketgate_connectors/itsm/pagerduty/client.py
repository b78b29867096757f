"""PagerDuty asked by us: its REST API for incidents that were changed, and for notes.

https://developer.pagerduty.com/api-reference/. A change has whole seconds here and milliseconds in
a hook. So a second is asked about once it is over, and an incident stands as after all of it: its
version is the last millisecond of the second of its last change. A hook of that second comes before
it.
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
    TableMapping,
)
from ticketgate_connectors.itsm.pagerduty.connector import TABLE
from ticketgate_connectors.itsm.pagerduty.log import FORM, Change, Span, moment, read
from ticketgate_connectors.records import text_at
from ticketgate_connectors.rest import Rest, read_back, record, records

PAGE_MAX: Final = 10  # two more requests for each incident
SPANS: Final = (3600, 300, 30, 1)  # seconds of the log read at once, fewer where they hold too much
SAME: Final = (
    "id", "type", "status", "incident_key", "created_at", "title", "service", "escalation_policy",
    "teams", "priority", "urgency", "html_url",
)  # fmt: skip
TOLD: Final = frozenset({*SAME, "number", "assignees"})
_ID: Final = re.compile(r"[0-9A-Za-z]{1,32}")

Record = Mapping[str, JsonValue]


class PagerDutyClient:
    """`connector_api.ItsmClient` on the REST API, with an API key; `user` is who writes notes."""

    tables: tuple[str, ...] = (TABLE,)

    def __init__(self, settings: ItsmSettings, http: HttpClient) -> None:
        headers = {
            "Accept": "application/vnd.pagerduty+json;version=2",
            "Authorization": f"Token token={settings.token}",
        }
        if settings.user:
            headers["From"] = settings.user
        self._rest = Rest(settings.url, headers, http)
        self._settings = settings

    def begin(self, since: datetime) -> str:
        """The cursor of that time."""
        return _cursor((since - self._settings.overlap).replace(microsecond=0))

    def poll(self, table: str, cursor: str, limit: int) -> Page:
        """Incidents changed behind the cursor, in the order of their last change."""
        del table  # there is one
        self._check()
        since, after = _read_cursor(cursor)
        span, until = self._span(since)
        found = [one for one in span.changes if (one.at, one.incident) > (since, after)]
        taken = found[: min(limit, PAGE_MAX)]
        told = [(one, self._told(one, min(until, span.now))) for one in taken]
        polled = tuple(Polled(TABLE, one.incident, body) for one, body in told if body is not None)
        if len(taken) < len(found):
            return Page(polled, _cursor(taken[-1].at, taken[-1].incident), more=True)
        if until < span.now:
            return Page(polled, _cursor(until), more=True)
        return Page(polled, _cursor(span.now - self._settings.overlap), more=False)

    def fetch(self, table: str, ticket_id: str) -> Polled | None:
        """One incident as it is now; None where it is not told, or has just been changed."""
        del table
        self._check()
        if not _ID.fullmatch(ticket_id):
            return None
        try:
            created = moment(self._incident(ticket_id).get("created_at"))
        except NotFound:
            return None
        span = read(self._rest, created, None, ticket_id)
        if not span.whole or not span.changes:
            return None
        body = self._told(span.changes[0], span.now)
        return None if body is None else Polled(TABLE, ticket_id, body)

    def comment(self, table: str, ticket_id: str, text: str, key: str) -> str:
        """A note, which those who have an account see; its last line holds the key."""
        del table
        if not self._settings.user:
            raise Misconfigured(
                "PagerDuty must be told who writes a note",
                next_step="write the e-mail address of the user as `user:` beside `token:`",
            )
        if not _ID.fullmatch(ticket_id):
            raise NotFound("that is no incident id")
        place, mark = f"/incidents/{ticket_id}/notes", f"ticketgate {key}"
        if self._is_there(place, mark):
            return key
        self._rest.change("POST", place, {"note": {"content": f"{text}\n{mark}"}})
        written = read_back(lambda: self._is_there(place, mark), "note")
        if not written:
            raise Refused(  # tried again it would be written again
                "the note was taken, and is not among those of the incident",
                next_step="find out what takes notes away",
            )
        return key

    def close(self) -> None:
        """Nothing is kept open."""

    def _check(self) -> None:
        if not self._settings.token:
            raise Misconfigured(
                "PagerDuty takes an API key, and no password",
                next_step="write `token:` in the place of `password:`",
            )
        known = self._settings.mapping.tables.get(TABLE)
        for path in _paths(known):
            if path.partition(".")[0] not in TOLD:
                raise Misconfigured(
                    "the mapping reads something that hooks tell and polls do not",
                    next_step=f"map only what lies in {', '.join(sorted(TOLD))}",
                )

    def _span(self, since: datetime) -> tuple[Span, datetime]:
        """The log from there on, as long a span as can be read, and where it ends."""
        for seconds in SPANS:
            until = since + timedelta(seconds=seconds)
            span = read(self._rest, since, until)
            if span.whole:
                return span, until
        raise Refused(
            "more is in the log of one second than PagerDuty shows",
            next_step="restrict the API key to the teams whose incidents give access",
        )

    def _told(self, change: Change, end: datetime) -> bytes | None:
        """The incident as an event; None where it is not shown, or changed at `end` or later.

        What was changed later comes with that change, under the version of that.
        """
        if not _ID.fullmatch(change.incident):
            raise Misconfigured("the log names an incident that is none")
        try:
            found = self._incident(change.incident)
            later = read(self._rest, end, None, change.incident, settled=False)
        except NotFound:
            return None
        # A log too long to be read whole may hide a change. Then two records of one version park
        # the incident, and none is lost.
        return None if later.changes else event_of(change, found)

    def _incident(self, ident: str) -> Record:
        raw, _ = self._rest.get(f"/incidents/{ident}")
        found = record(record(raw).get("incident"))
        if text_at(found, "id") != ident:
            raise Misconfigured("the platform answered with another incident")
        return found

    def _is_there(self, place: str, mark: str) -> bool:
        raw, _ = self._rest.get(place)
        notes = records(record(raw).get("notes"))
        return any(mark in text_at(one, "content").splitlines() for one in notes)


def event_of(change: Change, found: Record) -> bytes:
    """The event that a webhook would have posted of the incident after that change."""
    assigned = [record(one).get("assignee") for one in records(found.get("assignments"))]
    data: dict[str, JsonValue] = {name: found[name] for name in SAME if name in found}
    data |= {"number": found.get("incident_number"), "assignees": assigned}
    event: dict[str, JsonValue] = {
        "event_type": "incident.polled",
        "occurred_at": f"{change.at:%Y-%m-%dT%H:%M:%S}.999Z",
        "agent": {"id": change.agent},
        "data": data,
    }
    return json.dumps({"event": event}, sort_keys=True, separators=(",", ":")).encode("ascii")


def _paths(known: TableMapping | None) -> list[str]:
    return [] if known is None else [path for path in known.map.values() if path is not None]


def _cursor(since: datetime, after: str = "") -> str:
    return json.dumps([since.strftime(FORM), after])


def _read_cursor(text: str) -> tuple[datetime, str]:
    try:
        since, after = json.loads(text)
        begin = moment(since)
    except (ValueError, TypeError, Misconfigured):
        begin, after = None, None
    if begin is None or not isinstance(after, str):
        raise Misconfigured("the cursor that was kept cannot be read")
    return begin, after

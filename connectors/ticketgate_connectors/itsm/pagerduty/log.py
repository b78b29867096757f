"""PagerDuty's log: which incidents were changed, when, and by whom.

https://developer.pagerduty.com/api-reference/ ("List log entries"). Incidents can be listed by the
time of creation only; what changed them is in the log, whose times are whole seconds. Its order is
not promised, so a span of it is read whole.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from ticketgate.connector_api import HttpAnswer, JsonValue, Misconfigured
from ticketgate_connectors.records import text_at
from ticketgate_connectors.rest import Rest, record, records

# They change nothing: a note (ours too), and that somebody was notified. Any other entry may.
NO_CHANGES: Final = frozenset({"annotate_log_entry", "notify_log_entry"})
PAGE: Final = 100  # entries; the most that PagerDuty gives
OFFSET_MAX: Final = 9900  # it shows 10 000 entries of a span
FORM: Final = "%Y-%m-%dT%H:%M:%SZ"
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Change:
    """The last change of an incident: its second, and who made it ("" where they were several)."""

    at: datetime
    incident: str
    agent: str


@dataclass(frozen=True, slots=True)
class Span:
    """What the log says of a time; `now` is the platform's, `whole` unless it holds too much."""

    changes: tuple[Change, ...]
    now: datetime
    whole: bool


def read(
    rest: Rest, since: datetime, until: datetime | None, incident: str = "", *, settled: bool = True
) -> Span:
    """The last change of each incident in `since <= time < until`, in the order (time, incident).

    A second that is not over is left out where `settled`. With `incident` the log of that one.

    Raises:
        Misconfigured: an entry, or the platform's own time, is not in its form.
    """
    path = f"/incidents/{incident}/log_entries" if incident else "/log_entries"
    params = {"since": (since - _SECOND).strftime(FORM), "time_zone": "UTC", "limit": str(PAGE)}
    if until is not None:
        params["until"] = (until + _SECOND).strftime(FORM)  # whether it counts is not promised
    found: list[Mapping[str, JsonValue]] = []
    now: datetime | None = None
    more = True
    while more and len(found) <= OFFSET_MAX:
        raw, answer = rest.get(path, {**params, "offset": str(len(found))})
        now = now or date(answer)  # the time before which all was read
        page = records(record(raw).get("log_entries"))
        more = record(raw).get("more") is True and bool(page)
        found += page
    now = now or since
    ends = [*([until] if until else []), *([now] if settled else [])]
    return Span(tuple(_last_ones(found, incident, since, min(ends, default=None))), now, not more)


def _last_ones(
    entries: list[Mapping[str, JsonValue]], incident: str, since: datetime, end: datetime | None
) -> Iterator[Change]:
    seen: dict[str, tuple[datetime, set[str]]] = {}
    for one in entries:
        at = moment(one.get("created_at"))
        if text_at(one, "type") in NO_CHANGES or at < since or (end is not None and at >= end):
            continue
        ident = incident or text_at(one, "incident.id")
        last, agents = seen.get(ident, (since, set()))
        if at > last:
            agents = set()
        if at >= last:
            seen[ident] = at, agents | {text_at(one, "agent.id")}
    for ident, (at, agents) in sorted(seen.items(), key=lambda one: (one[1][0], one[0])):
        yield Change(at, ident, agents.pop() if len(agents) == 1 else "")


def moment(raw: JsonValue) -> datetime:
    """A time of an answer. Raises Misconfigured: it is none."""
    try:
        return datetime.strptime(raw if isinstance(raw, str) else "", FORM).replace(tzinfo=UTC)
    except ValueError:
        raise Misconfigured("the platform gave a time that is not in its form") from None


def date(answer: HttpAnswer) -> datetime:
    """The platform's own time. Raises Misconfigured: it tells none."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except ValueError:
        raise Misconfigured("the platform does not tell its time") from None

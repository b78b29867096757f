"""Announcement: what receivers outside are told of a record of the log, in plain words.

Everything in it stands in clear in the log, but for the ticket's number; no person is named, no
text of a ticket is quoted, and there is no link: nobody decides from here (docs/notifications.md).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ticketgate.domain.cases.exception_case import EXCEPTIONS
from ticketgate.domain.evidence import Json
from ticketgate.domain.instants import from_text, minute_text
from ticketgate.domain.requests.opening import REASONS
from ticketgate.domain.telling.outcomes import KEPT

TEST: Final = "test"  # the type of a message that an operator sends to try a receiver
EMERGENCIES: Final = "emergency.*"
# A record -> the events that it is. Who listens to several of them is told the first.
_EVENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "request.opened": ("opened", "asked"),
    "request.blocked": ("blocked",),
    "request.awaiting": ("asked",),
    "request.approved": ("approved",),
    "request.denied": ("denied",),
    "request.withdrawn": ("withdrawn",),
    "request.timed_out": ("timed_out",),
    "grant.activated": ("active",),
    "grant.released_shared": ("ended",),
    "revocation.confirmed": ("ended",),
    "revocation.overdue": ("revoke_overdue",),
    "emergency.asked": ("emergency.asked",),
    "emergency.consented": ("emergency.consented",),
    "emergency.invoked": ("emergency.invoked",),
    "emergency.claimed": ("emergency.claimed",),
    "emergency.refused": ("emergency.refused",),
    "review.overdue": ("emergency.review_overdue",),
    "review.done": ("emergency.reviewed",),
    "exception.opened": ("exception.opened",),
}
EVENTS: Final = tuple(dict.fromkeys(event for found in _EVENTS.values() for event in found))

_NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_#-]{0,63}")  # no full stop: no address in it
# Keys of `_words`; `what` begins with a space, or is empty.
_WORDS: Final[Mapping[str, str]] = {
    "opened": "Access{what} was asked for and waits for approval until {decide_by}.",
    "asked": "People are asked to approve access{what}, until {decide_by}.",
    "blocked": "Access{what} cannot be approved as it is asked for.{why}",
    "approved": "Access{what} was approved, for {lasting} (h:mm:ss).",
    "denied": "The request for access{what} was denied.",
    "withdrawn": "The request for access{what} was withdrawn.",
    "timed_out": "Nobody decided in time; access{what} is not given.",
    "active": "Access{what} is given, until {not_after}.",
    "ended": "Access{what} has ended.{kept}",
    "revoke_overdue": "Removing the access{what} is overdue: the target has not confirmed it.",
    "emergency.asked": "Emergency access{what} waits for a second person's consent.",
    "emergency.consented": "A second person consented to emergency access{what}.",
    "emergency.invoked": "EMERGENCY: somebody took pre-authorised access{what}, for {lasting}.",
    "emergency.claimed": "EMERGENCY, entered late: access{what} by hand; claimed, not enforced.",
    "emergency.drill": "DRILL of an emergency: somebody invoked access{what}; none is given.",
    "emergency.refused": "Emergency access{what} was refused ({code}).",
    "emergency.review_overdue": "The review of emergency access{what} is overdue.",
    "emergency.reviewed": "The review of emergency access{what} is done: {outcome}.",
    "exception.opened": "Exception {code} ({id}): {meaning}",
}


@dataclass(frozen=True, slots=True)
class Announcement:
    """`id` is the same for every try and every receiver; `time` is the record's.

    `request` and `ticket` are ids of ours, empty where the record is about none; `number` is the
    ticket's own, empty where it is not known or holds more than letters, digits, `_`, `-` and `#`.
    """

    type: str
    id: str
    time: str
    origin: str
    index: int
    request: str
    ticket: str
    number: str
    what: str

    @property
    def place(self) -> str:
        """`gate.example.com/evidence#123`."""
        return f"{self.origin}#{self.index}"


def events_of(entry: Mapping[str, Json]) -> tuple[str, ...]:
    """The events that a record is; none where nobody outside is told of it.

    A request that was blocked and is blocked again, or asks nobody anew, is no event.
    """
    kind = entry["type"]
    found = _EVENTS.get(kind, ()) if isinstance(kind, str) else ()
    if found == ("blocked",) and entry["from"] == "blocked":
        return ()
    if found == ("asked",) and not entry["links"]:
        return ()
    return found


def announcement(
    event: str,
    entry: Mapping[str, Json],
    *,
    origin: str,
    index: int,
    leaf: bytes,
    ticket: str,
    number: str,
) -> Announcement:
    """What is told of a record. `leaf` is its leaf hash, `ticket` and `number` of its request."""
    return Announcement(
        type=event,
        id=f"evt_{leaf.hex()[:32]}",
        time=_text(entry, "_ts"),
        origin=origin,
        index=index,
        request=_text(entry, "request"),
        ticket=ticket,
        number=number if _NUMBER.fullmatch(number) else "",
        what=_words(event, entry),
    )


def webhook_body(one: Announcement) -> bytes:
    """The JSON that a receiver of kind `webhook` gets; these bytes are what is signed."""
    return _json(
        {
            "type": one.type,
            "id": one.id,
            "time": one.time,
            "origin": one.origin,
            "index": one.index,
            "request": one.request,
            "ticket": {"id": one.ticket, "number": one.number},
            "what": one.what,
        }
    )


def slack_body(one: Announcement) -> bytes:
    """The JSON that an incoming webhook of Slack takes (api.slack.com/messaging/webhooks).

    `verbatim` keeps Slack from making links of its own out of words.
    """
    what = escaped(one.what if not one.number else f"{one.number}: {one.what}")
    place = escaped(f"{one.type} · {one.place}" + (f" · {one.request}" if one.request else ""))
    shown = {"type": "mrkdwn", "verbatim": True}
    return _json(
        {
            "text": what,
            "blocks": [
                {"type": "section", "text": {**shown, "text": what}},
                {"type": "context", "elements": [{**shown, "text": place}]},
            ],
        }
    )


def escaped(text: str) -> str:
    """The three characters that Slack reads as its own, as it wants them written."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _words(event: str, entry: Mapping[str, Json]) -> str:
    drill = event == "emergency.invoked" and entry["drill"]
    reasons = entry.get("reasons")
    codes = reasons if isinstance(reasons, Sequence) else ()
    return _WORDS["emergency.drill" if drill else event].format(
        what=_access(entry),
        decide_by=_at(entry, "decide_by"),
        not_after=_at(entry, "not_after"),
        lasting=_lasting(entry),
        why="".join(f" {REASONS[code]}" for code in map(str, codes) if code in REASONS),
        kept=_kept(entry),
        id=_text(entry, "id"),
        code=_text(entry, "code"),
        meaning=EXCEPTIONS.get(_text(entry, "code"), ""),
        outcome=_text(entry, "outcome"),
    )


def _kept(entry: Mapping[str, Json]) -> str:
    shared = entry["type"] == "grant.released_shared"
    found = KEPT.get("shared" if shared else _text(entry, "kept"))
    return f" {found}" if found else ""


def _access(entry: Mapping[str, Json]) -> str:
    """` to prod-db-admin at corp-ad`; empty where the request names nothing that exists."""
    entitlement, target = _text(entry, "entitlement"), _text(entry, "target")
    return (f" to {entitlement}" if entitlement else "") + (f" at {target}" if target else "")


def _at(entry: Mapping[str, Json], name: str) -> str:
    found = _text(entry, name)
    return minute_text(from_text(found)) if found else ""


def _lasting(entry: Mapping[str, Json]) -> str:
    seconds = entry.get("seconds")
    return str(timedelta(seconds=seconds if isinstance(seconds, int) else 0))


def _text(entry: Mapping[str, Json], name: str) -> str:
    found = entry.get(name, "")
    return found if isinstance(found, str) else ""

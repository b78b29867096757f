"""A record of the log as a person may read it: what it says, of whom, and what it hides.

Auditors see everything. Operators see every record, but not what others wrote: justifications,
reasons, tickets, tokens. Everybody sees the records of what is theirs or was put to them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Json, parse_disclosure, parse_entry
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.instants import from_text
from ticketgate.domain.people.naming import name_and_id
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import LinkState
from ticketgate.domain.requests.roles import may_audit, may_read_log
from ticketgate.operations.deciding.own_request import is_theirs
from ticketgate.operations.desks.timeline import INSIDE
from ticketgate.operations.people.sayer import Sayer
from ticketgate.ports import Reading

UNREADABLE: Final = "unreadable"
GIVEN, ERASED, WITHHELD = "given", "erased", "withheld"
_ACTOR: Final = "act_"
_ENVELOPE: Final = frozenset({"_prev", "_seq", "_ts", "type", "sd"})
_ABOUT: Final = ("id", "request", "grant", "about", "ticket", "delivery", "link")
# What operators see of disclosures: names and numbers, nothing that somebody wrote.
_PLAIN: Final = frozenset(
    {
        ("subject", "actor"),
        ("ticket_number", "content"),
        ("ticket", "content"),
        ("subject", "content"),
        ("what", "content"),
        ("principal", "drift"),
    }
)


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One record in a list. `who` are the people it names, `about` the first id, if it has one."""

    index: int
    at: datetime | None
    type: str
    about: str
    move: str  # from, to and why, empty where nothing moves
    who: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hidden:
    """A disclosure. `state` is given, erased, withheld (not for who looks) or unreadable.

    `name`, `value` and `encoded` are empty unless it is given.
    """

    digest: str
    state: str
    name: str = ""
    value: str = ""
    encoded: str = ""


def line_of(reading: Reading, index: int, entry: bytes, who: Sayer) -> RecordLine:
    """A record in a list, for somebody who reads the whole log."""
    record = record_of(entry)
    at = record.get("_ts")
    moves = (f"{record.get('from') or 'new'} → {record['to']}",) if "to" in record else ()
    cause = record.get("cause") or record.get("code") or record.get("decision")
    named = [one for one in fields_of(reading, record, who, {}) if one[2]]
    return RecordLine(
        index,
        from_text(at) if isinstance(at, str) else None,
        str(record.get("type", UNREADABLE)),
        next((str(record[one]) for one in _ABOUT if record.get(one)), ""),
        ", ".join((*moves, *((str(cause),) if cause else ()))),
        tuple(dict.fromkeys(one[2] for one in named)),
    )


def record_of(entry: bytes) -> dict[str, Json]:
    """The record of an entry; empty where it is not one in canonical form."""
    try:
        return parse_entry(entry)
    except EvidenceError:
        return {}


def fields_of(
    reading: Reading, record: Mapping[str, Json], who: Sayer, own: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """(name, value, the person that it stands for) of what is no envelope, by name.

    Whoever does not read the whole log is told of no person but themself; `own` says so.
    """
    for name in sorted(record.keys() - _ENVELOPE):
        value = record[name]
        yield name, text_of(value), own.get(str(value)) or _person(reading, value, who)


def _person(reading: Reading, value: Json, who: Sayer) -> str:
    if not isinstance(value, str) or not value.startswith(_ACTOR):
        return ""
    if may_read_log(who.roles, who.subject, who.snapshot) is not None:
        return ""
    subject = reading.people.subject(value)
    return name_and_id(subject, who.snapshot) if subject else "somebody erased"


def text_of(value: Json) -> str:
    """A value for eyes: texts as they are, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)


def hidden_of(reading: Reading, index: int, who: Sayer) -> tuple[Hidden, ...]:
    """What a record hides, as far as this person may see it."""
    audits = may_audit(who.roles, who.subject, who.snapshot) is None
    reads = may_read_log(who.roles, who.subject, who.snapshot) is None
    return tuple(
        _hidden(digest, encoded, kind, audits=audits or _own(subject, who), reads=reads)
        for digest, encoded, subject, kind in reading.evidence.hidden(index)
    )


def _own(subject: str, who: Sayer) -> bool:
    return bool(subject) and who.snapshot.same_human(subject, who.subject)


def _hidden(digest: str, encoded: str | None, kind: str, *, audits: bool, reads: bool) -> Hidden:
    if encoded is None:
        return Hidden(digest, ERASED)
    try:
        _, name, value = parse_disclosure(encoded)
    except EvidenceError:
        return Hidden(digest, UNREADABLE)
    if audits or (reads and (name, kind) in _PLAIN):
        return Hidden(digest, GIVEN, name, text_of(value), encoded)
    return Hidden(digest, WITHHELD)


def request_of(reading: Reading, record: Mapping[str, Json]) -> AccessRequest | None:
    """The request that a record is of: by itself, its grant, or what it is about."""
    if record.get("on") == "request":
        return reading.requests.get(str(record.get("id", "")))
    grant = _grant_of(reading, record)
    about = str(record.get("about") or "")
    by = grant or reading.links.get(str(record.get("link") or about))
    return reading.requests.get(str(record.get("request") or (by.request if by else about)))


def _grant_of(reading: Reading, record: Mapping[str, Json]) -> Grant | None:
    on = "id" if record.get("on") == "grant" else "grant"
    return reading.grants.get(str(record.get(on) or record.get("about") or ""))


def concerns(reading: Reading, record: Mapping[str, Json], who: Sayer) -> bool:
    """Whether a record is of what this person asks, gets or has, or decides or has decided.

    As in the timeline of a request, refusals, failures and looks are for people with a role.
    """
    if record.get("type") in INSIDE:
        return False
    grant, request = _grant_of(reading, record), request_of(reading, record)
    if grant is not None and grant.subject == who.subject:
        return True  # in an emergency there is no request
    return request is not None and may_follow(reading, request, who)


def may_follow(reading: Reading, request: AccessRequest, who: Sayer) -> bool:
    """Whether it is theirs, or was put to them and they may decide or have decided."""
    if is_theirs(reading, request, who.subject):
        return True
    live = (one.approver for one in reading.links.of_request(request.id) if _counts(one.state))
    given = (one.approver for one in reading.requests.approvals(request.id))
    return who.subject in {*live, *given}


def _counts(state: LinkState) -> bool:
    return state in {LinkState.ISSUED, LinkState.USED}

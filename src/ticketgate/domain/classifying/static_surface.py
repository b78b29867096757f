"""Static surface: what the configuration of a ServiceNow instance says can touch access.

Read from an export of flows, workflows, business rules, approval rules and delegations. It is
found by words in their texts, so it shows where to look: it proves neither that something runs nor
that nothing else does (docs/surface.md).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ticketgate.domain.instants import from_text
from ticketgate.domain.people.directory import DirectorySnapshot

TABLES: Final = frozenset(
    {"sys_script", "sysapproval_rules", "sysrule_approvals", "sys_user_delegate", "sys_user"}
)
FAMILIES: Final = ("sys_hub_", "wf_")  # of flows and workflows, with their parts
DELEGATE: Final = "sys_user_delegate"
USERS: Final = "sys_user"
TOUCHED: Final = (
    "sysapproval_approver",
    "sysapproval_group",
    "sys_group_has_role",
    "sys_user",
    "sys_user_delegate",
    "sys_user_grmember",
    "sys_user_group",
    "sys_user_has_role",
    "sys_user_role",
)
APPROVAL_FIELD: Final = "approval field"
NOTES: Final[Mapping[str, str]] = {
    "timeout_approves": "its text has both an approval and a time that is up",
    "owner_inactive": "whoever wrote it last is not active",
    "owner_unknown": "the directory does not have whoever wrote it last",
    "delegation_without_end": "somebody else approves, with no end",
}
NO_END_YEAR: Final = 2099  # a date as late as this stands for none

_WORD: Final = re.compile(rf"(?<!\w)({'|'.join(TOUCHED)})(?!\w)", re.ASCII)
_FIELD: Final = re.compile(r"(?<!\w)approval(?!\w)", re.ASCII)
_TIMER: Final = re.compile(
    r"time[_ ]?out|timed[_ ]out|due[_ ]?date|auto[_ -]?approv", re.IGNORECASE | re.ASCII
)
_APPROVES: Final = re.compile(r"approved?(?!\w)", re.IGNORECASE | re.ASCII)
_PROSE: Final = frozenset({"name", "description", "short_description", "annotation", "comments"})
_OWNERS: Final = ("owner", "managed_by", "sys_updated_by", "sys_created_by")


@dataclass(frozen=True, slots=True)
class ExportRecord:
    """One record of an export: its fields as the database holds them, and the names of references.

    `place` says in which file, and where in it.
    """

    table: str
    fields: Mapping[str, str]
    names: Mapping[str, str]
    place: str

    def told(self, field: str) -> str:
        """A field for people: the name of a reference, else its value."""
        return self.names.get(field) or self.fields.get(field, "")


@dataclass(frozen=True, slots=True)
class StaticRow:
    """What can touch access. `touches` are tables and fields; `notes` are words of `NOTES`."""

    table: str
    id: str
    name: str
    active: bool
    owner: str
    touches: tuple[str, ...]
    notes: tuple[str, ...]
    place: str


def is_read(table: str) -> bool:
    """Whether records of this table are looked at."""
    return table in TABLES or table.startswith(FAMILIES)


def static_surface(
    records: Sequence[ExportRecord],
    now: datetime,
    source: str = "",
    snapshot: DirectorySnapshot | None = None,
) -> tuple[StaticRow, ...]:
    """Everything in the export that touches access, or that carries a note.

    Users of the export itself say who is inactive; with a `snapshot`, so does the directory, by
    the accounts of `source`.
    """
    inactive = frozenset(_inactive_users(records))
    found: list[StaticRow] = []
    for record in records:
        if record.table == USERS or not is_read(record.table):
            continue
        if record.table == DELEGATE:
            found.extend(_delegation(record, now))
            continue
        touches = _touches(record)
        if touches:
            notes = (*_timeout(record), *_owner_notes(record, inactive, source, snapshot))
            found.append(_row(record, touches, notes))
    return tuple(found)


def _inactive_users(records: Sequence[ExportRecord]) -> Iterator[str]:
    for record in records:
        if record.table == USERS and record.fields.get("active") == "false":
            yield from filter(None, (record.fields.get("sys_id"), record.fields.get("user_name")))


def _touches(record: ExportRecord) -> tuple[str, ...]:
    found: set[str] = set()
    for name, value in record.fields.items():
        if name in _PROSE or name.startswith("sys_"):
            continue
        found |= set(_WORD.findall(value))
        if _FIELD.search(value):
            found.add(APPROVAL_FIELD)
    return tuple(sorted(found))


def _timeout(record: ExportRecord) -> tuple[str, ...]:
    texts = [value for name, value in record.fields.items() if not name.startswith("sys_")]
    timed = bool(record.fields.get("timeout")) or any(_TIMER.search(one) for one in texts)
    approves = any(_APPROVES.search(one) for one in texts)
    return ("timeout_approves",) if timed and approves else ()


def _owner_notes(
    record: ExportRecord,
    inactive: frozenset[str],
    source: str,
    snapshot: DirectorySnapshot | None,
) -> tuple[str, ...]:
    account = _owner(record)[0]
    if not account:
        return ()
    if account in inactive:
        return ("owner_inactive",)
    if snapshot is None:
        return ()
    holders = snapshot.holders(source, account)
    if not holders:
        return ("owner_unknown",)
    active = any(snapshot.people[one].active for one in holders)
    return () if active else ("owner_inactive",)


def _owner(record: ExportRecord) -> tuple[str, str]:
    """Account and name of who answers for it: its owner, else who wrote it last."""
    for field in _OWNERS:
        if record.fields.get(field):
            return record.fields[field], record.told(field)
    return "", ""


def _row(record: ExportRecord, touches: tuple[str, ...], notes: tuple[str, ...]) -> StaticRow:
    return StaticRow(
        record.table,
        record.fields.get("sys_id", ""),
        record.fields.get("name", ""),
        record.fields.get("active", "true") != "false",
        _owner(record)[1],
        touches,
        notes,
        record.place,
    )


def _delegation(record: ExportRecord, now: datetime) -> Iterator[StaticRow]:
    """A delegation of approvals that has not ended."""
    if record.fields.get("approvals") != "true":
        return
    ends = _moment(record.fields.get("ends", ""))
    if ends is not None and ends < now:
        return
    endless = ends is None or ends.year >= NO_END_YEAR
    yield StaticRow(
        record.table,
        record.fields.get("sys_id", ""),
        f"{record.told('user')} to {record.told('delegate')}",
        active=True,
        owner=record.told("user"),
        touches=("approvals",),
        notes=("delegation_without_end",) if endless else (),
        place=record.place,
    )


def _moment(text: str) -> datetime | None:
    """`YYYY-MM-DD HH:MM:SS` in UTC; None for nothing, and for what is none: then it has no end."""
    try:
        return from_text(f"{text[:10]}T{text[11:]}.000000Z") if text[10:11] == " " else None
    except ValueError:
        return None

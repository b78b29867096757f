"""Ticket: what an ITSM platform says, normalised. Every field of it is a claim, never proof."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from typing import Final

from ticketgate.domain.evidence import Json


class StateClass(StrEnum):
    """What the mapping says of a ticket's state; an unlisted one blocks and never revives."""

    OPEN = "open"
    LIVE = "live"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    UNLISTED = "unlisted"


TERMINAL_STATES: Final = frozenset({StateClass.CLOSED, StateClass.CANCELLED})


class Missing(Enum):
    """Why a field has no value: it is not declared, or it is declared and unreadable.

    Only readers of variables say `CUT`, and they and those of plain fields `NULL`: no ticket holds
    either (`Ticket`).
    """

    NOT_APPLICABLE = "not applicable"
    ABSENT = "absent"
    CUT = "cut"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference has an id and a name; the half that the shape lacks is None."""

    id: str | None
    name: str | None


Value = str | Reference

REFERENCE_FIELDS: Final = frozenset(
    {"opened_by", "requested_for", "assignee", "assignment_group", "catalog_item", "asset"}
)
TEXT_FIELDS: Final = frozenset({"short_description", "description", "reason", "text"})
PLAIN_FIELDS: Final = frozenset(
    {"number", "category", "priority", "duration", "window", "window_start", "window_end"}
)
VARIABLES: Final = "variables."  # what a variable's name begins with where fields are named too
_NULL: Final = Missing.NULL
FIELD_TEXT_MAX: Final = 20_000  # characters; a longer field is cut and counts as absent


@dataclass(frozen=True, slots=True)
class Ticket:
    """One revision of a ticket.

    `fields` holds every field that the source's mapping declares for this table, by the names of
    `REFERENCE_FIELDS`, `TEXT_FIELDS`, `PLAIN_FIELDS`; a declared field that is missing, unreadable
    or cut is `Missing.ABSENT`; an undeclared one is not in the mapping. `variables` is None where
    the mapping declares none. `version` is the platform's own counter of revisions, or None.

    `told_in` names, per field that the platform does not send with each revision, the part of the
    record (an article, say) that the field is. It says nothing of what the ticket is.
    `unread_times` names, per field of a local time that is no one instant, the code that says so.
    `nulls` names what the platform sent as null: plain fields, and `variables.` and a name. As a
    value each is empty; only a duration tells the two apart, so tickets that differ in it alone are
    equal: one door may send null where another sends "".
    """

    source: str
    table: str
    id: str
    version: int | None
    state: str
    state_class: StateClass
    updated_by: str
    bound_to: str = "none"  # requested_for | assignee | none
    fields: Mapping[str, Value | Missing] = field(default_factory=dict)
    variables: Mapping[str, str | Missing] | None = None
    told_in: Mapping[str, str] = field(default_factory=dict, compare=False)
    unread_times: Mapping[str, str] = field(default_factory=dict)
    nulls: frozenset[str] = field(default=frozenset(), compare=False)

    def __post_init__(self) -> None:
        """Of a variable that was cut, it and the field `text` are absent: it is part of the text.

        No earlier revision stands in for that `text`. What is null is empty, and kept in `nulls`
        for as long as it is.
        """
        self._keep_nulls()
        variables = self.variables or {}
        if Missing.CUT in variables.values():
            read = {n: Missing.ABSENT if v is Missing.CUT else v for n, v in variables.items()}
            object.__setattr__(self, "variables", read)
            object.__setattr__(self, "fields", {**self.fields, "text": Missing.ABSENT})
            told_in = {name: part for name, part in self.told_in.items() if name != "text"}
            object.__setattr__(self, "told_in", told_in)

    def _keep_nulls(self) -> None:
        parts = {"": self.fields, VARIABLES: self.variables or {}}
        found = {f"{at}{n}" for at, cells in parts.items() for n in cells if cells[n] is _NULL}
        if found:
            fields = {n: "" if value is _NULL else value for n, value in self.fields.items()}
            cells = parts[VARIABLES].items()
            variables = {n: "" if value is _NULL else value for n, value in cells}
            object.__setattr__(self, "fields", fields)
            object.__setattr__(self, "variables", None if self.variables is None else variables)
        if found or self.nulls:
            kept = {name for name in self.nulls if self._plain_value(name) == ""}
            object.__setattr__(self, "nulls", frozenset(found | kept))

    def _plain_value(self, name: str) -> Value | Missing:
        if name.startswith(VARIABLES):
            return self.variable(name.removeprefix(VARIABLES))
        return self.value(name)

    def value(self, name: str) -> Value | Missing:
        """The value of a declared field, else why there is none."""
        return self.fields.get(name, Missing.NOT_APPLICABLE)

    def variable(self, name: str) -> str | Missing:
        """The value of a catalog variable, else why there is none."""
        if self.variables is None:
            return Missing.NOT_APPLICABLE
        return self.variables.get(name, Missing.ABSENT)

    def reference(self, name: str) -> Reference | None:
        """The reference field `name`, or None when it is missing."""
        found = self.value(name)
        return found if isinstance(found, Reference) else None

    def text(self, name: str) -> str:
        """The text of `name` for display and digests; empty when it is missing."""
        found = self.value(name)
        if isinstance(found, Reference):
            return found.name or found.id or ""
        return found if isinstance(found, str) else ""

    @property
    def number(self) -> str:
        """What people call the ticket: its number, else its id."""
        return self.text("number") or self.id

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies the ticket over its revisions."""
        return (self.source, self.table, self.id)

    def plain(self) -> dict[str, Json]:
        """The ticket as plain JSON, for stores and disclosures; a missing value is null."""
        variables = self.variables
        told: dict[str, Mapping[str, str]] = {
            "told_in": self.told_in,
            "unread_times": self.unread_times,
        }
        return {
            **{name: dict(value) for name, value in told.items() if value},
            **({"nulls": sorted(self.nulls)} if self.nulls else {}),
            "source": self.source,
            "table": self.table,
            "id": self.id,
            "version": self.version,
            "state": self.state,
            "state_class": self.state_class.value,
            "updated_by": self.updated_by,
            "bound_to": self.bound_to,
            "fields": {name: _plain(value) for name, value in self.fields.items()},
            "variables": None
            if variables is None
            else {name: _plain(value) for name, value in variables.items()},
        }


def is_null(cell: object) -> bool:
    """Whether a cell of JSON says null, and nothing else: bare, or in an object or array."""
    if isinstance(cell, Mapping | list):
        parts = list(cell.values()) if isinstance(cell, Mapping) else cell
        return None in parts and all(part is None or part == "" for part in parts)
    return cell is None


def told(text: str | None, cell: object) -> str | Missing:
    """What a variable is that reads as `text` (None: it does not) in a cell of JSON."""
    if is_null(cell):
        return Missing.NULL
    return unread(cell) if text is None else text


def unread(cell: object) -> Missing:
    """What a variable is that could not be read: `CUT` where a text of it is longer than is read.

    `cell` is JSON: a text, or an array or object that holds texts; of any other it is `ABSENT`.
    """
    parts: Iterable[object] = (cell,)
    if isinstance(cell, Mapping):
        parts = cell.values()
    elif isinstance(cell, list):
        parts = cell
    long = sum(len(one) for one in parts if isinstance(one, str)) > FIELD_TEXT_MAX
    return Missing.CUT if long else Missing.ABSENT


def carried(ticket: Ticket, last: Ticket) -> Ticket:
    """The revision with what it does not send as the last held one has it.

    Only a field that both say to be the same part of the record, and that the last one could read:
    with any other part, or none, it stays absent, and rules are blind there.
    """
    kept = {
        name: last.value(name)
        for name, part in ticket.told_in.items()
        if ticket.value(name) is Missing.ABSENT
        and last.told_in.get(name) == part
        and name in last.fields
    }
    return replace(ticket, fields={**ticket.fields, **kept}) if kept else ticket


def _plain(value: Value | Missing) -> Json:
    if isinstance(value, Missing):
        return None
    if isinstance(value, Reference):
        return [value.id, value.name]
    return value


@dataclass(frozen=True, slots=True)
class ApproverRow:
    """A `sysapproval_approver` row: a claim about its parent ticket; it opens no request.

    `updated_by` is empty where the platform does not say. The rest is None where the row lacks the
    columns: `created_by`, who made the row; `by_rule`, whether a rule, step or group of the
    platform did; `by_mail`, whether the answer came by mail; `past_due`, whether it was written at
    or after the time that it had.
    """

    source: str
    id: str
    version: int | None
    parent: str
    approver: Reference
    state: str
    updated_by: str
    created_by: str | None = None
    by_rule: bool | None = None
    by_mail: bool | None = None
    past_due: bool | None = None


@dataclass(frozen=True, slots=True)
class NoTicket:
    """What a platform sends beside tickets: `what` is `test` or the kind of event, as we name it.

    It has no effect on any ticket, and nothing is wrong with it.
    """

    what: str

"""Records: what the connectors to ITSM platforms read in the same way.

Nothing here guesses: each reader answers None for what it cannot read, and each refusal has one of
the codes that `connector_api.ItsmConnector` lists. No reader goes deeper into a body than the path
it is given, so that neither depth nor size of a body matters.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from ticketgate.connector_api import (
    FIELD_TEXT_MAX,
    PLAIN_FIELDS,
    REFERENCE_FIELDS,
    TEXT_FIELDS,
    JsonValue,
    MalformedDeliveryError,
    Missing,
    Reference,
    SourceMapping,
    StateClass,
    TableMapping,
    Ticket,
    Value,
    is_null,
    told,
)

Record = Mapping[str, JsonValue]

EMPTY: Final = Reference("", "")  # a reference that is known to be unset
DELETED: Final = "deleted"  # the state of a ticket that the platform says it has deleted
VALUES_MAX: Final = 200  # values in a field with several; more is not read
_EXACT_MAX: Final = 2**53  # past it a float no longer names one integer
_TICKET_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,64}")
_COUNT: Final = re.compile(r"0|[1-9][0-9]{0,14}")
_INDEX: Final = re.compile(r"[0-9]{1,4}")
_INSTANT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?"
    r" ?(Z|UTC|([+-])(\d\d):?(\d\d))",
    re.ASCII,
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_MAX: Final = 59  # of an offset, in minutes too
_MILLISECOND: Final = timedelta(milliseconds=1)


# --- values ---------------------------------------------------------------------------------------


def find(record: JsonValue, path: str) -> tuple[JsonValue, ...]:
    """What lies at the dotted `path`, as a tuple of one; empty when there is nothing.

    The whole path is tried as a key first: some platforms have keys with dots. A number goes into
    a list: `assignees.0`.
    """
    if isinstance(record, list):
        head, dot, rest = path.partition(".")
        if not _INDEX.fullmatch(head) or int(head) >= len(record):
            return ()
        return find(record[int(head)], rest) if dot else (record[int(head)],)
    if not isinstance(record, Mapping):
        return ()
    if path in record:
        return (record[path],)
    head, dot, rest = path.partition(".")
    return find(record.get(head), rest) if dot else ()


def scalar(raw: JsonValue) -> str | None:
    """A scalar as platforms write it: null is "", 3.0 is "3", true is "true".

    None for an array, an object, a text over `FIELD_TEXT_MAX`, and an integer past 2^53.
    """
    if raw is None:
        return ""
    if isinstance(raw, str):
        return raw if len(raw) <= FIELD_TEXT_MAX else None
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int) or (isinstance(raw, float) and raw.is_integer()):
        return str(int(raw)) if abs(raw) <= _EXACT_MAX else None
    return repr(raw) if isinstance(raw, float) else None


def text_at(record: JsonValue, path: str) -> str:
    """The scalar at `path`; "" when there is none that can be read."""
    found = find(record, path)
    return (scalar(found[0]) or "") if found else ""


def millis(raw: JsonValue) -> int | None:
    """Milliseconds since 1970 of an ISO 8601 time that tells its offset; None for any other.

    A time without an offset is local: it runs back each autumn, so it orders nothing.
    """
    found = _INSTANT.fullmatch(raw) if isinstance(raw, str) else None
    if found is None:
        return None
    year, month, day, hour, minute = (int(found[number]) for number in range(1, 6))
    micros = int((found[7] or "0").ljust(6, "0")[:6])
    minutes = int(found[10] or 0) * 60 + int(found[11] or 0)
    if int(found[11] or 0) > _SECONDS_MAX:
        return None
    try:
        at = datetime(year, month, day, hour, minute, int(found[6] or 0), micros, tzinfo=UTC)
    except ValueError:  # no such day or hour
        return None
    east = timedelta(minutes=-minutes if found[9] == "-" else minutes)
    since = (at - _EPOCH - east) // _MILLISECOND
    return since if since >= 0 else None


def count(raw: JsonValue) -> int | None:
    """A counter of the platform: a whole number of at most 15 digits, as number or as text."""
    text = "" if isinstance(raw, bool) else scalar(raw)
    return int(text) if text and _COUNT.fullmatch(text) else None


# --- shapes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shape:
    """How a platform writes people, choices and texts when it writes them as objects.

    `ids` and `names` are the keys of a reference's halves, `values` those of a field that is no
    reference, each in the order in which they are looked for; `unset` are ids that say nobody;
    `text` reads a text field that is neither scalar nor such an object.
    """

    ids: tuple[str, ...] = ("id",)
    names: tuple[str, ...] = ("name",)
    values: tuple[str, ...] = ("value", "name")
    unset: frozenset[str] = frozenset()
    text: Callable[[JsonValue], str | None] | None = None

    def plain(self, cell: JsonValue) -> str | None:
        """One value; several are joined with ", " as long as none of them holds a comma."""
        if not isinstance(cell, list):
            return self._one(cell)
        if len(cell) > VALUES_MAX:
            return None
        values = [value for value in map(self._one, cell) if value is not None]
        if len(values) < len(cell) or (len(values) > 1 and "," in "".join(values)):
            return None
        return scalar(", ".join(values))

    def _one(self, cell: JsonValue) -> str | None:
        if isinstance(cell, Mapping):
            key = next((key for key in self.values if key in cell), None)
            return None if key is None else scalar(cell[key])
        return scalar(cell)

    def reference(self, cell: JsonValue) -> Reference | None:
        """A reference: an object's halves, or a bare id. Of a list only the one member."""
        if isinstance(cell, list):
            if len(cell) != 1 or isinstance(cell[0], list):
                return None if cell else EMPTY
            cell = cell[0]
        if isinstance(cell, Mapping):
            ident, name = self._half(cell, self.ids), self._half(cell, self.names)
        else:
            ident, name = scalar(cell), None
        if ident is None and name is None:
            return None
        if ident in self.unset or not (ident or name):
            return EMPTY
        return Reference(ident or None, name or None)

    def variables(self, cell: JsonValue) -> dict[str, str | Missing]:
        """An object of variables by name; none where it cannot be read, so that each is absent."""
        cells = cell.items() if isinstance(cell, Mapping) else ()
        return {name: told(self.plain(one), one) for name, one in cells}

    def _half(self, cell: Record, keys: tuple[str, ...]) -> str | None:
        """The first of the keys that says something; "" when one is there and says nothing."""
        found = [text for key in keys if key in cell for text in [scalar(cell[key])]]
        return next((text for text in found if text), "" if "" in found else None)


# --- tickets --------------------------------------------------------------------------------------

Defaults = Mapping[str, tuple[str, ...]]  # ticket field -> the paths where it may lie
_TYPED: Final = 2  # what people type freely comes behind facts (0) and variables (1)


@dataclass(frozen=True, slots=True)
class Filled:
    """The keys of a template: facts, then variables, then typed text, by the field it fills."""

    facts: tuple[str, ...]
    variables: str
    typed: Mapping[str, str]
    tags: tuple[str, ...] = ()  # typed too; without them no rule is blind


@dataclass(frozen=True, slots=True)
class Revision:
    """What a connector has found out of one body, before the operator's mapping is applied.

    `deleted` says that the platform told of the ticket's end: such a ticket is cancelled unless
    the mapping lists the state `deleted` otherwise. `told_in` is `Ticket.told_in`, of fields that
    are in `extra`.
    """

    record: Record
    id: str
    version: int | None
    state: str
    updated_by: str
    defaults: Defaults
    shape: Shape
    variables: Mapping[str, str | Missing] | None = None
    deleted: bool = False
    extra: Mapping[str, Value | Missing] = field(default_factory=dict)
    told_in: Mapping[str, str] = field(default_factory=dict)

    def ticket(self, known: TableMapping, source: str) -> Ticket:
        """The ticket that the revision is under the operator's mapping."""
        state = DELETED if self.deleted else self.state
        unlisted = StateClass.CANCELLED if self.deleted else StateClass.UNLISTED
        fields = self._fields(known)
        return Ticket(
            source=source,
            table=known.name,
            id=self.id,
            version=self.version,
            state=state,
            state_class=known.states.get(state, unlisted),
            updated_by=self.updated_by,
            bound_to=known.bound_to,
            fields=fields,
            variables=self.variables,
            told_in={
                name: part
                for name, part in self.told_in.items()
                # What is told here and cannot be used is not what an earlier revision told.
                if name not in known.map and fields[name] == self.extra[name]
            },
        )

    def _fields(self, known: TableMapping) -> dict[str, Value | Missing]:
        given = {name: (path,) for name, path in known.map.items() if path is not None}
        taken = {name for name, path in known.map.items() if path is None}
        paths = {**self.defaults, **given}
        found = {name: self._value(name, paths[name]) for name in paths if name not in taken}
        more = {name: self.extra[name] for name in self.extra if name not in known.map}
        empty = ("", EMPTY, Missing.NULL)
        return {
            name: Missing.ABSENT if name in known.must_have and value in empty else value
            for name, value in {**found, **more}.items()
        }

    def _value(self, name: str, paths: tuple[str, ...]) -> Value | Missing:
        for path in paths:
            found = find(self.record, path)
            if found:
                value = self._read(name, found[0])
                if isinstance(value, Reference) and value.name is None and value.id:
                    value = self._halves(path, value.id)
                return Missing.ABSENT if value is None else value
        return Missing.ABSENT

    def _read(self, name: str, cell: JsonValue) -> Value | Missing | None:
        if name in REFERENCE_FIELDS:
            return self.shape.reference(cell)
        if name in PLAIN_FIELDS and is_null(cell):
            return Missing.NULL
        read = self.shape.text if name in TEXT_FIELDS else None
        return self.shape.plain(cell) if read is None else read(cell)

    def _halves(self, path: str, text: str) -> Reference:
        """A bare text: at `form_name` a name; at `form_id` an id, with `form_name` beside it."""
        if path.endswith("_name"):
            return Reference(None, text)
        beside = path.removesuffix("_id") + "_name" if path.endswith("_id") else ""
        return Reference(text, text_at(self.record, beside) or None)


# --- refusals -------------------------------------------------------------------------------------


def object_of(payload: JsonValue, *, send: str) -> Record:
    """The body as an object.

    Raises:
        MalformedDeliveryError: `not_a_record`.
    """
    if not isinstance(payload, Mapping):
        raise not_a_record(send)
    return payload


def not_a_record(send: str) -> MalformedDeliveryError:
    """The refusal of a body that is not one record."""
    return MalformedDeliveryError("the body is not one record", code="not_a_record", next_step=send)


def no_table(send: str) -> MalformedDeliveryError:
    """The refusal of a record that does not tell its table."""
    return MalformedDeliveryError(
        "the record does not tell its table", code="no_table", next_step=send
    )


def unknown_keys(send: str) -> MalformedDeliveryError:
    """The refusal of a body that may say more than its sender put into it."""
    return MalformedDeliveryError(
        "the body lacks keys of its form, has others, or has them in another order",
        code="unknown_keys",
        next_step=send,
    )


def closed(body: Record, keys: Collection[str], *, send: str) -> None:
    """Pass a body that has no other keys on top than `keys`.

    A body of one shape is never read for what only another shape says: where a platform puts text
    into a template without escaping it, that text may write keys.

    Raises:
        MalformedDeliveryError: `unknown_keys`.
    """
    if not body.keys() <= set(keys):
        raise unknown_keys(send)


def filled_in(body: Record, known: TableMapping, template: Filled, *, send: str) -> None:
    """Pass a body that may be the set-up page's template, filled in by the platform.

    It has the template's keys and those that the operator's `map` names, and no others; and what
    people type comes last. A text that writes keys can only write them behind itself, where none
    may come but texts; and those in front of it, which cannot stand twice, say what they said.
    Nor can it write a text that was left out: each is there, unless `map` takes its field away.

    Raises:
        MalformedDeliveryError: `unknown_keys`.
    """
    ours = {name: path.partition(".")[0] for name, path in known.map.items() if path is not None}
    order = {head: _TYPED for name, head in ours.items() if name in TEXT_FIELDS}
    order |= {head: 0 for name, head in ours.items() if name not in TEXT_FIELDS}
    order |= dict.fromkeys(template.facts, 0) | {template.variables: 1}
    order |= dict.fromkeys((*template.tags, *template.typed.values()), _TYPED)
    read = {key for name, key in template.typed.items() if name not in known.map}
    read |= {head for head in ours.values() if order[head] == _TYPED}
    ranks = [order.get(key, -1) for key in body]
    if -1 in ranks or ranks != sorted(ranks) or not read <= body.keys():
        raise unknown_keys(send)


def mapped(mapping: SourceMapping, table: str) -> TableMapping:
    """The operator's mapping of `table`, which is a name of the connector's and no sender's text.

    Raises:
        MalformedDeliveryError: `no_mapping`.
    """
    known = mapping.tables.get(table)
    if known is None:
        raise MalformedDeliveryError(
            f"the mapping of this source has no table {table}",
            code="no_mapping",
            next_step=f"list {table} under the source's `tables:`, or stop sending it",
        )
    return known


def ticket_id(record: JsonValue, path: str) -> str:
    """The ticket's id at `path`: 1 to 64 letters, digits, dots, dashes and underscores.

    Raises:
        MalformedDeliveryError: `no_ticket_id`.
    """
    ident = text_at(record, path)
    if not _TICKET_ID.fullmatch(ident):
        raise MalformedDeliveryError(
            f"the record has no usable {path}",
            code="no_ticket_id",
            next_step=f"send {path} with the record",
        )
    return ident


# --- what is no ticket ----------------------------------------------------------------------------

_PLACEHOLDER: Final = re.compile(r"\{\{[^{}]{1,80}\}\}")


def is_test(payload: JsonValue, path: str = "id") -> bool:
    """Whether the body only tries the connection.

    It is `{"test": …}` and nothing else, or its id is still the template's own placeholder, which
    the test button of a platform leaves as it stands.
    """
    if isinstance(payload, Mapping) and list(payload) == ["test"]:
        return True
    return _PLACEHOLDER.fullmatch(text_at(payload, path)[:100]) is not None

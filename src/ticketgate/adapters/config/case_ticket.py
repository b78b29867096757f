"""Tickets of policy tests: what a source would post, or a ticket as the rules see it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from ticketgate.adapters.files.places import Place, Section, did_you_mean
from ticketgate.adapters.files.strict_yaml import Items, Node, Scalar, Table
from ticketgate.connector_api import JsonValue
from ticketgate.domain import strict_json
from ticketgate.domain.errors import MalformedDeliveryError
from ticketgate.domain.evidence import Json
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.tickets.mapping import by_its_table
from ticketgate.domain.tickets.ticket import (
    PLAIN_FIELDS,
    REFERENCE_FIELDS,
    TEXT_FIELDS,
    Missing,
    Reference,
    StateClass,
    Ticket,
    Value,
)
from ticketgate.ports import Source

FIELDS: Final = REFERENCE_FIELDS | TEXT_FIELDS | PLAIN_FIELDS
BODY_BYTES_MAX: Final = 1_048_576
PERSON: Final = "person:"
_PLAIN: Final = {"true": True, "false": False, "null": None, "~": None, "": None}


class TicketReader:
    """Reads the tickets of one test file; files are looked for beside it."""

    def __init__(
        self, folder: Path, snapshot: DirectorySnapshot, sources: Mapping[str, Source]
    ) -> None:
        self._folder = folder
        self._snapshot = snapshot
        self._sources = sources

    def read(self, place: Place | None) -> Ticket | None:
        """`{ source, file }`, `{ source, body }`, or `{ source, table, fields, … }`."""
        section = None if place is None else place.section()
        if section is None:
            return None
        name_place = section.need("source")
        name = None if name_place is None else name_place.ident()
        if name is not None and name_place is not None and name not in self._sources:
            name_place.fault(f"there is no source {name!r}{did_you_mean(name, self._sources)}")
            name = None
        file, body = section.get("file"), section.get("body")
        if file is not None or body is not None:
            section.close()
            return self._posted(name, file, body)
        return self._plain(name or "", section)

    def edit(self, place: Place, last: Ticket) -> Ticket | None:
        """The next revision: what is named is other than in the last one."""
        section = place.section()
        if section is None:
            return None
        by = section.get("updated_by")
        account = None if by is None else self._account(by, last.source)
        state, state_class = self._state(section, last.source, last.table)
        fields = {**last.fields, **self._fields(section.get("fields"), last.source)}
        variables = self._variables(section.get("variables"))
        version = None if last.version is None else last.version + 1
        section.close()
        edited = replace(
            last,
            version=version,
            state=last.state if state is None else state,
            state_class=last.state_class if state_class is None else state_class,
            updated_by=account or last.updated_by,
            fields=fields,
            variables=last.variables
            if variables is None
            else {**(last.variables or {}), **variables},
        )
        return self._zoned(edited)

    # --- as a source posts it -----------------------------------------------------------------

    def _posted(self, name: str | None, file: Place | None, body: Place | None) -> Ticket | None:
        place = file or body
        if place is None or name is None:
            return None
        if file is not None and body is not None:
            body.fault("either a file or a body")
            return None
        source = self._sources[name]
        try:
            payload = _json(place.node) if file is None else self._payload(file)
            found = source.read(payload)
        except MalformedDeliveryError as fault:
            place.fault(f"it would be quarantined: {fault.code}: {fault.reason}")
            return None
        except OSError as fault:
            place.fault(f"cannot be read: {fault.strerror or fault}")
            return None
        if not isinstance(found, Ticket):
            place.fault("is no ticket but a row of approvals, or a test of the connection")
            return None
        return found

    def _payload(self, place: Place) -> JsonValue:
        with (self._folder / (place.text() or "")).open("rb") as file:
            return strict_json.read(file.read(BODY_BYTES_MAX + 1))

    # --- as the rules see it ------------------------------------------------------------------

    def _plain(self, source: str, section: Section) -> Ticket | None:
        table_place, ident_place = section.need("table"), section.get("id")
        table = None if table_place is None else table_place.text()
        ident = None if ident_place is None else ident_place.text()
        version, by = section.get("version"), section.get("updated_by")
        number = 1 if version is None else version.integer(0, 10**9)
        state, state_class = self._state(section, source, table or "")
        bound_place = section.get("bound_to")
        bound = (
            None
            if bound_place is None
            else bound_place.choice(("requested_for", "assignee", "none"))
        )
        fields = self._fields(section.get("fields"), source)
        opener = fields.get("opened_by")
        writer = self._account(by, source) if by is not None else None
        if writer is None and isinstance(opener, Reference):
            writer = opener.id
        variables = self._variables(section.get("variables"))
        section.close()
        if table is None:
            return None
        ticket = Ticket(
            source=source,
            table=table,
            id=ident or "case",
            version=number,
            state=state or "",
            state_class=state_class or StateClass.OPEN,
            updated_by=writer or "",
            bound_to=bound or self._bound_to(source, table),
            fields=fields,
            variables=variables,
        )
        return self._zoned(ticket)

    def _zoned(self, ticket: Ticket) -> Ticket:
        known = self._sources.get(ticket.source)
        return ticket if known is None else by_its_table(ticket, known.mapping)

    def _bound_to(self, source: str, table: str) -> str:
        known = self._sources.get(source)
        mapped = None if known is None else known.mapping.tables.get(table)
        return "none" if mapped is None else mapped.bound_to

    def _state(
        self, section: Section, source: str, table: str
    ) -> tuple[str | None, StateClass | None]:
        """The raw state and its class; the class by the source's mapping unless it is said."""
        state_place, class_place = section.get("state"), section.get("state_class")
        state = None if state_place is None else state_place.text()
        word = (
            None if class_place is None else class_place.choice([one.value for one in StateClass])
        )
        if word is not None:
            return state, StateClass(word)
        known = self._sources.get(source)
        mapped = None if known is None else known.mapping.tables.get(table)
        states = {} if mapped is None else mapped.states
        return state, None if state is None else states.get(state, StateClass.UNLISTED)

    def _fields(self, place: Place | None, source: str) -> dict[str, Value | Missing]:
        section = None if place is None else place.section()
        found: dict[str, Value | Missing] = {}
        for name, inner in section.entries() if section else ():
            if name not in FIELDS:
                inner.fault(f"unknown field {name!r}{did_you_mean(name, FIELDS)}")
            elif inner.is_null:
                found[name] = Missing.ABSENT
            elif name in REFERENCE_FIELDS:
                found[name] = self._reference(inner, source)
            else:
                found[name] = _text(inner)
        return found

    def _reference(self, place: Place, source: str) -> Reference:
        """`person:ID`, a name, or `{ id, name }`."""
        if isinstance(place.node, Table):
            section = Section(place, place.node)
            halves = [section.get(name) for name in ("id", "name")]
            section.close()
            return Reference(*(None if one is None else _text(one) for one in halves))
        text = _text(place)
        if not text.startswith(PERSON):
            return Reference(None, text)
        person = self._snapshot.person(text.removeprefix(PERSON))
        return Reference(self._account(place, source), None if person is None else person.name)

    def _account(self, place: Place, source: str) -> str | None:
        """The account of `person:ID` at the source; any other text is an account itself."""
        text = _text(place)
        if not text.startswith(PERSON):
            return text
        name = text.removeprefix(PERSON)
        person = self._snapshot.person(name)
        if person is None:
            place.fault(f"nobody has the id {name!r}{did_you_mean(name, self._snapshot.people)}")
        elif not person.accounts.get(source):
            place.fault(f"{name!r} has no account at {source!r}")
        else:
            return person.accounts[source][0]
        return None

    def _variables(self, place: Place | None) -> dict[str, str | Missing] | None:
        section = None if place is None else place.section()
        if section is None:
            return None
        return {
            name: Missing.ABSENT if inner.is_null else _text(inner)
            for name, inner in section.entries()
        }


def _text(place: Place) -> str:
    """Text as it was written, the empty one too."""
    if isinstance(place.node, Scalar):
        return place.node.text
    place.fault("must be text, not a list or a mapping")
    return ""


def _json(node: Node) -> Json:
    """YAML as JSON: quoted text is text; plain numbers, true, false and null are what they say."""
    if isinstance(node, Table):
        return {key: _json(inner) for key, (_, inner) in node.nodes.items()}
    if isinstance(node, Items):
        return [_json(inner) for inner in node.nodes]
    if not isinstance(node, Scalar):
        return None
    if node.plain and node.text in _PLAIN:
        return _PLAIN[node.text]
    if node.plain and node.text.isdigit() and node.text == str(int(node.text)):
        return int(node.text)
    return node.text

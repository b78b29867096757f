"""Exports of ServiceNow: JSON as the Table API gives it, and XML unload files.

JSON is `{"result": [record, …]}`, `{"records": [record, …]}` or a list; a field is a scalar or
`{value, display_value[, link]}`. XML is `<unload>` with one element a record, named by its table.
Documents that declare a type or an entity are refused before anything is expanded.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from xml.parsers import expat

from ticketgate.domain import strict_json
from ticketgate.domain.classifying.static_surface import DELEGATE, ExportRecord
from ticketgate.domain.errors import StrictJsonError, TicketgateError
from ticketgate.domain.strict_json import JsonValue

BYTES_MAX: Final = 64 << 20  # of one file
RECORDS_MAX: Final = 200_000
DEPTH_MAX: Final = 16  # of elements in an XML file
_LISTS: Final = ("result", "records")
_RECORD, _FIELD = 2, 3  # the depth of a record, and of a field of it


def read_export(path: Path) -> list[ExportRecord]:
    """All records of one file.

    Raises:
        TicketgateError: code `usage`; it is too large, or no such export: where, and why.
    """
    with path.open("rb") as file:
        data = file.read(BYTES_MAX + 1)
    if len(data) > BYTES_MAX:
        raise _fault(path.name, f"larger than {BYTES_MAX >> 20} MiB", "export fewer tables at once")
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        return _Xml(path.name).read(data)
    return list(_json(path.name, data))


def _fault(place: str, reason: str, next_step: str = "") -> TicketgateError:
    step = next_step or "export the table as JSON by the Table API, or as XML by `Export > XML`"
    return TicketgateError(f"{place}: {reason}", code="usage", next_step=step)


# --- JSON ----------------------------------------------------------------------------------------


def _json(name: str, data: bytes) -> Iterator[ExportRecord]:
    try:
        document = strict_json.read(data)
    except StrictJsonError as fault:
        raise _fault(name, f"no JSON that can be read: {fault.reason}") from fault
    where, records = name, document
    if isinstance(document, Mapping):
        keys = [key for key in _LISTS if key in document]
        if len(keys) != 1:
            raise _fault(name, "an object with neither `result` nor `records`, or both")
        where, records = f"{name}: {keys[0]}", document[keys[0]]
    if not isinstance(records, list):
        raise _fault(where, "not a list of records")
    if len(records) > RECORDS_MAX:
        raise _fault(where, f"more than {RECORDS_MAX} records")
    for number, record in enumerate(records):
        yield _json_record(f"{where}[{number}]", record)


def _json_record(place: str, record: JsonValue) -> ExportRecord:
    if not isinstance(record, Mapping):
        raise _fault(place, "not a record")
    fields: dict[str, str] = {}
    names: dict[str, str] = {}
    for field, cell in record.items():
        fields[field], shown = _cell(f"{place}.{field}", cell)
        if shown:
            names[field] = shown
    table = fields.get("sys_class_name", "")
    if not table and {"user", "delegate", "approvals"} <= fields.keys():
        table = DELEGATE  # the one table here that has no sys_class_name
    if not table and {"user_name", "active"} <= fields.keys():
        table = "sys_user"
    if not table:
        raise _fault(place, "does not tell its table", "export sys_class_name with the record")
    return ExportRecord(table, fields, names, place)


def _cell(place: str, cell: JsonValue) -> tuple[str, str]:
    """The value of a field, and what people saw of it."""
    if isinstance(cell, Mapping):
        if "value" not in cell:
            raise _fault(place, "a field without `value`", "export with sysparm_display_value=all")
        return _scalar(place, cell["value"]), _scalar(place, cell.get("display_value"))
    return _scalar(place, cell), ""


def _scalar(place: str, value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise _fault(place, "a field that is a list or an object")


# --- XML -----------------------------------------------------------------------------------------


class _Xml:
    """Reads one unload file; nothing is expanded, and nothing outside the file is read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._path: list[str] = []
        self._found: list[ExportRecord] = []
        self._fields: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._text: list[str] = []
        self._line = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text.append
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse
        self._parser.ExternalEntityRefHandler = self._refuse

    def read(self, data: bytes) -> list[ExportRecord]:
        """All records."""
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as fault:
            place = f"{self._name}:{fault.lineno}"
            raise _fault(
                place, f"no XML that can be read: {expat.ErrorString(fault.code)}"
            ) from fault
        return self._found

    def _refuse(self, *declared: object) -> int:
        del declared
        raise self._wrong("declares a document type or an entity, which is never read")

    def _wrong(self, reason: str) -> TicketgateError:
        return _fault(f"{self._name}:{self._parser.CurrentLineNumber}", reason)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        depth = len(self._path)
        if depth == 1 and name != "unload":
            raise self._wrong(f"begins with <{name}>, not with <unload>")
        if depth > DEPTH_MAX:
            raise self._wrong("elements are nested too deep")
        if depth == _RECORD:
            self._fields, self._names = {}, {}
            self._line = self._parser.CurrentLineNumber
        elif depth == _FIELD:
            self._text.clear()
            if attributes.get("display_value"):
                self._names[name] = attributes["display_value"]

    def _end(self, name: str) -> None:
        depth = len(self._path)
        self._path.pop()
        if depth == _FIELD:
            self._fields[name] = "".join(self._text)
        elif depth == _RECORD:
            if len(self._found) >= RECORDS_MAX:
                raise self._wrong(f"more than {RECORDS_MAX} records")
            place = f"{self._name}:{self._line}"
            self._found.append(ExportRecord(name, self._fields, self._names, place))

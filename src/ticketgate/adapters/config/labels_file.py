"""Labelled tickets: a CSV file with the column `label` and any of the ticket's fields."""

import csv
import io
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from ticketgate.domain.classifying.labels import COLUMNS, Labelled
from ticketgate.domain.errors import ConfigurationError, Fault

FILE_BYTES_MAX: Final = 256 * 1024 * 1024
CELL_CHARS_MAX: Final = 1024 * 1024
FAULTS_MAX: Final = 20


class Labels(NamedTuple):
    """The rows, the columns that nobody asked about, and SHA-256 of the file (hex)."""

    rows: tuple[Labelled, ...]
    ignored: tuple[str, ...]
    digest: str


def read_labels(path: Path) -> Labels:
    """The rows of a UTF-8 file (RFC 4180); an empty cell is a field that the ticket has not.

    Raises:
        ConfigurationError: it cannot be read, or rows have no label or not as many cells as there
            are columns.
    """
    with path.open("rb") as file:
        data = file.read(FILE_BYTES_MAX + 1)
    if len(data) > FILE_BYTES_MAX:
        raise _refused(path, [(1, f"is larger than {FILE_BYTES_MAX} bytes")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise _refused(path, [(data[: fault.start].count(b"\n") + 1, "is not UTF-8")]) from None
    csv.field_size_limit(CELL_CHARS_MAX)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = [name.strip() for name in next(reader, [])]
        faults = _faults_of(columns)
        rows = (
            [] if faults else _rows(((reader.line_num, cells) for cells in reader), columns, faults)
        )
    except csv.Error as fault:
        raise _refused(path, [(reader.line_num, str(fault))]) from None
    if faults:
        raise _refused(path, faults)
    ignored = tuple(name for name in columns if name not in {"label", *COLUMNS})
    return Labels(tuple(rows), ignored, sha256(data).hexdigest())


def _faults_of(columns: list[str]) -> list[tuple[int, str]]:
    known = [name for name in columns if name in {"label", *COLUMNS}]
    twice = sorted({name for name in known if known.count(name) > 1})
    faults = [(1, f"the column {name!r} is there twice") for name in twice]
    if "label" not in known:
        faults.append((1, "has no column 'label'"))
    if not set(known) & set(COLUMNS):
        faults.append((1, f"has none of the columns {', '.join(COLUMNS)}"))
    return faults


def _rows(
    read: Iterator[tuple[int, list[str]]], columns: list[str], faults: list[tuple[int, str]]
) -> list[Labelled]:
    rows: list[Labelled] = []
    for line, cells in read:
        named = dict(zip(columns, cells, strict=False))
        if not cells:
            continue
        if len(cells) != len(columns):
            faults.append((line, f"has {len(cells)} cells, not {len(columns)}"))
        elif not named["label"].strip():
            faults.append((line, "has no label"))
        else:
            kept = {name: named[name] for name in COLUMNS if named.get(name, "").strip()}
            rows.append(Labelled(named["label"].strip().upper(), kept))
    return rows


def _refused(path: Path, faults: list[tuple[int, str]]) -> ConfigurationError:
    told = faults[:FAULTS_MAX]
    return ConfigurationError(tuple(Fault(str(path), line, "(file)", said) for line, said in told))

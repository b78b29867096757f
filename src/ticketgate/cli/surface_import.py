"""`surface import`: what a ServiceNow export says can touch access. Nothing is stored unasked."""

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from ticketgate.cli.evidence.keeping import asked_of_gateway, in_its_place
from ticketgate.cli.failures import COULD_NOT, counted, ends_with_code
from ticketgate.cli.showing import echo, echo_json, echo_table
from ticketgate.domain.classifying.packed_text import Unpacked, unpacked
from ticketgate.domain.classifying.static_surface import (
    NOTES,
    ExportRecord,
    StaticRow,
    is_read,
    static_surface,
)
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.operations.intake.surface import ROWS_AT_ONCE, import_rows
from ticketgate.wiring.commands import load, read_source, wall_time
from ticketgate.wiring.exports import read_export
from ticketgate.wiring.gateway import Gateway

_HEADINGS: Final = ("TABLE", "NAME", "ACTIVE", "OWNER", "TOUCHES", "NOTES", "PLACE")
_UNREAD_SHOWN: Final = 20


@click.command("import")
@click.argument(
    "exports",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="EXPORT…",
)
@click.option("--source", help="The source it is of: owners are held against the directory.")
@click.option("--record", is_flag=True, help="Add what was found to the surface (needs --source).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@ends_with_code
def import_surface(
    folder: Path, exports: tuple[Path, ...], source: str | None, *, record: bool, as_json: bool
) -> None:
    """List what of a ServiceNow instance can touch access.

    EXPORT is JSON of the Table API or an XML unload of flows, workflows, business rules, approval
    rules and delegations. Exit: 2 an export that cannot be read, or is none, 3 some records could
    not be read: what they touch is not known.
    """
    if record and source is None:
        raise TicketgateError("--record needs --source", code="usage", next_step="name the source")
    snapshot = None if source is None else _directory(folder, source)
    records = [one for path in exports for one in read_export(path)]
    told = unpacked(records)
    found = static_surface(told.records, wall_time(), source or "", snapshot)
    others = _others(records)
    if record and source is not None:
        _record(folder, source, found)
    if as_json:
        read = len(records) - sum(others.values()) - told.unread_records
        unread = [one._asdict() for one in told.unread]
        echo_json({"found": found, "read": read, "others": others, "unread": unread})
    else:
        _print(found, others, told)
    if told.unread:
        sys.exit(COULD_NOT)


def _print(found: Sequence[StaticRow], others: Mapping[str, int], told: Unpacked) -> None:
    nothing = "nothing that could be read" if told.unread else "nothing in it"
    echo_table(_HEADINGS, map(_cells, found), f"{nothing} touches access")
    for note in sorted({note for one in found for note in one.notes}):
        echo(f"{note}: {NOTES[note]}")
    for table, count in sorted(others.items()):
        click.echo(f"not looked at: {count} of table {table!a}", err=True)
    if told.unread:
        what = counted(told.unread_records, "record")
        echo(f"{what} could not be read: nobody knows what they touch; look at them by hand")
    for one in told.unread[:_UNREAD_SHOWN]:
        click.echo(f"not read: {one.place!a}, field {one.field!a}: {one.why}", err=True)
    if len(told.unread) > _UNREAD_SHOWN:
        click.echo(f"not read: {len(told.unread) - _UNREAD_SHOWN} more; --json has all", err=True)


def _directory(folder: Path, source: str) -> DirectorySnapshot:
    configuration = load(folder, os.environ)
    if read_source(configuration, source) is None:
        known = ", ".join(sorted(configuration.settings.sources))
        step = f"one of: {known}"
        raise TicketgateError(f"there is no source {source!r}", code="usage", next_step=step)
    return configuration.directory.read(wall_time())


def _others(records: Sequence[ExportRecord]) -> dict[str, int]:
    """How many records of each table are not looked at: never left out in silence."""
    return dict(Counter(one.table for one in records if not is_read(one.table)))


def _cells(row: StaticRow) -> tuple[str, ...]:
    return (
        row.table,
        row.name,
        "yes" if row.active else "no",
        row.owner,
        ", ".join(row.touches),
        ", ".join(row.notes),
        row.place,
    )


def _record(folder: Path, source: str, found: Sequence[StaticRow]) -> None:
    """Have the running gateway add them, or add them in its place."""
    for part in _parts(found):
        rows = [_plain(one) for one in part]
        asked = {"do": "surface", "source": source, "rows": rows}
        if asked_of_gateway(folder, asked) is None:
            in_its_place(folder, partial(_add, asked=asked))


def _add(gateway: Gateway, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    return import_rows(gateway.store, asked)


def _parts(found: Sequence[StaticRow]) -> Iterator[Sequence[StaticRow]]:
    for first in range(0, len(found), ROWS_AT_ONCE):
        yield found[first : first + ROWS_AT_ONCE]


def _plain(row: StaticRow) -> dict[str, Any]:
    return {
        "table": row.table,
        "item": row.name,
        "automation": row.id,
        "kinds": [*row.touches, *row.notes],
    }

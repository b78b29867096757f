"""`triage`: look at the tickets that wait for a person's word, and write out what was said."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from ticketgate.cli.failures import ends_with_code
from ticketgate.cli.groups import Listed
from ticketgate.cli.look import LIMIT, leave_none, showing
from ticketgate.cli.showing import echo, echo_json, echo_pairs, echo_table, when
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.tickets.identity_event import Verdict
from ticketgate.operations.attending.triage import CAUSE
from ticketgate.operations.desks.triage_desk import is_open, told_fields
from ticketgate.wiring.commands import Look, look

COLUMNS: Final = (
    "label", "text", "short_description", "description", "table", "catalog_item", "category",
)  # fmt: skip
_TEXTS: Final = ("short_description", "description", "reason", "text")
_LABELS: Final = {Verdict.IDENTITY.value: "Y", Verdict.NOT_IDENTITY.value: "N"}


@click.group(cls=Listed)
def triage() -> None:
    """Tickets of which the rules cannot tell; people say on /console/triage what they are."""


@triage.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=LIMIT,
    show_default=True,
    help="How many at the most; the oldest come first.",
)
@click.pass_obj
@ends_with_code
def list_triage(folder: Path, limit: int, *, as_json: bool) -> None:
    """List the tickets that wait, oldest first, with the rules that matched or were blind."""
    with look(folder) as seen:
        found = [(row, recorded(seen, row)) for row in seen.tickets.uncertain(limit)]
    if as_json:
        echo_json([_document(row, record) for row, record in found])
        return
    echo_table(
        ("ID", "NUMBER", "SOURCE", "TABLE", "REVISION", "SINCE", "MATCHED", "BLIND"),
        (
            (
                row.id,
                row.ticket.number,
                row.ticket.source,
                row.ticket.table,
                str(row.revision),
                when(row.updated_at),
                ", ".join(record.get("rules", ())),
                ", ".join(record.get("blind", ())),
            )
            for row, record in found
        ),
        "no ticket waits",
    )


@triage.command("show")
@showing
@click.pass_obj
@ends_with_code
def show_triage(folder: Path, ident: str, *, as_json: bool) -> None:
    """Show one ticket that waits: what it says, and what the rules said of it.

    Exit: 1 none that waits has this id.
    """
    with look(folder) as seen:
        row = seen.tickets.get(ident)
        record = {} if row is None else recorded(seen, row)
    if row is None or not is_open(row):
        leave_none("ticket that waits", "triage", ident)
    if as_json:
        echo_json({**_document(row, record), "ticket": row.ticket.plain()})
        return
    echo_pairs(
        (
            ("id", row.id),
            ("source", f"{row.ticket.source}, {row.ticket.table}"),
            ("revision", str(row.revision)),
            ("since", when(row.updated_at)),
            ("tier", str(record.get("tier", ""))),
            ("matched", ", ".join(record.get("rules", ()))),
            ("blind", ", ".join(record.get("blind", ()))),
            *told_fields(row.ticket),
        )
    )


@triage.command("export")
@click.option(
    "--out",
    "file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it; an existing file is not overwritten.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@ends_with_code
def export_triage(folder: Path, file: Path, *, as_json: bool) -> None:
    """Write what people said of tickets as labels, for `classify eval --labels`.

    Every word counts for the revision that it was said of. Tickets that were erased are left out
    and counted. The file holds what people typed: it is yours alone (0600).
    """
    with look(folder) as seen:
        words = list(said(seen))
    labelled = [row for row in words if row is not None]
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(labelled)
    file.touch(mode=0o600, exist_ok=False)
    file.write_text(out.getvalue(), encoding="utf-8")
    erased = len(words) - len(labelled)
    if as_json:
        echo_json({"written": len(labelled), "erased": erased})
        return
    echo(f"{len(labelled)} labelled tickets in {file}; {erased} left out, as they were erased")


def recorded(seen: Look, row: TicketRow) -> dict[str, Any]:
    """The record that made the last revision what it is; empty where it was pruned."""
    delivery = seen.deliveries.at(row.delivery_seq)
    entry = None if delivery is None else seen.newest_classified(row.id, delivery.index)
    record: dict[str, Any] = {} if entry is None else json.loads(entry)
    return record


def said(seen: Look) -> Iterator[dict[str, str] | None]:
    """A row for every word that people said, in its order; None for one that was erased."""
    for record, ticket in seen.classified(CAUSE):
        yield None if ticket is None else _row(_LABELS[record["to"]], ticket)


def _row(label: str, ticket: dict[str, Any]) -> dict[str, str]:
    fields, variables = ticket["fields"], ticket["variables"] or {}
    texts = [fields.get(name) for name in _TEXTS] + list(variables.values())
    values = {name: _plain(fields.get(name)) for name in COLUMNS[2:]}
    text = "\n".join(one for one in texts if isinstance(one, str) and one)
    return {**values, "label": label, "text": text, "table": ticket["table"]}


def _plain(value: object) -> str:
    """A field's text; of a reference the name."""
    if isinstance(value, list):
        return next((one for one in reversed(value) if isinstance(one, str)), "")
    return value if isinstance(value, str) else ""


def _document(row: TicketRow, record: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.ticket.number,
        "source": row.ticket.source,
        "table": row.ticket.table,
        "revision": row.revision,
        "since": row.updated_at,
        "kinds": record.get("kinds", []),
        "tier": record.get("tier", ""),
        "matched": record.get("rules", []),
        "blind": record.get("blind", []),
    }

"""`evidence replay`: the tables rebuilt from the log, and held against the real ones."""

import json
from pathlib import Path
from typing import Final

import click

from ticketgate.cli.failures import ANSWER_IS_NO, counted, ends_with_code, leave
from ticketgate.cli.showing import echo, echo_json
from ticketgate.domain.verifying.rebuild import Difference, differences
from ticketgate.domain.verifying.rebuilding import plain, rebuild
from ticketgate.wiring.commands import look
from ticketgate.wiring.databases import write_rebuilt

SHOWN_MAX: Final = 100  # differences in words; --json has all


@click.command("replay")
@click.option(
    "--into",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the rebuilt tables into a new SQLite file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def replay_log(folder: Path, into: Path | None, *, as_json: bool) -> None:
    """Rebuild every state table from the log, and report each difference to the live ones.

    Recorded outcomes are folded, nothing is decided again; what was erased compares as erased.
    `evidence verify` says whether the log itself is to be believed. Exit: 0 no difference, 1 some,
    2 usage, 3 the log cannot be replayed, or the file not written.
    """
    with look(folder) as seen:
        first, head = seen.evidence.first(), seen.head()
        size = first if head is None else head.size
        made = rebuild(
            seen.evidence.entries(first, size),
            seen.evidence.disclosures(first, size),
            seen.evidence.pruned(),
        )
        found = list(differences(made, seen.held_rows()))
    if into is not None:
        write_rebuilt(made, into)
    rows = {table: len(known) for table, known in made.tables.items()}
    if as_json:
        echo_json({"first": first, "size": size, "rows": rows, "differences": _told(found)})
    else:
        for one in found[:SHOWN_MAX]:
            echo(line(one))
        if len(found) > SHOWN_MAX:
            echo(f"and {len(found) - SHOWN_MAX} more")
        told = ", ".join(f"{name} {count}" for name, count in rows.items())
        echo(f"rebuilt from entries {first} to {size - 1}: {told}")
    if found:
        leave(
            f"{counted(len(found), 'difference')} between the log and the tables",
            "keep the database as it is; `ticketgate evidence verify` judges the log itself",
            ANSWER_IS_NO,
        )


def line(one: Difference) -> str:
    """One difference in words."""
    place = " ".join(filter(None, (one.table, one.ident, one.column)))
    return f"{place}: log says {_word(one.log)}, database says {_word(one.database)}"


def _word(value: object) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False, default=ascii)


def _told(found: list[Difference]) -> list[dict[str, object]]:
    return [
        {
            "table": one.table,
            "id": one.ident,
            "column": one.column,
            "log": plain(one.log),
            "database": plain(one.database),
        }
        for one in found
    ]

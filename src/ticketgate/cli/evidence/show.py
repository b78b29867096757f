"""`evidence show`: one record as stored, with what its disclosures hide."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ticketgate.cli.failures import ANSWER_IS_NO, ends_with_code, leave
from ticketgate.cli.showing import echo, echo_json
from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import leaf_hash, parse_disclosure, parse_entry
from ticketgate.domain.text.visible import visible
from ticketgate.wiring.commands import Look, look


@click.command("show")
@click.argument("index", type=click.IntRange(0))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def show_record(folder: Path, index: int, *, as_json: bool) -> None:
    """Show record INDEX with what its disclosures hide, where that is not erased.

    It is shown as stored; `evidence verify` says whether it is to be believed. Exit: 1 there is
    no such record.
    """
    with look(folder) as seen:
        entry = seen.entry(index)
        hidden = list(_hidden(seen, index))
        origin = seen.origin
    if entry is None:
        leave(f"{origin}#{index} does not exist", "`ticketgate evidence verify`", ANSWER_IS_NO)
    if not isinstance(entry, bytes):
        leave(f"{origin}#{index} is not bytes", "`ticketgate evidence verify`", ANSWER_IS_NO)
    try:
        record: Any = parse_entry(entry)
    except EvidenceError:
        record = ascii(entry)
    leaf = leaf_hash(entry).hex()
    if as_json:
        echo_json({"index": index, "leaf": leaf, "record": record, "disclosures": hidden})
        return
    echo(f"{origin}#{index}")
    echo(f"leaf {leaf}")
    _pretty(record)
    for one in hidden:
        echo(f"disclosure {one['digest']}: {one['state']}")
        if one["state"] == "given":
            _pretty({one["name"]: one["value"]})


def _hidden(seen: Look, index: int) -> Iterator[dict[str, Any]]:
    for digest, encoded in seen.disclosed(index):
        if encoded is None:
            yield {"digest": digest, "state": "erased"}
            continue
        try:
            _, name, value = parse_disclosure(encoded)
        except EvidenceError as fault:
            yield {"digest": digest, "state": f"unreadable: {fault.reason}"}
        else:
            yield {"digest": digest, "state": "given", "name": name, "value": value}


def _pretty(value: object) -> None:
    click.echo(visible(json.dumps(value, indent=2, ensure_ascii=False), lines=True))

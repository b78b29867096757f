"""`evidence decisions`: how each decision was made, from the approver's own key to none at all."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from ticketgate.cli.failures import counted, ends_with_code
from ticketgate.cli.showing import echo, echo_json, echo_table
from ticketgate.domain.evidence import parse_entry
from ticketgate.domain.requests.strength import Strength, counts, decided
from ticketgate.wiring.commands import look

WORDS: Final = tuple(one.value for one in Strength)


@click.command("decisions")
@click.option(
    "--strength",
    "only",
    type=click.Choice(WORDS),
    multiple=True,
    help="Only decisions of this strength; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def show_decisions(folder: Path, only: tuple[str, ...], *, as_json: bool) -> None:
    """Tell how each decision was made: by passkey, step-up, session or code; or by no approver.

    `automatic` is a rule's, `emergency` of who helped themself, `claimed` entered afterwards. It is
    told as recorded; `evidence verify` says whether that is to be believed. Exit: 0, 2 usage, 3
    unreadable.
    """
    with look(folder) as seen:
        first, head = seen.evidence.first(), seen.head()
        size = first if head is None else head.size
        told = (
            decided(index, parse_entry(entry))
            for index, _, entry in seen.evidence.entries(first, size)
        )
        found = [one for one in told if one is not None and (not only or one.strength in only)]
        known = {who: seen.erasing.subject(who) for who in {one.who for one in found}}
    found = [replace(one, who=known[one.who] or one.who) for one in found]
    if as_json:
        echo_json({"first": first, "size": size, "counts": counts(found), "decisions": found})
        return
    echo_table(
        ("RECORD", "AT", "ABOUT", "WHAT", "WHO", "STRENGTH", "SIGN-IN"),
        [
            (str(one.index), one.at, one.about, one.what, one.who, one.strength, one.sign_in or "")
            for one in found
        ],
        "nothing was decided",
    )
    if first:
        echo(f"entries before {first} were pruned")
    each = ", ".join(f"{name} {count}" for name, count in counts(found).items() if count)
    if each:
        echo(f"{counted(len(found), 'decision')}: {each}")

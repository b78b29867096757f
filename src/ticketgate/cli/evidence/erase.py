"""`evidence erase`: hidden values go, the log stays whole; what must stay is listed."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from ticketgate.cli.evidence.keeping import asked_of_gateway, in_its_place, said
from ticketgate.cli.failures import ANSWER_IS_NO, counted, ends_with_code, leave
from ticketgate.cli.showing import echo, echo_json
from ticketgate.domain.evidence import INTEGER_MAX
from ticketgate.operations.desks.control import told_erasure, what_of
from ticketgate.operations.evidence.erase import What, preview
from ticketgate.wiring.commands import load_to_revoke, look, this_user, wall_time

ERASE_SECONDS: Final = 600.0  # what is not done by then the gateway still goes on with


@click.command("erase")
@click.option("--person", metavar="ID", help="All of this person (a subject id).")
@click.option(
    "--record", type=click.IntRange(0, INTEGER_MAX), metavar="INDEX", help="What this record hides."
)
@click.option("--reason", required=True, help="Why; kept beside the evidence.")
@click.option("--dry-run", is_flag=True, help="Only say what would be erased.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def erase_values(
    folder: Path,
    person: str | None,
    record: int | None,
    reason: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Erase hidden values: names, accounts and texts, in the log's disclosures and in the tables.

    Name exactly one of --person, --record. The entries stay, with a record that says what is
    gone and who asked (os:uid@host). Nothing of what is live is erased, and not who asked or
    approved before `retention.decisions` is over: that is listed with its date. Exit: 0 all is
    erased, 1 something stays or nothing was there, 2 usage, 3 could not do it.
    """
    why = said(reason)
    names: dict[str, Any] = {"person": person, "record": record}
    done = _done(folder, names, why, dry_run=dry_run)
    if as_json:
        echo_json(done)
    else:
        for line in _lines(done, dry_run=dry_run):
            echo(line)
    if not done["erased"] and not done["retained"]:
        leave("nothing is given of that any more", "`ticketgate evidence privacy`", ANSWER_IS_NO)
    if done["retained"]:
        count = sum(one["count"] for one in done["retained"])
        leave(
            f"{counted(count, 'value')} may not be erased yet [retained_until]",
            "ask again after the date that is listed, or once what is live has ended",
            ANSWER_IS_NO,
        )


def _done(
    folder: Path, names: Mapping[str, Any], reason: str, *, dry_run: bool
) -> Mapping[str, Any]:
    what = what_of(names)
    if dry_run:
        return previewed(folder, what)
    answer = asked_of_gateway(folder, {"do": "erase", "reason": reason, **names}, ERASE_SECONDS)
    if answer is not None:
        return answer
    return in_its_place(
        folder,
        lambda gateway: told_erasure(gateway.keepers.eraser.erase(what, this_user(), reason)),
    )


def previewed(folder: Path, what: What) -> Mapping[str, Any]:
    """What erasing it would do now."""
    retention = load_to_revoke(folder, os.environ).settings.retention
    with look(folder) as seen:
        return told_erasure(preview(seen, wall_time(), what, retention))


def _lines(done: Mapping[str, Any], *, dry_run: bool) -> Iterator[str]:
    verb = "would be erased" if dry_run else "erased"
    for kind, count in done["erased"].items():
        yield f"{kind}: {counted(count, 'value')} {verb}"
    if done["bodies"]:
        yield f"{done['bodies']} raw {'body' if done['bodies'] == 1 else 'bodies'} dropped"
    for one in done["retained"]:
        yield f"{one['kind']} of {one['about']}: {counted(one['count'], 'value')} {until(one)}"
    for index in done["records"]:
        yield f"recorded as #{index}"


def until(one: Mapping[str, Any]) -> str:
    """`stays until …`, in words."""
    moment = one["until"]
    return "stays: live, or kept for good" if moment is None else f"stays until {moment}"

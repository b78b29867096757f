"""`evidence privacy`: which hidden values are given still, of what kind, of whom, since when."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ticketgate.cli.evidence.erase import previewed, until
from ticketgate.cli.failures import counted, ends_with_code
from ticketgate.cli.showing import echo, echo_json, echo_table, when
from ticketgate.domain.log.erasure import Hold, hold_of_people
from ticketgate.operations.evidence.erase import What
from ticketgate.wiring.commands import load_to_revoke, look, wall_time


@click.command("privacy")
@click.option("--person", metavar="ID", help="Only this person (a subject id), and what stays.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def show_privacy(folder: Path, person: str | None, *, as_json: bool) -> None:
    """Count the hidden values by kind and person: given, erased, the oldest; what may not go yet.

    A person who was erased stands as the actor. This is personal data; treat the output so.
    Exit: 0, 2 usage, 3 unreadable.
    """
    retention = load_to_revoke(folder, os.environ).settings.retention
    with look(folder) as seen:
        counts = seen.erasing.counts(person)
        people = dict.fromkeys(one.subject for one in counts if one.kind == "actor" and one.given)
        holds = {
            name: hold_of_people(seen.erasing.person(name), wall_time(), retention)
            for name in people
        }
    stays = [] if person is None else previewed(folder, What(person=person))["retained"]
    values: list[dict[str, Any]] = [
        {
            "kind": one.kind,
            "person": one.subject,
            "given": one.given,
            "erased": one.erased,
            "oldest": one.oldest,
            "held": one.kind == "actor" and holds.get(one.subject) is not None,
            "until": _until(holds.get(one.subject)) if one.kind == "actor" else None,
        }
        for one in counts
    ]
    if as_json:
        echo_json({"values": values, "retained": stays})
        return
    echo_table(
        ("KIND", "PERSON", "GIVEN", "ERASED", "OLDEST", "STAYS UNTIL"),
        [
            (
                one["kind"],
                one["person"],
                str(one["given"]),
                str(one["erased"]),
                when(one["oldest"]),
                (when(one["until"]) or "live, or for good") if one["held"] else "",
            )
            for one in values
        ],
        "nothing is hidden",
    )
    for one in stays:
        echo(f"{one['kind']} of {one['about']}: {counted(one['count'], 'value')} {until(one)}")


def _until(hold: Hold | None) -> datetime | None:
    return None if hold is None else hold.until

"""`notify`: who outside is told of events, and whether they can be reached."""

import os
from pathlib import Path

import click

from ticketgate.cli.failures import ANSWER_IS_NO, ends_with_code, leave
from ticketgate.cli.groups import Listed
from ticketgate.cli.showing import echo, echo_json, echo_table
from ticketgate.connector_api import ConnectorError
from ticketgate.wiring.commands import load, wall_time
from ticketgate.wiring.notifying import send_test


@click.group(cls=Listed)
def notify() -> None:
    """Who outside is told of events: list them, send one a test."""


@notify.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@ends_with_code
def list_receivers(folder: Path, *, as_json: bool) -> None:
    """List the receivers of the settings with their events; no address is shown."""
    receivers = load(folder, os.environ).settings.receivers
    if as_json:
        found = [
            {"name": one.name, "kind": one.kind, "events": sorted(one.events)} for one in receivers
        ]
        echo_json(found)
        return
    echo_table(
        ("NAME", "KIND", "EVENTS"),
        ((one.name, one.kind, ", ".join(sorted(one.events))) for one in receivers),
        "no receivers",
    )


@notify.command("test")
@click.argument("name", metavar="NAME")
@click.pass_obj
@ends_with_code
def try_receiver(folder: Path, name: str) -> None:
    """Send one test message to a receiver, and say what came back.

    It is sent from here, signed as all are; the running gateway has no part in it. Exit: 0 taken,
    1 refused, 2 no such receiver, 3 it could not be reached.
    """
    settings = load(folder, os.environ).settings
    try:
        said = send_test(settings, name, wall_time())
    except ConnectorError as fault:
        if fault.retryable:
            raise
        leave(f"{fault.reason} [{fault.code}]", fault.next_step, ANSWER_IS_NO)
    echo(f"sent; {said}")

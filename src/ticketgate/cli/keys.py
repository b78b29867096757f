"""`keys`: what signs the evidence log, and what verifies it."""

from pathlib import Path

import click

from ticketgate.cli.failures import ends_with_code
from ticketgate.cli.groups import Listed
from ticketgate.cli.showing import echo, echo_json
from ticketgate.wiring import public_keys


@click.group(cls=Listed)
def keys() -> None:
    """The keys that sign the evidence log."""


@keys.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def show_keys(folder: Path, *, as_json: bool) -> None:
    """Print the verifier keys (vkeys), the current one first; nothing secret.

    Give them to whoever verifies the log, by another way than the log itself.
    """
    found = public_keys(folder)
    if as_json:
        echo_json([{"vkey": key.text, "current": key == found[0]} for key in found])
        return
    for key in found:
        echo(f"{key.text}  {'current' if key == found[0] else 'signs too, while keys rotate'}")

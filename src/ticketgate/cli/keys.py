"""`keys`: the keys that sign the evidence log."""

import os
from pathlib import Path

import click

from ticketgate.cli.failures import ends_with_code
from ticketgate.cli.groups import Listed
from ticketgate.cli.showing import echo, echo_json
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.log.trust import NONE
from ticketgate.wiring.commands import (
    ask_gateway,
    load,
    new_signing_key,
    public_keys,
    signing_key_place,
    this_user,
)
from ticketgate.wiring.gateway import Gateway

_LOST = """\
The log says nothing of this key: no old key has vouched for it. Tell every auditor the new
`log` line (`ticketgate keys show`) by another way than this host, such as by phone, and the size up
to which the old key counts; they put it into their trust file as an `end` line.
"""


@click.group(cls=Listed)
def keys() -> None:
    """Keys that sign the evidence log: make, show, rotate, end."""


@keys.command("new")
@click.option("--lost", is_flag=True, help="The old key is lost, and cannot vouch for a new one.")
@click.pass_obj
@ends_with_code
def new(folder: Path, *, lost: bool) -> None:
    """Write the first signing key.

    It never overwrites one. Where the log was signed already, another key must follow the old one
    (`ticketgate keys rotate`), unless that is lost: then say --lost, and tell the auditors.
    Exit: 0 done, 2 there is a key, or there was one.
    """
    path, signed = signing_key_place(folder)
    if path.exists():
        raise TicketgateError(
            f"{path} is there; nothing is overwritten",
            code="usage",
            next_step="`ticketgate keys rotate` makes the key that follows it",
        )
    if signed and not lost:
        raise TicketgateError(
            "this log was signed already, and its key is not there",
            code="usage",
            next_step="put the key back from where it is kept; if it is lost for good, say --lost:"
            " auditors then must be told the new key by another way than this host",
        )
    new_signing_key(folder, path)
    echo(f"wrote {path}")
    if signed:
        click.echo(_LOST, err=True, nl=False)


@keys.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def show_keys(folder: Path, *, as_json: bool) -> None:
    """Print the verifier keys as a trust file, the current one first; nothing secret.

    Give it to whoever verifies the log, by another way than the log itself:
    `ticketgate evidence verify BUNDLE --trust FILE` takes it as it is.
    """
    found = public_keys(folder)
    if as_json:
        echo_json([{"vkey": key.text, "current": key == found[0]} for key in found])
        return
    for key in found:
        echo("# current" if key == found[0] else "# signs too, while keys rotate")
        echo(f"log {key.text}")
    echo(f"quorum {NONE}")


@keys.command("rotate")
@click.option("--end", is_flag=True, help="End the older of the two keys.")
@click.pass_obj
@ends_with_code
def rotate(folder: Path, *, end: bool) -> None:
    """Make a key that follows the current one; with --end, end the older one.

    Both sign until the older one is ended. The running gateway does it, without a restart; when
    none runs, this command does it itself. Exit: 0 done, 2 two keys sign already, or with --end
    only one, 3 it could not be written.
    """
    do = "end_key" if end else "rotate_key"
    answer = ask_gateway(folder, {"do": do}) or _by_ourselves(folder, do)
    if "record" not in answer:
        raise TicketgateError(
            str(answer.get("reason", "the gateway refused")),
            code=str(answer.get("code", "control")),
            next_step=str(answer.get("next_step", "")),
        )
    key, record = str(answer["key"]), str(answer["record"])
    if end:
        echo(f"ended {key}")
        echo(f"by record {record}; only the newer key signs from here on")
        return
    echo(f"log {key}")
    echo(f"follows by record {record}; both keys sign from here on")
    click.echo(
        "next: keep a copy of the key file, and give auditors the line above for their trust"
        " files; once they have it, `ticketgate keys rotate --end`",
        err=True,
    )


def _by_ourselves(folder: Path, do: str) -> dict[str, object]:
    """No gateway runs: take its place for as long as it takes, without doors."""
    gateway = Gateway(load(folder, os.environ))
    gateway.start_revoking()
    try:
        return dict(gateway.carry_out(this_user(), {"do": do}))
    finally:
        gateway.stop()

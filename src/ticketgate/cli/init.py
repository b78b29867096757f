"""`init`: a commented configuration, fresh secrets, and an empty database."""

import re
import shutil
import sys
from pathlib import Path
from typing import Final

import click

from ticketgate.cli.failures import ends_with_code
from ticketgate.cli.shipped import shipped_config, write_secrets
from ticketgate.domain.errors import TicketgateError
from ticketgate.wiring.commands import is_origin
from ticketgate.wiring.databases import create_store

_STEPS: Final = """\
wrote {folder}: ticketgate.yaml, policy.yaml, directory.yaml (commented examples),
sample-ticket.json, secrets/ (for your eyes only), and an empty database in data/

next:
 1. Edit {folder}/ticketgate.yaml: {origin} public_url,
    the tables you use, targets and mail. Edit policy.yaml and directory.yaml.
 2. {folder}/secrets/snow-prod.whsec is the secret of the hook: paste its one line into the
    platform (for ServiceNow: connectors/servicenow/INSTALL.md).
 3. {folder}/secrets/scim.token and smtp.password hold random stand-ins: put in what your target
    and your mail server gave you.
 4. ticketgate --config {folder} check
 5. ticketgate --config {folder} explain {folder}/sample-ticket.json --source snow-prod
 6. ticketgate --config {folder} serve

The signing key (secrets/signing.key) signs the evidence log: keep a copy elsewhere, and give
auditors what `ticketgate keys show` prints.

"""
_CHOOSE: Final = """\
`origin` names the evidence log, once and for good (the signing
    key is made for it: remove secrets/signing.key, then `ticketgate --config {folder} keys new`);
    then"""
_CHOSEN: Final = "the evidence log is {origin}; set"
_ANCHORED: Final = """\
Anchor: signed checkpoints are copied to {anchor}. It must be there when the gateway runs, and it
binds you as much as it is write-once, or in another's hand.
"""
_UNANCHORED: Final = """\
No anchor: nobody outside this host vouches for the log, so `ticketgate evidence verify` will say
ANCHORED: none, and whoever holds this host and its key could rewrite the log unseen. Name one under
`anchors:` in {folder}/ticketgate.yaml: a folder on write-once or another's storage, a bucket with
object lock, a witness, or a time-stamp authority (docs/operations.md, "Anchors").
"""
_ASK: Final = (
    "Anchor: a folder outside this host for copies of signed checkpoints (empty: none yet)"
)
_ANCHORS_LINE: Final = re.compile(r"^# anchors:$", re.MULTILINE)
_ORIGIN_LINE: Final = re.compile(r"^origin: \S+", re.MULTILINE)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--origin", metavar="NAME", help="Name of the evidence log, once and for good.")
@click.option("--anchor", metavar="FOLDER", help="Folder outside this host: copies of checkpoints.")
@ends_with_code
def init(folder: Path, origin: str | None, anchor: str | None) -> None:
    """Write configuration, secrets and an empty database into DIR.

    The configuration is a commented example. DIR must be new or empty: nothing is ever
    overwritten. On a terminal it asks for an anchor where none is named. Exit: 0 done, 2 DIR is not
    empty, or origin or anchor cannot be meant so.
    """
    if folder.exists() and any(folder.iterdir()):
        raise TicketgateError(
            f"{folder} is not empty; nothing is overwritten",
            code="usage",
            next_step="name a new folder",
        )
    if origin is not None and not is_origin(origin):
        raise TicketgateError(
            f"{origin!a} is no name of a log",
            code="usage",
            next_step="name it like gate.example.com/evidence: no spaces, '+', '#' or '?'",
        )
    if anchor is None and sys.stdin.isatty():
        anchor = click.prompt(_ASK, default="", show_default=False, err=True)
    place = _outside(anchor.strip(), folder) if anchor and anchor.strip() else None
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(shipped_config().iterdir()):
        if path.is_file():
            shutil.copyfile(path, folder / path.name)
    _fill_in(folder / "ticketgate.yaml", origin, place)
    write_secrets(folder)
    create_store(folder)
    chosen = _CHOOSE.format(folder=folder) if origin is None else _CHOSEN.format(origin=origin)
    click.echo(_STEPS.format(folder=folder, origin=chosen), nl=False)
    told = _UNANCHORED if place is None else _ANCHORED
    click.echo(told.format(folder=folder, anchor=place), nl=False)
    if place is not None and not place.is_dir():
        click.echo(f"{place} is not there yet: nothing is copied until it is.")


def _outside(anchor: str, folder: Path) -> Path:
    """Where the copies go: an absolute path, and not beside what it vouches for."""
    place, own = Path(anchor).absolute(), folder.absolute()
    if not anchor.isprintable() or place == own or own in place.parents:
        raise TicketgateError(
            f"{anchor!a} is no place for an anchor",
            code="usage",
            next_step="name a folder outside DIR, better outside this host",
        )
    return place


def _fill_in(path: Path, origin: str | None, anchor: Path | None) -> None:
    """Put into the fresh settings what is known of them already."""
    text = path.read_text()
    if origin is not None:
        text = _ORIGIN_LINE.sub(lambda _: f"origin: {_quoted(origin)}", text, count=1)
    if anchor is not None:
        line = f"anchors: [{{ file: {_quoted(str(anchor))} }}]\n# anchors:"
        text = _ANCHORS_LINE.sub(lambda _: line, text, count=1)
    path.write_text(text)


def _quoted(value: str) -> str:
    """A YAML scalar that says just this."""
    return "'" + value.replace("'", "''") + "'"

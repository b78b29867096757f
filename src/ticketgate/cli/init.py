"""`init`: a commented configuration, fresh secrets, and an empty database."""

import shutil
from pathlib import Path

import click

from ticketgate.cli.failures import ends_with_code
from ticketgate.cli.shipped import shipped_config, write_secrets
from ticketgate.domain.errors import TicketgateError
from ticketgate.wiring import create_store

_STEPS = """\
wrote {folder}: ticketgate.yaml, policy.yaml, directory.yaml (commented examples),
sample-ticket.json, secrets/ (for your eyes only), and an empty database in data/

next:
 1. Edit {folder}/ticketgate.yaml: `origin` names the evidence log, once and for good (the signing
    key is made for it: remove secrets/signing.key, then `ticketgate --config {folder} keys new`);
    then public_url, the tables you use, targets and mail. Edit policy.yaml and directory.yaml.
 2. {folder}/secrets/snow-prod.whsec is the secret of the hook: paste its one line into the
    platform (for ServiceNow: connectors/servicenow/INSTALL.md).
 3. {folder}/secrets/scim.token and smtp.password hold random stand-ins: put in what your target
    and your mail server gave you.
 4. ticketgate --config {folder} check
 5. ticketgate --config {folder} explain {folder}/sample-ticket.json --source snow-prod
 6. ticketgate --config {folder} serve

The signing key (secrets/signing.key) signs the evidence log: keep a copy elsewhere, and give
auditors what `ticketgate keys show` prints. An anchor outside this host comes with a later version;
until then keep a copy of the last checkpoint (data/checkpoints/latest) elsewhere.
"""


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@ends_with_code
def init(folder: Path) -> None:
    """Write configuration, secrets and an empty database into DIR.

    The configuration is a commented example. DIR must be new or empty: nothing is ever
    overwritten. Exit: 0 done, 2 DIR is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise TicketgateError(
            f"{folder} is not empty; nothing is overwritten",
            code="usage",
            next_step="name a new folder",
        )
    folder.mkdir(parents=True, exist_ok=True)
    example = shipped_config()
    for path in sorted(example.iterdir()):
        if path.is_file():
            shutil.copyfile(path, folder / path.name)
    write_secrets(folder)
    create_store(folder)
    click.echo(_STEPS.format(folder=folder), nl=False)

"""`ticketgate`: the command line. Exit: 0 done, 1 the answer is no, 2 usage, 3 could not do it."""

from pathlib import Path

import click

from ticketgate.cli.check import check
from ticketgate.cli.classify import classify
from ticketgate.cli.demo.command import demo
from ticketgate.cli.evidence import evidence
from ticketgate.cli.exceptions import exceptions
from ticketgate.cli.explain import explain
from ticketgate.cli.grants import grants
from ticketgate.cli.groups import Listed
from ticketgate.cli.init import init
from ticketgate.cli.keys import keys
from ticketgate.cli.look import deliveries, requests
from ticketgate.cli.policy.command import policy
from ticketgate.cli.revoke import revoke
from ticketgate.cli.serve import serve
from ticketgate.cli.surface import surface
from ticketgate.cli.triage import triage
from ticketgate.wiring import VERSION


@click.group(cls=Listed, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("config"),
    show_default=True,
    envvar="TICKETGATE_CONFIG",
    show_envvar=True,
    help="Folder with ticketgate.yaml, policy.yaml and directory.yaml.",
)
@click.version_option(VERSION, prog_name="ticketgate")
@click.pass_context
def main(context: click.Context, folder: Path) -> None:
    """From a ticket to access that a named person approved, that ends, and that can be checked.

    Exit codes: 0 done, 1 the answer is no, 2 usage or configuration, 3 could not do it, 4 unsigned
    or unanchored evidence.
    """
    context.obj = folder


for _command in (
    demo,
    init,
    check,
    serve,
    explain,
    policy,
    classify,
    deliveries,
    requests,
    triage,
    grants,
    exceptions,
    surface,
    revoke,
    evidence,
    keys,
):
    main.add_command(_command)

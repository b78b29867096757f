"""`ticketgate`: the command line. Exit: 0 done, 1 the answer is no, 2 usage, 3 could not do it."""

from pathlib import Path

import click

from ticketgate.cli.demo.command import demo
from ticketgate.cli.serve import serve
from ticketgate.wiring import VERSION


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("config"),
    show_default=True,
    envvar="TICKETGATE_CONFIG",
    help="Folder with ticketgate.yaml, policy.yaml and directory.yaml.",
)
@click.version_option(VERSION, prog_name="ticketgate")
@click.pass_context
def main(context: click.Context, folder: Path) -> None:
    """From a ticket to access that a named person approved, that ends, and that can be checked."""
    context.obj = folder


main.add_command(demo)
main.add_command(serve)

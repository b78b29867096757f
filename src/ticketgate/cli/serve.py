"""`serve`: the gateway itself."""

import os
import sys
from pathlib import Path

import click

from ticketgate.cli.failures import ends_with_code
from ticketgate.web.gateway_app import doors
from ticketgate.web.guard import GuardLimits
from ticketgate.web.server import serve as serve_app
from ticketgate.wiring import Gateway, configure_logs, load


@click.command()
@click.option("--host", help="Address to listen on, instead of the configured one.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; 0 takes a free one.")
@click.pass_obj
@ends_with_code
def serve(folder: Path, host: str | None, port: int | None) -> None:
    """Run the gateway: hooks, pages and the worker."""
    configure_logs()
    configuration = load(folder, os.environ)
    settings = configuration.settings
    address = host or settings.host

    def ready(bound: int) -> None:
        click.echo(f"ticketgate listens on {address}:{bound}", err=True)

    status = serve_app(
        doors(Gateway(configuration)),
        address,
        settings.port if port is None else port,
        GuardLimits(),
        ready,
    )
    sys.exit(status)

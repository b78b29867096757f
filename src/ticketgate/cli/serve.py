"""`serve`: the gateway itself."""

import os
import sys
from pathlib import Path

import click

from ticketgate.cli.failures import USAGE, counted, ends_with_code, tell_faults
from ticketgate.domain.errors import ConfigurationError, TicketgateError
from ticketgate.domain.requests.roles import OPERATOR
from ticketgate.web.gateway_app import doors
from ticketgate.web.guard import GuardLimits
from ticketgate.web.server import serve as serve_app
from ticketgate.wiring.commands import Configured, load_to_revoke, look
from ticketgate.wiring.gateway import Gateway
from ticketgate.wiring.telling import configure_logs


@click.command()
@click.option("--host", help="Address to listen on, instead of the configured one.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; 0 takes a free one.")
@click.option(
    "--restore",
    is_flag=True,
    help="Start on a log that is not the one that was signed, to declare the restore.",
)
@click.pass_obj
@ends_with_code
def serve(folder: Path, host: str | None, port: int | None, *, restore: bool) -> None:
    """Run the gateway: hooks, pages and the worker.

    At a SIGHUP it reads the policy anew, as `ticketgate policy reload` asks it to.

    With --restore, on a database that came from a backup: hooks and links answer 503, nothing is
    given, and two operators declare on /restore what is lost.

    With a faulty configuration it does not start, but where grants are live: then it only takes
    away what is due, is not ready, and answers 503, until it is mended and started anew.
    """
    configure_logs()
    configuration = load_to_revoke(folder, os.environ)
    if restore:
        _check_restore(configuration)
    if configuration.faults:
        _only_for_live_grants(folder, configuration)
    settings = configuration.settings
    address = host or settings.host

    def ready(bound: int) -> None:
        click.echo(f"ticketgate listens on {address}:{bound}", err=True)

    gateway = Gateway(configuration, restore=restore)
    status = serve_app(
        doors(gateway),
        address,
        settings.port if port is None else port,
        GuardLimits(),
        ready,
        gateway.reloader.ask,
    )
    sys.exit(status or (USAGE if configuration.faults else 0))


def _check_restore(configuration: Configured) -> None:
    """A restore needs a sound configuration, and operators to declare it.

    Raises:
        ConfigurationError: it has faults.
        TicketgateError: code `usage`; nobody is an operator.
    """
    if configuration.faults:
        raise ConfigurationError(configuration.faults)
    if not configuration.settings.roles.get(OPERATOR):
        raise TicketgateError(
            "nobody could declare the restore: no operator is named",
            code="usage",
            next_step="name two people: `roles: { operator: [person:ID, person:ID] }` in"
            " ticketgate.yaml",
        )


def _only_for_live_grants(folder: Path, configuration: Configured) -> None:
    """Go on with a faulty configuration only if there is something to take away.

    Raises:
        ConfigurationError: there is nothing.
    """
    live = 0
    if Path(configuration.settings.store).is_file():
        with look(folder) as seen:
            live = sum(seen.grants.count_unended().values())
    if not live:
        raise ConfigurationError(configuration.faults)
    tell_faults(configuration.faults)
    click.echo(
        f"ticketgate: {counted(len(configuration.faults), 'fault')}; {counted(live, 'grant')} not"
        " ended, so it only takes away: no hook, no page, nothing is given\n"
        "next: mend the lines named, run `ticketgate check`, start anew",
        err=True,
    )

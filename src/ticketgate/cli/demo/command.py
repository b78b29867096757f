"""`demo`: the main job, start to end, on real parts, in a temporary folder."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ticketgate.cli.failures import ends_with_code


@click.command()
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Work in this new folder and keep it.",
)
@click.option("--serve", is_flag=True, help="Leave everything running afterwards, to explore.")
@ends_with_code
def demo(keep: Path | None, *, serve: bool) -> None:
    """Do the main job on real parts, from ticket to proof."""
    from ticketgate.cli.demo.story import tell
    from ticketgate.cli.demo.world import World

    with _folder(keep) as folder:
        click.echo(f"ticketgate demo in {folder}")
        click.echo("starting a SCIM server, a mail server and the gateway …")
        world = World(folder)
        try:
            world.start()
            tell(world, _Commands(world.config))
            click.echo("\ndone: asked, approved by two named people, given, ended, and proved.")
            if serve:
                _leave_running(world.url, world.config)
        finally:
            world.stop()


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="ticketgate-demo-") as made:
        yield Path(made)


class _Commands:
    """Runs `ticketgate … --json` as a person would, in a process of its own."""

    def __init__(self, config: Path) -> None:
        self._start = [str(Path(sys.executable).with_name("ticketgate")), "--config", str(config)]

    def __call__(self, *arguments: str) -> Any:  # noqa: ANN401 -- JSON
        done = subprocess.run(  # noqa: S603 -- our own program, no shell
            [*self._start, *arguments, "--json"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise click.ClickException(f"ticketgate {' '.join(arguments)}:\n{done.stderr}")
        return json.loads(done.stdout)


def _leave_running(url: str, config: Path) -> None:
    click.echo(f"\nstill running at {url}; configuration in {config}; end it with Ctrl-C")
    click.pause("press Enter to end it")

"""`evidence export`: a copy of the signed log that a stranger can verify."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from ticketgate.cli.failures import ANSWER_IS_NO, counted, ends_with_code, leave
from ticketgate.cli.showing import echo, echo_json, plain
from ticketgate.wiring.evidence import export

TOLD_SECONDS: Final = 0.5  # between two progress lines
SLOW_SECONDS: Final = 2.0  # before the first one, where nobody watches
PERCENT: Final = 100


class Progress:
    """One line on standard error, renewed at a terminal; none where it goes fast and unseen."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun = clock()
        self._watched = sys.stderr.isatty()
        self._due = self._begun + (0 if self._watched else SLOW_SECONDS)
        self._first: int | None = None

    def tell(self, done: int, of: int) -> None:
        """So many records are done, of all; the rate leaves out what was there before."""
        now = self._clock()
        if self._first is None:
            self._first = done
        if now < self._due and (done < of or not self._watched):
            return
        self._due = now + TOLD_SECONDS
        rate = (done - self._first) / max(now - self._begun, 0.001)
        line = f"… {done} of {of} records, {done * PERCENT // of} %, {rate:.0f} records/s"
        start, end = ("\r", "\n" if done == of else "") if self._watched else ("", "\n")
        click.echo(f"{start}{line}{end}", err=True, nl=False)


@click.command("export")
@click.argument("place", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--since",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Leave out entries of whole segments below record N; their leaf hashes stay.",
)
@click.option("--ticket", metavar="REF", help="Receipts too, of a ticket (its number or its id).")
@click.option("--tiles", is_flag=True, help="Tiles too, for tools that read C2SP tlog-tiles.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def export_log(
    folder: Path, place: Path, since: int, ticket: str | None, *, tiles: bool, as_json: bool
) -> None:
    """Copy the log into DIR, up to a checkpoint that is signed now; the gateway may be running.

    DIR is new, or holds an earlier copy of this log: it is extended, and what an interrupted
    export left is gone on with. The copy holds personal data. Who took it is recorded. Exit:
    1 no such ticket, 2 DIR holds something else, 3 it could not be read, signed or written.
    """
    progress = Progress()
    done = export(folder, place, since=since, ticket=ticket, tiles=tiles, tell=progress.tell)
    if done is None:
        leave(
            f"the log has no ticket {ticket}; nothing was written",
            "`ticketgate requests list` shows tickets by their numbers",
            ANSWER_IS_NO,
        )
    if as_json:
        echo_json({**plain(done), "dir": str(place)})
        return
    echo(f"{counted(done.size, 'record')} of {done.origin} in {place}, root {done.root}")
    left = done.size - done.entries
    if left:
        echo(f"{counted(left, 'record')} left out: only their leaf hashes are there")
    echo(f"{counted(done.disclosures, 'disclosure')}, {counted(done.receipts, 'receipt')}")
    echo(f"next: python3 {place}/verify.py {place}")

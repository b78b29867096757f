"""`evidence proof`, `evidence checkpoint`: what an auditor takes away in a small file."""

from pathlib import Path

import click

from ticketgate.cli.failures import ANSWER_IS_NO, ends_with_code, leave
from ticketgate.wiring.evidence import newest_checkpoint, prove


@click.command("proof")
@click.argument("index", type=click.IntRange(0))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it into this file, which must be new.",
)
@click.pass_obj
@ends_with_code
def prove_record(folder: Path, index: int, out: Path | None) -> None:
    """Print the receipt (C2SP tlog-proof) of record INDEX: it stands alone.

    It holds the entry, the proof that it is in the log, and a signed checkpoint. Exit: 1 there is
    no such record, or its entry was pruned.
    """
    found = prove(folder, index)
    if found is None:
        leave(f"there is no record {index}", "`ticketgate evidence checkpoint`", ANSWER_IS_NO)
    if out is None:
        click.echo(found, nl=False)
        return
    with out.open("xb") as file:
        file.write(found)


@click.command("checkpoint")
@click.pass_obj
@ends_with_code
def show_checkpoint(folder: Path) -> None:
    """Print the newest signed checkpoint: keep it where the operator of this host cannot write.

    It is signed now, by the running gateway, or by this command when none runs.
    """
    click.echo(newest_checkpoint(folder), nl=False)

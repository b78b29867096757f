"""`requests load`: how much waits for each approver, and how fast they answer."""

from dataclasses import asdict
from pathlib import Path

import click

from ticketgate.cli.failures import ends_with_code
from ticketgate.cli.showing import echo_json, echo_table
from ticketgate.domain.instants import duration_text
from ticketgate.operations.telling.workload import approver_loads
from ticketgate.wiring.commands import look, wall_time


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@ends_with_code
def load(folder: Path, *, as_json: bool) -> None:
    """Show how much waits for each approver, and how fast they answer.

    Everybody who is asked now or decided within 30 days; who has most waiting comes first. Times
    count from the first mail; in JSON they are seconds.
    """
    with look(folder) as seen:
        found = approver_loads(seen, wall_time())
    if as_json:
        echo_json([asdict(one) for one in found])
        return
    echo_table(
        ("APPROVER", "WAITING", "OLDEST", "DECIDED 7D", "DECIDED 30D", "MEDIAN TIME"),
        (
            (
                one.approver,
                str(one.waiting),
                _lasting(one.oldest),
                str(one.decided_7d),
                str(one.decided_30d),
                _lasting(one.median),
            )
            for one in found
        ),
        "nobody is asked, and nobody decided within 30 days",
    )


def _lasting(seconds: int | None) -> str:
    return "" if seconds is None else duration_text(seconds)

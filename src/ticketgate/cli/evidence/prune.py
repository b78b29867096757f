"""`evidence prune`: entries that are old enough go, whole segments of them; leaf hashes stay."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from ticketgate.cli.evidence.keeping import asked_of_gateway, in_its_place, said
from ticketgate.cli.failures import ANSWER_IS_NO, COULD_NOT, ends_with_code, leave
from ticketgate.cli.showing import echo, echo_json
from ticketgate.domain.evidence import INTEGER_MAX
from ticketgate.operations.desks.control import DAYS_MAX, told_prunable, wish_of
from ticketgate.operations.evidence.prune import Wish, prunable
from ticketgate.wiring.commands import load_to_revoke, look, this_user, wall_time
from ticketgate.wiring.gateway import Gateway

POLL_SECONDS: Final = 0.1
_HELD: Final = {
    "size": "the next segment of 65,536 entries is not whole yet",
    "before": "the next segment goes beyond what was asked for",
    "age": "the next segment is younger than what was asked for, or than `retention.entries`",
    "retained_until": "the next segment holds decisions that are kept, or what is live needs",
}


@click.command("prune")
@click.option(
    "--before",
    type=click.IntRange(0, INTEGER_MAX),
    metavar="SIZE",
    help="Entries below this index.",
)
@click.option(
    "--older-than",
    type=click.IntRange(0, DAYS_MAX),
    metavar="DAYS",
    help="Entries older than so many days.",
)
@click.option("--reason", required=True, help="Why; kept beside the evidence.")
@click.option("--dry-run", is_flag=True, help="Only say what would be pruned.")
@click.option(
    "--wait",
    type=click.IntRange(0, 86_400),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the running gateway.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def prune_entries(
    folder: Path,
    before: int | None,
    older_than: int | None,
    reason: str,
    *,
    dry_run: bool,
    wait: int,
    as_json: bool,
) -> None:
    """Remove entries that are old enough, with what they hide; their leaf hashes stay.

    Name exactly one of --before, --older-than. Segments of 65,536 entries go whole, one at a
    time, each with a record that names what replaying starts from. Nothing goes that
    `retention` in ticketgate.yaml keeps, or that something live needs. Exit: 0 pruned, 1 nothing
    may go, 2 usage, 3 not done within the wait.
    """
    why = said(reason)
    names: dict[str, Any] = {"before": before, "older_than": older_than}
    wish = wish_of(names, this_user(), why)
    found = _previewed(folder, wish) if dry_run else _pruned(folder, names, wish, wait)
    if as_json:
        echo_json(found)
    elif found["boundary"] > found["first"]:
        verb = "would be pruned" if dry_run else "pruned"
        echo(f"entries {found['first']} to {found['boundary'] - 1} {verb}")
    if found["boundary"] == found["first"]:
        leave(f"nothing may be pruned: {_HELD[found['held']]}", "", ANSWER_IS_NO)
    if not as_json:
        echo(f"then: {_HELD[found['held']]}")


def _previewed(folder: Path, wish: Wish) -> Mapping[str, Any]:
    retention = load_to_revoke(folder, os.environ).settings.retention
    with look(folder) as seen:
        return told_prunable(prunable(seen, wall_time(), retention, wish))


def _pruned(folder: Path, names: Mapping[str, Any], wish: Wish, wait: int) -> Mapping[str, Any]:
    answer = asked_of_gateway(folder, {"do": "prune", "reason": wish.reason, **names})
    if answer is None:
        return in_its_place(folder, lambda gateway: _by_ourselves(gateway, wish))
    _wait(folder, answer["boundary"], wait)
    return answer


def _by_ourselves(gateway: Gateway, wish: Wish) -> Mapping[str, Any]:
    found = gateway.keepers.pruner.ask(wish)
    while gateway.keepers.pruner.pending:
        gateway.keepers.pruner.step()
    return told_prunable(found)


def _wait(folder: Path, boundary: int, seconds: int) -> None:
    deadline = time.monotonic() + seconds
    while True:
        # Asked first: what ended before the look is seen by it.
        pending = (asked_of_gateway(folder, {"do": "pruning"}) or {}).get("pending")
        with look(folder) as seen:
            first = seen.evidence.first()
        if first >= boundary:
            return
        if not pending:
            leave(
                f"pruned up to {first} only, not to {boundary}: something needs the rest by now,"
                " or another wish came, or the gateway stopped",
                "`ticketgate evidence prune --dry-run` says what holds it",
                COULD_NOT,
            )
        left = deadline - time.monotonic()
        if left <= 0:
            leave(
                f"pruned up to {first} within {seconds} s; the gateway goes on to {boundary}",
                "`ticketgate evidence verify` says where the log begins",
                COULD_NOT,
            )
        time.sleep(min(POLL_SECONDS, left))

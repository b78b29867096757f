"""`policy diff`: what a new policy changes, by meaning."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from ticketgate.cli.failures import ANSWER_IS_NO, counted, ends_with_code
from ticketgate.cli.showing import echo, echo_json
from ticketgate.domain.changes.policy_change import Change, Direction
from ticketgate.domain.changes.policy_diff import compare, difference
from ticketgate.wiring.commands import load
from ticketgate.wiring.policies import read_policy

ORDER: Final = (Direction.LOOSENED, Direction.OTHER, Direction.TIGHTENED)


@click.command()
@click.argument("new", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--fail-if",
    "unwanted",
    multiple=True,
    type=click.Choice([one.value for one in ORDER]),
    help="Answer no when there is a change of this kind; may be said several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
@ends_with_code
def diff(context: click.Context, new: Path, unwanted: tuple[str, ...], *, as_json: bool) -> None:
    """Say what the policy in NEW changes, and whether it tightens or loosens.

    It is held against the configured policy, by meaning: layout and comments are no difference.
    Exit: 0, 1 there is a change of a kind named with --fail-if, 2 either policy is faulty.
    """
    old, other = load(Path(context.obj), os.environ).policy, read_policy(new)
    changes = compare(old, other)
    if as_json:
        echo_json(
            {
                "old": old.digest,
                "new": other.digest,
                "difference": difference(changes),
                "changes": changes,
            }
        )
    else:
        for line in _lines(changes):
            echo(line)
    if any(one.direction in unwanted for one in changes):
        context.exit(ANSWER_IS_NO)


def _lines(changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        yield "nothing is different in meaning"
        return
    for direction in ORDER:
        found = [one for one in changes if one.direction is direction]
        if found:
            yield f"{direction.value}: {counted(len(found), 'change')}"
        for one in found:
            yield f"  {one.section} {one.id} ({one.where}): {_what(one)}"
            if one.old or one.new:
                yield f"    - {one.old or 'nothing'}"
                yield f"    + {one.new or 'nothing'}"
            yield f"    {one.reason}"


def _what(change: Change) -> str:
    return f"{change.field} changed" if change.field else change.what

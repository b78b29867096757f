"""`policy backtest`: what was recorded, through the configured policy and a new one."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from ticketgate.cli.failures import ANSWER_IS_NO, counted, ends_with_code
from ticketgate.cli.policy.diff import ORDER
from ticketgate.cli.showing import echo, echo_json
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.instants import parse_duration
from ticketgate.operations.trying.backtest import Backtest, Given, Pair, backtest, last_round
from ticketgate.wiring.commands import Look, load, look, wall_time
from ticketgate.wiring.policies import read_policy
from ticketgate.wiring.replaying import replaying

REQUESTS_MAX: Final = 1_000_000
SPAN_MAX: Final = timedelta(days=36_525)


@click.command("backtest")
@click.argument("new", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--since", default="90d", show_default=True, help="How far back, such as 90d.")
@click.option(
    "--fail-if",
    "unwanted",
    multiple=True,
    type=click.Choice([one.value for one in ORDER]),
    help="Answer no when there is a difference of this kind; may be said several times.",
)
@click.option("--show", is_flag=True, help="Show the numbers of tickets as the platform has them.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
@ends_with_code
def backtest_command(
    context: click.Context,
    new: Path,
    since: str,
    unwanted: tuple[str, ...],
    *,
    show: bool,
    as_json: bool,
) -> None:
    """Replay recorded tickets and decisions through the policy in NEW.

    It is held against the configured policy, with the directory as it is now. Differences are
    grouped by the rule that causes them, with how many tickets and one of them. What was erased is
    counted. Exit: 0, 1 there is a difference named with --fail-if, 2 a policy is faulty, 3 there is
    no store.
    """
    folder = Path(context.obj)
    configuration = load(folder, os.environ)
    now = wall_time()
    sources = configuration.settings.sources
    own = frozenset((name, user) for name, one in sources.items() for user in one.own_users)
    pair = Pair(configuration.policy, read_policy(new), configuration.directory.read(now), own)
    begin = _begin(since, now)
    with replaying(folder, pair) as replayed, look(folder) as looking:
        parts = replayed(looking.recorded_tickets(begin))
        found = backtest(parts, _decided(looking, begin), pair, _progress)
    if as_json:
        echo_json(_document(found, show=show))
    else:
        for line in _lines(found, show=show):
            echo(line)
    if any(one.effect.direction in unwanted for one in found.groups):
        context.exit(ANSWER_IS_NO)


def _begin(since: str, now: datetime) -> datetime:
    span = parse_duration(since)
    if span is None or span > SPAN_MAX:
        raise TicketgateError(
            f"{since!r} is no time span", code="usage", next_step="say it as 90d or 12h"
        )
    return now - span


def _decided(looking: Look, begin: datetime) -> Iterator[Given]:
    """Every request that was approved since, with its approvals, its ticket and a person's word."""
    for request in looking.requests.listed("approved", REQUESTS_MAX):
        if request.closed_at is None or request.closed_at < begin:
            continue
        row = looking.tickets.find(request.ticket)
        ticket = row.ticket if row is not None and row.ticket.fields else None
        kept = last_round(request, looking.requests.approvals(request.id))
        yield request, ticket, kept, None if row is None else row.triage


def _progress(count: int) -> None:
    click.echo(f"{count} revisions replayed", err=True)


def _lines(found: Backtest, *, show: bool) -> Iterator[str]:
    yield (
        f"{counted(found.revisions, 'recorded revision')} ({found.erased} erased),"
        f" {counted(found.decisions, 'approved request')} ({found.decisions_erased} erased)"
    )
    if not found.groups:
        yield "nothing would be otherwise"
    for direction in ORDER:
        groups = [one for one in found.groups if one.effect.direction is direction]
        if groups:
            yield f"{direction.value}:"
        for one in groups:
            number = f", {one.example.number}" if show else ""
            yield f"  {one.effect.cause}: {one.effect.what}"
            yield f"    {len(one.tickets)}, such as {one.example.ident}{number}"


def _document(found: Backtest, *, show: bool) -> dict[str, Any]:
    return {
        "revisions": found.revisions,
        "erased": found.erased,
        "decisions": found.decisions,
        "decisions_erased": found.decisions_erased,
        "groups": [
            {
                "direction": one.effect.direction,
                "what": one.effect.what,
                "cause": one.effect.cause,
                "count": len(one.tickets),
                "example": {
                    "id": one.example.ident,
                    **({"number": one.example.number} if show else {}),
                },
            }
            for one in found.groups
        ],
    }

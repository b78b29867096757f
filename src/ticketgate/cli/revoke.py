"""`revoke`: the kill switch. It may look and take away; giving is for signed-in people on pages."""

import os
import time
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Final

import click

from ticketgate.cli.failures import (
    ANSWER_IS_NO,
    COULD_NOT,
    counted,
    ends_with_code,
    leave,
    tell_faults,
)
from ticketgate.cli.showing import echo, echo_table, when
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.grants.grant import ENDED, Grant, GrantState
from ticketgate.operations.desks.control import choice_of
from ticketgate.operations.grants.revoke import Choice, chosen
from ticketgate.operations.grants.revoke import revoke as revoke_grants
from ticketgate.wiring.commands import ask_gateway, load_to_revoke, look, this_user
from ticketgate.wiring.gateway import Gateway

POLL_SECONDS: Final = 0.1
PROGRESS_SECONDS: Final = 5.0
_SHARED: Final = "another live grant holds the same access, so it stays"


@click.command()
@click.option("--grant", metavar="ID", help="This grant.")
@click.option("--person", metavar="ID", help="Everything that this person (a subject id) holds.")
@click.option("--ticket", metavar="REF", help="Everything of this ticket (its number or its id).")
@click.option("--target", metavar="NAME", help="Everything at this target.")
@click.option("--reason", required=True, help="Why; kept beside the evidence.")
@click.option("--dry-run", is_flag=True, help="Only list what would be revoked.")
@click.option(
    "--wait",
    type=click.IntRange(0, 86_400),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait until the targets confirm it.",
)
@click.pass_obj
@ends_with_code
def revoke(
    folder: Path,
    grant: str | None,
    person: str | None,
    ticket: str | None,
    target: str | None,
    reason: str,
    *,
    dry_run: bool,
    wait: int,
) -> None:
    """Take access away now. Name exactly one of --grant, --person, --ticket, --target.

    The running gateway does it; when none runs, this command does it itself and gives nothing
    meanwhile. Who asked (os:uid@host) and the reason are recorded. Revoked means that the target
    was read and the access was gone. Exit: 0 confirmed, 1 no live grant matches, 3 not confirmed
    within the wait (it is tried again for ever).
    """
    if not reason.strip():
        raise TicketgateError("the reason is empty", code="usage", next_step="say why")
    names = {"grant": grant, "person": person, "ticket": ticket, "target": target}
    choice = choice_of(names)
    if dry_run:
        _preview(folder, choice)
        return
    answer = ask_gateway(folder, {"do": "revoke", "reason": reason.strip(), **names})
    if answer is None:
        _by_ourselves(folder, choice, reason.strip(), wait)
        return
    revoked = answer.get("revoked")
    if not isinstance(revoked, list):
        raise TicketgateError(
            str(answer.get("reason", "the gateway refused")),
            code=str(answer.get("code", "control")),
            next_step=str(answer.get("next_step", "")),
        )
    _stop_if_none(revoked)
    echo(f"the running gateway has begun to revoke {counted(len(revoked), 'grant')}")
    _wait(folder, revoked, wait)


def _preview(folder: Path, choice: Choice) -> None:
    with look(folder) as seen:
        found = chosen(seen, choice)
    _stop_if_none(found)
    echo_table(
        ("ID", "STATE", "FOR", "ENTITLEMENT", "TARGET", "NOT AFTER"),
        (
            (
                one.id,
                one.state.value,
                one.subject,
                one.entitlement,
                one.target,
                when(one.not_after),
            )
            for one in found
        ),
        "",
    )
    echo(f"{counted(len(found), 'grant')} would be revoked; nothing was changed")


def _stop_if_none(found: Collection[object]) -> None:
    if not found:
        leave(
            "no live grant matches; nothing was revoked",
            "`ticketgate grants list` shows all, also those that have ended",
            ANSWER_IS_NO,
        )


def _by_ourselves(folder: Path, choice: Choice, reason: str, wait: int) -> None:
    """No gateway runs: take its place for as long as it takes, without doors."""
    with look(folder) as seen:
        _stop_if_none(chosen(seen, choice))
    configuration = load_to_revoke(folder, os.environ)
    tell_faults(configuration.faults)
    gateway = Gateway(configuration)
    gateway.start_revoking()
    try:
        revoked = gateway.store.write(
            partial(revoke_grants, choice=choice, by=this_user(), reason=reason), urgent=True
        )
        echo(f"no gateway runs; revoking {counted(len(revoked), 'grant')} from here")
        _wait(folder, revoked, wait)
    finally:
        gateway.stop()


def _wait(folder: Path, revoked: Collection[str], seconds: int) -> None:
    """Until every grant has ended, with a progress line; ends with 3 when the time is over."""
    deadline = time.monotonic() + seconds
    say_at = time.monotonic()
    while True:
        open_ = _report_if_ended(folder, revoked)
        if not open_:
            return
        left = deadline - time.monotonic()
        if left <= 0:
            leave(
                f"not confirmed within {seconds} s: {'; '.join(open_)}",
                "it is recorded and tried again for ever while a gateway runs; "
                "look with `ticketgate grants list`",
                COULD_NOT,
            )
        if time.monotonic() >= say_at:
            say_at = time.monotonic() + PROGRESS_SECONDS
            click.echo(f"… waiting, at most {left:.0f} s more: {'; '.join(open_)}", err=True)
        time.sleep(min(POLL_SECONDS, left))


def _report_if_ended(folder: Path, revoked: Collection[str]) -> list[str]:
    """What has not ended yet, in words; once everything has, say how."""
    with look(folder) as seen:
        found = [one for one in map(seen.grants.get, revoked) if one is not None]
        commands = {one.id: seen.commands.of(one.id, CommandKind.REVOKE) for one in found}
    open_ = [one for one in found if one.state not in ENDED]
    if not open_:
        for one in found:
            echo(f"{one.id} {_ended(one)}: {one.entitlement} of {one.subject} at {one.target}")
        return []
    said = []
    for one in open_:
        command = commands[one.id]
        outcome = "" if command is None else command.last_outcome
        said.append(f"{one.id} {one.state.value}" + (f" ({outcome})" if outcome else ""))
    return said


def _ended(grant: Grant) -> str:
    if grant.state is GrantState.RELEASED_SHARED:
        return f"released ({_SHARED})"
    if grant.state is GrantState.ABANDONED:
        return "abandoned (two people gave up: nothing confirms that it is gone)"
    if grant.baseline:
        return "revoked (without effect: the access stood before, so it stays)"
    return grant.state.value

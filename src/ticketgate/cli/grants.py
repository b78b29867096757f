"""`grants`: who holds what, also while the gateway runs."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ticketgate.cli.failures import ends_with_code
from ticketgate.cli.groups import Listed
from ticketgate.cli.look import leave_none, listing, showing
from ticketgate.cli.showing import echo, echo_json, echo_pairs, echo_table, when
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.operations.intake.parked import LIVE, may_have_closed
from ticketgate.operations.requests.untold_grants import untold_case
from ticketgate.wiring.commands import Look, look


@click.group(cls=Listed)
def grants() -> None:
    """Who holds what, until when, and what is being taken away."""


@grants.command("list")
@listing(tuple(one.value for one in GrantState))
@click.pass_obj
@ends_with_code
def list_grants(folder: Path, state: str | None, limit: int, *, as_json: bool) -> None:
    """List grants, newest first; a revocation that is not confirmed yet shows its tries."""
    with look(folder) as seen:
        found = [grant_document(seen, one) for one in seen.grants.listed(state, limit)]
        hold = seen.restores.hold()
    if hold is not None:
        click.echo(
            f"provisioning is held: a restore was declared in record #{hold.index}; two operators"
            " end it on /restore",
            err=True,
        )
    if as_json:
        echo_json(found)
        return
    echo_table(
        (
            "ID",
            "STATE",
            "FOR",
            "ENTITLEMENT",
            "TARGET",
            "NOT AFTER",
            "TRIES",
            "LAST OUTCOME",
            "ALARM",
        ),
        (
            (
                one["id"],
                one["state"] + (" (baseline)" if one["baseline"] else ""),
                one["subject"],
                one["entitlement"],
                one["target"],
                when(one["not_after"]),
                str(one["tries"] or ""),
                one["last_outcome"],
                _alarm(one),
            )
            for one in found
        ),
        "no grants",
    )


@grants.command("show")
@showing
@click.pass_obj
@ends_with_code
def show_grant(folder: Path, ident: str, *, as_json: bool) -> None:
    """Show one grant. Exit: 1 there is none with this id."""
    with look(folder) as seen:
        grant = seen.grants.get(ident)
        found = {} if grant is None else grant_document(seen, grant)
    if grant is None:
        leave_none("grant", "grants", ident)
    if as_json:
        echo_json(found)
        return
    echo_pairs((key.replace("_", " "), _cell(value)) for key, value in found.items())
    if found["perhaps_closed_by"]:
        echo(f"{_alarm(found)}; revoke it, or save the ticket again on the platform")
    elif found["exception"]:
        echo(f"{_alarm(found)}; look at its ticket, then revoke it or resolve the exception")


def grant_document(seen: Look, grant: Grant) -> dict[str, Any]:
    """A grant, with the tries and the last outcome of what is being done to it."""
    revoke = seen.commands.of(grant.id, CommandKind.REVOKE)
    command = revoke or seen.commands.of(grant.id, CommandKind.PROVISION)
    parked, held = may_have_closed(seen, grant), seen.pace.held_closing(grant.id)
    untold = untold_case(seen, grant.id) if grant.state in LIVE else None
    return {
        **{one.name: getattr(grant, one.name) for one in fields(grant)},
        "doing": "" if command is None else command.kind.value,
        "tries": 0 if command is None else command.tries,
        "last_outcome": "" if command is None else command.last_outcome,
        "next_try": None if command is None else command.due_at,
        "held_until": None if held is None else held.until,
        "perhaps_closed_by": "" if parked is None else parked.id,
        "exception": "" if untold is None else untold.id,
    }


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return when(value)
        case dict():
            return ", ".join(f"{key}={inner}" for key, inner in value.items())
        case _:
            return str(value)


def _alarm(found: Mapping[str, Any]) -> str:
    if found["held_until"] is not None:
        return f"its ticket ended it; held until {when(found['held_until'])}, or revoke it now"
    parked = found["perhaps_closed_by"]
    if parked:
        return f"the parked delivery {parked} may have closed its ticket"
    case = found["exception"]
    return f"exception open: {case}, its ticket did not say whether it still asks" if case else ""

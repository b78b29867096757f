"""`connectors`: what the configuration asks over the network, and whether it can be read."""

import os
from pathlib import Path

import click

from ticketgate.cli.failures import ANSWER_IS_NO, COULD_NOT, ends_with_code
from ticketgate.cli.groups import Listed
from ticketgate.cli.showing import echo, echo_json, echo_table
from ticketgate.connector_api import ConnectorError
from ticketgate.domain.errors import TicketgateError
from ticketgate.wiring.commands import load, wall_time
from ticketgate.wiring.reaching import Found, reach, reachable


@click.group(cls=Listed)
def connectors() -> None:
    """What is asked over the network: list it, try it."""


@connectors.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@ends_with_code
def list_connectors(folder: Path, *, as_json: bool) -> None:
    """List targets, directories, and the sources that are asked. Nothing is asked for it."""
    found = reachable(load(folder, os.environ))
    if as_json:
        echo_json([{"name": one.name, "what": one.what, "kind": one.kind} for one in found])
        return
    echo_table(("NAME", "WHAT", "KIND"), ((one.name, one.what, one.kind) for one in found), "none")


@connectors.command("check")
@click.argument("name", metavar="NAME")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
@ends_with_code
def check_connector(context: click.Context, name: str, *, as_json: bool) -> None:
    """Ask a target, a source or a directory once, and say what can be read there.

    It is asked from here; nothing is given, taken away or recorded, and the running gateway has no
    part in it. Exit: 0 all of it can be read, 1 something is refused, 2 nothing is called so,
    3 something could not be reached.
    """
    asked = reach(load(Path(context.obj), os.environ), name, wall_time())
    faults = [one.fault for _, founds in asked for one in founds if one.fault is not None]
    if as_json:
        told = [
            {"name": one.name, "what": one.what, "kind": one.kind, "found": list(map(_told, all_))}
            for one, all_ in asked
        ]
        echo_json({"ok": not faults, "checked": told})
    else:
        for one, founds in asked:
            echo(f"{one.what} {one.name} ({one.kind})")
            for found in founds:
                echo(f"  {found.asked}: {found.said or _why(found)}")
    if faults:
        context.exit(COULD_NOT if any(map(_is_away, faults)) else ANSWER_IS_NO)


def _why(found: Found) -> str:
    fault = found.fault
    if fault is None:
        return ""
    return f"{fault.reason} [{fault.code}]" + (f"; {fault.next_step}" if fault.next_step else "")


def _told(found: Found) -> dict[str, str]:
    fault = found.fault
    if fault is None:
        return {"asked": found.asked, "said": found.said}
    told = {"code": fault.code, "reason": fault.reason, "next_step": fault.next_step}
    return {"asked": found.asked, **told}


def _is_away(fault: TicketgateError) -> bool:
    """Whether it may answer later; a directory says of nothing else why it cannot be read."""
    away = isinstance(fault, ConnectorError) and fault.retryable
    return away or fault.code == "directory_unreadable"

"""`signals`: patterns of approvals that a person should look at, as of now."""

import os
from pathlib import Path
from typing import Any, Final

import click

from ticketgate.cli.failures import ends_with_code
from ticketgate.cli.showing import echo, echo_json, echo_table, when
from ticketgate.domain.cases.exception_case import EXCEPTIONS
from ticketgate.domain.cases.signals import Signal
from ticketgate.operations.cases.signals import cases_of, exception_of, found_signals
from ticketgate.wiring.commands import load, look, wall_time

NOTHING: Final = "no signals"


@click.command("signals")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def signals(folder: Path, *, as_json: bool) -> None:
    """Patterns of approvals that a person should look at.

    As of now, by the policy and the directory of the configuration; they block nothing. What
    somebody has resolved is not listed, unless it came again. Exit: 0, 2 a file is faulty, 3 there
    is no store.
    """
    configuration = load(folder, os.environ)
    now, rules = wall_time(), configuration.policy.signals
    snapshot = configuration.directory.read(now)
    with look(folder) as seen:
        cases = cases_of(seen, now - rules.looked_back)
        found = [
            _document(one, exception_of(seen, one.key, cases))
            for one in found_signals(seen, now, rules, snapshot)
        ]
    if as_json:
        echo_json(found)
        return
    echo_table(
        ("CODE", "PEOPLE", "WHAT", "NEWEST", "REQUEST", "EXCEPTION"),
        (
            (
                one["code"],
                ", ".join(one["people"]),
                f"{one['what']} ({one['count']})",
                when(one["at"]),
                one["request"],
                one["exception"],
            )
            for one in found
        ),
        NOTHING,
    )
    if found:
        echo("What each means, and what can be a good reason: docs/signals.md")


def _document(found: Signal, exception: str) -> dict[str, Any]:
    return {
        "code": found.key.code,
        "people": list(found.key.people),
        "entitlement": found.key.entitlement,
        "count": found.count,
        "what": found.what,
        "request": found.request,
        "at": found.at,
        "exception": exception,
        "means": EXCEPTIONS[found.key.code],
    }

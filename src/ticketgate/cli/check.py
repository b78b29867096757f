"""`check`: the whole configuration, every fault of every file."""

import os
from pathlib import Path

import click

from ticketgate.cli.failures import USAGE, counted, ends_with_code
from ticketgate.cli.showing import echo, echo_json
from ticketgate.domain.classifying.hints import acquits_unread_languages
from ticketgate.domain.errors import ConfigurationError
from ticketgate.domain.policy.policy import Policy
from ticketgate.wiring.commands import load, wall_time


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
@ends_with_code
def check(context: click.Context, *, as_json: bool) -> None:
    """Validate all configuration; every fault by file and line.

    Each fault is `file:line: path: message` on standard error. Secrets are read as well, and the
    names that the files use for each other. A warning is no fault.
    Exit: 0 nothing is wrong, 2 something is.
    """
    folder = Path(context.obj)
    try:
        found = load(folder, os.environ)
    except ConfigurationError as fault:
        if not as_json:
            raise
        echo_json({"ok": False, "faults": fault.faults})
        context.exit(USAGE)
    people = found.directory.read(wall_time()).people
    count = {
        "sources": len(found.settings.sources),
        "targets": len(found.settings.targets),
        "rules": len(found.policy.classify) + len(found.policy.approve),
        "entitlements": len(found.policy.entitlements),
        "people": len(people),
    }
    if as_json:
        mode = "shadow" if found.policy.shadow else "enforce"
        told = {"ok": True, "faults": [], "read": count, "policy": found.policy.digest}
        told["warnings"] = _warnings(found.policy)
        echo_json({**told, "mode": mode})
        return
    read = [
        counted(count["sources"], "source"),
        counted(count["targets"], "target"),
        counted(count["rules"], "rule"),
        counted(count["entitlements"], "entitlement"),
        f"{count['people']} people",
    ]
    echo(f"{folder}: nothing is wrong; {', '.join(read)}")
    for warning in _warnings(found.policy):
        click.echo(f"warning: {warning}", err=True)


def _warnings(policy: Policy) -> list[str]:
    """What is no fault, and may yet not be meant."""
    warnings = ["the policy is in shadow mode: nothing is asked or given"] if policy.shadow else []
    if acquits_unread_languages(policy):
        warnings.append(
            "rules or packs are of a language, and the policy does not say of which: a text "
            "in any other one is acquitted unread; say `languages: [en]`, or what they were "
            "written for"
        )
    return warnings

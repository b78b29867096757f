"""`policy kinds` and `policy schema`, and the group of all policy commands."""

import click

from ticketgate.cli.failures import ends_with_code
from ticketgate.cli.groups import Listed
from ticketgate.cli.policy.backtest import backtest_command
from ticketgate.cli.policy.diff import diff
from ticketgate.cli.policy.reload import reload_command
from ticketgate.cli.policy.test import test_command
from ticketgate.cli.showing import echo_json, echo_pairs
from ticketgate.domain.identity_event import KIND_MEANINGS
from ticketgate.wiring import policy_schema


@click.group(cls=Listed)
def policy() -> None:
    """Policy as code: test it, and see what a new one changes."""


@policy.command("kinds")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@ends_with_code
def kinds(*, as_json: bool) -> None:
    """List every kind of identity event, with what it means.

    The list is closed: a rule with another word as its `kind` is refused. Exit: 0.
    """
    if as_json:
        echo_json([{"kind": kind, "meaning": said} for kind, said in KIND_MEANINGS.items()])
        return
    echo_pairs(KIND_MEANINGS.items())


@policy.command("schema")
@ends_with_code
def schema() -> None:
    """Print the JSON Schema of policy.yaml, for editors.

    Draft 2020-12. An editor that knows it completes keys and words and marks what is wrong in
    shape; `ticketgate check` finds the rest. Exit: 0.
    """
    echo_json(policy_schema())


for _command in (test_command, backtest_command, diff, reload_command):
    policy.add_command(_command)

"""`policy kinds` and `policy schema`: the words of a policy, for people and for editors."""

import click

from ticketgate.cli.failures import ends_with_code
from ticketgate.cli.showing import echo_json, echo_pairs
from ticketgate.domain.tickets.identity_event import KIND_MEANINGS
from ticketgate.wiring.policies import policy_schema


@click.command("kinds")
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


@click.command("schema")
@ends_with_code
def schema() -> None:
    """Print the JSON Schema of policy.yaml, for editors.

    Draft 2020-12. An editor that knows it completes keys and words and marks what is wrong in
    shape; `ticketgate check` finds the rest. Exit: 0.
    """
    echo_json(policy_schema())

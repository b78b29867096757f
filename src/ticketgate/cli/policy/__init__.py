"""`policy`: what is allowed, handled as code."""

import click

from ticketgate.cli.groups import Listed


@click.group(cls=Listed)
def policy() -> None:
    """Policy as code: test it, and see what a new one changes."""


for _name, _place, _short_help in (
    ("kinds", "words:kinds", "List every kind of identity event, with what it means."),
    ("schema", "words:schema", "Print the JSON Schema of policy.yaml, for editors."),
    ("test", "test:test_command", "Run the cases of test files against the configured policy."),
    ("backtest", "backtest:backtest_command",
     "Replay recorded tickets and decisions through the policy in NEW."),
    ("diff", "diff:diff",
     "Say what the policy in NEW changes, and whether it tightens or loosens."),
    ("reload", "reload:reload_command",
     "Have the running gateway read policy.yaml anew, with its packs and weights."),
):  # fmt: skip
    policy.add_later(_name, f"ticketgate.cli.policy.{_place}", _short_help)

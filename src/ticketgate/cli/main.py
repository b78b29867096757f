"""`ticketgate`: the command line. Exit: 0 done, 1 the answer is no, 2 usage, 3 could not do it."""

from pathlib import Path

import click

from ticketgate.cli.groups import Listed


@click.group(cls=Listed, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("config"),
    show_default=True,
    envvar="TICKETGATE_CONFIG",
    show_envvar=True,
    help="Folder with ticketgate.yaml, policy.yaml and directory.yaml.",
)
@click.version_option(package_name="ticketgate", prog_name="ticketgate")
@click.pass_context
def main(context: click.Context, folder: Path) -> None:
    """From a ticket to access that a named person approved, that ends, and that can be checked.

    Exit codes: 0 done, 1 the answer is no, 2 usage or configuration, 3 could not do it, 4 unsigned
    or unanchored evidence.
    """
    context.obj = folder


for _name, _module, _short_help in (
    ("demo", "demo.command", "Do the main job on real parts, from ticket to proof."),
    ("init", "init", "Write configuration, secrets and an empty database into DIR."),
    ("check", "check", "Validate all configuration; every fault by file and line."),
    ("connectors", "connectors", "What is asked over the network: list it, try it."),
    ("serve", "serve", "Run the gateway: hooks, pages and the worker."),
    ("explain", "explain", "Say what one payload is, and which clauses say so."),
    ("policy", "policy", "Policy as code: test it, and see what a new one changes."),
    ("classify", "classify",
     "Measure the policy on labelled tickets, and learn weights from them."),
    ("deliveries", "look", "What came in, what became of it, and what is parked."),
    ("requests", "look", "What was asked for, what blocks it, and who has decided."),
    ("triage", "triage",
     "Tickets of which the rules cannot tell; people say on /console/triage what they are."),
    ("grants", "grants", "Who holds what, until when, and what is being taken away."),
    ("exceptions", "exceptions", "What was found that a person must look at."),
    ("notify", "notify", "Who outside is told of events: list them, send one a test."),
    ("signals", "signals", "Patterns of approvals that a person should look at."),
    ("surface", "surface", "What was seen to touch access; without a command: list it."),
    ("revoke", "revoke", "Take access away now."),
    ("evidence", "evidence", "The evidence log: verify it, copy it, look at its records."),
    ("keys", "keys", "Keys that sign the evidence log: make, show, rotate, end."),
):  # fmt: skip
    main.add_later(_name, f"ticketgate.cli.{_module}:{_name}", _short_help)

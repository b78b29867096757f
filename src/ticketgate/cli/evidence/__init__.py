"""`evidence`: the log, its proofs and its copies."""

import click

from ticketgate.cli.evidence.erase import erase_values
from ticketgate.cli.evidence.export import export_log
from ticketgate.cli.evidence.privacy import show_privacy
from ticketgate.cli.evidence.proof import prove_record, show_checkpoint
from ticketgate.cli.evidence.prune import prune_entries
from ticketgate.cli.evidence.replay import replay_log
from ticketgate.cli.evidence.show import show_record
from ticketgate.cli.evidence.verify import verify_log
from ticketgate.cli.groups import Listed


@click.group(cls=Listed)
def evidence() -> None:
    """The evidence log: verify it, copy it, look at its records."""


for _command in (
    verify_log,
    export_log,
    prove_record,
    show_record,
    show_checkpoint,
    show_privacy,
    erase_values,
    prune_entries,
    replay_log,
):
    evidence.add_command(_command)

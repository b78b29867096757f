"""`evidence`: the log, its proofs and its copies."""

import click

from ticketgate.cli.groups import Listed


@click.group(cls=Listed)
def evidence() -> None:
    """The evidence log: verify it, copy it, look at its records."""


for _name, _place, _short_help in (
    ("verify", "verify:verify_log",
     "Verify the log: the live database, or the exported bundle in the folder PATH."),
    ("export", "export:export_log",
     "Copy the log into DIR, up to a checkpoint that is signed now; the gateway may be running."),
    ("proof", "proof:prove_record",
     "Print the receipt (C2SP tlog-proof) of record INDEX: it stands alone."),
    ("show", "show:show_record",
     "Show record INDEX with what its disclosures hide, where that is not erased."),
    ("decisions", "decisions:show_decisions",
     "Tell how each decision was made: passkey, step-up, session, code, or by no approver."),
    ("checkpoint", "proof:show_checkpoint",
     "Print the newest signed checkpoint: keep it where the operator of this host cannot write."),
    ("privacy", "privacy:show_privacy",
     "Count the hidden values by kind and person: given, erased, the oldest; what may not go yet."),
    ("erase", "erase:erase_values",
     "Erase hidden values: names, accounts and texts, in the log's disclosures and in the tables."),
    ("prune", "prune:prune_entries",
     "Remove entries that are old enough, with what they hide; their leaf hashes stay."),
    ("replay", "replay:replay_log",
     "Rebuild every state table from the log, and report each difference to the live ones."),
):  # fmt: skip
    evidence.add_later(_name, f"ticketgate.cli.evidence.{_place}", _short_help)

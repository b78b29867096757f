"""The commands, one file per group. No rules here."""

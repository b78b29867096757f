"""Evidence: the log signed, anchored, handed out, pruned and erased."""

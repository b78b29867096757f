"""Evidence: the log begun, signed, anchored, handed out, pruned and erased."""

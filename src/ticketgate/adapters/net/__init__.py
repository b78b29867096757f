"""Net: addresses that may be called, and calls."""

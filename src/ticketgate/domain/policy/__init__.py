"""Policy: what is allowed, as data."""

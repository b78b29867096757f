"""Identity targets: where access is held."""

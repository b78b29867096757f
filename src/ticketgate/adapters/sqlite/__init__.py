"""The embedded store: one supervised writer, one file."""

"""Copies: a log outside the database, as files."""

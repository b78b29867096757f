"""Trying: what a policy would do, without doing anything."""

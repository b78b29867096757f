"""Grants: time-bound access, and the commands that bring it about."""

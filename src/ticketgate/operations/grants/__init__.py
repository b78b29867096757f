"""Grants: begun, enforced, extended and ended."""

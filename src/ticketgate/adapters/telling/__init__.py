"""Telling: mail and receivers."""

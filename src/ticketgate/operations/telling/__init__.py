"""Telling: people, tickets and receivers learn what came of it."""

"""Telling: what people, tickets and receivers are told, as text."""

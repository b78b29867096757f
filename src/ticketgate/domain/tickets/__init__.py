"""Tickets: what an ITSM platform says, normalised. Every field is a claim."""

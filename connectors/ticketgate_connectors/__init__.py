"""Connectors that ship with ticketgate; each is loaded only when the configuration names it."""

"""Desks: what people at pages and commands can ask, and what they are shown."""

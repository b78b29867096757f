"""Wiring: builds everything from settings. The only package that names adapters.

Each part is imported from its own module, so that a command imports only what it needs.
"""

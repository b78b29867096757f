"""Wiring: builds everything from settings. The only package that names adapters."""

from ticketgate.wiring.commands import (
    Configured,
    Look,
    ask_gateway,
    configure_logs,
    create_store,
    load,
    load_to_revoke,
    look,
    new_secret,
    new_signing_key,
    public_keys,
    read_source,
    this_user,
    wall_time,
)
from ticketgate.wiring.gateway import VERSION, Gateway

__all__ = [
    "VERSION",
    "Configured",
    "Gateway",
    "Look",
    "ask_gateway",
    "configure_logs",
    "create_store",
    "load",
    "load_to_revoke",
    "look",
    "new_secret",
    "new_signing_key",
    "public_keys",
    "read_source",
    "this_user",
    "wall_time",
]

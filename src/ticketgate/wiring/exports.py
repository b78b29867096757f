"""Exports of platforms, for the commands that look into them."""

from ticketgate.adapters.copies.snow_export import read_export

__all__ = ["read_export"]

"""Zammad: the webhook's default body."""

from ticketgate_connectors.itsm.zammad.connector import ZAMMAD

__all__ = ["ZAMMAD"]

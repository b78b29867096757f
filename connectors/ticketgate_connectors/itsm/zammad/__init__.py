"""Zammad: the webhook's default body."""

from ticketgate_connectors.itsm.zammad.platform import ZAMMAD

__all__ = ["ZAMMAD"]

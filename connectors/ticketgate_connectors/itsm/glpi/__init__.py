"""GLPI 11: the webhook's default body."""

from ticketgate_connectors.itsm.glpi.connector import GLPI

__all__ = ["GLPI"]

"""Freshservice: the body of a workflow, and tickets of the API."""

from ticketgate_connectors.itsm.freshservice.connector import FRESHSERVICE

__all__ = ["FRESHSERVICE"]

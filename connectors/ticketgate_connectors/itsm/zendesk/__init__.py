"""Zendesk: bodies of a trigger, event subscriptions, and tickets of the API."""

from ticketgate_connectors.itsm.zendesk.platform import ZENDESK

__all__ = ["ZENDESK"]

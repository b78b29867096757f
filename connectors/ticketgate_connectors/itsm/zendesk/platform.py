"""Zendesk as a platform that posts by its trigger and can be asked."""

from typing import Final

from ticketgate.connector_api import HttpClient, ItsmClient, ItsmSettings
from ticketgate_connectors.itsm.zendesk.client import ZendeskClient
from ticketgate_connectors.itsm.zendesk.connector import Zendesk


class ZendeskPlatform(Zendesk):
    """`connector_api.ItsmPlatform`."""

    capabilities: frozenset[str] = frozenset({"poll", "comment"})

    def open(self, settings: ItsmSettings, http: HttpClient) -> ItsmClient:
        """A client of the Support API. Makes no call."""
        return ZendeskClient(settings, http)


ZENDESK: Final = ZendeskPlatform()

"""Zammad as a platform that posts by its webhooks and can be asked."""

from typing import Final

from ticketgate.connector_api import HttpClient, ItsmClient, ItsmSettings
from ticketgate_connectors.itsm.zammad.client import ZammadClient
from ticketgate_connectors.itsm.zammad.connector import Zammad


class ZammadPlatform(Zammad):
    """`connector_api.ItsmPlatform`."""

    capabilities: frozenset[str] = frozenset({"poll", "comment"})

    def open(self, settings: ItsmSettings, http: HttpClient) -> ItsmClient:
        """A client of the REST API. Makes no call."""
        return ZammadClient(settings, http)


ZAMMAD: Final = ZammadPlatform()

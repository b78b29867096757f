"""ServiceNow as a platform that takes hooks and can be asked."""

from typing import Final

from ticketgate.connector_api import HttpClient, ItsmClient, ItsmSettings
from ticketgate_connectors.itsm.servicenow.client import ServiceNowClient
from ticketgate_connectors.itsm.servicenow.connector import ServiceNow


class ServiceNowPlatform(ServiceNow):
    """`connector_api.ItsmPlatform`."""

    capabilities: frozenset[str] = frozenset({"poll", "comment"})

    def open(self, settings: ItsmSettings, http: HttpClient) -> ItsmClient:
        """A client of the Table API. Makes no call."""
        return ServiceNowClient(settings, http)


SERVICENOW: Final = ServiceNowPlatform()

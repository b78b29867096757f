"""Request Tracker as a platform that posts by its scrip and can be asked."""

from typing import Final

from ticketgate.connector_api import HttpClient, ItsmClient, ItsmSettings
from ticketgate_connectors.itsm.request_tracker.client import RequestTrackerClient
from ticketgate_connectors.itsm.request_tracker.connector import RequestTracker


class RequestTrackerPlatform(RequestTracker):
    """`connector_api.ItsmPlatform`."""

    capabilities: frozenset[str] = frozenset({"poll", "comment"})

    def open(self, settings: ItsmSettings, http: HttpClient) -> ItsmClient:
        """A client of REST2. Makes no call."""
        return RequestTrackerClient(settings, http)


REQUEST_TRACKER: Final = RequestTrackerPlatform()

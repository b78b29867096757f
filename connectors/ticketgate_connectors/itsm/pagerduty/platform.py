"""PagerDuty as a platform that posts by its webhooks and can be asked."""

from typing import Final

from ticketgate.connector_api import HttpClient, ItsmClient, ItsmSettings
from ticketgate_connectors.itsm.pagerduty.client import PagerDutyClient
from ticketgate_connectors.itsm.pagerduty.connector import PagerDuty


class PagerDutyPlatform(PagerDuty):
    """`connector_api.ItsmPlatform`."""

    capabilities: frozenset[str] = frozenset({"poll", "comment"})

    def open(self, settings: ItsmSettings, http: HttpClient) -> ItsmClient:
        """A client of the REST API. Makes no call."""
        return PagerDutyClient(settings, http)


PAGERDUTY: Final = PagerDutyPlatform()

"""Jira Cloud as a platform that posts webhooks and can be asked."""

from typing import Final

from ticketgate.connector_api import HttpClient, ItsmClient, ItsmSettings
from ticketgate_connectors.itsm.jira.client import JiraClient
from ticketgate_connectors.itsm.jira.connector import Jira


class JiraPlatform(Jira):
    """`connector_api.ItsmPlatform`."""

    capabilities: frozenset[str] = frozenset({"poll", "comment"})

    def open(self, settings: ItsmSettings, http: HttpClient) -> ItsmClient:
        """A client of Jira's REST interface. Makes no call."""
        return JiraClient(settings, http)


JIRA: Final = JiraPlatform()

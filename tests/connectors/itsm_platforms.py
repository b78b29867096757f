"""The nine platforms as the contract needs them: payloads written from the vendors' documents."""

from typing import Final

from tests.connectors.itsm_cloud import (
    FRESHSERVICE_PLATFORM,
    JIRA_PLATFORM,
    PAGERDUTY_PLATFORM,
    SERVICENOW_PLATFORM,
    ZENDESK_PLATFORM,
)
from tests.connectors.itsm_hosted import (
    GENERIC_PLATFORM,
    GLPI_PLATFORM,
    REQUEST_TRACKER_PLATFORM,
    ZAMMAD_PLATFORM,
)

PLATFORMS: Final = (
    FRESHSERVICE_PLATFORM,
    GENERIC_PLATFORM,
    GLPI_PLATFORM,
    JIRA_PLATFORM,
    PAGERDUTY_PLATFORM,
    REQUEST_TRACKER_PLATFORM,
    SERVICENOW_PLATFORM,
    ZAMMAD_PLATFORM,
    ZENDESK_PLATFORM,
)

"""The six platforms that can be asked, as `client_contract.py` needs them."""

from typing import Final

from tests.connectors.client_desk import Desk, OpenDesk, WalkDesk
from tests.connectors.jira_cloud import JiraDesk
from tests.connectors.pagerduty_rest import PagerDutyDesk
from tests.connectors.request_tracker_rest2 import RequestTrackerDesk
from tests.connectors.servicenow_table_api import ServiceNowDesk
from tests.connectors.zammad_rest import ZammadDesk
from tests.connectors.zendesk_support import ZendeskDesk

DESKS: Final[tuple[type[Desk], ...]] = (
    *(JiraDesk, PagerDutyDesk, RequestTrackerDesk, ServiceNowDesk, ZammadDesk, ZendeskDesk),
)
OPEN_DESKS: Final[tuple[type[OpenDesk], ...]] = (JiraDesk, ZammadDesk, ZendeskDesk)
WALKING: Final[tuple[type[WalkDesk], ...]] = (JiraDesk, ZendeskDesk)
# They write the key in a place of its own, where it stands alone.
MARKING: Final[tuple[type[Desk], ...]] = (PagerDutyDesk, RequestTrackerDesk, ZammadDesk)

"""PagerDuty: events of a v3 webhook subscription."""

from ticketgate_connectors.itsm.pagerduty.platform import PAGERDUTY

__all__ = ["PAGERDUTY"]

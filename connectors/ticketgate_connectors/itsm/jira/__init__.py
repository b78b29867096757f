"""Jira Cloud and Jira Service Management: issue events of webhooks, and bare issues."""

from ticketgate_connectors.itsm.jira.platform import JIRA

__all__ = ["JIRA"]

"""ServiceNow: Table API records and the bodies of the shipped script (`connectors/servicenow`)."""

from ticketgate_connectors.itsm.servicenow.platform import SERVICENOW

__all__ = ["SERVICENOW"]

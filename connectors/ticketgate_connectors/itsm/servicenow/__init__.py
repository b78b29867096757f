"""ServiceNow: Table API records and the bodies of the shipped script (`connectors/servicenow`)."""

from ticketgate_connectors.itsm.servicenow.connector import SERVICENOW

__all__ = ["SERVICENOW"]

"""Any other platform: every path stands in the operator's mapping."""

from ticketgate_connectors.itsm.generic.connector import GENERIC

__all__ = ["GENERIC"]

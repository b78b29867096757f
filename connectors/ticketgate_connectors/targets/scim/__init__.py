"""SCIM 2.0 group membership as a target."""

from ticketgate_connectors.targets.scim.connector import SCIM

__all__ = ["SCIM"]

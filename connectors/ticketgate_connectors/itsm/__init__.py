"""ITSM platforms: how a ticket is read."""

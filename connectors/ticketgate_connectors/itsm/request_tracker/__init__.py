"""Request Tracker 5: the body of the shipped scrip (`connectors/request_tracker`)."""

from ticketgate_connectors.itsm.request_tracker.platform import REQUEST_TRACKER

__all__ = ["REQUEST_TRACKER"]

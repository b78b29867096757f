"""What operations ask of what was decided, to find signals in it."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from ticketgate.domain.cases.exception_case import ExceptionCase
from ticketgate.domain.cases.signals import ClosedRequest, SeenApproval


class Signals(Protocol):
    """Approvals and ended requests, over all requests. Who was erased is an actor in them."""

    def newest(self) -> tuple[datetime, int] | None:
        """When the newest decision was made, and its record; None where there is none."""

    def approvals(self, since: datetime, limit: int) -> list[SeenApproval]:
        """The newest approvals made since then, oldest first."""

    def closed(self, since: datetime, approved: datetime) -> list[ClosedRequest]:
        """Requests that people denied or withdrew since then, or `approved` since that moment.

        Withdrawn also by the ticket's end. Of one whose content was erased nothing is told.
        """

    def cases(self, codes: Collection[str], since: datetime) -> list[ExceptionCase]:
        """The exceptions of these codes that are open, or were resolved since then."""

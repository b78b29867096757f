"""What operations ask of the table of emergencies, and of the notices about them."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from ticketgate.domain.emergencies.emergency import Emergency


class Emergencies(Protocol):
    """Emergencies with their reviews, drills included. A notice tells one person of one."""

    def get(self, ident: str) -> Emergency | None:
        """The emergency with this id."""

    def save(self, emergency: Emergency) -> None:
        """Insert version 1, or replace version n-1 by n (StoreConflictError otherwise)."""

    def unreviewed(self) -> list[Emergency]:
        """All that have begun and whose review is not done, oldest first."""

    def asks(self, since: datetime) -> list[Emergency]:
        """Those that wait for a consent, or have one and have not begun, oldest first."""

    def of_entitlement(self, entitlement: str) -> list[Emergency]:
        """All of an entitlement that gave access, or were to; newest first."""

    def listed(self, limit: int, behind: str = "") -> list[Emergency]:
        """Those that have begun, newest first, from behind the one with an id on, for looking."""

    def concern(self, subjects: Collection[str]) -> bool:
        """Whether one that has begun is of one of these people, or was entered by them."""

    def add_notice(self, ident: str, emergency: str, subject: str) -> None:
        """Store whom a notice is for."""

    def notice(self, ident: str) -> tuple[str, str] | None:
        """Emergency and subject of a notice."""

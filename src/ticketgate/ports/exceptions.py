"""What operations ask of the table of exceptions."""

from typing import Protocol

from ticketgate.domain.cases.exception_case import ExceptionCase


class Exceptions(Protocol):
    """Exceptions; open and closed ones."""

    def get(self, ident: str) -> ExceptionCase | None:
        """The exception with this id."""

    def opened(self, code: str, subject: str) -> ExceptionCase | None:
        """The open one of this code and subject; at most one is."""

    def open_of(self, code: str) -> list[ExceptionCase]:
        """All of this code that are open, oldest first."""

    def count(self, code: str) -> int:
        """How many of this code are open."""

    def add(self, case: ExceptionCase) -> None:
        """Store one that has opened (StoreConflictError when its like is open)."""

    def move(self, case: ExceptionCase) -> None:
        """Replace an open one by itself, moved (StoreConflictError when it is not open)."""

    def listed(self, state: str | None, limit: int) -> list[ExceptionCase]:
        """Newest first, for looking."""

    def waiting(self, limit: int, behind: str = "") -> list[ExceptionCase]:
        """The open ones, oldest first; from behind the one with that id on, whatever its state."""

    def named(self, case: ExceptionCase) -> frozenset[str]:
        """The directory subjects whom what its opening hides concerns; erased ones as actors."""

    def open_by_code(self) -> list[ExceptionCase]:
        """All that are open, the oldest of each code first, sorted by code."""

"""What operations ask of the table of letters about outcomes."""

from typing import Protocol

from ticketgate.domain.telling.outcomes import OutcomeLetter


class OutcomeLetters(Protocol):
    """Mails about outcomes, each committed with what it tells of."""

    def add(self, letter: OutcomeLetter) -> None:
        """Store one (StoreConflictError where the person has one of the same key)."""

    def get(self, ident: str) -> OutcomeLetter | None:
        """The letter with this id."""

    def has(self, key: str) -> bool:
        """Whether somebody has one of this key."""

"""Passkeys, and the ceremonies that are under way, as an operation sees them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ticketgate.domain.people.passkey_row import Ceremony, Passkey


class Passkeys(Protocol):
    """Nothing in them names anybody: people are actors of the log."""

    def get(self, ident: str) -> Passkey | None:
        """The passkey with this id."""

    def of_person(self, actor: str) -> Sequence[Passkey]:
        """All of a person's, the oldest first."""

    def confirmed(self) -> Sequence[str]:
        """Whose passkeys may be used, or once might: actors, each once."""

    def pending(self) -> Sequence[Passkey]:
        """Those that wait for somebody to vouch, the oldest first."""

    def add(self, passkey: Passkey) -> None:
        """Store one that was enrolled."""

    def save(self, passkey: Passkey) -> None:
        """Keep its state, counter and voucher, and since when it could be used."""

    def begin(self, ceremony: Ceremony, now: datetime) -> None:
        """Store it in place of the session's last of this purpose; those that are over go."""

    def ceremony(self, session_hash: str, purpose: str) -> Ceremony | None:
        """What this session was asked to sign."""

    def end(self, session_hash: str, purpose: str) -> None:
        """Nothing more comes of it."""

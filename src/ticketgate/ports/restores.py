"""What an operation sees of a restore, and of the keys that the log itself has brought."""

from collections.abc import Sequence
from typing import Protocol

from ticketgate.domain.log.restore import Compared, Drift, Hold, Loss, Place, Statement


class LogKeys(Protocol):
    """The signing keys that the log's records name, by vkey."""

    def first(self) -> list[str]:
        """The keys that it did not bring itself: of before its first rotation."""

    def rotated(self, vkey: str) -> bool:
        """Whether a `key.rotated` has brought this key."""

    def ended(self, vkey: str) -> bool:
        """Whether a `key.ended` has ended this key."""

    def add(self, vkey: str, index: int, old: str) -> None:
        """Note the key that the record at `index` brought, and the one that it follows."""

    def end(self, vkey: str, index: int) -> None:
        """Note that the record at `index` has ended this key."""


class Restores(Protocol):
    """A restore: the loss, what two people say of it, the hold, and how targets compare."""

    def loss(self) -> Loss | None:
        """The loss that waits to be declared."""

    def note_loss(self, loss: Loss) -> None:
        """Keep it in place of what was kept; what people said of another one is dropped."""

    def hold(self) -> Hold | None:
        """The hold of a restore that was declared and has not ended."""

    def declare(self, hold: Hold) -> None:
        """The loss is declared: the hold begins, and nothing is compared yet."""

    def end(self) -> None:
        """The hold ends, with everything that was kept for it."""

    def statements(self, purpose: str) -> list[Statement]:
        """What people said for this purpose, oldest first."""

    def state(self, statement: Statement) -> None:
        """Keep a person's word in place of their earlier one for this purpose."""

    def drop(self, purpose: str) -> None:
        """Forget what people said for this purpose."""

    def compared(self) -> list[Compared]:
        """The places that were compared since the declaration, by target and entitlement."""

    def found(self, place: Place, outcome: Compared, drift: Sequence[Drift]) -> None:
        """Keep how a place compares; where it was listed, `drift` replaces what was found there."""

    def compared_at(self, place: Place) -> Compared | None:
        """How a place compared last; None where it was not since the declaration."""

    def compare_again(self) -> None:
        """Forget that anything was compared; drift stays until it is looked at again."""

    def drift(self) -> list[Drift]:
        """Everything that was found, by target, entitlement and principal."""

    def drift_of(self, place: Place) -> list[Drift]:
        """What was found at one place."""

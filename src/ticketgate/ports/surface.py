"""What operations ask of the table of the control surface."""

from typing import Protocol

from ticketgate.domain.classifying.surface import SurfaceRow


class Surface(Protocol):
    """What was seen to touch access."""

    def get(self, ident: str) -> SurfaceRow | None:
        """The row with this id."""

    def find(self, key: tuple[str, str, str, str, str, str]) -> SurfaceRow | None:
        """The row of this `SurfaceRow.key`."""

    def count(self, source: str) -> int:
        """How many rows a source has."""

    def save(self, row: SurfaceRow) -> None:
        """Insert, or replace the row of its id."""

    def listed(self, limit: int) -> list[SurfaceRow]:
        """Those seen last come first."""

    def unowned(self, limit: int) -> list[SurfaceRow]:
        """The same of those that a machine writes and nobody answers for."""

"""What operations ask of the table of a platform's own approver rows."""

from typing import Protocol


class ApproverRows(Protocol):
    """The version and approver of each approver row that was seen last, without a name.

    `approver` is the SHA-256 (hex) of the account, so that a change is seen and nobody is named.
    """

    def last(self, source: str, ident: str) -> tuple[int | None, str] | None:
        """Version and approver that were noted last."""

    def note(
        self, source: str, ident: str, *, parent: str, version: int | None, approver: str
    ) -> None:
        """Note them in place of what was noted."""

    def parents(self, source: str, ticket_id: str) -> list[tuple[str, str, str]]:
        """The keys of the tickets of this source with this platform id, over its tables."""

"""What retention and erasure ask of the store, and what they take away."""

from datetime import datetime
from typing import Protocol


class Keeping(Protocol):
    """Takes away only; the records that say so are the operation's own."""

    def needed_since(self, decided_since: datetime | None) -> datetime | None:
        """When the oldest thing began whose records must stay; None where there is none.

        A delivery that waits; a request that is live, has a grant that is, or was decided, or
        whose grant ended, after `decided_since` (None: whenever).
        """

    def actors_below(self, boundary: int) -> list[tuple[str, str]]:
        """(subject, actor) of those whose mapping is given by an entry below `boundary` only."""

    def drop_messages(self, before: datetime, limit: int) -> int:
        """Drop letters and comments queued before, reminders and digests of days before; how many.

        At most `limit` of each. Not one whose command is still to be carried out, nor a letter
        about a time that is not over (`until`), nor a reminder of a link that can still be used:
        by these it is known that something was told.
        """

    def prune(self, boundary: int, snapshot: bytes) -> None:
        """Take the segment that ends at `boundary` away, with its disclosures; its leaves stay.

        Raises:
            EvidenceError: it is not the first one that is left, or it is not whole.
        """

"""A folder that a copy of the log is written into."""

from collections.abc import Iterable
from typing import Protocol


class Bundle(Protocol):
    """Files by relative names with slashes. A file is there whole under its name, or not at all.

    What is being written bears its name and `bundle.UNFINISHED` until it is whole.
    """

    def names(self) -> frozenset[str]:
        """Every file; an empty folder as its name and a slash. None where there is no folder.

        Raises:
            TicketgateError: code `usage`; something that is neither a plain file nor a folder.
        """

    def read(self, name: str, bytes_max: int) -> bytes:
        """The first bytes of a file, at most so many."""

    def chunks(self, name: str) -> Iterable[bytes]:
        """A file from its beginning to its end."""

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """Put a file in its place; durable when this returns. Folders are made."""

    def write_soon(self, name: str, data: bytes) -> None:
        """The same, durable only after `settle`."""

    def remove(self, name: str) -> None:
        """Take a file away."""

    def settle(self) -> None:
        """Make all that was written or taken away durable."""

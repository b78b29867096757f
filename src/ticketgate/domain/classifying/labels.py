"""Labels: what people said of tickets, as rows to measure rules on and to learn weights from."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

NEGATIVE: Final = "N"
FIELDS: Final = ("text", "short_description", "description", "catalog_item", "category")
COLUMNS: Final = (*FIELDS, "table")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One row: a label in capitals, and the cells that are not empty, by the names of `COLUMNS`."""

    label: str
    cells: Mapping[str, str]

    @property
    def digest(self) -> bytes:
        """What decides which part it is in: SHA-256 of its cells, wherever the row stands."""
        text = "\0".join(self.cells[name] for name in COLUMNS if name in self.cells)
        return sha256(text.encode("utf-8", "replace")).digest()

"""Rebuilt rows: what a rebuilding knows of one row, and one record as it takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ticketgate.domain.evidence import Json
from ticketgate.domain.log.folded import Record

BLANK: Final = ("", None)  # what stands where a hidden value was erased

Column = Mapping[str, object]
Disclosed = Sequence[tuple[str, Json] | None]  # (name, value) of what is given; None: erased


@dataclass(slots=True)
class Hidden:
    """What only disclosures tell: the value given last, and whether one of them was erased."""

    given: bool = False
    value: Json = None
    erased: bool = False

    def fits(self, value: object) -> bool:
        """Whether a table may hold this: what was given; and blank where something was erased."""
        if self.given and value == self.value:
            return True
        return value in BLANK if self.erased else not self.given


@dataclass(slots=True)
class Row:
    """One row. `partial`: earlier records of it are gone, so that there may be more to it."""

    columns: dict[str, object] = field(default_factory=dict)
    partial: bool = False
    index: int = 0  # of the last record that told of it


@dataclass(frozen=True, slots=True)
class Taken:
    """One record with its place, its leaf hash (hex), and what is given of what it hides."""

    index: int
    leaf: str
    record: Record
    disclosed: Disclosed = ()

"""A log, its signer's memory, and the copies of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tests.filled import evidence_of, sign
from tests.keys import key_of

from ticketgate.adapters.copies.bundle_writer import BundleWriter
from ticketgate.domain.log.checkpoint import parse_checkpoint
from ticketgate.domain.log.trust import LogKey, Trust, trust_text
from ticketgate.operations.evidence.export_evidence import Exported, Wanted, export_evidence

SEGMENT: Final = 65_536
LARGE: Final = SEGMENT + 300
ALICE: Final = key_of("alice")


class Shelf:
    """A log in a database of its own, its signer's memory, and the copies of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "log.db"

    def wanted(self, **more: Any) -> Wanted:  # noqa: ANN401 -- fields of Wanted
        """All of it, signed now."""
        note = sign(self.path, ALICE, self.folder / "memory")
        made = Wanted(parse_checkpoint(note), trust_text(Trust((LogKey(ALICE.public),))))
        return replace(made, **more)

    def export(
        self, place: Path, wanted: Wanted | None = None, bundle: BundleWriter | None = None
    ) -> Exported:
        """Copy it into a folder."""
        with evidence_of(self.path) as evidence:
            return export_evidence(
                evidence, bundle or BundleWriter(place), wanted or self.wanted(), lambda _: None
            )

    def entries(self) -> list[bytes]:
        """The entries as stored."""
        with evidence_of(self.path) as evidence:
            return [entry for _, _, entry in evidence.entries(0, LARGE)]


def bytes_of(place: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        str(path.relative_to(place)): path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }

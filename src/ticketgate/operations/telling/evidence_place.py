"""Evidence place: where in the log a request stands, in the words that people are told."""

from collections.abc import Callable
from dataclasses import dataclass

from ticketgate.domain.log.checkpoint import Checkpoint
from ticketgate.domain.telling.anchoring_text import evidence_line
from ticketgate.ports import Reading


@dataclass(frozen=True, slots=True)
class EvidencePlace:
    """`signed` gives the newest signed checkpoint, None where none is at hand."""

    origin: str
    signed: Callable[[], Checkpoint | None]

    def line(self, looking: Reading, request: str) -> str:
        """The newest record of the request, and the newest signed root."""
        return evidence_line(self.origin, looking.requests.newest_record(request), self.signed())

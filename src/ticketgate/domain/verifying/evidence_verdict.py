"""Evidence verdict: what speaks against one property of a log, entry by entry."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

FAULTS_KEPT_MAX: Final = 1000  # of each verdict; the rest are counted


@dataclass(frozen=True, slots=True)
class EvidenceFault:
    """One fault. `index` is that of the entry where it shows; `text` is printable ASCII."""

    index: int
    text: str


class State(StrEnum):
    """What a verdict comes to. `NONE`: nothing to judge by; `PARTIAL`: for a part of the log."""

    HOLDS = "holds"
    FAILS = "fails"
    NONE = "none"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class EvidenceVerdict:
    """One verdict: all faults are counted, the first `FAULTS_KEPT_MAX` are kept.

    `first_bad` is the smallest index that has a fault, None without faults. `lack` says what there
    is where nothing speaks against it, `note` what a reader should know of it.
    """

    name: str
    count: int
    first_bad: int | None
    faults: tuple[EvidenceFault, ...]
    lack: State = State.HOLDS
    note: str = ""

    @property
    def state(self) -> State:
        """What it comes to."""
        return State.FAILS if self.count else self.lack

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it, and there was enough to judge by."""
        return self.state is State.HOLDS


@dataclass(slots=True)
class FaultList:
    """The faults of one verdict while it is being found."""

    count: int = 0
    first_bad: int | None = None
    kept: list[EvidenceFault] = field(default_factory=list)

    def add(self, index: int, text: str) -> None:
        """Count a fault at `index`, and keep it while there is room."""
        self.count += 1
        self.first_bad = index if self.first_bad is None else min(index, self.first_bad)
        if len(self.kept) < FAULTS_KEPT_MAX:
            self.kept.append(EvidenceFault(index, text))

    def verdict(self, name: str, lack: State = State.HOLDS, note: str = "") -> EvidenceVerdict:
        """The verdict `name` as it stands."""
        kept = tuple(self.kept)
        return EvidenceVerdict(name, self.count, self.first_bad, kept, lack, note)

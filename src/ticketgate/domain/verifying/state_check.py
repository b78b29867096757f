"""State check: the live database's state tables, held against what its log says they must be.

The gateway acts on the tables, so a row that was edited behind the log's back is found here even
though the log itself is whole. Rows are read as an attacker could have left them.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from ticketgate.domain.log.folded import Folded
from ticketgate.domain.verifying.evidence_verdict import EvidenceVerdict, FaultList
from ticketgate.domain.verifying.replay import Replay

STATE: Final = "state"

# Machine, id, state, and what else the row says; an entry says the same under the same names.
TableRow = tuple[str, object, object, Mapping[str, object]]


def check_tables(replay: Replay, rows: Iterable[TableRow], last: int) -> EvidenceVerdict:
    """STATE: the tables have what the log has and nothing else.

    `replay` has folded the whole log; `last` is the index of its last entry. Faults stand at the
    last record that moved the thing; those of a row that no record tells of, at the last entry.
    """
    faults = FaultList()
    seen: set[tuple[str, str]] = set()
    for machine, ident, state, held in rows:
        known = replay.folded.get((machine, ident)) if isinstance(ident, str) else None
        if known is None or not isinstance(ident, str):
            faults.add(last, f"the tables have a {machine} that the log does not have")
            continue
        seen.add((machine, ident))
        _compare(faults, machine, known, {"state": state, **held})
    for (machine, ident), known in replay.folded.items():
        if (machine, ident) not in seen:
            faults.add(known.index, f"the tables do not have this {machine}")
    return faults.verdict(STATE)


def _compare(faults: FaultList, machine: str, known: Folded, held: Mapping[str, object]) -> None:
    said = {**known.said, "state": known.state}
    for name, value in held.items():
        if value != said.get(name):
            faults.add(known.index, f"the {machine}'s {name} in the tables is not the log's")

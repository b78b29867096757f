"""Rebuilding: a whole log, entry by entry with what it hides, folded into tables."""

from collections.abc import Iterable, Iterator

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Draft, Json, parse_disclosure, parse_entry
from ticketgate.domain.log.machines import check_record
from ticketgate.domain.log.rebuilt_row import Taken
from ticketgate.domain.verifying.rebuild import Rebuild
from ticketgate.domain.verifying.snapshot import Pruned, from_snapshot

Entry = tuple[int, bytes, bytes]  # index, leaf hash, entry
Value = tuple[str, int, str | None]  # digest, index, encoded or None when erased


class CannotReplayError(EvidenceError):
    """The log is not one that can be replayed; verifying it says why."""

    code = "cannot_replay"


def rebuild(
    entries: Iterable[Entry], disclosures: Iterable[Value], pruned: Pruned | None
) -> Rebuild:
    """The tables that a log makes; both come in the order of their index.

    Raises:
        CannotReplayError: an entry, a disclosure or the snapshot cannot be read.
    """
    try:
        folded = None if pruned is None else from_snapshot(pruned.snapshot or b"")[1].folded
    except EvidenceError as fault:
        raise CannotReplayError(f"the snapshot: {fault.reason}") from fault
    made = Rebuild(folded)
    hidden = _Hidden(disclosures)
    for index, leaf, entry in entries:
        try:
            record = parse_entry(entry)
            check_record(Draft(str(record.get("type")), record))
            values = [
                None if one is None else parse_disclosure(one)[1:] for one in hidden.of(index)
            ]
        except EvidenceError as fault:
            raise CannotReplayError(f"entry {index}: {fault.reason}") from fault
        made.take(Taken(index, leaf.hex(), record, values))
    return made


class _Hidden:
    """The disclosures, entry by entry."""

    def __init__(self, disclosures: Iterable[Value]) -> None:
        self._rest: Iterator[Value] = iter(disclosures)
        self._next: Value | None = next(self._rest, None)

    def of(self, index: int) -> list[str | None]:
        """What is stored for an entry; what is left over of earlier ones is passed."""
        found: list[str | None] = []
        while self._next is not None and self._next[1] <= index:
            if self._next[1] == index:
                found.append(self._next[2])
            self._next = next(self._rest, None)
        return found


def plain(value: object) -> Json:
    """A value of a table or of the log, as JSON."""
    if value is None or isinstance(value, str | int):
        return value
    return ascii(value)

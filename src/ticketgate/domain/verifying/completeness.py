"""Completeness: whether every ticket of a list is in the log.

The list comes from the ITSM platform, the log from the gateway: what the one has and the other has
not was never received, or never recorded.
"""

from collections.abc import Iterable
from typing import Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import parse_disclosure
from ticketgate.domain.log.folded import Record
from ticketgate.domain.verifying.evidence_verdict import EvidenceVerdict, FaultList, State

COMPLETENESS: Final = "completeness"
LINES_MAX: Final = 10_000_000

TicketKey = tuple[str, str, str]  # source, table, the platform's own id


def parse_tickets(lines: Iterable[str]) -> frozenset[TicketKey]:
    """The tickets of a list: `source<TAB>table<TAB>id` a line; empty lines say nothing.

    Raises:
        EvidenceError: a line of another form; its number is in the text.
    """
    found: set[TicketKey] = set()
    for number, line in enumerate(lines, 1):
        words = line.rstrip("\r\n").split("\t")
        if words == [""]:
            continue
        if len(words) != 3 or not all(words) or number > LINES_MAX:  # noqa: PLR2004 -- three words
            raise EvidenceError(f"line {number} is not source, table and id, parted by tabs")
        found.add((words[0], words[1], words[2]))
    return frozenset(found)


class CompletenessCheck:
    """Looks for tickets in the disclosures `ticket` of `ticket.classified`."""

    def __init__(self, tickets: Iterable[TicketKey] | None) -> None:
        """None: no list was given, and nothing is looked for."""
        self._given = tickets is not None
        self._missing = set(tickets or ())
        self._count = len(self._missing)
        self._hidden: dict[str, tuple[str, str]] = {}  # digest -> source and table of its record

    def take(self, record: Record | None) -> None:
        """Note the disclosures of one entry that may be a ticket."""
        if not self._given or record is None or record.get("type") != "ticket.classified":
            return
        match [record.get(name) for name in ("source", "table", "sd")]:
            case [str(source), str(table), list(listed)]:
                for digest in listed:
                    if isinstance(digest, str):
                        self._hidden[digest] = (source, table)
            case _:
                pass

    def answer(self, digest: object, encoded: object) -> None:
        """Look into one disclosure, which the caller checks against its digest."""
        if not isinstance(digest, str) or digest not in self._hidden:
            return
        if not isinstance(encoded, str):
            return  # erased: it stays among those that cannot be looked into
        try:
            _, name, value = parse_disclosure(encoded)
        except EvidenceError:
            return  # a fault of DISCLOSURES; here it is one more that cannot be looked into
        source, table = self._hidden.pop(digest)
        ident = value.get("id") if name == "ticket" and isinstance(value, dict) else None
        if isinstance(ident, str):
            self._missing.discard((source, table, ident))

    def verdict(self, size: int, *, left_out: bool) -> EvidenceVerdict:
        """COMPLETENESS of a log of `size` records, of which some may be `left_out` of a copy."""
        faults = FaultList()
        if not self._given:
            return faults.verdict(COMPLETENESS, State.NONE, "no list of tickets was given")
        dark = {source for source, _ in self._hidden.values()}
        unknown = [key for key in self._missing if left_out or key[0] in dark]
        for key in sorted(self._missing.difference(unknown)):
            faults.add(size, f"a ticket is not in the log: {' '.join(map(ascii, key))}")
        lack = State.NONE if unknown else State.HOLDS
        note = f"{self._count} tickets"
        if unknown:
            note += f", {len(unknown)} not found, where records or tickets are left out or erased"
        return faults.verdict(COMPLETENESS, lack, note)

"""Completeness: whether every ticket of a list is in the log.

The list comes from the ITSM platform, the log from the gateway: what the one has and the other has
not was never received, or never recorded.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Json, parse_disclosure
from ticketgate.domain.evidence_verdict import EvidenceVerdict, FaultList, State
from ticketgate.domain.replay import Record

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
        self._hidden: dict[str, set[str]] = {}  # digest -> the sources whose tickets it may show

    def take(self, record: Record | None) -> None:
        """Note the disclosures of one entry that may be a ticket."""
        if not self._given or record is None or record.get("type") != "ticket.classified":
            return
        source, listed = record.get("source"), record.get("sd")
        for digest in listed if isinstance(listed, list) else ():
            if isinstance(digest, str) and isinstance(source, str):
                self._hidden.setdefault(digest, set()).add(source)

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
        del self._hidden[digest]
        if name == "ticket" and (key := _key(value)) is not None:
            self._missing.discard(key)

    def verdict(self, size: int) -> EvidenceVerdict:
        """COMPLETENESS of a log of `size` records."""
        faults = FaultList()
        if not self._given:
            return faults.verdict(COMPLETENESS, State.NONE, "no list of tickets was given")
        dark = set().union(*self._hidden.values())
        unknown = [key for key in self._missing if key[0] in dark]
        for key in sorted(self._missing.difference(unknown)):
            faults.add(size, f"a ticket is not in the log: {' '.join(map(ascii, key))}")
        lack = State.NONE if unknown else State.HOLDS
        note = f"{self._count} tickets" + (
            f", {len(unknown)} not found while tickets of their source are erased or withheld"
            if unknown
            else ""
        )
        return faults.verdict(COMPLETENESS, lack, note)


def _key(value: Json) -> TicketKey | None:
    if not isinstance(value, dict):
        return None
    named: Sequence[Json] = [value.get(name) for name in ("source", "table", "id")]
    match named:
        case [str(source), str(table), str(ident)]:
            return (source, table, ident)
        case _:
            return None

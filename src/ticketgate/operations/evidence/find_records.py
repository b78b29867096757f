"""Finding records of the log: the newest first, by type, and by what is looked for.

The log has no index but its own: it is read from its end, so many records at a time.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.ports import Reading

PAGE: Final = 50
LOOKED_MAX: Final = 20_000  # records that one look goes through
_STEP: Final = 500
_ID: Final = re.compile(r"[a-z]{1,12}_[0-9a-z]{1,40}", re.ASCII)
_PLACE: Final = re.compile(r"(?:.*#)?(0|[1-9][0-9]{0,14})", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """(index, entry), the newest first; `older` is where to go on, None at the beginning.

    `looked` says from which record on nothing was left out: there may be more before it.
    """

    records: tuple[tuple[int, bytes], ...]
    older: int | None
    looked: int


def records_before(
    reading: Reading, before: int | None, type_: str = "", ids: frozenset[str] | None = None
) -> FoundRecords:
    """At most `PAGE` records before an index (None: the end), of a type, that name one of `ids`.

    Where `ids` is None any record does; where it is empty none.
    """
    evidence = reading.evidence
    head, first = evidence.head(), evidence.first()
    size = 0 if head is None else head.size
    end = size if before is None else max(first, min(before, size))
    wanted = _wanted(type_, ids)
    least = max(first, end - LOOKED_MAX)
    found: list[tuple[int, bytes]] = []
    while end > least and len(found) < PAGE and ids != frozenset():
        start = max(least, end - _STEP)
        some = [(index, entry) for index, _, entry in evidence.entries(start, end)]
        found += [one for one in reversed(some) if all(each.search(one[1]) for each in wanted)]
        end = start
    if len(found) > PAGE:
        found, end = found[:PAGE], found[PAGE - 1][0]
    return FoundRecords(tuple(found), end if end > first and ids != frozenset() else None, end)


def _wanted(type_: str, ids: frozenset[str] | None) -> list[re.Pattern[bytes]]:
    """What an entry must have, as it is written there."""
    made = [re.compile(re.escape(f'"type":"{type_}"').encode())] if type_ else []
    if ids:
        each = "|".join(re.escape(one) for one in sorted(ids))
        made.append(re.compile(f'"(?:{each})"'.encode()))
    return made


def place_of(query: str) -> int | None:
    """The index that a query names, as `123` or `origin#123`; None where it names none."""
    found = _PLACE.fullmatch(query.strip())
    return None if found is None else int(found[1])


def ids_named(reading: Reading, query: str, snapshot: DirectorySnapshot) -> frozenset[str]:
    """The ids of ours that a query names: one of them, a ticket's, or a person's.

    A ticket is named by its number or the platform's id, a person by id or whole name. With a
    ticket or a request comes what was asked, mailed and given because of it.
    """
    query = query.strip()
    tickets = reading.tickets.named(query)
    found = set(_of_tickets(reading, tickets))
    if _ID.fullmatch(query):
        found |= {query, *_of_request(reading, query)}
    for person in snapshot.people.values():
        if query in {person.id, person.name}:
            actor = reading.people.actor(person.id)
            found |= {actor} if actor else set()
    return frozenset(found)


def _of_tickets(reading: Reading, tickets: Iterable[TicketRow]) -> Iterator[str]:
    for row in tickets:
        yield row.id
        for request in reading.requests.of_ticket(row.ticket.key):
            yield request.id
            yield from _of_request(reading, request.id)
        for delivery in reading.deliveries.of_ticket(row.ticket.source, row.ticket.id):
            yield delivery.id


def _of_request(reading: Reading, ident: str) -> Iterator[str]:
    yield from (link.id for link in reading.links.of_request(ident))
    yield from (grant.id for grant in reading.grants.of_request(ident))

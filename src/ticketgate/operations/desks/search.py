"""Search: requests, people and records that fit what was typed, and that this person may see."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from ticketgate.domain.people.naming import name_of
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.roles import may_look, may_read_log
from ticketgate.operations.deciding.own_request import is_theirs
from ticketgate.operations.desks.record_view import concerns, may_follow, record_of
from ticketgate.operations.evidence.find_records import place_of
from ticketgate.operations.people.sayer import Sayer
from ticketgate.ports import Reading

SHOWN_MAX: Final = 50
CANDIDATES_MAX: Final = 500  # of one person, looked through
PEOPLE_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class RequestHit:
    """A request. `page` says whether its page is for who looks, `record` its newest one, if it is.

    Whom it was put to sees its records, and decides on the page of their link.
    """

    id: str
    number: str
    entitlement: str
    beneficiary: str
    state: str
    page: bool
    record: int | None


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found; `more` where there are more requests than are shown.

    `log` says whether this person may look through the whole log for it.
    """

    requests: tuple[RequestHit, ...] = ()
    people: tuple[tuple[str, str], ...] = ()  # (subject, name)
    record: int | None = None
    more: bool = False
    log: bool = False


def search(reading: Reading, query: str, who: Sayer) -> Hits:
    """What fits, letter case aside; of an empty query nothing does.

    Who sees the requests of everybody finds them by number, id, whole entitlement, or person;
    everybody else, among what is theirs or was put to them, by a part of those.
    """
    typed = query.strip()
    if not typed:
        return Hits()
    log = may_read_log(who.roles, who.subject, who.snapshot) is None
    all_ = may_look(who.roles, who.subject, who.snapshot) is None
    people = tuple(_people(typed, who)) if all_ else ()
    found = _mine(reading, typed, who)
    if all_:
        found = chain(found, _anybodys(reading, typed, (subject for subject, _ in people)))
    each = _first(found, SHOWN_MAX + 1)
    hits = [_hit(reading, one, who, all_=all_) for one in each[:SHOWN_MAX]]
    place = _place(reading, typed, who, log=log)
    return Hits(tuple(hits), people, place, len(each) > SHOWN_MAX, log)


def _first(found: Iterable[AccessRequest], many: int) -> list[AccessRequest]:
    """So many of them, each once; no more than these are looked for."""
    each: dict[str, AccessRequest] = {}
    for one in found:
        each.setdefault(one.id, one)
        if len(each) == many:
            break
    return list(each.values())


def _mine(reading: Reading, typed: str, who: Sayer) -> Iterator[AccessRequest]:
    requests = reading.requests
    known = requests.of_person(who.subject, CANDIDATES_MAX)
    known += requests.put_to(who.subject, CANDIDATES_MAX)
    for one in known:
        if _fits(typed, one, who) and may_follow(reading, one, who):
            yield one


def _fits(typed: str, one: AccessRequest, who: Sayer) -> bool:
    people = (one.requester.subject, one.beneficiary.subject)
    names = (*people, *(name_of(subject, who.snapshot) for subject in people))
    texts = (one.id, one.ticket_number, one.entitlement, *names)
    return any(typed.casefold() in text.casefold() for text in texts)


def _anybodys(reading: Reading, typed: str, people: Iterable[str]) -> Iterator[AccessRequest]:
    requests = reading.requests
    for row in reading.tickets.named(typed):
        yield from requests.of_ticket(row.ticket.key)
    one = requests.get(typed)
    yield from () if one is None else (one,)
    yield from requests.of_entitlement(typed, SHOWN_MAX + 1)
    for subject in people:
        yield from requests.of_person(subject, SHOWN_MAX + 1)


def _people(typed: str, who: Sayer) -> list[tuple[str, str]]:
    """Of the directory, by a part of id or name, or by a whole address; the names in order."""
    wanted = typed.casefold()
    found = [
        (one.name, one.id)
        for one in who.snapshot.people.values()
        if wanted in one.name.casefold() or _is(wanted, one.id) or _is_address(wanted, one.mail)
    ]
    return [(ident, name) for name, ident in sorted(found)[:PEOPLE_MAX]]


def _is(wanted: str, ident: str) -> bool:
    """Whether that is a part of this id; one that is an address is matched as one."""
    return _is_address(wanted, ident) if "@" in ident else wanted in ident.casefold()


def _is_address(wanted: str, address: str) -> bool:
    """Whether that is this address, or all of it before the `@`.

    Never by less: by a part of one, addresses could be found out letter by letter.
    """
    whole = address.casefold()
    return wanted in {whole, whole.rpartition("@")[0]}


def _hit(reading: Reading, one: AccessRequest, who: Sayer, *, all_: bool) -> RequestHit:
    to = one.beneficiary
    return RequestHit(
        one.id,
        one.ticket_number,
        one.entitlement,
        name_of(to.subject, who.snapshot) if to.subject else to.account,
        one.state.value,
        page=all_ or is_theirs(reading, one, who.subject),
        record=reading.requests.newest_record(one.id) if may_follow(reading, one, who) else None,
    )


def _place(reading: Reading, typed: str, who: Sayer, *, log: bool) -> int | None:
    place = place_of(typed)
    entry = None if place is None else reading.evidence.entry(place)
    if entry is None or not (log or concerns(reading, record_of(entry), who)):
        return None
    return place

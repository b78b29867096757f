"""A store as it is after years: rows of every table that a page reads, in the states they end in.

Rows are saved through the ports, in the gateway's own writer, as copies of what one small gate
(`tests/web/whole.py`) has opened by its operations; so they are well-formed. The log is appended to
by the product, so its chain and tree are true. What the rows say is not told by the log: pages do
not hold the one against the other.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from tests.operations.tickets import SOURCE
from tests.web.whole import Whole

from ticketgate.adapters.directories.directory_file import DirectoryFile
from ticketgate.domain.cases.exception_case import EXCEPTIONS, ExceptionCase, ExceptionState
from ticketgate.domain.cases.signals import SIGNALS
from ticketgate.domain.emergencies.emergency import ReviewState
from ticketgate.domain.evidence import Draft
from ticketgate.domain.grants.command import Command, CommandKind, CommandState
from ticketgate.domain.grants.grant import EMERGENCY, GrantState
from ticketgate.domain.log.machines import edge
from ticketgate.domain.people.directory import Person
from ticketgate.domain.requests.access_request import AccessRequest, Party, RequestState
from ticketgate.domain.requests.approval import Approval, Link, LinkState
from ticketgate.domain.tickets.ticket import StateClass
from ticketgate.operations.cases.exceptions import open_exception
from ticketgate.operations.people.actors import actor_of
from ticketgate.ports import Transaction

CHUNK: Final = 1_000  # rows a transaction
BETWEEN: Final = timedelta(minutes=45)  # two requests
KEPT_BODIES: Final = timedelta(days=30)
APPROVERS: Final = 100  # of the people; Bob is asked every `OF_BOB`th time
OF_BOB: Final = 20
OF_ALICE: Final = 40
STATES: Final = (  # of requests that are over, so many in twenty
    *[RequestState.APPROVED] * 12,
    *[RequestState.DENIED] * 3,
    *[RequestState.WITHDRAWN] * 2,
    *[RequestState.TIMED_OUT] * 3,
)
PAST_GRANTS: Final = (
    *[GrantState.REVOKED] * 8,
    GrantState.CANCELLED,
    GrantState.RELEASED_SHARED,
)


@dataclass(frozen=True, slots=True)
class Size:
    """How many of everything."""

    requests: int = 20_000
    awaiting: int = 1_000
    blocked: int = 200
    live_grants: int = 5_000
    past_grants: int = 20_000
    emergencies: int = 300
    unreviewed: int = 20
    open_exceptions: int = 500
    closed_exceptions: int = 5_000
    quarantined: int = 300
    uncertain: int = 150
    records: int = 100_000
    people: int = 2_000


def over_years(size: Size) -> Size:
    """The same but with half of what is over: what is open is as much."""
    return replace(
        size,
        requests=size.requests // 2,
        past_grants=size.past_grants // 2,
        closed_exceptions=size.closed_exceptions // 2,
        records=size.records // 2,
    )


def grow(made: Whole, size: Size, folder: Path) -> None:
    """Fill the store of this gate, and its directory, which is a file from then on."""
    gate = made.gate
    people = [f"p{number:04}" for number in range(size.people)]
    for number, name in enumerate(people):
        gate.directory.people[name] = _person(name, number)
    path = folder / "directory.yaml"
    path.write_text(json.dumps(_directory(list(gate.directory.people.values()), made)))
    gate.directory.read = DirectoryFile(path).read  # type: ignore[method-assign]
    Filling(made, size, people).fill()
    made.sign()


def _person(name: str, number: int) -> Person:
    team = f"team-{number % 40}"
    accounts = {SOURCE: (f"acc-{name}",), "corp-scim": (f"{name}@example.com",)}
    groups = frozenset({"platform-engineering"} if number % 20 == 0 else ())
    mail = f"{name}@example.com"
    return Person(name, f"Person {number}", mail, "bob", team, groups, accounts)


def _directory(people: list[Person], made: Whole) -> dict[str, object]:
    found: dict[str, object] = {}
    for one in people:
        told: dict[str, object] = {"name": one.name, "active": one.active, "kind": one.kind}
        told |= {"manager": one.manager} if one.manager else {}
        told |= {"team": one.team} if one.team else {}
        told |= {"mail": one.mail} if one.mail else {}
        accounts = {system: list(names) for system, names in one.accounts.items()}
        accounts |= {"aliases": sorted(one.aliases)} if one.aliases else {}
        found[one.id] = told | {"groups": sorted(one.groups), "accounts": accounts}
    groups = {ident: {"name": name} for ident, name in made.gate.directory.groups.items()}
    return {"groups": groups, "people": found}


class Filling:
    """One store that is filled."""

    def __init__(self, made: Whole, size: Size, people: list[str]) -> None:
        self._gate = made.gate
        self._size = size
        self._people = people
        self._now = made.gate.clock.at
        with self._gate.db() as looking:
            requests = looking.requests.listed(None, 100)
            self._request = next(one for one in requests if one.ticket_number == "RITM-t1")
            self._link = looking.links.of_request(self._request.id)[0]
            found = looking.tickets.find(self._request.ticket)
            (self._doubt, *_) = looking.tickets.uncertain(1)
            self._emergency = looking.emergencies.listed(1)[0]
            grant = looking.grants.get(self._emergency.grant)
            self._delivery = looking.deliveries.listed(None, 1)[0]
        assert found is not None
        assert grant is not None
        self._ticket, self._grant = found, grant
        self._approved: list[AccessRequest] = []

    def fill(self) -> None:
        """Everything, in the order in which it comes to be."""
        size = self._size
        for count, one in (
            (size.requests, self._asked),
            (size.past_grants + size.live_grants, self._given),
            (size.emergencies, self._invoked),
            (size.closed_exceptions + size.open_exceptions, self._attended),
            (size.quarantined, self._parked),
            (size.uncertain, self._doubted),
        ):
            self._in_chunks(range(count), one)
        with self._gate.db() as looking:
            head = looking.evidence.head()
        have = 0 if head is None else head.size
        self._in_chunks(range(have, size.records), self._recorded)

    def _in_chunks(self, numbers: range, one: Callable[[Transaction, int], None]) -> None:
        for first in range(numbers.start, numbers.stop, CHUNK):
            some = range(first, min(first + CHUNK, numbers.stop))
            self._gate.write(partial(_each, numbers=some, one=one))

    # --- one of each --------------------------------------------------------------------------

    def _asked(self, tx: Transaction, number: int) -> None:
        """A request with its ticket, delivery, link, mail and decision."""
        size = self._size
        over = size.requests - size.awaiting - size.blocked
        at = self._now - BETWEEN * (size.requests - number)
        state = STATES[number % len(STATES)]
        if number >= over:
            state = RequestState.BLOCKED if number % 6 == 0 else RequestState.AWAITING
        live = number >= over
        decide_by = self._now + timedelta(hours=1, seconds=number) if live else at + BETWEEN
        who = "alice" if number % OF_ALICE == 0 else self._people[number % len(self._people)]
        ident, party = f"req_9{number:019x}", Party(who, f"acc-{who}")
        request = replace(
            self._request,
            id=ident,
            version=1,
            state=state,
            ticket_id=f"tk-{number}",
            ticket_number=f"RITM{number:07}",
            entitlement=("prod-db-admin", "sales-reports")[number % 2],
            requester=party,
            beneficiary=party,
            shapers=(replace(self._request.shapers[0], party=party),),
            opened_at=at,
            decide_by=decide_by,
            reasons=("beneficiary_unknown",) if state is RequestState.BLOCKED else (),
            closed_at=None if live else at + timedelta(minutes=30),
        )
        tx.requests.save(request)
        seq = self._came(tx, number, at)
        fields = {**self._ticket.ticket.fields, "number": request.ticket_number}
        ended = StateClass.OPEN if live else StateClass.CLOSED
        ticket = replace(
            self._ticket.ticket, id=request.ticket_id, fields=fields, state_class=ended
        )
        row = replace(self._ticket, id=f"tkt_9{number:019x}", ticket=ticket, delivery_seq=seq)
        tx.tickets.save(replace(row, updated_at=at, shapers=request.shapers))
        self._put_to(tx, request, number)
        if state is RequestState.APPROVED:
            self._approved.append(request)

    def _came(self, tx: Transaction, number: int, at: datetime) -> int:
        """The delivery of a request; what was kept of it."""
        digest = sha256(b"%d" % number).hexdigest()
        row = replace(
            self._delivery,
            id=f"dlv_9{number:019x}",
            webhook_id=f"grown-{number}",
            body_digest=digest,
            received_at=at,
            state="processed",
            reason="",
            ticket=f"tk-{number}",
            effect="request_opened",
        )
        tx.deliveries.add(row, b"{}" * 500)
        (kept,) = tx.deliveries.find(row.source, row.webhook_id)
        if self._now - at > KEPT_BODIES:
            tx.deliveries.drop_body(kept.seq)
        return kept.seq

    def _put_to(self, tx: Transaction, request: AccessRequest, number: int) -> None:
        if request.state is RequestState.BLOCKED:
            return
        who = "bob" if number % OF_BOB == 0 else self._people[number % APPROVERS]
        link = Link(
            **{
                **{name: getattr(self._link, name) for name in Link.__slots__},
                "id": f"lnk_9{number:019x}",
                "request": request.id,
                "approver": who,
                "state": LinkState.ISSUED
                if request.state is RequestState.AWAITING
                else LinkState.USED,
                "expires_at": request.decide_by,
            }
        )
        tx.links.save(link)
        tx.links.add_token(sha256(link.id.encode()).hexdigest(), link.id, request.opened_at)
        tx.commands.add(
            Command(
                f"cmd_9{number:019x}",
                CommandKind.MAIL_LINK,
                link.id,
                "mail",
                CommandState.DONE,
                request.opened_at,
                1,
                "sent",
            )
        )
        tx.append(Draft("links.issued", {"request": request.id, "round": 1, "stage": 1,
                                         "links": [link.id]}))  # fmt: skip
        if request.state in {RequestState.APPROVED, RequestState.DENIED}:
            said = "approve" if request.state is RequestState.APPROVED else "deny"
            at = request.opened_at + timedelta(minutes=25)
            hour = at.strftime("%Y-%m-%dT%H")
            tx.requests.add_view(request.id, who, hour, at - timedelta(minutes=2))
            seen = {"request": request.id, "person": actor_of(tx, who)}
            index = tx.append(Draft("view.recorded", {**seen})).index
            tx.requests.note_record(request.id, index)
            tx.requests.add_approval(
                Approval(request.id, 1, 1, who, said, request.seconds_now, at, index)
            )

    def _given(self, tx: Transaction, number: int) -> None:
        request = self._approved[number % len(self._approved)]
        past = number < self._size.past_grants
        state = PAST_GRANTS[number % len(PAST_GRANTS)]
        until = request.opened_at + timedelta(hours=4)
        if not past:
            state = GrantState.REVOKING if number % 100 == 0 else GrantState.ACTIVE
            until = self._now + timedelta(hours=1, seconds=number)
        grant = replace(
            self._grant,
            id=f"grt_9{number:019x}",
            version=1,
            state=state,
            request=request.id,
            source=request.source,
            table=request.table,
            ticket_id=request.ticket_id,
            entitlement=request.entitlement,
            subject=request.beneficiary.subject,
            principal=f"id-{request.beneficiary.subject}",
            not_after=until,
            origin="request",
            revoking_since=self._now if state is GrantState.REVOKING else None,
            ended_at=until if past else None,
            cause="expired" if past else "",
        )
        tx.grants.save(grant)
        tx.append(Draft("notification.sent", {"what": "grant", "about": grant.id}))

    def _invoked(self, tx: Transaction, number: int) -> None:
        who = self._people[(number * 20) % len(self._people)]
        at = self._now - timedelta(days=2) - BETWEEN * (self._size.emergencies - number) * 40
        state = ReviewState.DONE
        if number >= self._size.emergencies - self._size.unreviewed:
            state, at = ReviewState.DUE, self._now - timedelta(hours=3)
        until = at + timedelta(hours=1)
        emergency = replace(
            self._emergency,
            id=f"emg_9{number:019x}",
            version=1,
            state=state,
            subject=who,
            grant=f"egr_9{number:019x}",
            invoked_at=at,
            outcome="" if state is ReviewState.DUE else "justified",
            reviewer="" if state is ReviewState.DUE else "carol",
            reviewed_at=None if state is ReviewState.DUE else until,
        )
        tx.emergencies.save(emergency)
        grant = replace(
            self._grant,
            id=emergency.grant,
            version=1,
            state=GrantState.REVOKED,
            request=emergency.id,
            subject=who,
            not_after=until,
            ended_at=until,
            origin=EMERGENCY,
        )
        tx.grants.save(grant)

    def _attended(self, tx: Transaction, number: int) -> None:
        codes = sorted(EXCEPTIONS)
        closed = self._size.closed_exceptions
        if number >= closed:
            code = codes[number % len(codes)]
            about = f"dlv_9{number:019x}" if number % 2 else f"tkt_9{number:019x}"
            subject = f"automation grown-{number}"
            if code in SIGNALS:
                subject = (
                    f"approver {actor_of(tx, self._people[number % len(self._people)])} {number}"
                )
            open_exception(tx, self._now, code, subject, about=about, owner="role:operator")
            return
        at = self._now - BETWEEN * 4 * (closed - number)
        tx.exceptions.add(
            ExceptionCase(
                f"exo_9{number:019x}",
                codes[number % len(codes)],
                f"automation past-{number}",
                f"dlv_9{number:019x}",
                "role:operator",
                ExceptionState.RESOLVED,
                at,
                1,
                at + timedelta(hours=2),
                actor_of(tx, "olga"),
            )
        )

    def _parked(self, tx: Transaction, number: int) -> None:
        row = replace(
            self._delivery,
            id=f"dlq_9{number:019x}",
            webhook_id=f"parked-{number}",
            body_digest=sha256(b"parked %d" % number).hexdigest(),
            received_at=self._now - timedelta(hours=number % 100),
            state="quarantined",
            reason="not_a_record",
            ticket=f"nobody-{number}",
            effect="",
        )
        tx.deliveries.add(row, b"[1]")

    def _doubted(self, tx: Transaction, number: int) -> None:
        ident = f"doubt-{number}"
        ticket = replace(
            self._doubt.ticket, id=ident, fields={**self._doubt.ticket.fields, "number": ident}
        )
        at = self._now - timedelta(hours=number)
        tx.tickets.save(
            replace(self._doubt, id=f"tkd_9{number:019x}", ticket=ticket, updated_at=at)
        )

    def _recorded(self, tx: Transaction, number: int) -> None:
        """Deliveries that come in, and are worked off."""
        ident, done = divmod(number, 2)
        digest = sha256(b"%d" % ident).hexdigest()
        said = {"source": SOURCE, "body": digest, "webhook": digest}
        move = ("accepted", "processed", "not_identity") if done else ("", "accepted", "webhook")
        tx.append(edge("delivery", f"dlr_9{ident:019x}", *move, said))


def _each(
    tx: Transaction, _now: datetime, *, numbers: range, one: Callable[[Transaction, int], None]
) -> None:
    for number in numbers:
        one(tx, number)

"""What stands in a gate's tables and log at one moment, and who the people in them are.

Read for `invariants.py`: rows, records, and the directory as a test has set it. Nothing of the code
that decides is asked; who is the same human, and whom a word names, is worked out here anew.
"""

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tests.operations.fakes import GROUP, REPORTS
from tests.operations.kit import Gate

from ticketgate.adapters.sqlite import schema
from ticketgate.adapters.sqlite.evidence_tables import SqliteEvidence
from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.grants.command import Command, CommandKind
from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.domain.people.directory import Person
from ticketgate.domain.people.duties import Delegation
from ticketgate.domain.policy.policy import Policy, Word
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import Approval, Link
from ticketgate.domain.requests.inbox import TicketRow

GROUPS: Final = {"prod-db-admin": GROUP, "sales-reports": REPORTS}
Record = dict[str, Any]


@dataclass(frozen=True)
class State:
    """The tables as they are, and the records that came since the state before."""

    at: datetime
    disputed: bool
    directory: str  # digest of what the directory says now
    policy: Policy
    people: Mapping[str, Person]
    delegations: tuple[Delegation, ...]
    requests: Mapping[str, AccessRequest]
    approvals: Mapping[str, tuple[Approval, ...]]  # by request
    links: Mapping[str, Link]
    grants: Mapping[str, Grant]
    emergencies: Mapping[str, Emergency]
    tickets: Mapping[tuple[str, str, str], TicketRow]
    waiting: frozenset[str]  # ids of tickets that a delivery not worked off, or parked, is of
    revokes: Mapping[str, Command]  # by grant, the newest
    members: Mapping[str, frozenset[str]]  # who holds an entitlement, as the target tells it
    actors: Mapping[str, str]  # subject by actor
    fresh: tuple[Record, ...]
    size: int  # of the log

    @property
    def rows(self) -> tuple[object, ...]:
        """All that somebody who only looks must leave as it is."""
        return (self.requests, self.approvals, self.links, self.grants, self.emergencies)

    @property
    def outcome(self) -> tuple[object, ...]:
        """What a webhook told again must leave as it is."""
        seen = [(one.ticket, one.verdict, one.revision) for one in self.tickets.values()]
        return (self.requests, self.grants, seen)

    def of_type(self, *types: str) -> list[Record]:
        """The fresh records of these types."""
        return [one for one in self.fresh if one["type"] in types]

    def human(self, subject: str) -> frozenset[str]:
        """Every subject that is the same human: aliases joined until nothing more joins."""
        linked = {subject}
        while True:
            more = {
                name
                for one in self.people.values()
                for name in {one.id, *one.aliases}
                if linked & {one.id, *one.aliases}
            }
            if more <= linked:
                return frozenset(linked)
            linked |= more

    def is_fit(self, subject: str) -> bool:
        """An active human."""
        person = self.people.get(subject)
        return person is not None and person.active and person.kind == "human"

    def is_away(self, subject: str) -> bool:
        """Out of office now."""
        return any(one.starts <= self.at < one.ends for one in self.people[subject].away)

    def stands_in(self, delegate: str, principal: str) -> bool:
        """Whether one has delegated to the other now."""
        return any(
            (one.delegate, one.principal) == (delegate, principal)
            and one.window.starts <= self.at < one.window.ends
            for one in self.delegations
        )

    def named(self, word: Word, request: AccessRequest) -> frozenset[str]:
        """The subjects that a word means for a request."""
        party = request.requester if word.of == "requester" else request.beneficiary
        about = self.people.get(party.subject)
        entitlement = self.policy.entitlement(request.entitlement)
        everybody = self.people.values()
        match word.verb:
            case "person":
                return frozenset({word.of})
            case "group":
                return frozenset(one.id for one in everybody if word.of in one.groups)
            case "manager_of":
                return frozenset({about.manager} if about and about.manager else ())
            case "same_team":
                team = about.team if about else None
                return frozenset(
                    one.id for one in everybody if team in {None, one.team} or not one.team
                )
            case "direct_report_of":
                return frozenset(one.id for one in everybody if about and one.manager == about.id)
            case "owner_of" | "backup_owner_of" if entitlement is not None:
                first = word.verb == "owner_of"
                owner = entitlement.owner if first else entitlement.backup_owner
                return frozenset({owner.of} if owner is not None else ())
            case _:
                raise AssertionError(f"no test says whom {word.text} names")

    def ended_at(self, one: Emergency) -> datetime:
        """From when the time to review an emergency runs."""
        grant = self.grants.get(one.grant)
        if grant is None:
            return one.invoked_at
        return grant.revoking_since or grant.ended_at or grant.not_after or grant.activate_by

    def is_late(self, one: Emergency, at: datetime) -> bool:
        """Whether an emergency was not reviewed in time by then."""
        owed = one.state.value in {"due", "claimed", "overdue"} and not one.drill
        return owed and at >= self.ended_at(one) + one.within

    def is_locked(self, subject: str, at: datetime) -> bool:
        """Whether this human owes a review that is late by then."""
        late = [one for one in self.emergencies.values() if self.is_late(one, at)]
        return any(one.subject in self.human(subject) for one in late)


def state_of(gate: Gate, since: int = 0) -> State:
    """Read a gate; records from index `since` on are fresh."""
    directory = gate.directory
    with gate.db() as looking:
        requests = {one.id: one for one in looking.requests.listed(None, 1000)[::-1]}
        grants = {one.id: one for one in looking.grants.listed(None, 1000)[::-1]}
        approvals = {one: tuple(looking.requests.approvals(one)) for one in requests}
        links = {one.id: one for request in requests for one in looking.links.of_request(request)}
        emergencies = {one.id: one for one in looking.emergencies.listed(1000)[::-1]}
        found = {one.ticket for one in requests.values()}
        rows = ((key, looking.tickets.find(key)) for key in sorted(found))
        tickets = {key: row for key, row in rows if row is not None}
        deliveries = looking.deliveries.listed(None, 1000)
        commands = ((one, looking.commands.last(one, CommandKind.REVOKE)) for one in grants)
        revokes = {ident: command for ident, command in commands if command is not None}
        subjects = {*directory.people, *(one.subject for one in grants.values())}
        actors = {looking.people.actor(one): one for one in subjects}
    open_states = {"accepted", "quarantined", "released"}
    records = _records(gate, since)
    return State(
        at=gate.clock.at,
        disputed=abs(gate.clock.skew) > timedelta(minutes=5),
        directory="" if directory.unreadable else directory.read(gate.clock.at).digest,
        policy=gate.policy,
        people=dict(directory.people),
        delegations=directory.duties.delegations,
        requests=requests,
        approvals=approvals,
        links=links,
        grants=grants,
        emergencies=emergencies,
        tickets=tickets,
        waiting=frozenset(one.ticket or "" for one in deliveries if one.state in open_states),
        revokes=revokes,
        members={name: frozenset(gate.members(group)) for name, group in GROUPS.items()},
        actors={actor: subject for actor, subject in actors.items() if actor},
        fresh=tuple(records),
        size=since + len(records),
    )


def _records(gate: Gate, since: int) -> list[Record]:
    with closing(schema.connect(gate.path, read_only=True)) as db:
        evidence = SqliteEvidence(db)
        found = evidence.entries(since, evidence.tree().size)
        return [json.loads(entry) for _, _, entry in found]


def begun(grant: Grant) -> bool:
    """Whether the target was ever called for it."""
    return grant.state not in {GrantState.PLANNED, GrantState.CANCELLED}

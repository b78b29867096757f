"""Random histories over the real store: invariants I1 to I10, I13 and I14 of the design.

After each step all of `invariants.py` is looked at.

Tickets are opened, edited, closed and repeated; anybody decides on any link; the target fails in
every way it can, the process dies around calls, people leave and come back, and time passes.
"""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.contracts.fake_target import Fault
from tests.operations.fakes import GROUP, REPORTS, principal
from tests.operations.invariants import Witness
from tests.operations.kit import OWN_USER, Gate, folder
from tests.operations.rebuilt import compared
from tests.operations.tickets import access_ticket, account, closed, edited, report_ticket
from typing_extensions import override

from ticketgate.connector_api import Missing, StateClass, Ticket
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.grants.grant import (
    CALL_SECONDS_MAX,
    ENDED,
)
from ticketgate.domain.log.retention import Retention
from ticketgate.domain.requests.access_request import AccessRequest, RequestState
from ticketgate.domain.requests.approval import Link
from ticketgate.domain.trying_again import PAUSE_MAX
from ticketgate.domain.verifying.log_life import SEGMENT_ENTRIES
from ticketgate.domain.verifying.replay import Replay
from ticketgate.domain.verifying.snapshot import from_snapshot, to_snapshot
from ticketgate.operations.deciding.decide_request import Decided
from ticketgate.operations.desks.control import carry_out
from ticketgate.operations.evidence.erase import Eraser, What

GROUPS: Final = {"prod-db-admin": GROUP, "sales-reports": REPORTS}
IDENTS: Final = st.sampled_from(["t1", "t2", "t1", "t2", "r1"])
APPROVERS: Final = ["bob", "carol", "dan", "erin", "alice-admin"]
GIVEN: Final = st.sampled_from([["t1"], ["t2"], ["r1"], ["t1", "t2"], ["t2", "t1"]])
CAST: Final = st.sampled_from([*APPROVERS, "alice", "mallory"])
CALLS: Final = st.sampled_from(["grant", "revoke"])
STAFF: Final = st.sampled_from(["leaves", "back", "back", "carol", "bob"])
WAITS: Final = st.sampled_from([0.2, 1, 5, 31, 299, 3600, 7200, 28_800])
EDITS: Final = st.sampled_from(
    ["reason", "comment", "ours", "unread", "unlisted", "passed", "role"]
)


class CrashError(BaseException):
    """The process dies here."""


class Histories(RuleBasedStateMachine):
    """One gate; `told` is the newest revision of each ticket, `sent` everything ever posted."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.gate = Gate(self.stack.enter_context(folder()))
        self.told: dict[str, Ticket] = {}
        self.sent: list[tuple[Ticket, str]] = []
        self.witness = Witness(self.gate)
        self.swept = False

    # --- tickets ------------------------------------------------------------------------------

    def _tell(self, ticket: Ticket, *, work: bool = True) -> None:
        self.told[ticket.id] = ticket
        webhook = f"msg-{len(self.sent)}"
        self.sent.append((ticket, webhook))
        self.gate.receive(ticket, webhook, hint=ticket.id)
        if work:
            self.gate.work()

    @rule(ident=IDENTS, hours=st.sampled_from(["", "1", "30d"]), work=st.booleans())
    def open_ticket(self, ident: str, hours: str, *, work: bool) -> None:
        if ident not in self.told:
            make = report_ticket if ident == "r1" else access_ticket
            self._tell(make(ident, hours=hours), work=work)

    @rule(ident=IDENTS, what=EDITS, by=CAST, work=st.booleans())
    def edit(self, ident: str, what: str, by: str, *, work: bool) -> None:
        ticket = self.told.get(ident)
        if ticket is None:
            return
        edits: dict[str, dict[str, Any]] = {
            "reason": {"reason": f"reason {ticket.version}"},
            "passed": {"requested_for": account("bob")},
            "unread": {"catalog_item": Missing.ABSENT},
        }
        changes = edits.get(what, {"short_description": f"comment {ticket.version}"})
        after = edited(ticket, OWN_USER if what == "ours" else by, **changes)
        if what == "unlisted":
            after = _in_state(after, StateClass.UNLISTED)
        elif what == "role":
            after = _asking(after, "nothing")
        self._tell(after, work=work)

    @rule(ident=IDENTS)
    def mend(self, ident: str) -> None:
        """The requester puts the ticket back to what it was at first, as a new revision."""
        ticket = self.told.get(ident)
        if ticket is not None:
            make = report_ticket if ident == "r1" else access_ticket
            self._tell(make(ident, version=(ticket.version or 0) + 1))

    @rule(ident=IDENTS)
    def close(self, ident: str) -> None:
        ticket = self.told.get(ident)
        if ticket is not None:
            self._tell(closed(ticket))

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 1000), fresh=st.booleans())
    def repeat(self, which: int, *, fresh: bool) -> None:
        """I9: what was worked off already has no effect, by its own id or by another."""
        self.gate.work()
        before = self._all()
        ticket, webhook = self.sent[which % len(self.sent)]
        with self.gate.db() as looking:
            seen = looking.tickets.find(ticket.key)
        late_close = seen is not None and ticket.state_class is StateClass.CLOSED
        if not (fresh and late_close):
            self.gate.receive(ticket, f"again-{self.gate.webhooks}" if fresh else webhook)
            self.gate.work()
            assert self._all() == before

    # --- people -------------------------------------------------------------------------------

    @rule(person=st.sampled_from(APPROVERS), which=st.integers(0, 3), deny=st.booleans())
    def decide(self, person: str, which: int, *, deny: bool) -> None:
        self.gate.run_mail()
        tokens = self.gate.tokens(person)
        if tokens:
            self._decide(person, tokens[-1 - which % len(tokens)], "deny" if deny else "approve")

    @rule(idents=GIVEN, seconds=st.sampled_from([None, None, 60]), settle=st.booleans())
    def give(self, idents: list[str], seconds: int | None, *, settle: bool) -> None:
        """All the way to a grant, or two that overlap, which chance alone would hardly find."""
        for ident in idents:
            self.open_ticket(ident, "", work=True)
        self.witness.look("an ask")
        for person in ("carol", "bob", "erin", "carol", "dan"):
            self.gate.run_mail()
            for token in self.gate.tokens(person)[-2:]:
                self._decide(person, token, "approve", seconds)
        if settle:
            self.gate.settle()

    @rule(thief=CAST, holder=st.sampled_from(APPROVERS))
    def steal(self, thief: str, holder: str) -> None:
        """I2, I7: a link in other hands decides nothing."""
        tokens = self.gate.tokens(holder)
        if tokens and thief != holder:
            before = self.gate.requests()
            outcome = self.gate.decide(thief, token=tokens[-1])
            assert not isinstance(outcome, Decided)
            assert self.gate.requests() == before

    def _decide(self, person: str, token: str, decision: str, seconds: int | None = None) -> None:
        with self.gate.db() as looking:
            link = looking.links.by_token(sha256(token.encode()).hexdigest())
            assert link is not None
            request = looking.requests.get(link.request)
            assert request is not None
        outcome = self.gate.decide(person, decision, token=token, seconds=seconds)
        if isinstance(outcome, Decided):
            self._was_right(person, request, link)
        self.witness.look("a decision")

    def _was_right(self, person: str, request: AccessRequest, link: Link) -> None:
        """I1, I2, I8, by a second opinion of the test's own."""
        people = self.gate.directory.people
        assert people[person].active
        assert (link.approver, link.state.value) == (person, "issued")
        assert request.state is RequestState.AWAITING
        assert self.gate.clock.at < request.decide_by
        assert link.shown == request.shown
        subjects = {request.requester.subject, request.beneficiary.subject}
        subjects |= {shaper.party.subject for shaper in request.shapers}
        assert person not in subjects
        assert not (person == "alice-admin" and "alice" in subjects)
        manager = people[request.beneficiary.subject].manager == person
        iam = person in {"carol", "dan"} or "sec-iam" in people[person].groups
        apart = people[person].team != people[request.requester.subject].team
        if request.entitlement == "sales-reports":
            assert manager or person == "erin"
        else:
            assert manager if request.stage == 1 else (iam and apart)

    @rule(person=st.sampled_from(["alice", "bob", "carol", "dan"]), how=STAFF)
    def change_the_staff(self, person: str, how: str) -> None:
        if how in {"carol", "bob"}:
            self.gate.directory.change("alice", manager=how)
        else:
            self.gate.directory.change(person, active=how == "back")

    @rule(person=st.sampled_from(["alice", "bob", "carol"]))
    def erase(self, person: str) -> None:
        """What nothing holds back goes; all else goes on as it was."""
        keep = Retention(decisions=timedelta(0))
        Eraser(self.gate.store, keep, self.gate.clock.now).erase(What(person=person), "os:0", "x")

    @precondition(lambda self: "active" in self.gate.grant_states())
    @rule(person=st.sampled_from(["alice", "bob"]))
    def pull_the_switch(self, person: str) -> None:
        carry_out(self.gate.store, "os:0@host", {"do": "revoke", "reason": "x", "person": person})

    # --- the target, the process, time --------------------------------------------------------

    @rule(verb=CALLS, fault=st.sampled_from(Fault), down=st.sampled_from([None, False, True]))
    def disturb(self, verb: str, fault: Fault, *, down: bool | None) -> None:
        """Only what gives lands late here: a removal that does could take a later grant away."""
        if down is None:
            self.gate.target.fail("grant" if fault is Fault.TIMEOUT_LATE else verb, fault)
        else:
            self.gate.target.down = down

    @rule(person=st.sampled_from(["alice", "bob"]), entitlement=st.sampled_from(sorted(GROUPS)))
    def give_by_hand(self, person: str, entitlement: str) -> None:
        """Somebody else gives access for good, when none of ours is there or on its way."""
        ours = [one for one in self.gate.grants() if one.state not in ENDED]
        if not any(one.subject == person and one.entitlement == entitlement for one in ours):
            self.witness.standing.add((person, entitlement))
            self.gate.target.groups[GROUPS[entitlement]].add(principal(person))

    @rule(kind=st.sampled_from([CommandKind.PROVISION, CommandKind.REVOKE]), applied=st.booleans())
    def die_at_a_call(self, kind: CommandKind, *, applied: bool) -> None:
        """I14: killed after the intent, before the call or right after it."""
        self.gate.target.die(CrashError, applied=applied)
        try:
            self.gate.run_targets(kind)
        except CrashError:
            self.gate.restart()
        self.gate.target.live()

    @rule(what=st.sampled_from(["settle", "restart", "land"]))
    def carry_on(self, what: str) -> None:
        {
            "settle": self.gate.settle,
            "restart": self.gate.restart,
            "land": self.gate.target.land,
        }[what]()

    @rule(seconds=WAITS)
    def wait(self, seconds: float) -> None:
        """A call that was sent lands within its deadline or never."""
        self.gate.target.land()
        self.gate.tick(seconds)
        self.swept = True

    # --- what holds always --------------------------------------------------------------------

    def _all(self) -> tuple[object, ...]:
        with self.gate.db() as looking:
            tickets = [looking.tickets.find(one.key) for one in self.told.values()]
        seen = [(one.ticket, one.verdict) for one in tickets if one is not None]
        return (self.gate.requests(), self.gate.grants(), seen)

    @invariant()
    def all_holds(self) -> None:
        """The invariants of `invariants.py`."""
        self.witness.look("a deed", swept=self.swept)
        self.swept = False

    @invariant()
    def one_live_request_for_each_thing_asked(self) -> None:
        live = [
            (one.ticket, one.entitlement)
            for one in self.gate.requests()
            if one.state in {RequestState.BLOCKED, RequestState.AWAITING}
        ]
        assert len(live) == len(set(live))

    @override
    def teardown(self) -> None:
        """I5, I13: all ends when everything heals; the log is whole and tells the tables."""
        self.gate.target.live()
        self.gate.target.heal()
        self.wait(CALL_SECONDS_MAX)
        self.wait(PAUSE_MAX.total_seconds())
        self.all_holds()
        for _ in range(4):
            self.wait(6 * 86_400)
            self.wait(PAUSE_MAX.total_seconds())
        assert {one.state for one in self.gate.grants()} <= ENDED
        self.all_holds()
        told = {(one["on"], one["id"]): one["to"] for one in self.gate.records() if "on" in one}
        for request in self.gate.requests():
            assert told["request", request.id] == request.state.value
        for grant in self.gate.grants():
            assert told["grant", grant.id] == grant.state.value
        links = [one["link"] for one in self.gate.records("decision.recorded")]
        assert len(links) == len(set(links))
        self.gate.stop()
        report = self.gate.verified()
        assert not report.failing, [verdict.faults for verdict in report.failing]
        assert compared(self.gate) == []
        self._replays_from_any_snapshot()
        self.stack.close()

    def _replays_from_any_snapshot(self) -> None:
        records = self.gate.records()
        whole = _replayed(Replay(), records)
        for cut in {1, len(records) // 3, len(records) // 2, len(records) - 1}:
            first = _replayed(Replay(), records[:cut])
            _, going_on = from_snapshot(to_snapshot(first, SEGMENT_ENTRIES))
            _replayed(going_on, records[cut:])
            assert to_snapshot(going_on, SEGMENT_ENTRIES) == to_snapshot(whole, SEGMENT_ENTRIES)
            assert going_on.faults.count == 0


def _replayed(replay: Replay, records: list[dict[str, Any]]) -> Replay:
    for record in records:
        replay.take(record["_seq"], record)
    return replay


def _in_state(ticket: Ticket, state: StateClass) -> Ticket:
    return replace(ticket, state="99", state_class=state)


def _asking(ticket: Ticket, role: str) -> Ticket:
    return replace(ticket, variables={"role": role, "duration": ""})


pytestmark = pytest.mark.untraced

TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

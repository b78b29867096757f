"""Everything that happens to a gateway, as deeds with names: for histories at random.

A history is a list of deeds, plain data, so that the same one is played again: under another time
zone, at another time of the year, with a bug planted. After each deed the invariants are looked at.
"""

from collections.abc import Callable  # noqa: TC003 -- as every module here does
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from tests.contracts.fake_target import Fault
from tests.operations.emergencies import (
    FOUND,
    desk_of,
    form_of,
    policy_with,
    review,
    session_for,
    try_to_invoke,
)
from tests.operations.invariants import Witness
from tests.operations.kit import OWN_USER, WHY, Gate
from tests.operations.own import Own
from tests.operations.test_approver_rows import row
from tests.operations.test_automatic import automatic_in
from tests.operations.test_claim_emergency import try_to_claim
from tests.operations.test_take_back import back
from tests.operations.tickets import ACCOUNTS, access_ticket, account, closed, edited, report_ticket
from tests.operations.windows import in_hours

from ticketgate.connector_api import StateClass, Ticket
from ticketgate.domain.errors import Refusal, TicketgateError
from ticketgate.domain.people.directory import Person  # noqa: TC001 -- as every module here does
from ticketgate.domain.people.duties import Window
from ticketgate.domain.policy.policy import Escalation, Policy, Word
from ticketgate.operations.deciding.own_request import RequestForm
from ticketgate.operations.desks.console_home import home
from ticketgate.operations.desks.control import carry_out
from ticketgate.operations.emergencies.consent_emergency import ConsentForm
from ticketgate.ports import RequestFilter

Deed = tuple[Any, ...]
MORE: Final = "the migration runs until the early morning"
TIMES: Final = 2  # that access may be extended


def _policy(name: str) -> Policy:
    """The shipped policy with all there is: an emergency section, escalation, extension."""
    policy = policy_with()
    first, last = policy.approve
    silent = Escalation(timedelta(hours=2), (Word("person", "erin"), Word("group", "sec-iam")))
    first = replace(first, escalate=silent)
    limits = tuple(replace(one, extend=TIMES) for one in policy.limits)
    policy = replace(policy, digest="1" * 64, approve=(first, last), limits=limits)
    if name == "two":  # two of the security stage
        line, security = first.stages
        both = replace(first, digest="2" * 64, stages=(line, replace(security, need=2)))
        policy = replace(policy, digest="2" * 64, approve=(both, last))
    elif name == "short":
        hour = timedelta(hours=1)
        limits = tuple(replace(one, digest="3" * 64, max=hour, default=hour) for one in limits)
        policy = replace(policy, digest="3" * 64, limits=limits)
    elif name == "automatic":
        policy = automatic_in(policy, most=1)
    return policy


POLICIES: Final = {name: _policy(name) for name in ("all", "two", "short", "automatic")}


class WholeLife:
    """A gate and all who have to do with it; `told` is the newest revision of each ticket."""

    def __init__(self, path: Path, policy: str = "all") -> None:
        self.gate = Gate(path, POLICIES[policy])
        extra = frozenset({"platform-engineering", "sec-iam"})
        self.gate.directory.change("alice-admin", groups=extra)  # one human, in both
        self.told: dict[str, Ticket] = {}
        self.sent: list[tuple[Ticket, str]] = []
        self.gate.settle()
        self.witness = Witness(self.gate)

    def stop(self) -> None:
        self.gate.stop()

    def play(self, deeds: list[Deed]) -> None:
        """All of it, deed by deed."""
        for deed in deeds:
            self.do(*deed)

    def do(self, what: str, *said: Any) -> None:  # noqa: ANN401 -- of each deed its own
        """One deed, and whether all holds then."""
        done: Callable[..., dict[str, Any] | None] = getattr(self, f"_{what}")
        self.witness.look(what, **(done(*said) or {}))

    # --- tickets ------------------------------------------------------------------------------

    def _first(self, ident: str, version: int = 1) -> Ticket:
        if ident.startswith("r"):
            return report_ticket(ident, version=version)
        if ident == "b1":
            return access_ticket(ident, version=version, by="bob", beneficiary="bob")
        return access_ticket(ident, version=version)

    def _tell(self, ticket: Ticket, *, work: bool = True) -> None:
        self.told[ticket.id] = ticket
        webhook = f"msg-{len(self.sent)}"
        self.sent.append((ticket, webhook))
        self.gate.receive(ticket, webhook, hint=ticket.id)
        if work:
            self.gate.work()

    def _ask(self, ident: str) -> None:
        if ident not in self.told:
            self._tell(self._first(ident))

    def _edit(self, ident: str, what: str, by: str, work: bool) -> None:  # noqa: FBT001 -- data
        ticket = self.told.get(ident)
        if ticket is None:
            return
        changes: dict[str, dict[str, Any]] = {
            "reason": {"reason": f"reason {ticket.version}"},
            "passed": {"requested_for": account("bob" if ident != "b1" else "alice")},
        }
        fields = changes.get(what, {"short_description": f"comment {ticket.version}"})
        after = edited(ticket, OWN_USER if what == "ours" else by, **fields)
        if what == "unlisted":
            after = replace(after, state="99", state_class=StateClass.UNLISTED)
        elif what == "short":
            after = replace(after, variables={**(after.variables or {}), "duration": "1"})
        self._tell(after, work=work)

    def _mend(self, ident: str) -> None:
        if ident in self.told:
            self._tell(self._first(ident, (self.told[ident].version or 0) + 1))

    def _close(self, ident: str) -> None:
        if ident in self.told:
            self._tell(closed(self.told[ident]))

    def _again(self, which: int, fresh: bool) -> dict[str, Any] | None:  # noqa: FBT001 -- data
        """I9: a revision that was told before, or that comes after newer ones, has no effect."""
        self.gate.work()
        if not self.sent:
            return None
        ticket, webhook = self.sent[-1 - which % len(self.sent)]
        with self.gate.db() as looking:
            seen = looking.tickets.find(ticket.key)
        if seen is None or (fresh and ticket.state_class is StateClass.CLOSED):
            return None
        self.witness.look("before a repeat")
        self.gate.receive(ticket, f"again-{self.gate.webhooks}" if fresh else webhook)
        self.gate.work()
        return {"quiet": "I9"}

    def _claim(self, ident: str, approver: str, by: str) -> dict[str, Any]:
        """Rule 7: what the platform says of approvals is a claim."""
        self.gate.work()
        self.witness.look("before a claim")
        fields = {"approver": ACCOUNTS[approver], "version": self.gate.webhooks + 1}
        self.gate.deliver(row("approved", parent=ident, updated_by=ACCOUNTS.get(by, by), **fields))
        return {"quiet": "rule 7"}

    # --- approvals ----------------------------------------------------------------------------

    def _post(self, who: str, holder: str, which: int, decision: str, **form: Any) -> None:  # noqa: ANN401
        """Somebody posts a decision by a link of the holder: the newest is 0."""
        self.gate.run_mail()
        tokens = self.gate.tokens(holder)
        if tokens:
            token = tokens[-1 - which % len(tokens)]
            self.gate.decide(who, decision, token=token, **form)

    def _decide(self, person: str, which: int, decision: str) -> None:
        self._post(person, person, which, decision)

    def _give(self, ident: str, seconds: int | None) -> dict[str, Any]:
        """All the way to access, which chance alone would hardly find."""
        self._ask(ident)
        self.witness.look("ask in give")
        for person in ("alice-admin", "bob", "carol", "erin", "dan"):
            self._post(person, person, 0, "approve", seconds=seconds)
            self.witness.look(f"{person} in give")
        self.gate.settle()
        return {}

    def _schedule(self, ident: str, start: int, hours: int) -> None:
        """Access for later, all the way to its approval: from in `start` hours on, for `hours`."""
        if ident in self.told:
            return
        starts, ends = (in_hours(self.gate, one) for one in (start, start + hours))
        self._tell(access_ticket(ident, window_start=starts, window_end=ends))
        self._all(["alice-admin", "bob", "carol", "erin", "dan"])
        self.gate.settle()

    def _all(self, people: list[str]) -> None:
        """Everybody approves who holds a link, in some order."""
        for person in people:
            self._post(person, person, 0, "approve")
            self.witness.look(f"{person} of all")

    def _longer(self, seconds: int) -> None:
        """More time for what is active, and everybody says yes."""
        self._say("extend", "alice", seconds)
        self.witness.look("say in longer")
        for person in ("bob", "carol", "dan"):
            self._post(person, person, 0, "approve")
            self.witness.look(f"{person} in longer")

    def _steal(self, thief: str, holder: str) -> None:
        self._post(thief, holder, 0, "approve")

    def _mute(self, person: str) -> dict[str, Any]:
        self._post(person, person, 0, "approve", why=" ")
        return {"why": ""}

    def _back(self, person: str) -> None:
        if self.gate.tokens(person):
            back(self.gate, person)

    def _say(self, what: str, person: str, seconds: int) -> None:
        own = Own(self.gate)
        for request in self.gate.requests():
            shown = own.view("dan", request.id).shown if self._is_there("dan") else ""
            grants = [one.id for one in self.gate.grants() if one.request == request.id]
            form = RequestForm(what, grants[0] if grants else "", MORE, shown, seconds)
            own.desk.say(request.id, self.gate.session(person), form)

    def _is_there(self, person: str) -> bool:
        return self.gate.directory.people[person].active

    # --- people -------------------------------------------------------------------------------

    def _delegate(self, principal_: str, delegate: str, hours: int) -> None:
        self.gate.directory.delegate(principal_, delegate, self.gate.clock.at, hours)
        self.gate.keeper.step()

    def _away(self, person: str, hours: int) -> None:
        now = self.gate.clock.at
        window = Window(now, now + timedelta(hours=hours))
        self.gate.directory.change(person, away=(window,))

    def _staff(self, person: str, how: str) -> None:
        known: Person = self.gate.directory.people[person]
        if how in {"bob", "carol", "alice-admin"}:
            self.gate.directory.change("alice", manager=how)
        elif how in {"joins", "parts"}:
            groups = known.groups | {"sec-iam"} if how == "joins" else known.groups - {"sec-iam"}
            self.gate.directory.change(person, groups=groups)
        else:
            self.gate.directory.change(person, active=how == "back")
        self.gate.keeper.step()

    def _dark(self, person: str) -> dict[str, Any]:
        """Rule 5: while the directory cannot be read nothing is decided."""
        self.gate.run_mail()
        self.witness.look("before the dark")
        self.gate.directory.unreadable = True
        for token in self.gate.tokens(person)[-2:]:
            self.gate.decide(person, token=token)
        self.gate.keeper.step()
        faults = self.witness.look("in the dark").of_type("decision.recorded", "request.approved")
        assert not faults, "decided without a directory"
        self.gate.directory.unreadable = False
        return {}

    def _policy(self, name: str) -> None:
        self.gate.restart(POLICIES[name])

    # --- emergencies --------------------------------------------------------------------------

    def _newest(self) -> Any:  # noqa: ANN401 -- an emergency or none
        with self.gate.db() as looking:
            return next(iter(looking.emergencies.listed(1)), None)

    def _invoke(self, person: str, drill: bool) -> None:  # noqa: FBT001 -- data
        try_to_invoke(self.gate, person, form=form_of(self.gate, person, drill=drill))
        self.witness.look("invoke")
        self.gate.settle()

    def _consent(self, person: str) -> None:
        """To whatever is asked; who asked begins at once then."""
        page = desk_of(self.gate).page(self.gate.session(person, "oidc_step_up"))
        for ask in () if isinstance(page, Refusal) else page.asks:
            session = session_for(self.gate, person, ask.shown)
            desk_of(self.gate).consent(session, ask.id, ConsentForm(FOUND, ask.shown))
            self.witness.look("consent")
        for asker in ("alice", "bob"):
            self._invoke(asker, drill=False)

    def _review(self, person: str, outcome: str) -> None:
        newest = self._newest()
        if newest is not None:
            review(self.gate, newest, person, outcome)

    def _hand_back(self, person: str) -> None:
        newest = self._newest()
        if newest is not None:
            desk_of(self.gate).give_back(self.gate.session(person), newest.id)

    def _by_hand(self, who: str, person: str) -> None:
        """Somebody enters what a person held past the gateway; nothing of it is there any more."""
        try_to_claim(self.gate, who, person=person)
        self.witness.look("by hand")
        self.gate.settle()

    # --- the target, the process, time --------------------------------------------------------

    def _disturb(self, verb: str, fault: Fault) -> None:
        """Only what gives lands late: a removal that does could take a later grant away."""
        self.gate.target.fail("grant" if fault is Fault.TIMEOUT_LATE else verb, fault)

    def _down(self, down: bool) -> None:  # noqa: FBT001 -- data
        self.gate.target.down = down

    def _heal(self) -> None:
        self.gate.target.heal()
        self.gate.settle()

    def _restart(self) -> dict[str, Any]:
        self.gate.restart()
        return {"swept": True}

    def _tick(self, seconds: int) -> dict[str, Any]:
        self.gate.target.land()
        self.gate.tick(seconds)
        return {"swept": True}

    def _let_pass(self, seconds: int) -> None:
        """No sweeper runs."""
        self.gate.target.land()
        self.gate.clock.at += timedelta(seconds=seconds)

    def _skew(self, minutes: int) -> None:
        self.gate.clock.skew = timedelta(minutes=minutes)

    def _os(self, person: str) -> None:
        """Rule 12: the command line takes away."""
        carry_out(self.gate.store, "os:0@host", {"do": "revoke", "reason": "x", "person": person})

    def _stray(self, what: str) -> None:
        """Rule 12: and can do nothing else of this."""
        asked = {"do": what, "reason": WHY, "person": "alice"}
        try:
            carry_out(self.gate.store, "os:0@host", asked)
        except TicketgateError as fault:
            assert fault.code == "usage"  # noqa: PT017 -- whatever else it is
        else:
            raise AssertionError(f"the command line may {what}")

    def _look(self, person: str, holder: str) -> dict[str, Any]:
        """Rule 14: all the pages that somebody may open."""
        self.gate.run_mail()
        self.witness.look("before a look")
        for token in self.gate.tokens(holder)[-2:]:
            self.gate.desk.open_link(token, person)
        own, desk, session = Own(self.gate), desk_of(self.gate), self.gate.session(person)
        home(own.console, person)
        own.console.requests(person, RequestFilter())
        own.console.held(person)
        own.console.deliveries(person)
        for request in self.gate.requests():
            own.desk.view(request.id, person)
        desk.page(session)
        if self._newest() is not None:
            desk.view(self._newest().id, session)
        return {"quiet": "rule 14"}

    # --- the end ------------------------------------------------------------------------------

    def heal(self) -> None:
        """Whatever was wrong is mended; then all access ends by itself."""
        self.gate.clock.skew = timedelta(0)
        self.gate.target.heal()
        for seconds in (60, 300, 6 * 86_400, 300, 6 * 86_400, 300):
            self.do("tick", seconds)
        assert {one.state.value for one in self.gate.grants()} <= {
            "revoked",
            "cancelled",
            "released_shared",
        }

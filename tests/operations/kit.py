"""The gate of the operation tests: the real store, a clock that is set, and fakes behind the ports.

The cast is that of `config/directory.yaml`: Alice asks, Bob is her manager, Carol owns
prod-db-admin, Dan is her deputy, Erin sells, Mallory (added here) tries.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar, cast

from tests.filled import empty
from tests.operations.fakes import (
    GROUP,
    CountedIds,
    FakeClock,
    FakeDirectory,
    FakePost,
    FakeTargets,
    corporate,
)
from tests.operations.machines import with_machines
from tests.operations.tickets import SOURCE, PlainConnector, access_ticket, body_of
from tests.shipped import own_policy

from ticketgate.adapters.sqlite import evidence_tables, schema
from ticketgate.adapters.sqlite.looking import SqliteLook
from ticketgate.adapters.sqlite.store import SqliteStore, open_store
from ticketgate.adapters.sqlite.transaction import SqliteReading
from ticketgate.adapters.telling.letters import MailLetters
from ticketgate.connector_api import SourceMapping, Ticket
from ticketgate.domain.errors import Refusal, TicketgateError
from ticketgate.domain.grants.command import MAILS, REMINDERS, Command, CommandKind
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.log.checkpoint import Checkpoint  # noqa: TC001 -- as every module here does
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy, Word
from ticketgate.domain.policy.signal_rules import QUIET
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.tickets.delivery import VerifiedDelivery
from ticketgate.domain.tickets.receipt import Receipt
from ticketgate.domain.verifying.report import Report
from ticketgate.domain.verifying.verification import verify_alone
from ticketgate.operations.deciding.decide_request import Decided
from ticketgate.operations.deciding.link_view import LinkView
from ticketgate.operations.desks.desk import Desk, Session
from ticketgate.operations.evidence.gateway_records import note_loaded, open_log
from ticketgate.operations.grants.enforce import recover
from ticketgate.operations.intake.receive import receive
from ticketgate.operations.requests.in_force import InForce
from ticketgate.operations.telling.evidence_place import EvidencePlace
from ticketgate.operations.workers.housekeeping import Housekeeper
from ticketgate.operations.workers.run_deliveries import DeliveryRunner, DeliveryWorker
from ticketgate.operations.workers.run_mail import MailRunner
from ticketgate.operations.workers.run_targets import TargetRunner
from ticketgate.ports import Operation, Source

MEMORY: Final = Path("/dev/shm")  # noqa: S108 -- each test has a folder of its own there
ORIGIN: Final = "gate.example.com/evidence"
WHY: Final = "the billing migration is planned for tonight"
OWN_USER: Final = "svc-ticketgate"
TARGETS: Final = (CommandKind.REVOKE, CommandKind.PROVISION)
CODE_KEY: Final = b"k" * 32
ROUNDS_MAX: Final = 20  # of work that makes work; more is a loop

T = TypeVar("T")


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one gate; in memory where there is such a place: a power cut is no test here."""
    place = MEMORY if MEMORY.is_dir() else None
    with TemporaryDirectory(dir=place, prefix="ticketgate-") as path:
        yield Path(path)


class Gate:
    """The gateway without threads of its own but the writer: work is done when a test says so."""

    def __init__(self, folder: Path, policy: Policy | None = None) -> None:
        self.path = folder / "gate.db"
        if not self.path.exists():
            self.path.write_bytes(empty())
        self.clock = FakeClock()
        self.ids = CountedIds()
        self.directory = FakeDirectory()
        self.target = corporate()
        self.targets = FakeTargets(self.target)
        self.post = FakePost()
        self.logged: list[tuple[str, str]] = []
        self.waits: list[float] = []
        self.mailed: list[str] = []  # the outcome of each try
        self.alarms: list[tuple[str, str]] = []
        self.on_wait: Callable[[float], None] = self.waits.append
        self.counts: tuple[dict[str, int], int] = ({}, 0)
        self.notice = timedelta()  # nobody is reminded of an end
        self.webhooks = 0
        self.signed: Checkpoint | None = None
        self.place = EvidencePlace(ORIGIN, lambda: self.signed)
        self.policy = policy or with_machines(own_policy())
        self.signals = QUIET  # what a test is not about opens no exception
        self.before_commit: Callable[[], None] = lambda: None
        self.start()

    # --- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Open, recover and sweep, as the wiring does."""
        self.store: SqliteStore = open_store(
            self.path,
            ORIGIN,
            self.ids,
            lambda _kept, _last: self.clock.now,
            lambda: None,
            self._before_commit,
            self.clock.disputed,
        )
        self.store.start()
        self.in_force = InForce(replace(self.policy, signals=self.signals))
        self.desk = Desk(
            store=self.store,
            directory=self.directory,
            clock=self.clock,
            ids=self.ids,
            policy=self.in_force,
            code_key=CODE_KEY,
            wait=self._wait,
            place=self.place,
        )
        plain = Source(PlainConnector(), SourceMapping(SOURCE, {}), frozenset({OWN_USER}))
        self.deliveries = DeliveryRunner(self.store, {SOURCE: plain}, self.in_force)
        self.worker = DeliveryWorker(self.deliveries, self.known)
        runs = (self.store, self.targets, self.clock.now, self._log, self.clock.disputed)
        self.runner = TargetRunner(*runs, self.in_force)
        letters = MailLetters("https://gate.example.com")
        parts = (self.store, self.post, letters, self.ids, self.in_force, self._log)
        roles = {"operator": (Word("person", "erin"),)}
        self.mailer = MailRunner(*parts, CODE_KEY, self.mailed.append, self.place, roles)
        self.keeper = Housekeeper(
            store=self.store,
            clock=self.clock,
            policy=self.in_force,
            snapshot=self.known,
            raw_body_keep=timedelta(days=30),
            kept_clock=self.clock.kept,
            counts=lambda: self.counts,
            alarm=lambda grant, delivery: self.alarms.append((grant, delivery)),
            notice=self.notice,
        )
        self.store.write(partial(open_log, origin=ORIGIN, version="0"))
        self.store.write(partial(note_loaded, kind="policy", digest=self.policy.digest))
        self.recovered = self.store.write(recover)
        self.keeper.sweep()

    def stop(self) -> None:
        """Close the file."""
        self.store.stop()

    def restart(self, policy: Policy | None = None) -> None:
        """Stop, and start on what was committed; perhaps with another policy."""
        self.stop()
        self.policy = policy or self.policy
        self.start()

    def known(self) -> DirectorySnapshot | None:
        """The directory; None while it cannot be read."""
        try:
            return self.desk.snapshot()
        except TicketgateError:
            return None

    def _before_commit(self) -> None:
        self.before_commit()

    def _wait(self, seconds: float) -> None:
        self.on_wait(seconds)

    def _log(self, event: str, code: str) -> None:
        self.logged.append((event, code))

    # --- what comes in ------------------------------------------------------------------------

    def receive(
        self,
        what: Ticket | bytes,
        webhook: str | None = None,
        *,
        quarantine: str | None = None,
        hint: str | None = None,
        source: str = SOURCE,
    ) -> Receipt:
        """A signed delivery; not worked off yet."""
        self.webhooks += 1
        body = what if isinstance(what, bytes) else body_of(what)
        verified = VerifiedDelivery(
            source=source,
            webhook_id=webhook or f"msg-{self.webhooks}",
            body=body,
            body_digest=sha256(body).hexdigest(),
            received_at=self.clock.wall(),
        )
        return self.store.write(
            partial(receive, verified=verified, quarantine=quarantine, hint=hint, origin=ORIGIN)
        )

    def work(self) -> int:
        """Work off what was accepted."""
        return self.deliveries.run(self.desk.snapshot())

    def deliver(self, what: Ticket | bytes, webhook: str | None = None) -> str:
        """Receive and work off; the effect in a word."""
        receipt = self.receive(what, webhook)
        while self.work():
            pass
        with self.store.reading() as looking:
            rows = looking.deliveries.listed(None, 1000)
        return next(row.effect for row in rows if row.id == receipt.delivery_id)

    # --- what goes out ------------------------------------------------------------------------

    def due(self, *kinds: CommandKind) -> list[Command]:
        """Commands that are due now."""
        with self.store.reading() as looking:
            return looking.commands.ready(kinds, self.clock.now(), 1000)

    def run_mail(self) -> None:
        """One try of every mail that is due, but for those that tell outcomes."""
        for command in self.due(*MAILS, *REMINDERS):
            self.mailer.run(command, self.desk.snapshot())

    def run_targets(self, *kinds: CommandKind) -> None:
        """One try of every command for the target that is due."""
        for command in self.due(*(kinds or TARGETS)):
            self.runner.run(command, self.desk.snapshot())

    def settle(self) -> None:
        """Do everything that is due at this moment, and what comes of it at this moment."""
        for _ in range(ROUNDS_MAX):
            before = self.evidence_size()
            self.work()
            self.run_mail()
            self.run_targets()
            if self.evidence_size() == before:
                return
        raise AssertionError("work without an end")

    def tick(self, seconds: float = 1) -> None:
        """Time passes; then housekeeping and everything that is due."""
        self.clock.at += timedelta(seconds=seconds)
        self.keeper.step()
        self.settle()

    # --- people -------------------------------------------------------------------------------

    def tokens(self, person: str) -> list[str]:
        """The tokens mailed to a person, oldest first."""
        address = self.directory.people[person].mail
        parts = [mail.text.partition("/approve/")[2] for mail in self.post.to(address)]
        return [part.split()[0] for part in parts if part]

    def session(self, person: str, method: str = "mail_code") -> Session:
        """A signed-in person."""
        now, name = self.clock.now(), self.directory.people[person].name
        return Session("secret", person, name, method, now, now + timedelta(hours=1))

    def look(self, person: str, token: str | None = None) -> LinkView | Refusal:
        """The page of a link, the newest one when none is given."""
        at = token or self.tokens(person)[-1]
        return cast("LinkView | Refusal", self.desk.open_link(at, person))

    def decide(
        self,
        person: str,
        decision: str = "approve",
        *,
        token: str | None = None,
        shown: str | None = None,
        seconds: int | None = None,
        why: str = WHY,
        method: str = "mail_code",
    ) -> Decided | Refusal:
        """Decide by the newest link that was mailed to the person, on what it shows."""
        token = token or self.tokens(person)[-1]
        if shown is None:
            shown = self.shown(token)
        return self.desk.decide(
            token,
            self.session(person, method),
            decision=decision,
            justification=why,
            seconds=seconds,
            shown=shown,
        )

    def shown(self, token: str) -> str:
        """The digest that a link is bound to."""
        with self.store.reading() as looking:
            link = looking.links.by_token(sha256(token.encode()).hexdigest())
        return "" if link is None else link.shown

    def approve(self, *people: str, seconds: int | None = None) -> None:
        """Each approves in turn; mails go out between."""
        for person in people:
            self.run_mail()
            outcome = self.decide(person, seconds=seconds)
            assert isinstance(outcome, Decided), outcome
        self.run_mail()

    # --- looking ------------------------------------------------------------------------------

    def write(self, operation: Operation[T]) -> T:
        """Run an operation that no door has."""
        return self.store.write(operation)

    @contextmanager
    def db(self) -> Iterator[SqliteReading]:
        """A look at the tables."""
        with self.store.reading() as looking:
            assert isinstance(looking, SqliteReading)
            yield looking

    def requests(self) -> list[AccessRequest]:
        """All requests, oldest first."""
        with self.db() as looking:
            return looking.requests.listed(None, 1000)[::-1]

    def grants(self) -> list[Grant]:
        """All grants, oldest first."""
        with self.db() as looking:
            return looking.grants.listed(None, 1000)[::-1]

    def states(self) -> list[str]:
        """The states of all requests, oldest first."""
        return [one.state.value for one in self.requests()]

    def grant_states(self) -> list[str]:
        """The states of all grants, oldest first."""
        return [one.state.value for one in self.grants()]

    def members(self, group: str = GROUP) -> set[str]:
        """Who has the access, as the target tells it."""
        return {ident.removeprefix("id-") for ident in self.target.members(group)}

    def evidence_size(self) -> int:
        """How many records there are."""
        with closing(schema.connect(self.path, read_only=True)) as db:
            return int(db.execute("SELECT count(*) FROM evidence_entry").fetchone()[0])

    def records(self, *types: str) -> list[dict[str, Any]]:
        """The records of these types, all without one."""
        with closing(schema.connect(self.path, read_only=True)) as db:
            found = [json.loads(entry) for _, _, entry in evidence_tables.entries(db)]
        return [one for one in found if not types or one["type"] in types]

    def refusals(self) -> list[str]:
        """The codes of the recorded refusals of decisions."""
        return [str(one["code"]) for one in self.records("decision.refused")]

    def verified(self) -> Report:
        """What verification says of the whole log."""
        with closing(schema.connect(self.path, read_only=True)) as db:
            return verify_alone(SqliteLook(db, ORIGIN).stored())


def approve(gate: Gate, ident: str = "t1", seconds: int | None = None) -> None:
    """A ticket of Alice's, approved by Bob and Carol; not provisioned yet."""
    gate.deliver(access_ticket(ident))
    gate.approve("bob", "carol", seconds=seconds)


def only(gate: Gate) -> Grant:
    """The one grant that there is."""
    (grant,) = gate.grants()
    return grant


def log_of(gate: Gate) -> list[tuple[str, str]]:
    """The moves of the one grant, as recorded: (state, cause)."""
    ident = only(gate).id
    found = [one for one in gate.records() if one.get("on") == "grant" and one["id"] == ident]
    return [(one["to"], one["cause"]) for one in found]


def code_of(outcome: Decided | Refusal) -> str:
    """The refusal's code; empty for a decision."""
    return outcome.code if isinstance(outcome, Refusal) else ""

"""The gateway: everything behind the doors, built from its settings."""

from asyncio import to_thread
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from threading import Event
from typing import Any, Final

import structlog

from ticketgate.adapters.clock import SteadyClock, read_machine
from ticketgate.adapters.config.configuration import Configuration
from ticketgate.adapters.config.connectors import configured_sources
from ticketgate.adapters.files.files import own_folder
from ticketgate.adapters.ids import RandomIds
from ticketgate.adapters.process.control import CONTROL_NAME
from ticketgate.adapters.process.control_server import ControlServer
from ticketgate.adapters.process.instance_lock import InstanceLock
from ticketgate.adapters.process.lanes import Lane
from ticketgate.adapters.process.loops import Loop
from ticketgate.adapters.process.meters import Meters, states
from ticketgate.adapters.sqlite.store import SqliteStore, open_store
from ticketgate.adapters.telling.letters import MailLetters
from ticketgate.adapters.telling.mail import Mailer
from ticketgate.adapters.thread_ban import forbid_outward_calls
from ticketgate.domain.grants.command import MAILS, REMINDERS, CommandKind
from ticketgate.domain.log.restore import Loss
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.tickets.delivery import VerifiedDelivery
from ticketgate.domain.tickets.receipt import Receipt
from ticketgate.domain.timekeeping import Kept, Reading
from ticketgate.operations.cases.who_exists import WhoExists
from ticketgate.operations.desks.desk import Desk
from ticketgate.operations.desks.restore_desk import RestoreDesk
from ticketgate.operations.evidence.checkpoint import Checkpointer
from ticketgate.operations.evidence.gateway_records import note_loaded
from ticketgate.operations.grants.enforce import recover
from ticketgate.operations.intake.exposed import may_show_secret
from ticketgate.operations.intake.parked import perhaps_closed
from ticketgate.operations.intake.receive import receive
from ticketgate.operations.requests.in_force import InForce
from ticketgate.operations.restoring.reconcile_restore import Reconciler
from ticketgate.operations.workers.housekeeping import Housekeeper
from ticketgate.operations.workers.run_deliveries import DeliveryRunner, DeliveryWorker
from ticketgate.operations.workers.run_mail import MailRunner
from ticketgate.operations.workers.run_targets import TargetRunner
from ticketgate.ports import Signer, Targets
from ticketgate.wiring.anchoring import anchoring_loops, evidence_place
from ticketgate.wiring.asking import answered
from ticketgate.wiring.calling import called_targets
from ticketgate.wiring.channels import Channels
from ticketgate.wiring.keeping import Keepers
from ticketgate.wiring.policy_record import mode_check, note_policy, start_record
from ticketgate.wiring.reloading import RELOAD, Reloader
from ticketgate.wiring.restoring import forget_lost, keep_loss, restore_desk, sign_first
from ticketgate.wiring.restoring import readiness as restore_readiness
from ticketgate.wiring.signing import KeyHolder, signing_check
from ticketgate.wiring.telling import alarm, log

VERSION: Final = version("ticketgate")
AT_ONCE: Final = 2
REVOKES: Final = "revokes"
MAILS_LOST: Final = (CommandKind.MAIL_CODE,)  # while a restore must be declared
TAKING_AWAY: Final = (REVOKES, "housekeeping", "deliveries", RELOAD)  # of deliveries only closings

_LOG: Final = structlog.get_logger("ticketgate")


class Gateway:
    """Everything behind the doors. `start` before the first request, `stop` after the last.

    `wrap_targets`, `before_commit` and `machine` are seams for tests of faults: the first sees
    every connector that is opened, the second runs in each group's transaction before COMMIT, the
    third reads the machine's clocks.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        wrap_targets: Callable[[Targets], Targets] | None = None,
        before_commit: Callable[[], None] | None = None,
        machine: Callable[[], Reading] = read_machine,
        restore: bool = False,
    ) -> None:
        """Take the lock and open the store; nothing runs yet.

        With `restore`, a log that is not the one that was signed is opened all the same: `lost`
        says what is wrong with it, nothing is signed, and nothing is given until two people have
        declared the restore.

        Raises:
            StoreUnavailableError: another gateway runs (`locked`), or the store cannot be opened.
            TicketgateError: `rolled_back` or `forked`: the log is not the one that was signed.
        """
        self.settings, self.directory = configuration.settings, configuration.directory
        self.in_force = InForce(configuration.policy)
        self.faults = configuration.faults
        self.ids = RandomIds()
        self.meters = Meters(shadow=configuration.policy.shadow)
        data = own_folder(Path(self.settings.data_dir))
        self._lock = InstanceLock(data / "instance.lock")
        try:
            self.clock, self.store = self._open(before_commit, machine)
        except BaseException:
            self._lock.release()
            raise
        self.lost: Loss | None = None
        self.keys: KeyHolder | None = None
        self._checkpointer: Checkpointer | None = None
        try:
            self.lost = self._sign_first(data / "checkpoints", restore=restore)
        except BaseException:
            self.store.stop()
            self._lock.release()
            raise
        self.meters.watch(self.store, perhaps_closed, self.clock.now, self.settings.anchoring)
        self.targets = called_targets(self.settings, wrap_targets)
        self.sources = configured_sources(self.settings.sources)
        self._place = evidence_place(self.settings.origin, self.keys)
        self.channels = Channels(self.settings, self.store, self.clock, self._place, self.meters)
        self.desk = self._desk()
        self.people = self._who_exists()
        self.restores = self._restore_desk()
        self._keeper = self._housekeeper()
        self.keepers = Keepers(self.store, self.settings.retention, self.clock.now)
        self.reloader = self._reloader(configuration)
        self._lanes, self._loops = self._threads()
        self._running = tuple(self._loops)
        self.store.writer.after_commit = self._wake
        try:
            self._control = ControlServer(data / CONTROL_NAME, self.carry_out)
        except BaseException:
            self.store.stop()
            self._lock.release()
            raise

    # --- building -----------------------------------------------------------------------------

    def _who_exists(self) -> WhoExists:
        who = (self.store, self.clock, self.desk.snapshot, partial(log, "directory.unread"))
        return WhoExists(*who, whole=not self.faults)

    def _open(
        self, before_commit: Callable[[], None] | None, machine: Callable[[], Reading]
    ) -> tuple[SteadyClock, SqliteStore]:
        clocks: list[SteadyClock] = []

        def clock_from(kept: Kept | None, last: datetime | None) -> Callable[[], datetime]:
            clocks.append(SteadyClock(kept, last, machine))
            return clocks[0].now

        store = open_store(
            Path(self.settings.store),
            self.settings.origin,
            self.ids,
            clock_from,
            forbid_outward_calls,
            before_commit,
            lambda: any(one.disputed() for one in clocks),
        )
        return clocks[0], store

    def _sign_first(self, folder: Path, *, restore: bool) -> Loss | None:
        """Before any record is written: the log must go on from what was signed, and is signed.

        With faults in the configuration nothing is signed.
        """
        if self.faults:
            return None
        path, origin = Path(self.settings.signing_key_file), self.settings.origin
        self.keys = KeyHolder(path, origin, self.store, folder)
        return sign_first(self.store, self.keys.signer, origin, restore=restore)

    def _desk(self) -> Desk:
        return Desk(
            store=self.store,
            directory=self.directory,
            clock=self.clock,
            ids=self.ids,
            policy=self.in_force,
            code_key=self.settings.session_key,
            wait=_pause,
            place=self._place,
        )

    def _restore_desk(self) -> RestoreDesk:
        return restore_desk(
            (self.settings, self.in_force, self.directory),
            (self.store, self.clock, self.desk.snapshot),
            None if self.lost is None else self._declared,
        )

    def _housekeeper(self) -> Housekeeper:
        return Housekeeper(
            store=self.store,
            clock=self.clock,
            policy=None if self.lost else self.in_force,
            snapshot=self.people.known,
            raw_body_keep=self.settings.raw_body_keep,
            kept_clock=self.clock.kept,
            counts=self.meters.take_counts,
            alarm=alarm,
            notice=self.settings.mail.remind_before_end,
            keep_messages=self.settings.retention.messages,
        )

    def _reloader(self, configuration: Configuration) -> Reloader:
        held = (self.in_force, self.store, self.desk.snapshot, self.meters.reloaded)
        return Reloader(configuration, *held, lost=self.lost is not None)

    def _threads(self) -> tuple[list[Lane], list[Loop]]:
        held = (self.store, self.targets, self.clock.now, log, self.clock.disputed)
        targets = TargetRunner(*held, self.in_force)
        mail = MailRunner(
            self.store,
            Mailer(self.settings.mail, self.clock.wall),
            MailLetters(self.settings.public_url),
            self.ids,
            self.in_force,
            log,
            self.settings.session_key,
            self.meters.mailed,
            self._place,
            self.settings.roles,
        )
        lanes = [
            self._lane(REVOKES, (CommandKind.REVOKE,), targets.run),
            self._lane("provisions", (CommandKind.PROVISION,), targets.run),
            self._lane("mail", MAILS_LOST if self.lost else MAILS, mail.run),
            self._lane("outcomes", (CommandKind.MAIL_OUTCOME, *REMINDERS), mail.run),
            *self.channels.lanes(self.people.at_any_rate),
        ]
        deliveries = DeliveryRunner(self.store, self.sources, self.in_force)
        known = _nobody if self.lost else self.people.known
        inbox = Loop("deliveries", DeliveryWorker(deliveries, known).step)
        outbox = [Loop(lane.name, lane.step) for lane in lanes]
        signing: list[Loop] = []
        if self.keys is not None and self.lost is None:
            self._checkpointer = self._signing(self.keys.signer)
            about = (self.settings.anchoring, self.store, self.keys.signer, self.clock)
            signing = [Loop("checkpoints", self._checkpointer.step), *anchoring_loops(*about)]
        again = Reconciler(self.store, self.targets, self.in_force, self.clock.now, log)
        self._woken_by = {"deliveries": [inbox], "commands": outbox, "evidence": signing[:1]}
        self._woken_by["evidence"] += self.channels.telling.loops
        beside = [Loop("housekeeping", self._keeper.step), Loop("restore", again.step)]
        beside += self.channels.telling.loops
        beside += self.channels.telling.reminders(self.in_force, known)
        beside += self.channels.polls(self.sources)
        return lanes, [inbox, *beside, *outbox, *signing, self.keepers.loop, self.reloader.loop]

    def _lane(
        self,
        name: str,
        kinds: tuple[CommandKind, ...],
        run: Callable[[Any, DirectorySnapshot], None],
    ) -> Lane:
        snapshot = self.people.at_any_rate if name == REVOKES else self.desk.snapshot
        return Lane(name, kinds, self.store, self.clock, snapshot, run, self._at_once)

    def _at_once(self, target: str) -> int:
        """How many calls a target gets at a time; mail, and a target that is gone, a few."""
        known = self.settings.targets.get(target)
        return AT_ONCE if known is None else known.at_once

    # --- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Recover and sweep, then run: what expired while down is being revoked before serving.

        With faults in the configuration only what takes away runs; where a restore must be
        declared, mail for signing in as well.
        """
        names = {one.name for one in self._loops}
        if self.faults or self.lost:
            names = {*TAKING_AWAY} | ({"mail"} if self.lost else set())
        self._begin([one for one in self._loops if one.name in names])
        _LOG.info("gateway.started", version=VERSION, origin=self.settings.origin)

    def start_revoking(self) -> None:
        """Only take away, for the command line while no gateway runs: no mail, nothing is given."""
        self._begin([loop for loop in self._loops if loop.name == REVOKES])

    def _begin(self, loops: Sequence[Loop]) -> None:
        self.store.start()
        if self.lost is not None:
            self.lost = keep_loss(self.store, self.lost)
        self.store.write(start_record(self.settings, self.in_force.now, VERSION))
        if self.keys is not None and self.lost is None:
            self.keys.settle()
        if not self.faults:
            self.note_configuration()
            self.channels.settle()
        self.recover()
        self._keeper.sweep()
        self._running = tuple(loops)
        for loop in loops:
            loop.start()
        self._control.start()

    def note_configuration(self) -> None:
        """Record which settings and policy hold from now on."""
        self.store.write(partial(note_loaded, kind="settings", digest=self.settings.digest))
        note_policy(self.store, self.settings, self.in_force.now, self.desk.snapshot)

    def recover(self) -> None:
        """Queue every open intent, to be observed at its target again."""
        found = self.store.write(recover)
        if found:
            _LOG.warning("intents.recovered", count=found)

    def stop(self) -> None:
        """Finish what runs, keep the clock, close the store, let go of the lock."""
        self._control.stop()
        for loop in self._loops:
            loop.stop()
        for lane in self._lanes:
            lane.stop()
        try:
            if self.store.writer.alive:
                self._keeper.last_words()
                if self._checkpointer is not None:
                    self._checkpointer.sign()
        finally:
            self.store.stop()
            self._lock.release()
        _LOG.info("gateway.stopped")

    def _wake(self, touched: frozenset[str]) -> None:
        for word in touched:
            for loop in self._woken_by[word]:
                loop.wake()

    def carry_out(self, actor: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """What `actor` (`os:uid@host`) asks over the control socket, or on this host without it.

        Raises:
            TicketgateError: what is asked is refused.
        """
        return answered(actor, asked, self.keepers, self.keys, self._checkpointer, self.reloader)

    def _declared(self) -> None:
        """A restore was declared: the lost branch is forgotten, and this one is signed."""
        if self.keys is not None and forget_lost(
            self.store, self.keys.signer, self.settings.origin
        ):
            self._checkpointer = self._signing(self.keys.signer)
            self._checkpointer.sign()

    def _signing(self, signer: Signer) -> Checkpointer:
        made = Checkpointer(self.store, signer, self.settings.origin)
        self.meters.behind = lambda: made.behind(self.clock.now())
        return made

    # --- what the doors need ------------------------------------------------------------------

    async def receive(self, verified: VerifiedDelivery, quarantine: str | None) -> Receipt:
        """Store a verified delivery; durable and in the chain when this returns."""
        receipt = await self.store.write_async(
            partial(
                receive,
                verified=verified,
                quarantine=quarantine,
                hint=self._hint(verified),
                origin=self.settings.origin,
                secret=await to_thread(may_show_secret, verified.body) if quarantine else None,
            )
        )
        self.meters.received(verified.source, receipt.status)
        return receipt

    def _hint(self, verified: VerifiedDelivery) -> str | None:
        """The ticket that the id tells. An id that no MAC covers may be anybody's word: None."""
        source = self.sources.get(verified.source)
        if source is None or not verified.id_covered:
            return None
        return source.connector.ticket_hint(verified.webhook_id)

    def readiness(self) -> dict[str, tuple[bool, str]]:
        """Check -> (whether it is well, how it is)."""
        return {
            **self.meters.readiness(self.store, self.clock),
            **states(self.directory, self.clock, self.faults, self._running),
            **restore_readiness(self.store, self.lost),
            **mode_check(self.in_force.now),
            **self.reloader.readiness(),
            **self.channels.readiness(),
            **signing_check(self._checkpointer, self.clock.now()),
        }


def _pause(seconds: float) -> None:
    Event().wait(seconds)


def _nobody() -> None:
    """In place of the directory: of what came in before a restore only closings are worked off."""

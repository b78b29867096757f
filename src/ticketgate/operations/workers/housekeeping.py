"""Housekeeping: deadlines, the directory's changes, clock, heartbeat, old bodies and messages."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from ticketgate.domain.grants.grant import REVOKE_OVERDUE_AFTER
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.timekeeping import Kept
from ticketgate.operations.cases.signals import SignalWatch
from ticketgate.operations.emergencies.review_emergency import declare_unreviewed, late_reviews
from ticketgate.operations.evidence.gateway_records import heartbeat, keep_clock, note_dispute
from ticketgate.operations.grants.enforce import declare_overdue, is_lost, requeue_lost
from ticketgate.operations.grants.hold_closings import end_held
from ticketgate.operations.intake.parked import perhaps_closed
from ticketgate.operations.requests.automatic import can_go_on
from ticketgate.operations.requests.escalate import escalate, silent
from ticketgate.operations.requests.in_force import InForce, PolicyStaleError, under
from ticketgate.operations.requests.untold_grants import open_perhaps_closed
from ticketgate.operations.requests.velocity import has_room
from ticketgate.operations.telling.tell_outcome import ending_soon, tell_ending
from ticketgate.operations.workers.sweep import (
    end_of_inactive,
    expire_grant,
    let_pass,
    revalidate_requests,
    revalidate_ticket,
    tickets_asking,
    time_out_request,
)
from ticketgate.ports import Clock, Operation, Store, Transaction

STEP_SECONDS: Final = 1.0
KEEP_CLOCK_EVERY: Final = timedelta(seconds=30)
HEARTBEAT_EVERY: Final = timedelta(minutes=50)  # at least hourly, with room for a slow start
ALARM_EVERY: Final = timedelta(minutes=1)
LET_PASS_EVERY: Final = timedelta(seconds=10)
ESCALATE_EVERY: Final = timedelta(seconds=30)
REMIND_EVERY: Final = timedelta(seconds=30)
DROP_EVERY: Final = timedelta(minutes=10)
DROP_MAX: Final = 200  # messages of a kind in one transaction
TICKETS_AT_ONCE: Final = 5  # that are asked again in one transaction
LET_PASS_MAX: Final = 100  # requests at a time that a limit of their source held back


T = TypeVar("T")


class Housekeeper:
    """One step looks at everything that time brings; it is cheap when nothing is due."""

    def __init__(  # noqa: PLR0913 -- what time brings is of many kinds
        self,
        *,
        store: Store,
        clock: Clock,
        policy: InForce | None,
        snapshot: Callable[[], DirectorySnapshot | None],
        raw_body_keep: timedelta,
        kept_clock: Callable[[], Kept],
        counts: Callable[[], tuple[Mapping[str, int], int]],
        alarm: Callable[[str, str], None],
        notice: timedelta = timedelta(),
        keep_messages: timedelta | None = None,
    ) -> None:
        """`snapshot` reads the directory, None while that is impossible.

        Who has access is reminded `notice` before its end; where it is 0, nobody is. What was told
        is dropped `keep_messages` after it is done with; where that is None, never.

        Without a `policy` nobody is asked anything: only what takes away is done.

        `counts` takes what was refused since last time. `alarm(grant, delivery)` is told, once,
        that a parked delivery may have closed the ticket of a live grant; it is an exception too.
        """
        self._store = store
        self._clock = clock
        self._policy = policy
        self._signals = SignalWatch(store)
        self._snapshot = snapshot
        self._raw_body_keep = raw_body_keep
        self._kept_clock = kept_clock
        self._counts = counts
        self._alarm = alarm
        self._notice = notice
        self._keep_messages = keep_messages
        self._alarmed: frozenset[tuple[str, str]] = frozenset()
        self._next_alarm: datetime | None = None
        self._followed: tuple[str, ...] | None = None  # what was asked about last
        self._disputed = False
        self._next_clock: datetime | None = None
        self._next_beat: datetime | None = None
        self._next_pass: datetime | None = None
        self._next_silence: datetime | None = None
        self._next_reminder: datetime | None = None
        self._next_drop: datetime | None = None

    def step(self) -> float:
        """Do what is due; returns how many seconds until something may be."""
        now = self._clock.now()
        failed: list[Exception] = []
        for part in (
            partial(self._expire, now),
            partial(self._clock_and_beat, now),
            self._follow_rules,
            partial(self._let_pass, now),
            partial(self._escalate, now),
            partial(self._tell_endings, now),
            partial(self._watch_parked, now),
            partial(self._watch_approvals, now),
            partial(self._drop_messages, now),
        ):
            try:
                part()
            except Exception as fault:  # noqa: BLE001 -- one part never stops the others
                failed.append(fault)
        if failed:
            raise failed[0]
        with self._store.reading() as looking:
            upcoming = looking.grants.next_due()
        if upcoming is None:
            return STEP_SECONDS
        return min(STEP_SECONDS, max(0.0, (upcoming - self._clock.now()).total_seconds()))

    def sweep(self) -> None:
        """Before serving: everything whose time is up begins to end."""
        self._expire(self._clock.now())

    def last_words(self) -> None:
        """At the end: keep the clock."""
        if not self._clock.disputed():
            self._store.write(partial(keep_clock, kept=self._kept_clock()))

    def _expire(self, now: datetime) -> None:
        wall = self._clock.wall()
        with self._store.reading() as looking:
            ended = [one.id for one in looking.grants.due(max(now, wall))]
            late = [one.id for one in looking.requests.due(now)]
            lost = [one for one in looking.commands.intended() if is_lost(one, now)]
            held = looking.pace.held_until(now)
            stuck = looking.grants.revoking_since(now - REVOKE_OVERDUE_AFTER)
            unreviewed = late_reviews(looking, now)
        failed = self._each(
            [partial(expire_grant, ident=one, by=wall) for one in ended], urgent=True
        )
        failed += self._each([partial(end_held, ident=one) for one in held], urgent=True)
        failed += self._each([partial(time_out_request, ident=one) for one in late], urgent=False)
        if lost:
            self._store.write(requeue_lost, urgent=True)
        if stuck:
            self._store.write(declare_overdue, urgent=True)
        if unreviewed:
            self._store.write(partial(declare_unreviewed, ground=self._ground()))
        if failed:
            raise failed[0]  # the others are done; this one is tried again, loudly

    def _ground(self) -> Ground | None:
        """The policy and the directory of now; None where either cannot be had."""
        snapshot = None if self._policy is None else self._snapshot()
        if self._policy is None or snapshot is None:
            return None
        return Ground(self._policy.now, snapshot)

    def _each(self, operations: Sequence[Operation[T]], *, urgent: bool) -> list[BaseException]:
        """Each in a savepoint of its own, so that one that fails never stops the others."""
        outcomes = self._store.write_many(operations, urgent=urgent) if operations else []
        return [one for one in outcomes if isinstance(one, BaseException)]

    def _clock_and_beat(self, now: datetime) -> None:
        disputed = self._clock.disputed()
        if disputed != self._disputed:
            self._store.write(partial(note_dispute, disputed=disputed))
            self._disputed = disputed
        if not disputed and (self._next_clock is None or now >= self._next_clock):
            self._store.write(partial(keep_clock, kept=self._kept_clock()))
            self._next_clock = now + KEEP_CLOCK_EVERY
        if self._next_beat is None or now >= self._next_beat:
            refused, duplicates = self._counts()
            self._store.write(partial(heartbeat, refused=refused, duplicates=duplicates))
            self._store.write(partial(_drop_bodies, keep=self._raw_body_keep))
            self._next_beat = now + HEARTBEAT_EVERY
            self._store.scrub()  # nor do bodies that are dropped stay in the files

    def _follow_rules(self) -> None:
        """Another directory or policy, and a start, ask every live request and grant again.

        So does a delegation, an absence or a shift that begins or ends.
        """
        policy = None if self._policy is None else self._policy.now
        snapshot = self._snapshot()
        if snapshot is None:
            return
        turn = str(snapshot.turn(self._clock.now()))
        rules = (snapshot.digest, turn, "" if policy is None else policy.digest)
        if rules == self._followed:
            return
        self._store.write(partial(end_of_inactive, snapshot=snapshot), urgent=True)
        if policy is not None:
            self._ask_again(policy, snapshot)
        self._followed = rules

    def _ask_again(self, policy: Policy, snapshot: DirectorySnapshot) -> None:
        """Every live request, some tickets in a transaction: who decides meanwhile need not wait.

        Until its turn comes a request stands on rules of before, by which nobody decides any more.
        """
        if policy.shadow:
            asking = partial(revalidate_requests, policy=policy, snapshot=snapshot)
            with suppress(PolicyStaleError):  # the next step asks under the new one
                self._store.write(under(policy, asking))
            return
        with self._store.reading() as looking:
            tickets = tickets_asking(looking)
        again = partial(revalidate_ticket, policy=policy, snapshot=snapshot)
        operations = [under(policy, partial(again, ticket=one)) for one in tickets]
        found: list[BaseException] = []
        for first in range(0, len(operations), TICKETS_AT_ONCE):
            some = operations[first : first + TICKETS_AT_ONCE]
            found += self._each(some, urgent=False)
        # The next step asks under the new policy.
        faults = [fault for fault in found if not isinstance(fault, PolicyStaleError)]
        if faults:
            raise faults[0]

    def _let_pass(self, now: datetime) -> None:
        """What a limit or a day's cap held back goes on as time makes room, oldest first."""
        if self._policy is None or (self._next_pass is not None and now < self._next_pass):
            return
        self._next_pass = now + LET_PASS_EVERY
        with self._store.reading() as looking:
            held = [one for one in looking.pace.held_sources() if has_room(looking, now, one)]
            waiting = [one for name in held for one in looking.pace.held(name, LET_PASS_MAX)]
            waiting += can_go_on(looking, now, self._policy.now)[:LET_PASS_MAX]
        snapshot = self._snapshot() if waiting else None
        if snapshot is None:
            return
        policy = self._policy.now
        more = partial(let_pass, policy=policy, snapshot=snapshot)
        operations = [under(policy, partial(more, ident=one)) for one in waiting]
        found = self._each(operations, urgent=False)
        # The next turn asks under the new policy.
        faults = [fault for fault in found if not isinstance(fault, PolicyStaleError)]
        if faults:
            raise faults[0]

    def _escalate(self, now: datetime) -> None:
        """Where nobody has answered for as long as a rule says, others are asked as well."""
        if self._policy is None or (self._next_silence is not None and now < self._next_silence):
            return
        self._next_silence = now + ESCALATE_EVERY
        policy = self._policy.now
        with self._store.reading() as looking:
            waiting = silent(looking, now, policy)
        snapshot = self._snapshot() if waiting else None
        if snapshot is None:
            return
        asking = partial(escalate, policy=policy, snapshot=snapshot)
        operations = [under(policy, partial(asking, ident=one)) for one in waiting]
        found = self._each(operations, urgent=False)
        faults = [fault for fault in found if not isinstance(fault, PolicyStaleError)]
        if faults:
            raise faults[0]

    def _tell_endings(self, now: datetime) -> None:
        """Whoever has access hears that it ends soon."""
        waits = self._next_reminder is not None and now < self._next_reminder
        if waits or not self._notice or self._policy is None:
            return
        self._next_reminder = now + REMIND_EVERY
        with self._store.reading() as looking:
            near = ending_soon(looking, now, self._notice)
        telling = partial(tell_ending, notice=self._notice)
        failed = self._each([partial(telling, ident=one) for one in near], urgent=False)
        if failed:
            raise failed[0]

    def _watch_parked(self, now: datetime) -> None:
        if self._next_alarm is not None and now < self._next_alarm:
            return
        self._next_alarm = now + ALARM_EVERY
        with self._store.reading() as looking:
            found = frozenset((grant.id, row.id) for grant, row in perhaps_closed(looking))
        fresh = sorted(found - self._alarmed)
        for grant, delivery in fresh:
            self._alarm(grant, delivery)
        failed = self._each(
            [partial(open_perhaps_closed, ident=grant) for grant, _ in fresh], urgent=False
        )
        if failed:
            raise failed[0]  # it is told again
        self._alarmed = found

    def _watch_approvals(self, now: datetime) -> None:
        if self._policy is not None:
            self._signals.step(now, self._policy.now.signals, self._snapshot)

    def _drop_messages(self, now: datetime) -> None:
        """Drop some of what is too old of what was told; the rest in the steps that follow."""
        keep = self._keep_messages
        if keep is None or (self._next_drop is not None and now < self._next_drop):
            return
        dropped = self._store.write(partial(_drop_messages, keep=keep))
        self._next_drop = None if dropped else now + DROP_EVERY


def _drop_messages(tx: Transaction, now: datetime, *, keep: timedelta) -> int:
    return tx.keeping.drop_messages(now - keep, DROP_MAX)


def _drop_bodies(tx: Transaction, now: datetime, *, keep: timedelta) -> int:
    return tx.deliveries.drop_bodies(now - keep)

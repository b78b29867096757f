"""The restore desk: what two operators can see, declare and end on one page."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from ticketgate.domain.errors import Refusal, TicketgateError
from ticketgate.domain.log.restore import DECLARE, END, Compared, Drift, Hold, Loss, Place
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.naming import name_and_id, name_of
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.roles import Roles, may_operate
from ticketgate.operations.requests.in_force import InForce, under
from ticketgate.operations.restoring.declare_restore import (
    Heard,
    Hearing,
    Said,
    declare_restore,
    end_restore,
    shown_to_end,
    standing,
    uncompared,
)
from ticketgate.ports import Clock, Directory, Reading, Store, Transaction

DECLARING, DECLARED, HELD = "declaring", "declared", "held"


@dataclass(frozen=True, slots=True)
class RestoreView:
    """What the page shows; `shown` is the digest of what is declared, or ended."""

    state: str  # declaring | declared (start anew) | held
    shown: str
    mine: bool  # this person has said so, and another one must
    said_by: tuple[str, ...]  # names of those whose word counts
    live: int  # grants that this database knows and that are not ended
    now: datetime
    loss: Loss | None = None
    hold: Hold | None = None
    compared: tuple[Compared, ...] = ()
    uncompared: tuple[Place, ...] = ()
    drift: tuple[tuple[str, Drift], ...] = ()  # (who the account is, what was found)
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoreDesk:
    """`pending` is a gateway that was started with --restore: it gives nothing, whatever is said.

    `on_declared` is called after the declaration has committed.
    """

    store: Store
    clock: Clock
    directory: Directory  # to look; `snapshot` is recorded before it is relied on
    snapshot: Callable[..., DirectorySnapshot]  # of the subjects given it is asked at once
    roles: Roles
    policy: InForce
    sources: tuple[str, ...]
    pending: bool = False
    polled: Mapping[str, Collection[str]] = field(default_factory=dict)  # with the tables of each
    on_declared: Callable[[], None] = field(default=lambda: None)

    def view(self, subject: str) -> RestoreView | Refusal:
        """What this person sees. Refusals: `not_found`, those of `may_operate`, of the directory.

        Looking changes nothing.
        """
        try:
            snapshot = self.directory.read(self.clock.now())
        except TicketgateError as fault:
            return fault.refusal
        refusal = may_operate(self.roles, subject, snapshot)
        with self.store.reading() as looking:
            loss, hold = looking.restores.loss(), looking.restores.hold()
            if loss is None and hold is None:
                return Refusal("not_found", "No restore is under way.")
            if refusal is not None:
                return refusal
            return self._view(looking, subject, loss, hold, snapshot)

    def under_way(self) -> bool:
        """Whether a restore is to be declared, or holds."""
        with self.store.reading() as looking:
            return looking.restores.loss() is not None or looking.restores.hold() is not None

    def _view(
        self,
        looking: Reading,
        subject: str,
        loss: Loss | None,
        hold: Hold | None,
        snapshot: DirectorySnapshot,
    ) -> RestoreView:
        if loss is not None:
            purpose, shown, state = DECLARE, loss.shown, DECLARING
        else:
            shown = "" if hold is None else shown_to_end(looking, hold, self.sources)
            purpose, state = END, DECLARED if self.pending else HELD
        said = standing(looking, self.clock.now(), purpose, shown, self.roles, snapshot)
        return RestoreView(
            state=state,
            shown=shown,
            mine=any(snapshot.same_human(one.subject, subject) for one in said),
            said_by=tuple(name_of(one.subject, snapshot) for one in said),
            live=sum(looking.grants.count_unended().values()),
            now=self.clock.now(),
            loss=loss,
            hold=hold,
            compared=tuple(looking.restores.compared()),
            uncompared=tuple(uncompared(looking, self.policy.now)),
            drift=tuple((_who(looking, one, snapshot), one) for one in looking.restores.drift()),
            sources=self.sources,
        )

    def declare(self, said: Said) -> Heard | Refusal:
        """One person's word; the second one's commits, and the lost branch is forgotten."""
        heard = self._say(declare_restore, said)
        if isinstance(heard, Heard) and heard.record is not None:
            self.on_declared()
        return heard

    def end(self, said: Said) -> Heard | Refusal:
        """One person's word that access may be given again."""
        return (
            Refusal("restore_pending", _PENDING) if self.pending else self._say(end_restore, said)
        )

    def compare_again(self, subject: str) -> Refusal | None:
        """Have every target looked at once more."""
        try:
            refusal = may_operate(self.roles, subject, self.snapshot(subject))
        except TicketgateError as fault:
            return fault.refusal
        if refusal is None:
            self.store.write(_compare_again)
        return refusal

    def _say(self, operation: Callable[..., Heard | Refusal], said: Said) -> Heard | Refusal:
        try:
            policy = self.policy.now
            ground = Ground(policy, self.snapshot(said.subject))
            by = Hearing(ground, self.roles, self.sources, self.polled)
            return self.store.write(under(policy, partial(operation, said=said, by=by)))
        except TicketgateError as fault:
            return fault.refusal


_PENDING = "The gateway runs with --restore; start it without."


def _compare_again(tx: Transaction, now: datetime) -> None:
    del now
    tx.restores.compare_again()


def _who(looking: Reading, drift: Drift, snapshot: DirectorySnapshot) -> str:
    """Who the account is, as far as a grant of ours or the directory tells; empty where nobody."""
    known = [one for one in looking.grants.of_target(drift.target) if one.principal]
    subjects = {one.subject for one in known if one.principal == drift.principal}
    person = snapshot.by_account(drift.target, drift.principal)
    if person is not None:
        subjects.add(person.id)
    return ", ".join(name_and_id(one, snapshot) for one in sorted(subjects))

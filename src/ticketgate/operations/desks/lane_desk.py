"""What the desks of the console share: who somebody is, and how what they say is carried out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ticketgate.domain.errors import Refusal, TicketgateError
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.approvers import unfit
from ticketgate.domain.requests.roles import MayDo, Roles
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.people.sayer import Sayer
from ticketgate.operations.requests.in_force import InForce, under
from ticketgate.ports import Clock, Directory, Operation, Store

T = TypeVar("T")


def _active_human(_roles: Roles, subject: str, snapshot: DirectorySnapshot) -> Refusal | None:
    return unfit(snapshot.person(subject))


@dataclass(frozen=True, slots=True)
class LaneDesk:
    """`snapshot` reads the directory and records it before it is relied on.

    `own_users` are our own accounts, by source.
    """

    store: Store
    clock: Clock
    directory: Directory
    snapshot: Callable[..., DirectorySnapshot]  # of the subjects given it is asked at once
    roles: Roles
    policy: InForce
    own_users: Mapping[str, frozenset[str]]

    def seen_by(self, subject: str, may: MayDo) -> Sayer | Refusal:
        """Somebody who looks; nothing is recorded. Refusals: those of `may`, of the directory."""
        try:
            snapshot = self.directory.read(self.clock.now())
        except TicketgateError as fault:
            return fault.refusal
        refusal = may(self.roles, subject, snapshot)
        return refusal or self._sayer(subject, "", self.policy.now, snapshot)

    def known(self, subject: str) -> Sayer | Refusal:
        """Who looks, if they are an active human of the directory; what they find is theirs.

        Refusals: `approver_unknown`, `approver_inactive`, `not_human`, those of the directory.
        """
        return self.seen_by(subject, _active_human)

    def carry_out(
        self,
        session: Session,
        operation: Callable[[Sayer], Operation[T | Refusal]],
        *,
        urgent: bool = False,
    ) -> T | Refusal:
        """One transaction of a signed-in person, under one policy; `urgent` as of the store.

        Refusals: its own, `policy_stale`, of directory and store.
        """
        try:
            policy = self.policy.now
            subject = session.subject
            who = self._sayer(subject, session.method, policy, self.snapshot(subject))
            return self.store.write(under(policy, operation(who)), urgent=urgent)
        except TicketgateError as fault:
            return fault.refusal

    def _sayer(
        self, subject: str, method: str, policy: Policy, snapshot: DirectorySnapshot
    ) -> Sayer:
        return Sayer(subject, method, self.roles, policy, snapshot, self.own_users)

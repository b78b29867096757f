"""In force: the one policy that everything decides under, and how another takes its place.

Whoever needs the policy asks the holder when the work begins, and works under what it got to the
end. A transaction refuses a policy that is not the one recorded last, so between the record of a
new policy and the swap nothing is decided (rule 5 has the same for the directory).
"""

from datetime import datetime
from functools import partial
from typing import TypeVar

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.operations.evidence.gateway_records import note_loaded
from ticketgate.operations.requests.loosened import end_loosened
from ticketgate.ports import Operation, Transaction

T = TypeVar("T")

LOOSER = frozenset({"loosened", "unknown"})  # differences that may end open requests


class PolicyStaleError(TicketgateError):
    """Another policy was recorded since this one was taken. Nothing was done; try again."""

    code = "policy_stale"


class InForce:
    """Holds the policy in force. May be read from several threads at once."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    @property
    def now(self) -> Policy:
        """The policy in force; take it once for each piece of work."""
        return self._policy

    def swap(self, new: Policy) -> None:
        """From now on `new` is in force; its record has committed."""
        self._policy = new


def under(policy: Policy, operation: Operation[T]) -> Operation[T]:
    """The operation, only while `policy` is the one recorded last.

    It raises PolicyStaleError, and has done nothing, when it is not.
    """
    return partial(_under, policy=policy, operation=operation)


def take_policy(
    tx: Transaction,
    now: datetime,
    *,
    old: Policy,
    new: Policy,
    difference: str,
    snapshot: DirectorySnapshot | None,
) -> int:
    """Record that `new` holds from now on in place of `old`; returns how many requests that ended.

    As at a start: what is open under rules that `new` loosens ends, all without a `snapshot`.

    Raises:
        PolicyStaleError: neither of the two was recorded last.
    """
    if tx.people.loaded("policy") == new.digest:
        return 0  # it was recorded, but whoever did so did not hear of it
    _check(tx, old)
    ended = 0
    if difference in LOOSER:
        ended = end_loosened(tx, now, old=old, new=new, snapshot=snapshot)
    note_loaded(tx, now, kind="policy", digest=new.digest, difference=difference)
    return ended


def _under(tx: Transaction, now: datetime, *, policy: Policy, operation: Operation[T]) -> T:
    _check(tx, policy)
    return operation(tx, now)


def _check(tx: Transaction, policy: Policy) -> None:
    if tx.people.loaded("policy") != policy.digest:
        raise PolicyStaleError("The policy has changed just now.", next_step="Try again.")

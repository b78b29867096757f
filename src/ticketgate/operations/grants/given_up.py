"""Given up: access that two people stopped removing, while nobody has seen that it is gone.

`docs/rules.md`, rules 1 to 3. What still stands of it is ours, and no baseline of a later grant.
"""

from datetime import datetime
from typing import Final

from ticketgate.domain.cases.exception_case import ExceptionCase
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.log.restore import to_abandon
from ticketgate.operations.cases.exceptions import void_exception
from ticketgate.ports import Reading, Transaction

MAY_STAND: Final = "access_may_stand"  # the exception that is open as long


def given_up(tx: Reading, grant: Grant) -> list[Grant]:
    """The abandoned grants of what this one holds, of which nobody knows that it is gone.

    Those of the same account and access at the target, and those of the same person and
    entitlement, whatever these meant at the target then: the log tells the latter only. Left out
    is one over access that stood before: that was never ours.
    """
    return [
        other
        for _, other in _owed(tx)
        if not other.baseline and (_same(other, grant) or _named(other) == _named(grant))
    ]


def is_same_object(other: Grant, grant: Grant) -> bool:
    """Whether both may be of one object; the target can give a name to another one meanwhile."""
    return len({other.native_ref, grant.native_ref} - {None}) <= 1


def settle_given_up(tx: Transaction, now: datetime, grant: Grant, *, gone: bool) -> None:
    """Removing this grant is over: what one operator said of giving up on it is dropped.

    Where what it held was read back as `gone`, nobody has to look for it any more.
    """
    tx.restores.drop(to_abandon(grant.id))
    for case, other in _owed(tx) if gone else ():
        if _same(other, grant):
            void_exception(tx, now, case)


def _owed(tx: Reading) -> list[tuple[ExceptionCase, Grant]]:
    found = ((case, tx.grants.get(case.about)) for case in tx.exceptions.open_of(MAY_STAND))
    return [(case, grant) for case, grant in found if grant is not None]


def _same(other: Grant, grant: Grant) -> bool:
    known = grant.holding is not None and other.holding == grant.holding
    return known and is_same_object(other, grant)


def _named(grant: Grant) -> tuple[str, str, str]:
    return (grant.subject, grant.target, grant.entitlement)

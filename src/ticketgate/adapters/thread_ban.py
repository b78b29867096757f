"""No outward call inside a transaction: the writer's thread may not talk to the outside."""

import threading

from ticketgate.domain.errors import TicketgateError

_marks = threading.local()


class OutwardCallError(TicketgateError):
    """The writer's thread tried to reach outside: a fault of ours, so it must fail in tests."""

    code = "outward_call_in_transaction"


def forbid_outward_calls() -> None:
    """Mark the current thread as the writer's, for as long as it lives."""
    _marks.forbidden = True


def check_outward_call(what: str) -> None:
    """The first line of everything that reaches outside; `what` names the call, without secrets.

    Raises:
        OutwardCallError: this thread is the writer's.
    """
    if getattr(_marks, "forbidden", False):
        raise OutwardCallError(
            f"{what} was called on the writer's thread",
            next_step="queue a command; the worker calls outside after the commit",
        )

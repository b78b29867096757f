"""Workers: processes that do the same work on the parts of something large.

Each is a fork of this process, so that what they work with is there and need not be sent. It must
not hold anything that no fork may carry on with (a connection to SQLite, a thread) when they begin.
"""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from ticketgate.domain.errors import TicketgateError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkContext, ForkProcess

Part = TypeVar("Part")
Result = TypeVar("Result")
_FORK: Final = "fork"


class _Worker(NamedTuple):
    process: "ForkProcess"
    ours: "Connection[Any, Any]"


def processors() -> int:
    """How many processors this process may use, as far as the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def working(
    work: Callable[[Part], Result], count: int
) -> Iterator[Callable[[Iterable[Part]], Iterator[Result]]]:
    """A function that gives the result of `work` on each part, in the order of the parts.

    With a `count` of two or more, that many processes do the work, where the system can fork; they
    have begun when the block is entered, and have ended when it is left. Parts and results must be
    such as can be pickled. With one, this process does it.

    Raises:
        TicketgateError: what the work raised; or code `worker_ended`, one ended before its time.
            Also from the function. Nothing is known of the other parts then.
    """
    if count < 2 or _FORK not in multiprocessing.get_all_start_methods():  # noqa: PLR2004 -- alone
        yield lambda parts: map(work, parts)
        return
    workers: list[_Worker] = []
    try:
        for _ in range(count):
            workers.append(_begun(work, workers))
        yield lambda parts: _results(parts, workers)
    except BaseException:
        for one in workers:
            one.process.terminate()
        raise
    finally:
        for one in workers:
            one.ours.close()  # which a worker that waits for its next part sees, and ends
        for one in workers:
            one.process.join()


def _begun(work: Callable[[Any], Any], earlier: list[_Worker]) -> _Worker:
    context: ForkContext = multiprocessing.get_context(_FORK)
    ours, theirs = context.Pipe()
    inherited = [ours, *(one.ours for one in earlier)]
    process = context.Process(target=_serve, args=(work, theirs, inherited), daemon=True)
    process.start()
    theirs.close()  # so that its end is seen here when the worker ends
    return _Worker(process, ours)


def _serve(
    work: Callable[[Any], Any],
    theirs: "Connection[Any, Any]",
    inherited: "list[Connection[Any, Any]]",
) -> None:
    """What a worker does until this process closes its end, or is no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: who began it ends it
    for one in inherited:
        one.close()
    with suppress(EOFError, ConnectionError):
        while True:
            theirs.send(_answer(work, theirs.recv()))


def _answer(work: Callable[[Any], Any], part: object) -> tuple[bool, Any]:
    """(True, what came of it) or (False, the error)."""
    try:
        return True, work(part)
    except TicketgateError as fault:
        return False, fault


def _results(parts: Iterable[Any], workers: list[_Worker]) -> Iterator[Any]:
    """Each worker has one part at a time, so that neither waits to write while the other does."""
    free, busy = deque(workers), deque[_Worker]()
    for part in parts:
        if not free:
            free.append(busy.popleft())
            yield _result(free[0])
        worker = free.popleft()
        try:
            worker.ours.send(part)
        except OSError as fault:
            raise _ended(worker) from fault
        busy.append(worker)
    for worker in busy:
        yield _result(worker)


def _result(worker: _Worker) -> Any:  # noqa: ANN401 -- whatever the work makes
    try:
        is_good, answer = worker.ours.recv()
    except (EOFError, OSError) as fault:
        raise _ended(worker) from fault
    if not is_good:
        raise answer
    return answer


def _ended(worker: _Worker) -> TicketgateError:
    worker.process.join()
    return TicketgateError(
        f"a process that did a part of the work ended before its time ({worker.process.exitcode})",
        code="worker_ended",
        next_step="look above for what it said, and at the memory of the machine; then run it anew",
    )

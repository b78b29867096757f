"""Replaying: recorded revisions through two policies, in several processes where there are many."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from ticketgate.adapters.process.workers import processors, working
from ticketgate.adapters.sqlite.recorded import Stored, revision_of
from ticketgate.operations.trying.backtest import Pair, Replayed, replay
from ticketgate.wiring.commands import look

PART: Final = 250  # revisions that are replayed in one go
ALONE_MAX: Final = 2_000  # so many take less time than other processes take to begin


@contextmanager
def replaying(
    folder: Path, pair: Pair
) -> Iterator[Callable[[Iterable[Stored]], Iterator[Replayed]]]:
    """A function that replays what is recorded in the store of a configuration, part by part.

    To be entered before the store is opened, as processes begin then.

    Raises:
        StoreUnavailableError: there is no store, or it cannot be read.
        TicketgateError: code `cannot_replay`, `worker_ended`; from the function.
    """
    with look(folder) as looking:
        many = looking.count_recorded() > ALONE_MAX
    with working(partial(_replay, pair), processors() if many else 1) as replayed:
        yield lambda stored: replayed(_parts(stored))


def _replay(pair: Pair, part: tuple[Stored, ...]) -> Replayed:
    return replay(map(revision_of, part), pair)


def _parts(stored: Iterable[Stored]) -> Iterator[tuple[Stored, ...]]:
    rest = iter(stored)
    while part := tuple(islice(rest, PART)):
        yield part

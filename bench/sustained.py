"""The sustained rate: the highest at which the worker keeps up, so that the backlog stays flat."""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop
from client import Fed, Sample, feed, percentile
from load import write_load
from proof import Proven, lags, prove_each
from servers import KEY, STORE, Served

CONNECTIONS: Final = 128
BEHIND_SECONDS_MAX: Final = 0.25  # of deliveries that are due and not worked off, in a flat run
DRAIN_SECONDS_MAX: Final = 60.0
BACKLOG: Final = "SELECT count(*) FROM delivery WHERE state = 'accepted'"


@dataclass(frozen=True, slots=True)
class Search:
    """From `first` deliveries per second by factors of `step`, each for `seconds`; then halved."""

    first: float = 400.0
    seconds: float = 4.0
    step: float = 1.25
    bisections: int = 2


@dataclass(frozen=True, slots=True)
class Sustained:
    """The highest rate with a flat backlog, and the lowest tried whose backlog grew (0: none).

    `worked_…` count from acceptance to having been worked off, `sample` from when the request
    was due to its answer.
    """

    per_second: float
    too_high: float
    sample: Sample
    worked_p50_milliseconds: float
    worked_p99_milliseconds: float
    proven: Proven


@dataclass(frozen=True, slots=True)
class _Step:
    flat: bool
    fed: Fed
    worked: list[float]


class _Feeding:
    """Feeds one gateway at one rate after the other."""

    def __init__(self, served: Served, folder: Path, seconds: float) -> None:
        self._served = served
        self._file = folder / "sustained"
        self._store = served.folder / STORE
        self._seconds = seconds
        self._series = 1 << 31
        self.receipts: list[bytes] = []

    def at(self, per_second: float) -> _Step:
        """One rate for some seconds; then wait until everything is worked off."""
        self._series += 1
        load = write_load(self._file, int(per_second * self._seconds), self._series, KEY)
        behind: list[tuple[float, float]] = []
        with closing(sqlite3.connect(self._store)) as database:
            (since,) = database.execute("SELECT size FROM evidence_head").fetchone()

            def look(elapsed: float, unanswered: int) -> None:
                (backlog,) = database.execute(BACKLOG).fetchone()
                behind.append((elapsed, (unanswered + backlog) / per_second))

            fed = uvloop.run(
                feed(self._served.port, load.requests(), per_second, CONNECTIONS, look)
            )
            _drain(database)
        self.receipts += fed.bodies
        late = [wait for elapsed, wait in behind if elapsed > self._seconds / 2]
        flat = max(late) <= BEHIND_SECONDS_MAX and not fed.sample.refused + fed.sample.broken
        return _Step(flat, fed, lags(self._store, since))


def sustained(served: Served, folder: Path, search: Search) -> Sustained:
    """Search upwards from the first rate (downwards when that is too much), then close in.

    Raises:
        UnsoundError: a delivery was lost or doubled, or the chain does not hold.
    """
    feeding = _Feeding(served, folder, search.seconds)
    rate, best, too_high = search.first, 0.0, 0.0
    found: _Step | None = None
    while not (best and too_high):
        step = feeding.at(rate)
        if step.flat:
            best, found = rate, step
            rate *= search.step
        else:
            too_high = rate
            rate /= search.step
    for _ in range(search.bisections):
        rate = (best + too_high) / 2
        step = feeding.at(rate)
        if step.flat:
            best, found = rate, step
        else:
            too_high = rate
    assert found is not None
    return Sustained(
        per_second=best,
        too_high=too_high,
        sample=found.fed.sample,
        worked_p50_milliseconds=percentile(found.worked, 50),
        worked_p99_milliseconds=percentile(found.worked, 99),
        proven=prove_each(served.folder / STORE, feeding.receipts),
    )


def _drain(database: sqlite3.Connection) -> None:
    end = time.monotonic() + DRAIN_SECONDS_MAX
    while database.execute(BACKLOG).fetchone()[0]:
        if time.monotonic() > end:
            raise TimeoutError("the backlog does not go away")
        time.sleep(0.05)

"""Meters: counts for `/metrics`, and how well the store and the clock are."""

import shutil
import threading
from collections import Counter as Counts
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from ticketgate.adapters.process.exception_meters import exception_metrics
from ticketgate.adapters.process.loops import Loop
from ticketgate.adapters.sqlite.store import SqliteStore
from ticketgate.domain.errors import Fault, TicketgateError
from ticketgate.domain.log.anchor import CONTRADICTIONS, LATE_AFTER, AnchorRow
from ticketgate.domain.settings import Anchoring
from ticketgate.ports import Clock, Directory, Reading, Transaction

DISK_BYTES_MIN: Final = 64 << 20
OUTBOX_SECONDS_MAX: Final = 300.0

Checks: TypeAlias = dict[str, tuple[bool, str]]  # check -> (whether it is well, how it is)


class Meters(Collector):
    """Counters of this process, and gauges read from the store when they are asked for."""

    def __init__(self, disk_bytes_min: int = DISK_BYTES_MIN, *, shadow: bool = False) -> None:
        """`disk_bytes_min` is what must be free beside the store for readiness."""
        self._shadow = shadow
        self._disk_bytes_min = disk_bytes_min
        self.registry = CollectorRegistry()
        self._refused = Counter(
            "ticketgate_deliveries_refused",
            "Deliveries refused before anything was stored",
            ["source", "code"],
            registry=self.registry,
        )
        self._mails = Counter(
            "ticketgate_mails",
            "Tries to send a mail, by outcome",
            ["outcome"],
            registry=self.registry,
        )
        self._reloads = Counter(
            "ticketgate_policy_reloads",
            "Times that the policy was read anew, by outcome",
            ["outcome"],
            registry=self.registry,
        )
        self._received = Counter(
            "ticketgate_deliveries_received",
            "Authenticated deliveries by outcome",
            ["source", "status"],
            registry=self.registry,
        )
        self._lock = threading.Lock()
        self._since: Counts[str] = Counts()
        self._duplicates = 0
        self._store: SqliteStore | None = None
        self._perhaps_closed: Callable[[Reading], Sized]
        self._now: Callable[[], datetime]
        self._anchoring = Anchoring()
        self.behind: Callable[[], float] | None = None  # seconds that signing is behind the log
        self.polled: Callable[[], Mapping[str, float]] = dict  # source -> seconds since its poll
        self.registry.register(self)

    def watch(
        self,
        store: SqliteStore,
        perhaps_closed: Callable[[Reading], Sized],
        now: Callable[[], datetime],
        anchoring: Anchoring,
    ) -> None:
        """Read the gauges from this store; `perhaps_closed` finds the grants that this counts."""
        self._store = store
        self._perhaps_closed = perhaps_closed
        self._now = now
        self._anchoring = anchoring

    def refuse(self, source: str, code: str) -> None:
        """Count a refused delivery."""
        self._refused.labels(source, code).inc()
        with self._lock:
            self._since[f"{source}:{code}"] += 1

    def received(self, source: str, status: str) -> None:
        """Count an authenticated delivery."""
        self._received.labels(source, status).inc()
        if status == "duplicate":
            with self._lock:
                self._duplicates += 1

    def mailed(self, code: str) -> None:
        """Count a try to send a mail; `code` is empty when the server took it."""
        self._mails.labels(code or "sent").inc()

    def reloaded(self, outcome: str) -> None:
        """Count a reload of the policy: `loaded`, `same`, or the code that it was refused with."""
        self._reloads.labels(outcome).inc()

    def take_counts(self) -> tuple[Mapping[str, int], int]:
        """What was refused, and how many duplicates came, since this was asked last."""
        with self._lock:
            taken = dict(self._since), self._duplicates
            self._since.clear()
            self._duplicates = 0
        return taken

    @override
    def collect(self) -> Iterator[Metric]:
        """The gauges that the store gives."""
        if self._store is None:
            return
        mode = GaugeMetricFamily("ticketgate_shadow", "1: the policy is in shadow mode")
        mode.add_metric([], int(self._shadow))
        yield mode
        with self._store.reading() as looking:
            yield _grants(looking)
            waiting = GaugeMetricFamily("ticketgate_deliveries_waiting", "Not worked off yet")
            waiting.add_metric([], len(looking.deliveries.waiting(1000)))
            yield waiting
            closed = GaugeMetricFamily(
                "ticketgate_grants_perhaps_closed",
                "Live grants whose ticket a parked delivery may have closed",
            )
            closed.add_metric([], len(self._perhaps_closed(looking)))
            yield closed
            yield _ages(looking, self._anchoring, self._now())
            yield from exception_metrics(looking, self._now())
        yield _behind(self.behind)
        polls = GaugeMetricFamily(
            "ticketgate_poll_age_seconds",
            "Since a source was last read to its end; since polling began, where it never was",
            labels=["source"],
        )
        for name, age in self.polled().items():
            polls.add_metric([name], max(0.0, age))
        yield polls

    def readiness(self, store: SqliteStore, clock: Clock) -> Checks:
        """Write path, disk, outbox age, clock and anchors."""
        free = shutil.disk_usage(Path(store.path).parent).free
        with store.reading() as looking:
            oldest = looking.commands.oldest_due()
            anchors = _anchored(looking, self._anchoring, clock.now())
        age = 0.0 if oldest is None else (clock.now() - oldest).total_seconds()
        disputed = clock.disputed()
        return {
            "writer": _writes(store),
            "disk": (free >= self._disk_bytes_min, f"{free >> 20} MiB free"),
            "outbox": (
                age <= OUTBOX_SECONDS_MAX,
                f"the oldest command is {max(0, int(age))} s late",
            ),
            "clock": (not disputed, "the wall clock is off" if disputed else "agrees"),
            "anchors": anchors,
        }


def _behind(asked: Callable[[], float] | None) -> Metric:
    """No sample where nothing is signed, or the memory of what was signed cannot be read."""
    family = GaugeMetricFamily(
        "ticketgate_checkpoint_age_seconds",
        "How long the oldest record is committed that the newest signed checkpoint does not cover",
    )
    if asked is not None:
        with suppress(TicketgateError):
            family.add_metric([], asked())
    return family


def _rows(looking: Reading, anchoring: Anchoring) -> Iterator[tuple[str, AnchorRow | None]]:
    for one in anchoring.anchors:
        yield one.name, looking.anchors.get(one.kind, one.name)


def _ages(looking: Reading, anchoring: Anchoring, now: datetime) -> Metric:
    family = GaugeMetricFamily(
        "ticketgate_anchor_age_seconds",
        "Since an anchor vouched last; since it was first asked, where it never did",
        labels=["anchor"],
    )
    for name, row in _rows(looking, anchoring):
        if row is not None:
            family.add_metric([name], max(0.0, row.age(now).total_seconds()))
    return family


def _anchored(looking: Reading, anchoring: Anchoring, now: datetime) -> tuple[bool, str]:
    """Without an anchor it is well, and says what that means; a late one is not well."""
    if not anchoring.anchors:
        return True, "none: no anchor outside this host"
    late: list[str] = []
    for name, row in _rows(looking, anchoring):
        if row is not None and (
            row.code in CONTRADICTIONS or row.age(now) > LATE_AFTER * anchoring.every
        ):
            late.append(f"{name} ({row.code or 'late'})")
    return not late, ", ".join(late) or "all vouch"


def states(
    directory: Directory, clock: Clock, faults: Sequence[Fault], loops: Sequence[Loop]
) -> Checks:
    """Directory, configuration and threads. Faults are told by place: a text may hold a secret."""
    places = ", ".join(f"{one.file}:{one.line}" for one in faults)
    late = ", ".join(loop.name for loop in loops if not loop.well)
    only = f"faults at {places}; only what takes away runs until it is mended and started anew"
    return {
        "directory": _is_read(directory, clock),
        "configuration": (not faults, only if faults else "was sound at the start"),
        "workers": (not late, late or "all run"),
    }


def _is_read(directory: Directory, clock: Clock) -> tuple[bool, str]:
    try:
        directory.read(clock.now())
    except TicketgateError as fault:
        return False, f"{fault.code}: nobody can decide; `ticketgate check` says why"
    return True, "can be read"


def _nothing(tx: Transaction, now: object) -> None:
    del tx, now


def _writes(store: SqliteStore) -> tuple[bool, str]:
    try:
        store.write(_nothing)
    except TicketgateError as fault:
        return False, fault.reason
    return store.writer.alive, "writes"


def _grants(looking: Reading) -> Metric:
    family = GaugeMetricFamily(
        "ticketgate_grants", "Grants that are not ended, by state", labels=["state"]
    )
    for state, count in sorted(looking.grants.count_unended().items()):
        family.add_metric([state], count)
    return family

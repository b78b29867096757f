"""The ways to the sources beside their hooks: who is asked, in a loop each, and what is told."""

from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from typing import Final

import structlog

from ticketgate.adapters.config.platforms import ConfiguredPlatforms
from ticketgate.adapters.net.http import GuardedHttp, networks
from ticketgate.adapters.process.lanes import Lane
from ticketgate.adapters.process.loops import Loop
from ticketgate.adapters.process.meters import Checks, Meters
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.settings import PollSettings, Settings, SourceSettings
from ticketgate.operations.requests.velocity import set_limits
from ticketgate.operations.telling.evidence_place import EvidencePlace
from ticketgate.operations.telling.write_back import tell_sources
from ticketgate.operations.workers.run_comments import CommentRunner
from ticketgate.operations.workers.run_polls import PollWorker
from ticketgate.ports import Clock, Platforms, Source, Store
from ticketgate.wiring.notifying import Notifying, one_at_a_time

COMMENTS: Final = "comments"
LATE_AFTER: Final = 3  # times `every`

_SECONDS_MAX: Final = 10.0  # of one request; no call here keeps access alive
_JITTER_STEPS: Final = 1 << 32
_LOG: Final = structlog.get_logger("ticketgate.channels")


class Channels:
    """Polls and comments of a configuration."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        place: EvidencePlace,
        meters: Meters,
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._place = place
        self._count = meters.received
        meters.polled = self.ages
        self.telling = Notifying(settings, store, clock)
        self._platforms: Platforms = ConfiguredPlatforms(settings.sources, way_to_source)

    def polls(self, sources: Mapping[str, Source]) -> list[Loop]:
        """A loop for each source that is asked."""
        return [
            Loop(f"poll:{name}", self._worker(name, poll, sources[name]).step)
            for name, poll in self._polled().items()
            if name in sources
        ]

    def _polled(self) -> dict[str, PollSettings]:
        found = self._settings.sources.items()
        return {name: one.poll for name, one in found if one.poll is not None}

    def _worker(self, name: str, poll: PollSettings, source: Source) -> PollWorker:
        return PollWorker(
            name=name,
            source=source,
            every=poll.every,
            jitter=_jitter(name),
            store=self._store,
            platforms=self._platforms,
            clock=self._clock,
            origin=self._settings.origin,
            log=_log_poll,
            count=self._count,
        )

    def lanes(self, snapshot: Callable[[], DirectorySnapshot]) -> list[Lane]:
        """Comments, one at a time for each source, so that they keep their order; and receivers."""
        runner = CommentRunner(self._store, self._platforms, self._place, _log)
        kinds = (CommandKind.COMMENT,)
        told = Lane(COMMENTS, kinds, self._store, self._clock, snapshot, runner.run, one_at_a_time)
        return [told, self.telling.lane(snapshot)]

    def settle(self) -> None:
        """From now on tickets of just the sources with `write_back` are told, and limits hold."""
        told = {name: one.comment_on for name, one in self._settings.sources.items()}
        self._store.write(partial(tell_sources, sources=told))
        limits = {name: one.velocity for name, one in self._settings.sources.items()}
        self._store.write(partial(set_limits, limits=limits))
        self.telling.settle()

    def readiness(self) -> Checks:
        """The check `polls`: every source was read to its end within three times its `every`."""
        polled = self._polled()
        late = [
            f"{name} ({int(age)} s)"
            for name, age in self.ages().items()
            if age > LATE_AFTER * polled[name].every.total_seconds()
        ]
        well = "every source was asked in time" if polled else "no source is asked"
        return {"polls": (not late, ", ".join(late) or well)}

    def ages(self) -> dict[str, float]:
        """Seconds since each source was read to its end, once polling of it has begun."""
        found = {name: self._age(name, self._settings.sources[name]) for name in self._polled()}
        return {name: age for name, age in found.items() if age is not None}

    def _age(self, name: str, source: SourceSettings) -> float | None:
        """Of the table that was read longest ago; None before polling began."""
        now = self._clock.now()
        with self._store.reading() as looking:
            rows = [looking.channels.polled(name, table) for table in source.mapping.tables]
        return max((row.age(now) for row in rows if row is not None), default=None)


def _jitter(name: str) -> float:
    """Where in its `every` a source's turn comes first: the same at each start."""
    return int.from_bytes(sha256(name.encode()).digest()[:4]) / _JITTER_STEPS


def way_to_source(poll: PollSettings) -> GuardedHttp:
    """The guarded way out to a source that is asked."""
    return GuardedHttp(_SECONDS_MAX, networks(poll.allow_networks))


def _log(event: str, code: str) -> None:
    _LOG.warning(event, code=code)


def _log_poll(source: str, code: str) -> None:
    _LOG.warning("poll.failed", source=source, code=code)

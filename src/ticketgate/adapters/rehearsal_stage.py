"""Where a rehearsal plays: a store in a folder of its own, and targets in memory."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from typing_extensions import override

from ticketgate.adapters.ids import RandomIds
from ticketgate.adapters.sqlite.store import SqliteStore, open_store
from ticketgate.connector_api import Access, Effect, NotFound, TargetConnector
from ticketgate.ports import Clock, Targets


@contextmanager
def fresh_store(origin: str, clock: Clock) -> Iterator[SqliteStore]:
    """An empty store that runs, on this clock; gone afterwards."""
    with TemporaryDirectory(prefix="ticketgate-rehearsal-") as folder:
        path = Path(folder) / "rehearsal.db"
        store = open_store(path, origin, RandomIds(), lambda _kept, _last: clock.now, _no_ban)
        store.start()
        try:
            yield store
        finally:
            store.stop()


class MemoryTargets(Targets):
    """Every target there is, in memory. Whoever has an account there by the directory is known."""

    def __init__(self) -> None:
        self._held: defaultdict[str, set[tuple[str, tuple[tuple[str, str], ...]]]] = defaultdict(
            set
        )

    @override
    def open(self, target: str) -> AbstractContextManager[TargetConnector]:
        return _opened(_Memory(self._held[target]))


@contextmanager
def _opened(connector: TargetConnector) -> Iterator[TargetConnector]:
    yield connector
    connector.close()


class _Memory(TargetConnector):
    def __init__(self, held: set[tuple[str, tuple[tuple[str, str], ...]]]) -> None:
        self._held = held

    @override
    def check(self) -> None:
        """Memory is there."""

    @override
    def find_principal(self, claims: tuple[str, ...]) -> str:
        if not claims:
            raise NotFound("the directory lists no account at this target")
        return claims[0]

    @override
    def observe(self, access: Access, native_ref: str | None = None) -> bool:
        return _key(access) in self._held

    @override
    def grant(self, access: Access, key: str, not_after: datetime) -> Effect:
        self._held.add(_key(access))
        return Effect("applied", verified=True)

    @override
    def revoke(self, access: Access, key: str, native_ref: str | None) -> Effect:
        self._held.discard(_key(access))
        return Effect("applied", verified=True)

    @override
    def list_held(self, entitlement: Mapping[str, str]) -> tuple[str, ...]:
        wanted = tuple(sorted(entitlement.items()))
        return tuple(sorted(principal for principal, what in self._held if what == wanted))

    @override
    def close(self) -> None:
        """Memory is left as it is."""


def _key(access: Access) -> tuple[str, tuple[tuple[str, str], ...]]:
    return access.principal, tuple(sorted(access.entitlement.items()))


def _no_ban() -> None:
    """Nothing outward runs in a rehearsal."""

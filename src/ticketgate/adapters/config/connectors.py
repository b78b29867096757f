"""Connectors, found by entry point and loaded only when the configuration names them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import entry_points
from typing import Final, cast

from typing_extensions import override

from ticketgate.adapters.config.settings_file import KnownConnectors
from ticketgate.connector_api import (
    HttpClient,
    ItsmConnector,
    ItsmPlatform,
    Misconfigured,
    TargetConnector,
    TargetKind,
    TargetSettings,
)
from ticketgate.domain.settings import SourceSettings, TargetOptions
from ticketgate.ports import Source

GROUP: Final = "ticketgate.connectors"


@cache
def installed() -> dict[str, Callable[[], object]]:
    """Kind -> how to load it. Nothing is imported yet."""
    return {point.name: point.load for point in entry_points(group=GROUP)}


def load_itsm(kind: str) -> ItsmConnector | None:
    """The ITSM connector of this kind, or None."""
    found = _load(kind)
    return cast("ItsmConnector", found) if hasattr(found, "normalise") else None


def load_platform(kind: str) -> ItsmPlatform | None:
    """The ITSM connector of this kind, if it can be asked; or None."""
    found = load_itsm(kind)
    return cast("ItsmPlatform", found) if hasattr(found, "open") else None


def load_target(kind: str) -> TargetKind | None:
    """The target connector of this kind, or None."""
    found = _load(kind)
    return cast("TargetKind", found) if hasattr(found, "access_keys") else None


class _ItsmKinds(Mapping[str, ItsmConnector]):
    """The installed ITSM kinds; one is loaded when it is asked for by name."""

    @override
    def __getitem__(self, kind: str) -> ItsmConnector:
        found = load_itsm(kind)
        if found is None:
            raise KeyError(kind)
        return found

    @override
    def __iter__(self) -> Iterator[str]:
        return (kind for kind in installed() if load_itsm(kind) is not None)

    @override
    def __len__(self) -> int:
        return sum(1 for _ in self)


class _TargetKinds(Mapping[str, TargetKind]):
    """The installed target kinds; one is loaded when it is asked for by name."""

    @override
    def __getitem__(self, kind: str) -> TargetKind:
        found = load_target(kind)
        if found is None:
            raise KeyError(kind)
        return found

    @override
    def __iter__(self) -> Iterator[str]:
        return (kind for kind in installed() if load_target(kind) is not None)

    @override
    def __len__(self) -> int:
        return sum(1 for _ in self)


def configured_sources(settings: Mapping[str, SourceSettings]) -> dict[str, Source]:
    """How deliveries of each source are read; one whose kind is not there is left out."""
    found: dict[str, Source] = {}
    for name, source in settings.items():
        connector = load_itsm(source.kind)
        if connector is not None:
            found[name] = Source(connector, source.mapping, source.own_users)
    return found


def known_connectors() -> KnownConnectors:
    """What a configuration can name."""
    return KnownConnectors(itsm=_ItsmKinds(), targets=_TargetKinds())


def _load(kind: str) -> object:
    load = installed().get(kind)
    if load is None:
        return None
    try:
        return load()
    except Exception as fault:
        raise Misconfigured(
            f"the connector {kind!r} cannot be loaded: {type(fault).__name__}: {fault}",
            next_step="install it again, with what it needs",
        ) from fault


class ConfiguredTargets:
    """`ports.Targets`: a connector is opened for each call, in the thread that makes it."""

    def __init__(
        self,
        targets: Mapping[str, TargetOptions],
        http: Callable[[TargetOptions], HttpClient],
        kinds: Callable[[str], TargetKind | None] = load_target,
    ) -> None:
        """`http` makes the guarded way out for a target."""
        self._targets = targets
        self._http = http
        self._kinds = {options.connector: kinds(options.connector) for options in targets.values()}

    @contextmanager
    def open(self, target: str) -> Iterator[TargetConnector]:
        """A connector for this call.

        Raises:
            Misconfigured: the target, or its connector, is not there (any more).
        """
        options = self._targets.get(target)
        kind = None if options is None else self._kinds[options.connector]
        if options is None or kind is None:
            raise Misconfigured(
                f"target {target!r} is not configured",
                next_step="put it back into ticketgate.yaml: its grants still have to be revoked",
            )
        settings = TargetSettings(options.name, options.url, options.token, options.options)
        connector = kind.open(settings, self._http(options))
        try:
            yield connector
        finally:
            connector.close()

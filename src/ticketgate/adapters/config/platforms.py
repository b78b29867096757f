"""The sources that can be asked: a client is opened for each turn, in the thread that takes it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from ticketgate.adapters.config.connectors import load_platform
from ticketgate.connector_api import (
    HttpClient,
    ItsmClient,
    ItsmPlatform,
    ItsmSettings,
    Misconfigured,
)
from ticketgate.domain.settings import PollSettings, SourceSettings


class ConfiguredPlatforms:
    """`ports.Platforms`."""

    def __init__(
        self,
        sources: Mapping[str, SourceSettings],
        http: Callable[[PollSettings], HttpClient],
        kinds: Callable[[str], ItsmPlatform | None] = load_platform,
    ) -> None:
        """`http` makes the guarded way out for a source."""
        self._sources = {name: one for name, one in sources.items() if one.poll is not None}
        self._http = http
        self._kinds = {one.kind: kinds(one.kind) for one in self._sources.values()}

    @contextmanager
    def open(self, source: str) -> Iterator[ItsmClient]:
        """A client for this turn.

        Raises:
            Misconfigured: the source is not polled, or its connector is not there (any more).
        """
        found = self._sources.get(source)
        kind = None if found is None else self._kinds[found.kind]
        if found is None or found.poll is None or kind is None:
            raise Misconfigured(
                f"the source {source!r} is not configured to be asked",
                next_step="put `poll` back into ticketgate.yaml",
            )
        poll = found.poll
        settings = ItsmSettings(
            name=source,
            url=poll.url,
            user=poll.user,
            mapping=found.mapping,
            overlap=poll.overlap,
            password=poll.password,
            token=poll.token,
        )
        client = kind.open(settings, self._http(poll))
        try:
            yield client
        finally:
            client.close()

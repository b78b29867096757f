"""One ticket platform that is asked by us, as the suite in `client_contract.py` sees it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, Final

from tests.connectors.platform_http import Asked, PlatformHttp, Reply

from ticketgate.adapters.net.http import GuardedHttp
from ticketgate.connector_api import (
    ItsmClient,
    ItsmPlatform,
    ItsmSettings,
    SourceMapping,
    TableMapping,
)

Json = Any
OVERLAP: Final = timedelta(minutes=2)
PAGES_MAX: Final = 60
SECONDS: Final = 1.0


class Desk(ABC):
    """One platform in memory, and what the suite must know of it. Each test has one of its own."""

    platform: ClassVar[ItsmPlatform]
    table: ClassVar[str]
    tables: ClassVar[tuple[str, ...]]  # those that are polled
    settings: ClassVar[Mapping[str, Any]]  # of `ItsmSettings`; url, name and overlap are ours
    login: ClassVar[str]  # what `Authorization` then says
    secret: ClassVar[str]
    writes: ClassVar[str] = "POST"  # the method that writes a comment
    absent: ClassVar[str]  # the id of no ticket
    no_ids: ClassVar[tuple[str, ...]]
    other_forms: ClassVar[tuple[Json, ...]]  # answers to the first request of a poll
    no_cursors: ClassVar[tuple[str, ...]] = ("[1,2,3]",)  # beside those that are nobody's
    repeats: ClassVar[bool] = False  # whether a page border may tell a ticket twice
    follows_clock: ClassVar[bool] = False  # whether a poll that finds nothing moves the cursor
    drops_deaf: ClassVar[bool] = False  # what was not asked for is passed over, and not refused
    unseen: ClassVar[str] = "not among"  # what is said of a comment that is taken and not shown
    server: Callable[[Asked], Reply]

    @abstractmethod
    def put(self, at: str, ident: str = "") -> str:
        """A ticket is opened at that time of day, or one with an id is changed; its id."""

    @abstractmethod
    def written(self) -> list[str]:
        """The comments that are there, the oldest first."""

    def says(self, text: str, key: str) -> str:
        """How a comment stands there."""
        del key
        return text

    @abstractmethod
    def is_private(self, asked: Asked) -> bool:
        """Whether a request writes something that customers do not see."""

    @abstractmethod
    def talk(self, ident: str, count: int) -> None:
        """Others write so many comments."""

    @abstractmethod
    def hide(self) -> None:
        """From now on comments are taken and not shown."""

    @abstractmethod
    def deafen(self, peer: PlatformHttp) -> None:
        """From now on a poll is answered with tickets of any time."""

    @abstractmethod
    def confuse(self, peer: PlatformHttp, ident: str) -> str:
        """From now on the ticket with the id is given for another one; the id of that."""


class OpenDesk(Desk):
    """A platform that may show a comment to customers, whatever was asked for."""

    public: ClassVar[str]  # what is said of a comment that others see

    @abstractmethod
    def publish(self) -> None:
        """From now on it does."""


class WalkDesk(OpenDesk):
    """A platform whose list is walked with a token, as `walk.py` does."""

    too_many: ClassVar[int]  # the fewest comments that are not looked through

    @abstractmethod
    def end_tokens(self) -> None:
        """From now on no token is taken."""

    @abstractmethod
    def stick(self) -> None:
        """From now on a token leads to the page that it came with."""


def opened(desk: type[Desk], peer: PlatformHttp, **changes: Any) -> ItsmClient:  # noqa: ANN401 -- of any field
    """A client of the platform."""
    said = {"name": "desk", "url": peer.url, "overlap": OVERLAP, **desk.settings, **changes}
    return desk.platform.open(ItsmSettings(**said), GuardedHttp(SECONDS))


def walked(asking: ItsmClient, table: str, cursor: str, limit: int) -> list[str]:
    """The ids up to the end; a cursor that does not move on is a loop."""
    found: list[str] = []
    for _ in range(PAGES_MAX):
        page = asking.poll(table, cursor, limit)
        assert len(page.records) <= limit
        found += [one.ticket_id for one in page.records]
        if not page.more:
            return found
        assert page.cursor != cursor
        cursor = page.cursor
    raise AssertionError("pages without an end")


def mapped(source: str, **tables: dict[str, str | None]) -> SourceMapping:
    """Tables, each with what its operator mapped."""
    return SourceMapping(source, {name: TableMapping(name, map=to) for name, to in tables.items()})


def asking_for(
    answer: Callable[[Asked], Reply], path: str, **params: str
) -> Callable[[Asked], Reply]:
    """The platform, which heeds other parameters there than those that it is asked with."""
    return lambda asked: answer(
        replace(asked, params={**asked.params, **params}) if asked.path.endswith(path) else asked
    )

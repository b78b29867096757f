"""Fakes behind the ports: a clock that is set, ids that count, a directory, mail, a target."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tests.contracts.fake_target import Account, Call, FakeTarget
from tests.operations.tickets import SOURCE
from typing_extensions import override

from ticketgate.adapters.directories.directory_file import DirectoryFile
from ticketgate.connector_api import (
    HttpAnswer,
    HttpClient,
    JsonValue,
    Misconfigured,
    TargetConnector,
    TargetSettings,
)
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.people.claims import ClaimRules
from ticketgate.domain.people.directory import DirectorySnapshot, Person
from ticketgate.domain.people.duties import Delegation, Duties, Window
from ticketgate.domain.timekeeping import Kept
from ticketgate.ports import Clock, Directory, Ids, Letter, Post, Targets

ROOT: Final = Path(__file__).parents[2]
TARGET: Final = "corp-scim"
GROUP: Final = "SG-PROD-DB-ADMIN"
REPORTS: Final = "SG-SALES-REPORTS"
MORNING: Final = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class FakeClock(Clock):
    """Time as a test sets it. `skew` is how far the wall clock is ahead."""

    def __init__(self) -> None:
        self.at = MORNING
        self.skew = timedelta(0)

    @override
    def now(self) -> datetime:
        return self.at

    @override
    def wall(self) -> datetime:
        return self.at + self.skew

    @override
    def disputed(self) -> bool:
        return abs(self.skew) > timedelta(minutes=5)

    def kept(self) -> Kept:
        return Kept("boot", self.at.timestamp(), self.at)


class CountedIds(Ids):
    """Randomness that counts, so that a failing test fails the same way again."""

    def __init__(self) -> None:
        self.count = 0

    def _next(self) -> int:
        self.count += 1
        return self.count

    @override
    def ident(self, prefix: str) -> str:
        return f"{prefix}_{self._next():020x}"

    @override
    def salt(self) -> bytes:
        return self._next().to_bytes(16, "big")

    @override
    def token(self) -> str:
        return f"token-{self._next():032d}"

    @override
    def code(self) -> str:
        return f"{self._next():08d}"


class FakeDirectory(Directory):
    """The people of `config/directory.yaml`, and Mallory; changed by a test at will."""

    claims: ClaimRules | None = None

    def __init__(self) -> None:
        shipped = DirectoryFile(ROOT / "config/directory.yaml").read(MORNING)
        self.groups = shipped.groups
        self.people = dict(shipped.people)
        self.people["mallory"] = Person(
            "mallory", "Mallory", "mallory@example.com", accounts={SOURCE: ("mallory",)}
        )
        self.duties = Duties()
        self.unreadable = False
        self.asked: list[frozenset[str]] = []

    @override
    def read(self, now: datetime, sure: Collection[str] = ()) -> DirectorySnapshot:
        self.asked.append(frozenset(sure))
        if self.unreadable:
            raise TicketgateError("the directory is being edited", code="directory_unreadable")
        said = (sorted(self.people.items()), self.duties)
        digest = sha256(repr(said).encode()).hexdigest()
        return DirectorySnapshot(
            digest, now, dict(self.people), self.groups, self.duties, claims=self.claims
        )

    def delegate(self, principal: str, delegate: str, starts: datetime, hours: int) -> None:
        """One delegation more, from then on for so long."""
        window = Window(starts, starts + timedelta(hours=hours))
        more = Delegation(principal, delegate, window, "holiday")
        self.duties = replace(self.duties, delegations=(*self.duties.delegations, more))

    def change(self, subject: str, **changes: Any) -> None:  # noqa: ANN401 -- of any field
        """Change one person, as an edit of the file would."""
        self.people[subject] = replace(self.people[subject], **changes)

    def leave(self, subject: str) -> None:
        """The person is not active any more."""
        self.change(subject, active=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was taken."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    thread: str = ""


@dataclass
class FakePost(Post):
    """A mail server; `faults` are the codes that the next mails meet.

    The answers to the next `lost_answers` mails are lost: taken, and nobody knows.
    """

    mails: list[Mail] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    lost_answers: int = 0

    @override
    def send(self, to: str, letter: Letter, message_id: str, thread: str = "") -> None:
        if self.faults:
            raise TicketgateError("no mail", code=self.faults.pop(0))
        self.mails.append(Mail(to, *letter, message_id, thread))
        if self.lost_answers:
            self.lost_answers -= 1
            raise TicketgateError("no answer", code="mail_unavailable")

    def to(self, address: str) -> list[Mail]:
        """What this address got, oldest first."""
        return [mail for mail in self.mails if mail.to == address]


class NoHttp(HttpClient):
    """The fake target needs no way out."""

    @override
    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: JsonValue = None,
        params: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        raise AssertionError(f"{method} {url} {headers} {json} {params}")


class HookedTarget(FakeTarget):
    """A target; `during_grant` runs once, while the next grant is under way.

    Ordered to `die`, the next call that changes anything kills the process that makes it.
    """

    during_grant: Callable[[], object] | None = None
    death: type[BaseException] | None = None
    applied = False

    def die(self, death: type[BaseException], *, applied: bool) -> None:
        """The next changing call raises `death`, with its effect or without."""
        self.death, self.applied = death, applied

    def live(self) -> None:
        """Nobody dies."""
        self.death = None

    @override
    def meet(self, call: Call, effect: Callable[[], None] | None = None) -> None:
        hook, given = self.during_grant, call.verb == "grant"
        if hook is not None and given:
            self.during_grant = None
            hook()
        if self.death is not None and effect is not None:
            if self.applied:
                effect()
            raise self.death
        super().meet(call, effect)


@dataclass
class FakeTargets(Targets):
    """The targets that are configured: one world for all of them."""

    world: FakeTarget
    names: set[str] = field(default_factory=lambda: {TARGET})

    @override
    def open(self, target: str) -> AbstractContextManager[TargetConnector]:
        return self._opened(target)

    @contextmanager
    def _opened(self, target: str) -> Iterator[TargetConnector]:
        if target not in self.names:
            raise Misconfigured(f"{target} is not configured")
        yield self.world.open(TargetSettings(TARGET, "", ""), NoHttp())


def principal(person: str) -> str:
    """The account id that the target has for a person."""
    return f"id-{person}"


def corporate() -> HookedTarget:
    """Everybody who has an account there, and two empty groups."""
    names = ("alice", "bob", "carol", "erin")
    accounts = {principal(name): Account(f"{name}@example.com") for name in names}
    return HookedTarget(accounts, {GROUP: set(), REPORTS: set()})

"""Directory: who exists. People are immutable subject ids; addresses and names are display."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import cached_property
from string import ascii_lowercase, ascii_uppercase
from typing import Final

from ticketgate.domain.people.claims import ClaimRules
from ticketgate.domain.people.duties import Duties, Window, passed, turns

_LOWER: Final = str.maketrans(ascii_uppercase, ascii_lowercase)


def canonical(account: str) -> str:
    """The one spelling by which accounts are compared: A to Z as small letters, the rest as it is.

    Platforms take user names and mail addresses without regard to case, and write them as whoever
    signed in typed them; their own ids never tell two people apart by case alone. Letters beyond
    ASCII stay, since what is one letter there is each platform's own business.
    """
    return account.translate(_LOWER)


@dataclass(frozen=True, slots=True)
class Person:
    """One subject. `accounts` maps a source or target name to the person's account ids there.

    `aliases` are account names or subject ids that are the same human. While a window of `away`
    holds, the person is out of office: not asked, and not deciding.
    """

    id: str
    name: str
    mail: str
    manager: str | None = None
    team: str | None = None
    groups: frozenset[str] = frozenset()
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: frozenset[str] = frozenset()
    active: bool = True
    kind: str = "human"  # human | nhi | agent
    away: tuple[Window, ...] = ()
    zone: tzinfo | None = None  # where the person works; None where that is not told

    def away_until(self, now: datetime) -> datetime | None:
        """When the person is back; None for somebody who is not away now."""
        return max((one.ends for one in self.away if one.holds(now)), default=None)


@dataclass(frozen=True)
class DirectorySnapshot:
    """The directory as read at `read_at`; `digest` is SHA-256 of what was read (hex).

    Equal digests mean equal content. Which snapshot is newest is the store's to say. Where other
    directories stand beside the file, `known_at` is when the oldest of them was read whole, `sure`
    are the subjects of whom they were asked again at `read_at`, and `sources` their digests.
    `claims` says which groups a sign-in must confirm as well.
    """

    digest: str
    read_at: datetime
    people: Mapping[str, Person]
    groups: Mapping[str, str] = field(default_factory=dict)  # id -> display name
    duties: Duties = field(default_factory=Duties)
    known_at: datetime | None = None  # None: all of it is as of `read_at`
    sure: frozenset[str] = frozenset()
    sources: tuple[tuple[str, str], ...] = ()
    claims: ClaimRules | None = None

    def turn(self, now: datetime) -> int:
        """A number that is another one whenever a delegation, absence or shift begins or ends."""
        return passed(self._turns, now)

    def person(self, subject: str) -> Person | None:
        """The person with this subject id."""
        return self.people.get(subject)

    def read_of(self, *subjects: str) -> datetime:
        """When what is said of all these subjects was read where it is kept: the oldest moment."""
        known = self.read_at if self.known_at is None else self.known_at
        return self.read_at if self.sure.issuperset({*subjects} - {""}) else known

    def by_account(self, system: str, account: str) -> Person | None:
        """The one person who holds `account` in `system`; None when nobody or several do.

        Only what is listed under `accounts: {system: [...]}` counts, in any spelling that is the
        same by `canonical`; addresses and names never do.
        """
        found = self._accounts.get((system, canonical(account)), ())
        return found[0] if len(found) == 1 else None

    def by_exact(self, system: str, account: str) -> Person | None:
        """The one person who holds just this `account` in `system`, letter for letter.

        An identity provider's subjects are told apart by case (OpenID Connect Core §2), so none
        that only looks like one counts; None as well when several hold it.
        """
        found = [p for p in self.people.values() if account in p.accounts.get(system, ())]
        return found[0] if len(found) == 1 else None

    def holders(self, system: str, account: str) -> frozenset[str]:
        """Everybody whom `account` of `system` may mean: by their accounts, or by an alias."""
        spelling = canonical(account)
        by_account = self._accounts.get((system, spelling), ())
        return frozenset(p.id for p in (*by_account, *self._aliases.get(spelling, ())))

    def meant(self, subject: str, system: str, account: str) -> frozenset[str]:
        """Everybody who a party may be: who it was taken for (may be empty), and `holders` now.

        Somebody stays who they were found to be, also where the account is another's by now.
        """
        return frozenset({subject} - {""}) | self.holders(system, account)

    def by_mail(self, address: str) -> Person | None:
        """The one active human whose mail is `address` (ASCII case ignored); else None."""
        wanted = address.strip().lower()
        found = [p for p in self.people.values() if p.mail.lower() == wanted]
        fit = wanted and len(found) == 1 and found[0].active and found[0].kind == "human"
        return found[0] if fit else None

    def human(self, subject: str) -> str:
        """The subject id of the human behind `subject`: all aliases of a human are one person.

        An alias links to the subject of that id, to whoever holds an account of that name in any
        system, and to whoever has that alias, each in any spelling of it. Links are followed to the
        end, so chains and loops of aliases are one person too. The smallest name of the linked set
        stands for it.
        """
        return self._humans.get(subject, subject)

    def same_human(self, one: str, other: str) -> bool:
        """Whether two subject ids are the same human."""
        return one == other or self.human(one) == self.human(other)

    def read_again(
        self,
        moment: datetime,
        known_at: datetime | None = None,
        sure: frozenset[str] = frozenset(),
    ) -> "DirectorySnapshot":
        """The same content, read at `moment`; what was looked up in it is not looked up again."""
        again = replace(self, read_at=moment, known_at=known_at, sure=sure)
        for name in ("_accounts", "_aliases", "_humans", "_turns"):
            vars(again)[name] = getattr(self, name)
        return again

    @cached_property
    def _turns(self) -> tuple[datetime, ...]:
        away = (window for person in self.people.values() for window in person.away)
        return turns((*self.duties.windows, *away))

    @cached_property
    def _accounts(self) -> dict[tuple[str, str], list[Person]]:
        """(system, canonical account) -> everybody who holds it."""
        found: dict[tuple[str, str], list[Person]] = {}
        for person in self.people.values():
            for system, accounts in person.accounts.items():
                for account in set(map(canonical, accounts)):
                    found.setdefault((system, account), []).append(person)
        return found

    @cached_property
    def _aliases(self) -> dict[str, list[Person]]:
        """Canonical alias -> everybody who has it."""
        found: dict[str, list[Person]] = {}
        for person in self.people.values():
            for alias in set(map(canonical, person.aliases)):
                found.setdefault(alias, []).append(person)
        return found

    @cached_property
    def _humans(self) -> dict[str, str]:
        """Every subject and alias -> the name that stands for its human."""
        links: dict[str, set[str]] = {}
        spelled: dict[str, set[str]] = {}
        for alias in {alias for p in self.people.values() for alias in p.aliases}:
            spelled.setdefault(canonical(alias), set()).add(alias)
        for subject in self.people:
            if canonical(subject) in spelled:
                spelled[canonical(subject)].add(subject)
        for person in self.people.values():
            held = {account for accounts in person.accounts.values() for account in accounts}
            named = (spelled.get(canonical(name), ()) for name in held | person.aliases)
            for name in person.aliases.union(*named):
                links.setdefault(person.id, set()).add(name)
                links.setdefault(name, set()).add(person.id)
        humans: dict[str, str] = {}
        for start in links:
            if start not in humans:
                linked = _reached(start, links)
                humans.update(dict.fromkeys(linked, min(linked)))
        return humans


def _reached(start: str, links: Mapping[str, set[str]]) -> set[str]:
    known = {start}
    frontier = [start]
    while frontier:
        fresh = links[frontier.pop()] - known
        known |= fresh
        frontier.extend(fresh)
    return known

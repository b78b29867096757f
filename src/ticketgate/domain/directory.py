"""Directory: who exists. People are immutable subject ids; addresses and names are display."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Person:
    """One subject. `accounts` maps a source or target name to the person's account ids there.

    `aliases` are account names or subject ids that are the same human.
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


@dataclass(frozen=True)
class DirectorySnapshot:
    """The directory as read at `read_at`; `digest` is SHA-256 of what was read (hex).

    Equal digests mean equal content. Which snapshot is newest is the store's to say.
    """

    digest: str
    read_at: datetime
    people: Mapping[str, Person]
    groups: Mapping[str, str] = field(default_factory=dict)  # id -> display name

    def person(self, subject: str) -> Person | None:
        """The person with this subject id."""
        return self.people.get(subject)

    def by_account(self, system: str, account: str) -> Person | None:
        """The one person who holds `account` in `system`; None when nobody or several do.

        Only ids listed under `accounts: {system: [...]}` count; addresses and names never do.
        """
        found = [p for p in self.people.values() if account in p.accounts.get(system, ())]
        return found[0] if len(found) == 1 else None

    def by_mail(self, address: str) -> Person | None:
        """The one active human whose mail is `address` (ASCII case ignored); else None."""
        wanted = address.strip().lower()
        found = [p for p in self.people.values() if p.mail.lower() == wanted]
        return found[0] if len(found) == 1 and found[0].active else None

    def human(self, subject: str) -> str:
        """The subject id of the human behind `subject`: all aliases of a human are one person.

        Links are followed to the end, so chains and loops of aliases are one person too.
        The smallest id of the linked set stands for it.
        """
        known = {subject}
        frontier = [subject]
        while frontier:
            current = frontier.pop()
            person = self.people.get(current)
            linked = set(person.aliases) if person else set()
            linked |= {p.id for p in self.people.values() if current in p.aliases}
            fresh = linked - known
            known |= fresh
            frontier.extend(fresh)
        return min(known)

    def same_human(self, one: str, other: str) -> bool:
        """Whether two subject ids are the same human."""
        return one == other or self.human(one) == self.human(other)

"""Aliases and delegations drawn by number, plainly, and who may decide by an oracle of its own.

Nothing of the code under test is used here: humans are found by union and find over the names that
the drawing holds, and delegations are followed one step and no further.
"""

from dataclasses import dataclass
from random import Random
from typing import Final

# Subject ids. The middle ones look like the first, and are other people: a Cyrillic a, a dot, a
# plus-address, a full-width a, a letter with a combining mark.
ANN: Final = "ann"
LIKE_ANN: Final = ("\u0430nn", "a.nn", "ann+x", "\uff41nn", "a\u0301nn")
OTHERS: Final = ("bob", "cid", "dan", "eve")
NAMES: Final = (ANN, *LIKE_ANN, *OTHERS)
# What an alias or an account may be called: also a subject's id, and the same in capitals.
CALLED: Final = (*NAMES, "ANN", "Bob", "CID", "x1", "X1", "x2", "x3")
GROUPS: Final = ("red", "blue")
NOBODYS: Final = "ghost"  # an account that nobody has


@dataclass(slots=True)
class Somebody:
    """A subject as drawn."""

    id: str
    aliases: tuple[str, ...]
    accounts: tuple[str, ...]
    groups: tuple[str, ...]
    fit: int  # 0 inactive, 1 no human, more: an active human
    away: bool


@dataclass(slots=True)
class Drawn:
    """A question: who of these may decide what these parties asked, at a stage of these words.

    `parties` are (subject or empty, account); `given` are (principal, delegate, holds now);
    `words` are `person:<id>` and `group:<id>`.
    """

    people: list[Somebody]
    given: list[tuple[str, str, bool]]
    parties: list[tuple[str, str]]
    words: tuple[str, ...]
    no_delegates: bool


def draw(seed: int) -> Drawn:
    """The question of this number: the same one each time."""
    pick = Random(seed)  # noqa: S311 -- a number that says which graph, no secret
    names = pick.sample(NAMES, pick.randint(3, 7))
    people = [
        Somebody(
            name,
            tuple(pick.choices(CALLED, k=pick.choice((0, 0, 0, 0, 1, 2)))),
            tuple(pick.choices(CALLED, k=pick.choice((0, 0, 1)))),
            tuple(one for one in GROUPS if pick.random() < 0.5),
            pick.randrange(20),
            pick.random() < 0.1,
        )
        for name in names
    ]
    given = [
        (pick.choice(names), pick.choice(names), pick.random() < 0.8)
        for _ in range(pick.randint(1, 8))
    ]
    parties = [
        (pick.choice((*names, "", "", "")), pick.choice((*CALLED, *[NOBODYS] * 18)))
        for _ in range(pick.choice((2, 2, 3)))
    ]
    words = {f"person:{pick.choice(names)}", f"group:{pick.choice(GROUPS)}"}
    words.add(f"person:{pick.choice(names)}")
    return Drawn(people, given, parties, tuple(sorted(words)), pick.random() < 0.1)


def spelled(name: str) -> str:
    """Capitals A to Z count as small ones; nothing else is like anything else."""
    return "".join(chr(ord(one) + 32) if "A" <= one <= "Z" else one for one in name)


class Humans:
    """Which subjects are one human: union and find over subjects and alias names."""

    def __init__(self, people: list[Somebody]) -> None:
        self.above: dict[tuple[str, str], tuple[str, str]] = {}
        aliases = {spelled(alias) for one in people for alias in one.aliases}
        for one in people:
            names = {spelled(alias) for alias in one.aliases}
            names |= {spelled(name) for name in (one.id, *one.accounts)} & aliases
            for name in names:
                self.above[self.top(("subject", one.id))] = self.top(("name", name))

    def top(self, node: tuple[str, str]) -> tuple[str, str]:
        """What stands for everything that is linked with `node`."""
        while (above := self.above.get(node, node)) != node:
            node = above
        return node

    def same(self, one: str, other: str) -> bool:
        """Whether two subjects are one human."""
        return self.top(("subject", one)) == self.top(("subject", other))


def parties_of(drawn: Drawn) -> set[str]:
    """Every subject who asked, receives or edited: as they were found, and by the account."""
    found = {subject for subject, _ in drawn.parties} - {""}
    for one in drawn.people:
        held = {spelled(name) for name in (*one.accounts, *one.aliases)}
        if any(spelled(account) in held for _, account in drawn.parties):
            found.add(one.id)
    return found


def may_decide(drawn: Drawn) -> dict[str, str]:
    """Everybody who may decide: the subject, and for whom (empty: in their own name)."""
    humans, parties = Humans(drawn.people), parties_of(drawn)
    known = {one.id: one for one in drawn.people}

    def barred(subject: str) -> bool:
        own = known[subject].fit < 2
        return own or any(humans.same(subject, party) for party in parties)

    named = [
        one.id
        for one in drawn.people
        if f"person:{one.id}" in drawn.words
        or any(f"group:{group}" in drawn.words for group in one.groups)
    ]
    found: dict[str, str] = {one: "" for one in named if not barred(one) and not known[one].away}
    if drawn.no_delegates:
        return found
    deciding = [
        (not known[principal].away, at, principal, delegate)
        for at, (principal, delegate, holds) in enumerate(drawn.given)
        if holds and principal in named and not barred(principal) and not barred(delegate)
        if not known[delegate].away and not humans.same(principal, delegate)
    ]
    for _, _, principal, delegate in sorted(deciding):  # first for whoever is away
        found.setdefault(delegate, principal)
    return found

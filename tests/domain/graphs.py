"""Graphs of aliases and delegations, one from each number, and what may never come of them.

`graph(seed)` makes a question about approvers: a few people, of whom some are one human by aliases
or shared accounts, some are machines, away or gone, with delegations in every direction. `wrong`
says what is wrong with an answer, by means of its own.
"""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Final

from tests.domain.cast import SNOW, around_noon, case, directory, person, shaper, stage, word

from ticketgate.domain.people.directory import DirectorySnapshot, Person
from ticketgate.domain.people.duties import Delegation, Duties, Shift, Window
from ticketgate.domain.policy.policy import Escalation
from ticketgate.domain.requests.access_request import Party
from ticketgate.domain.requests.approvers import Case, Standing, candidates

NAMES: Final = "abcdef"
ACCOUNTS: Final = ("x1", "x2", "x3")
GROUPS: Final = ("red", "blue")
WORDS: Final = (
    *(f"person:{name}" for name in NAMES),
    *(f"group:{name}" for name in GROUPS),
    "manager_of:beneficiary",
    "owner_of:entitlement",
    "on_call:pager",
)
NEVER: Final = ("delegate", "same_team:requester", "direct_report_of:beneficiary", *WORDS)


def graph(seed: int) -> Case:
    """The question of this number: the same one each time."""
    pick = Random(seed)  # noqa: S311 -- a number that says which graph, no secret
    people = [_somebody(name, pick) for name in NAMES]
    duties = Duties(
        tuple(
            Delegation(pick.choice(NAMES), pick.choice(NAMES), _window(pick), "away")
            for _ in range(pick.randint(4, 14))
        ),
        {"pager": tuple(Shift(pick.choice(NAMES), _window(pick)) for _ in range(2))},
    )
    stages = [
        stage(
            *pick.sample(WORDS, pick.randint(1, 3)),
            need=pick.choice((1, 1, 2)),
            never=tuple(pick.sample(NEVER, pick.choice((0, 0, 1)))),
            name=f"stage-{number}",
        )
        for number in range(pick.choice((1, 1, 2)))
    ]
    shapers = tuple(shaper("editor", pick.choice(NAMES)) for _ in range(pick.randrange(2)))
    found = case(
        directory(*people, duties=duties),
        *stages,
        never=tuple(pick.sample(NEVER, pick.choice((0, 0, 0, 1)))),
        owner=f"person:{pick.choice(NAMES)}",
        requester=Party(pick.choice(NAMES), pick.choice(ACCOUNTS)),
        beneficiary=Party(pick.choice(NAMES), pick.choice((*ACCOUNTS, "nobody's"))),
        shapers=shapers,
        escalated=pick.randrange(2),
    )
    to = tuple(map(word, pick.sample(WORDS, pick.randrange(3))))
    more = Escalation(timedelta(hours=1), to) if to else None
    return replace(found, rule=replace(found.rule, escalate=more))


def _somebody(name: str, pick: Random) -> Person:
    return person(
        name,
        aliases=frozenset(pick.sample([*NAMES, *ACCOUNTS], pick.choice((0, 0, 0, 0, 0, 1)))),
        accounts={SNOW: tuple(pick.sample(ACCOUNTS, pick.choice((0, 0, 0, 1))))},
        groups=frozenset(pick.sample(GROUPS, pick.randrange(3))),
        manager=pick.choice((None, *NAMES)),
        team=pick.choice((None, "one", "two")),
        active=pick.random() < 0.9,
        kind=pick.choice(("human",) * 9 + ("nhi",)),
        away=(_window(pick),) if pick.random() < 0.2 else (),
    )


def _window(pick: Random) -> Window:
    """Mostly one that holds at noon."""
    return pick.choice((around_noon(), around_noon(), around_noon(0), around_noon(-2, 0)))


def everybody_asked(about: Case) -> list[tuple[int, str, Standing]]:
    """(stage, subject, standing) of everybody who may decide at some stage."""
    return [
        (number, subject, found)
        for number, one in enumerate(about.rule.stages)
        for subject, found in candidates(about, one).items()
    ]


def wrong(about: Case, number: int, subject: str, found: Standing) -> str:
    """What is wrong with this person's standing at a stage; empty for nothing."""
    people = about.snapshot
    for one in filter(None, (subject, found.on_behalf_of)):
        known = people.people.get(one)
        if known is None or not known.active or known.kind != "human":
            return f"{one} is no active human"
        if any(_linked(people, one, party) for party in _parties(about)):
            return f"{one} is a party"
    if any(one.starts <= about.now < one.ends for one in people.people[subject].away):
        return f"{subject} is away"
    return _wrongly_for(about, number, subject, found.on_behalf_of) if found.on_behalf_of else ""


def _wrongly_for(about: Case, number: int, subject: str, principal: str) -> str:
    words = (*about.rule.never, *about.rule.stages[number].never)
    if any(word.verb == "delegate" for word in words):
        return "a delegate, where none may be"
    held = {
        (one.principal, one.delegate)
        for one in about.snapshot.duties.delegations
        if one.window.starts <= about.now < one.window.ends
    }
    if (principal, subject) not in held:
        return f"{principal} has not delegated to {subject}"
    return ""


def _parties(about: Case) -> set[str]:
    """Everybody who asked, receives or edited, by who they were and by the account now."""
    found: set[str] = set()
    for party in about.request.parties:
        found.add(party.subject)
        for one in about.snapshot.people.values():
            if party.account in one.accounts[SNOW] or party.account in one.aliases:
                found.add(one.id)
    return found


def _linked(people: DirectorySnapshot, one: str, other: str) -> bool:
    """Whether aliases lead from one person to another, by walking from person to person."""
    everybody = people.people
    aliases = {alias for p in everybody.values() for alias in p.aliases}

    def names(p: Person) -> set[str]:
        accounts = {a for held in p.accounts.values() for a in held}
        return {p.id} | p.aliases | (accounts & aliases)

    known, before = {one}, 0
    while len(known) > before:
        before = len(known)
        reach = set().union(*(names(everybody[ident]) for ident in known))
        known |= {p.id for p in everybody.values() if names(p) & reach}
    return other in known

"""Policy case: what a test of a policy plays, and what it expects to see."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from ticketgate.domain.evidence import Json
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.tickets.ticket import Ticket


class Form(StrEnum):
    """What an expectation is written as."""

    WORD = "word"
    WORDS = "words"  # a list, in any order
    SPAN = "span"  # a duration; seen as seconds
    COUNT = "count"
    PEOPLE = "people"  # stage -> list of subject ids
    FLAG = "flag"  # true or false


EXPECTED: Final[Mapping[str, Form]] = {
    "verdict": Form.WORD,  # identity, uncertain, not_identity
    "kinds": Form.WORDS,
    "tier": Form.WORD,  # of the request, where there is one; else of the ticket
    "matched": Form.WORDS,  # ids of the classify rules that matched
    "blind": Form.WORDS,
    "asks": Form.WORDS,  # ids of entitlements
    "blocked": Form.WORDS,  # codes of reasons
    "approve_rule": Form.WORD,
    "seconds": Form.SPAN,  # the longest life that can be given
    "asked": Form.PEOPLE,  # stage -> who would be asked
    "state": Form.WORD,  # of the newest request, none without one
    "stage": Form.COUNT,
    "round": Form.COUNT,
    "waiting_for": Form.WORDS,  # who holds a link now
    "automatic": Form.FLAG,  # whether a rule approved the newest request without a person
    "grant": Form.WORD,  # state of the newest grant, none without one
    "refused": Form.WORD,  # code of the refusal of this step, none without one
}
PLAYED: Final = frozenset(
    {"state", "stage", "round", "waiting_for", "automatic", "grant", "refused"}
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One key that a test names, as it must be seen."""

    key: str
    value: Json
    line: int


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a case: time passes, then somebody does something.

    `do` is approve, deny, ticket, leaves, or nothing. `by` is a subject id.
    """

    line: int
    at: datetime
    do: str
    by: str
    seconds: int | None
    method: str
    justification: str
    ticket: Ticket | None
    expect: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One ticket under the policy, and what becomes of it."""

    file: str
    line: int
    name: str
    now: datetime
    ticket: Ticket
    snapshot: DirectorySnapshot
    expect: tuple[Wanted, ...]
    moves: tuple[Move, ...]

    @property
    def is_played(self) -> bool:
        """Whether it needs more than one look: a gateway, and time."""
        return bool(self.moves) or any(one.key in PLAYED for one in self.expect)


@dataclass(frozen=True, slots=True)
class Miss:
    """An expectation that was not met."""

    line: int
    key: str
    expected: Json
    seen: Json


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How a case went. `touched` are the ids of rules and entitlements that it used."""

    case: Case
    missed: tuple[Miss, ...]
    touched: frozenset[tuple[str, str]]


def held_against(wanted: tuple[Wanted, ...], seen: Mapping[str, Json]) -> tuple[Miss, ...]:
    """Every key of `wanted` that was seen otherwise; what is not named may be anything."""
    return tuple(
        Miss(one.line, one.key, one.value, seen[one.key])
        for one in wanted
        if seen[one.key] != one.value
    )

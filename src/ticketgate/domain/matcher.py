"""Matchers: the Sigma shape, no expression language, three outcomes.

Keys are ANDed, list items ORed; blocks `any:`, `all:`, `none:`; `field|test: value`.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from ticketgate.domain.identity_event import ClauseOutcome, Outcome
from ticketgate.domain.ticket import Missing

TESTS: Final = frozenset(
    [
        "equals",
        "cased",
        "contains",
        "word",
        "startswith",
        "endswith",
        "cidr",
        "lt",
        "lte",
        "gt",
        "gte",
        "exists",
        "fieldref",
    ]
)


@dataclass(frozen=True, slots=True)
class Clause:
    """`field|test: values` (any of the values)."""

    field: str
    test: str
    values: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Group:
    """`all`, `any` or `none` of its parts."""

    op: str
    parts: "tuple[Matcher, ...]"
    line: int


Matcher = Clause | Group


class Facts(Protocol):
    """What a matcher sees."""

    def seen(self, field: str) -> tuple[str, ...] | Missing:
        """The values of `field` (more than one for groups), else why there is none."""


def evaluate(matcher: Matcher, facts: Facts) -> tuple[Outcome, tuple[ClauseOutcome, ...]]:
    """The outcome of a matcher with every clause's own outcome and the value seen."""
    raise NotImplementedError

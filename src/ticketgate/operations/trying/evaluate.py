"""Evaluate: what a policy says of tickets that people have labelled. Nothing is stored."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ticketgate.domain.classifying.classify import classify
from ticketgate.domain.classifying.facts import TicketFacts
from ticketgate.domain.classifying.labels import FIELDS, NEGATIVE, Labelled
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.text.training import Counts, Example, count
from ticketgate.domain.tickets.identity_event import Verdict
from ticketgate.domain.tickets.ticket import (
    FIELD_TEXT_MAX,
    TEXT_FIELDS,
    Missing,
    Reference,
    StateClass,
    Ticket,
    Value,
)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How verdicts and labels agree, over `name` of the rows; `left_out` counts other labels."""

    name: str
    identity: Counts
    identity_or_uncertain: Counts
    left_out: Mapping[str, int]


def evaluate(
    rows: Sequence[Labelled],
    policy: Policy,
    *,
    source: str,
    positive: Collection[str],
    name: str = "all",
) -> Evaluation:
    """The counts over the rows that are labelled `positive` or N."""
    told = [(row, _verdict(row, policy, source)) for row in rows if _counts(row, positive)]
    return Evaluation(
        name,
        count([(row.label in positive, said is Verdict.IDENTITY) for row, said in told]),
        count([(row.label in positive, said is not Verdict.NOT_IDENTITY) for row, said in told]),
        dict(sorted(Counter(row.label for row in rows if not _counts(row, positive)).items())),
    )


def halves() -> Mapping[str, Callable[[Labelled], bool]]:
    """Even and odd digests: two halves that do not depend on the order of rows."""
    return {
        "even": lambda row: row.digest[-1] % 2 == 0,
        "odd": lambda row: row.digest[-1] % 2 == 1,
    }


def first_percent(percent: int) -> Mapping[str, Callable[[Labelled], bool]]:
    """The rows whose digests are in the first `percent` of all, and the rest."""

    def first(row: Labelled) -> bool:
        return int.from_bytes(row.digest[:4], "big") * 100 < percent << 32

    return {f"first {percent} %": first, "the rest": lambda row: not first(row)}


def examples(rows: Iterable[Labelled], positive: Collection[str]) -> list[Example]:
    """What weights can learn from: texts of the rows that are labelled `positive` or N."""
    found = []
    for row in rows:
        texts = tuple(row.cells[name] for name in FIELDS if name in row.cells)
        if _counts(row, positive) and texts:
            found.append(Example(texts, row.label in positive))
    return found


def _counts(row: Labelled, positive: Collection[str]) -> bool:
    return row.label in positive or row.label == NEGATIVE


def _verdict(row: Labelled, policy: Policy, source: str) -> Verdict:
    fields = {name: _value(name, row.cells[name]) for name in FIELDS if name in row.cells}
    table = row.cells.get("table", "")
    ticket = Ticket(source, table, "", None, "", StateClass.OPEN, "", fields=fields)
    return classify(policy, TicketFacts(ticket), traced=False).verdict


def _value(name: str, cell: str) -> Value | Missing:
    if name == "catalog_item":
        return Reference(None, cell)
    too_long = name in TEXT_FIELDS and len(cell) > FIELD_TEXT_MAX
    return Missing.ABSENT if too_long else cell

"""Classifying: what one ticket costs, as ratios to one `json.loads` of the same ticket.

Measured in turn, round after round, in processor time, so that other work on the machine matters
less; the least of the rounds counts. A hundred clauses in fifty rules, structured and free text.
Nothing of `explained` is left for later: the 150 lines are made within what is measured.
"""

import json
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ticketgate.cli.explain import rules_lines
from ticketgate.domain.classifying.classify import classify
from ticketgate.domain.classifying.facts import TicketFacts
from ticketgate.domain.matching.matcher import Clause, Group, Matcher
from ticketgate.domain.policy.policy import ClassifyRule, Policy
from ticketgate.domain.text.language import Covered
from ticketgate.domain.text.weights import Weights
from ticketgate.domain.tickets.identity_event import Tier, Verdict
from ticketgate.domain.tickets.ticket import Reference, StateClass, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable

RULES: Final = 50
LOADS: Final = "json.loads"
WAYS: Final = {  # name -> what it is, and the target in microseconds or None
    LOADS: ("json.loads of the ticket's own JSON", None),
    "explained": (
        "facts, verdict, every clause of 50 rules and each line of explain on them",
        150,
    ),
    "traced": ("facts, verdict and every clause of 50 rules, as data", None),
    "lean": ("facts and verdict of 50 rules, as a delivery needs them", None),
    "weights": ("the score of a ticket's text by 4,000 weights", 35),
    "languages": ("the signs of another language in a ticket's text", None),
    "hostile": ("a ticket of 120 kB made to be slow, all 50 rules", 50_000),
    "disguised": ("a ticket of 120 kB, encoded in every way that is undone, all 50 rules", 50_000),
}
TEXT: Final = (
    "Hello, since Monday the printer on our floor does not print. I tried to switch it off and on "
    "again, and it says paper jam although there is none. Please have a look when you have time. "
)


@dataclass(frozen=True, slots=True)
class ClassifyPlan:
    """How many rounds, and how many calls of each in one."""

    rounds: int = 150  # short ones: some of them nothing else disturbs
    calls: int = 10


QUICK: Final = ClassifyPlan(rounds=2, calls=5)


@dataclass(frozen=True, slots=True)
class Classifying:
    """Microseconds of processor time a call, the least of all rounds, by way."""

    microseconds: dict[str, float]

    def ratio(self, way: str) -> float:
        """How many `json.loads` it costs."""
        return self.microseconds[way] / self.microseconds[LOADS]


def measure(plan: ClassifyPlan) -> Classifying:
    """Every way in turn."""
    policy, ticket = _policy(), _ticket(TEXT * 2)
    hostile, disguised = _of_texts(_hostile()), _of_texts(_disguised())
    body, texts = json.dumps(ticket.plain()), TicketFacts(ticket).look("ticket.text").values
    hinting = Policy("d", (), (), (), (), languages=Covered(("en",), "p:1", 1, "d"))
    weights = _weights()
    ways: dict[str, Callable[[], object]] = {
        LOADS: lambda: json.loads(body),
        "explained": lambda: rules_lines(classify(policy, TicketFacts(ticket)).rules),
        "traced": lambda: classify(policy, TicketFacts(ticket)),
        "lean": lambda: classify(policy, TicketFacts(ticket), traced=False),
        "weights": lambda: weights.score(texts),
        "languages": lambda: classify(hinting, TicketFacts(ticket)),
        "hostile": lambda: classify(policy, TicketFacts(hostile)),
        "disguised": lambda: classify(policy, TicketFacts(disguised)),
    }
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(plan.rounds):
        for name, call in ways.items():
            calls = 1 if name in {"hostile", "disguised"} else plan.calls
            begun = time.process_time()
            for _ in range(calls):
                call()
            least[name] = min(least[name], (time.process_time() - begun) / calls * 1e6)
    return Classifying(least)


def lines(found: Classifying) -> list[str]:
    """The table."""
    told = [f"classifying one ticket over {LOADS} of it ({found.microseconds[LOADS]:.1f} µs)"]
    for name, (meaning, target) in WAYS.items():
        spent = found.microseconds[name]
        aim = "" if target is None else f", target {target} µs"
        told.append(f"  {name:<10} {spent:>10.1f} µs  {found.ratio(name):>8.1f} x  {meaning}{aim}")
    return told


def _policy() -> Policy:
    rules: list[ClassifyRule] = []
    for n in range(RULES):
        match = (_item(n), _filed(n), _talk(n))[n % 3]
        verdict = Verdict.UNCERTAIN if n % 3 == 2 else Verdict.IDENTITY
        rules.append(
            ClassifyRule(f"rule-{n}", "access.grant", Tier.HIGH, verdict, match, f"p:{n}", "d")
        )
    return Policy("d", tuple(rules), (), (), ())


def _item(n: int) -> Matcher:
    names = (f"elevated {n}", f"privileged {n}", f"temporary admin {n}")
    return _all(
        Clause("ticket.table", "equals", ("sc_req_item",), n),
        Clause("ticket.catalog_item", "contains", names, n, wide=True),
    )


def _filed(n: int) -> Matcher:
    return _all(
        Clause("ticket.table", "equals", ("incident", "sc_task"), n),
        Clause("ticket.category", "equals", (f"access {n}", f"account {n}"), n, wide=True),
    )


def _talk(n: int) -> Matcher:
    phrases = (f"password reset {n}", f"new account {n}", f"api key {n}", f"access to {n}")
    words = (f"mfa{n}", f"vpn{n}", f"sudo{n}")
    return Group(
        "any",
        (
            Clause("ticket.text", "contains", phrases, n, wide=True),
            Clause("ticket.text", "word", words, n, wide=True),
        ),
        n,
    )


def _all(*parts: Matcher) -> Group:
    return Group("all", parts, 1)


def _weights() -> Weights:
    words = sorted({*TEXT.lower().replace(",", "").replace(".", "").split()})
    table = {f"{word}": 10 for word in words} | {f"word{n}": 10 for n in range(4_000)}
    return Weights(table, 1_000_000, "weights.json", 1, "d")


def _ticket(text: str) -> Ticket:
    return Ticket(
        "snow-prod", "incident", "9d38", 1, "2", StateClass.LIVE, "alice",
        fields={
            "short_description": "The printer on floor three does not print", "description": text,
            "category": "hardware", "priority": "3", "number": "INC0010001",
            "catalog_item": Reference("c0ffee", "A new printer"),
        },
        variables={"floor": "three", "since": "Monday"},
    )  # fmt: skip


def _hostile() -> list[str]:
    """Near misses over and over, split, hidden and in other scripts, 20,000 characters a field."""
    return [
        "vpn2x" * 4_000,
        "p a s s w o r d r e s e " * 833,
        "acc\u200bess t " * 2_000,
        "\u0430\u0441\u0441\u0435\u0455\u0455 " * 2_857,
        "".join(chr(0x250 + n % 6_000) for n in range(20_000)),
        "a" * 20_000,
    ]


def _disguised() -> list[str]:
    """Tags, references, percent-encoding, base64 and digits in words, all at once."""
    part = f"<b>4</b>dm1n &lt;x%61cce55 {b64encode(b'access t0 4dm1n').decode()} "
    return [f"{n} {part * (20_000 // len(part))}" for n in range(6)]


def _of_texts(texts: list[str]) -> Ticket:
    """A ticket with these texts: in four fields, and two variables."""
    names = ("short_description", "description", "reason", "text")
    return Ticket(
        "snow-prod", "incident", "9d38", 1, "2", StateClass.LIVE, "alice",
        fields=dict(zip(names, texts, strict=False)),
        variables={"a": texts[4], "b": texts[5]},
    )  # fmt: skip

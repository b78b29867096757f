"""What the policy diff says of two policies is never less than what any ticket shows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from random import Random
from typing import Any, Final, TypeVar

import pytest
from tests.domain.cast import NOON, SNOW, directory, person, request, rule, stage, word
from tests.domain.matchers import block, both, clause

from ticketgate.connector_api import Missing, Reference, StateClass, Ticket
from ticketgate.domain.changes import policy_diff, risk_diff
from ticketgate.domain.changes.backtest import Recorded
from ticketgate.domain.changes.policy_change import LOOSENED, TIGHTENED, Judged
from ticketgate.domain.matching.matcher import Matcher
from ticketgate.domain.policy.policy import (
    ApproveRule,
    Automation,
    ClassifyRule,
    DurationField,
    Entitlement,
    Limit,
    Policy,
    Stage,
)
from ticketgate.domain.requests.approval import Approval
from ticketgate.domain.tickets.identity_event import Tier, Verdict
from ticketgate.operations.trying.backtest import Backtest, Pair, backtest, replay

PAIRS: Final = 1_500
MEASURED: Final = 150  # of them under coverage
SECTIONS: Final = ("classify", "entitlements", "entitlements", "approve", "limits", "automations")
HOUR: Final = timedelta(hours=1)
PEOPLE: Final = directory(
    person("alice", manager="bob", groups=frozenset({"dba"})),
    person("bob"),
    person("carol", groups=frozenset({"sec-iam"})),
    person("dan"),
    person("svc", kind="nhi"),
)
SEES: Final[Sequence[Matcher]] = (
    both("ticket.catalog_item=elevated"),
    both("ticket.catalog_item=elevated,report"),
    both("ticket.catalog_item|cased=Elevated"),
    both("ticket.catalog_item|cased=elevated"),
    both("ticket.catalog_item=elevated", "ticket.variables.x=a"),
    both("ticket.variables.x=a,b"),
    block("any", "ticket.variables.x=a", "ticket.text|contains=access"),
    both("ticket.text|contains=access"),
    block("none", "ticket.variables.x=a"),
)
ASKS: Final[Sequence[Matcher]] = (
    both("ticket.catalog_item=elevated"),
    both("ticket.catalog_item=elevated,report"),
    both("ticket.variables.x=a"),
    both("ticket.variables.x=a", "ticket.catalog_item=elevated"),
)
WHENS: Final[Sequence[Matcher]] = (
    both(),
    both("tier=high,critical"),
    both("tier=low,medium"),
    both("tier=high"),
    both("tier=low,medium,high"),
    both("kind=access.grant"),
    both("tier=high,critical", "ticket.variables.x=a"),
    block("none", "tier=low"),
    both("entitlement.tier=low,medium"),
)
MAY_ASK: Final[Sequence[Matcher | None]] = (
    None, None, None, both("beneficiary.groups=dba"), both("tier=low"), both("kind=access.grant"),
)  # fmt: skip
SPANS: Final = (HOUR, 4 * HOUR, 48 * HOUR)
STAGES: Final[Sequence[tuple[Stage, ...]]] = (
    (stage("manager_of:beneficiary"),),
    (stage("manager_of:beneficiary", "owner_of:entitlement"),),
    (stage("owner_of:entitlement"),),
    (stage("manager_of:beneficiary"), stage("group:sec-iam")),
    (stage("manager_of:beneficiary", "group:sec-iam", need=2),),
    (stage("person:dan"),),
)
TIERS: Final = tuple(Tier)
KINDS: Final = ("access.grant", "privilege.elevate", "mover")


Element = TypeVar("Element", ApproveRule, Automation, ClassifyRule, Entitlement, Limit)


class Draw:
    """Policies and tickets of a few words, from a number alone."""

    def __init__(self, seed: int) -> None:
        self._draw = Random(seed)  # noqa: S311 -- the same for the same number, and no secret

    def pair(self) -> tuple[Policy, Policy]:
        old = self.policy()
        new = old
        for _ in range(self._draw.choice((1, 1, 1, 2))):
            new = self.changed(new)
        return old, new

    def policy(self) -> Policy:
        draw = self._draw
        return Policy(
            "0" * 64,
            tuple(self.sees(f"c{n}") for n in range(draw.choice((1, 2, 2)))),
            tuple(self.entitlement(f"e{n}") for n in range(draw.choice((1, 1, 2)))),
            tuple(self.approve(f"a{n}") for n in range(draw.choice((1, 2, 2)))),
            tuple(self.limit() for _ in range(draw.choice((1, 1, 2)))),
            tuple(self.automation(f"f{n}") for n in range(draw.choice((0, 0, 1)))),
        )

    def sees(self, ident: str) -> ClassifyRule:
        draw = self._draw
        verdict = draw.choice((Verdict.IDENTITY, Verdict.IDENTITY, Verdict.UNCERTAIN))
        return _digested(
            ClassifyRule(
                ident, draw.choice(KINDS), draw.choice(TIERS), verdict, draw.choice(SEES), "", ""
            )
        )

    def entitlement(self, ident: str) -> Entitlement:
        draw = self._draw
        return _digested(
            Entitlement(
                ident, draw.choice(("scim", "ad")), {"group": ident}, draw.choice(ASKS),
                self.duration(), word("person:carol"), None, draw.choice(TIERS),
                draw.choice(MAY_ASK), "", "",
            )
        )  # fmt: skip

    def duration(self) -> DurationField | None:
        field, unit = self._draw.choice("ddx"), self._draw.choice(("m", "h", "d", None))
        said = DurationField(f"ticket.variables.{field}", unit)
        return self._draw.choice((None, said, said))

    def approve(self, ident: str) -> ApproveRule:
        draw = self._draw
        made = rule(*draw.choice(STAGES), never=draw.choice(((), ("person:dan",))))
        chars = draw.choice((10, 20))
        when = draw.choice(WHENS)
        return _digested(replace(made, id=ident, when=when, justification_chars_min=chars))

    def limit(self) -> Limit:
        draw = self._draw
        spans = sorted(draw.choice(SPANS) for _ in range(3))
        return _digested(Limit(draw.choice(WHENS), spans[0], spans[1], spans[2], "", ""))

    def automation(self, ident: str) -> Automation:
        draw = self._draw
        may = frozenset(draw.sample(KINDS, draw.choice((1, 2))))
        targets = frozenset(draw.sample(("scim", "ad"), draw.choice((1, 2))))
        match = clause("ticket.updated_by=svc")
        return _digested(Automation(ident, match, word("person:carol"), may, targets, "", ""))

    def changed(self, policy: Policy) -> Policy:
        """One element that is added, removed, moved, or has another field now."""
        draw = self._draw
        section = draw.choice(SECTIONS)
        parts = list(getattr(policy, section))
        make: Callable[[str], Any] = {
            "classify": self.sees,
            "entitlements": self.entitlement,
            "approve": self.approve,
            "limits": lambda _: self.limit(),
            "automations": self.automation,
        }[section]
        how = draw.choice(("add", "remove", "move", "change", "change", "change"))
        if how == "add" or not parts:
            parts.insert(draw.randint(0, len(parts)), make("more"))
        elif how == "remove":
            parts.pop(draw.randrange(len(parts)))
        elif how == "move":
            draw.shuffle(parts)
        else:
            at = draw.randrange(len(parts))
            other = make(getattr(parts[at], "id", ""))
            names = [name for name in other.__dataclass_fields__ if name in _CHANGED]
            often = [name for name in names if name in {"duration_from", "asked_by"}]
            name = draw.choice((*names, *often, *often))
            kept: Any = {name: getattr(other, name)}
            parts[at] = _digested(replace(parts[at], **kept))
        named = {getattr(one, "id", repr(one)): one for one in parts}
        sections: dict[str, Any] = {section: tuple(named.values())}
        return replace(policy, **sections)

    def tickets(self, count: int) -> Iterator[tuple[Recorded, Ticket]]:
        draw = self._draw
        for number in range(count):
            variables: dict[str, str | Missing] = {}
            for name, values in (("x", ("a", "b", "")), ("d", ("3", "400", "30m", "", "2"))):
                if draw.random() < 0.9:  # else the variable is absent
                    variables[name] = draw.choice(values)
            item = draw.choice(("elevated", "Elevated", "report", None))
            fields: dict[str, Any] = {
                "opened_by": Reference("sys-alice", None),
                "requested_for": Reference("sys-alice", None),
                "short_description": draw.choice(("access please", "a printer")),
                "catalog_item": Missing.ABSENT if item is None else Reference("i", item),
            }
            writer = draw.choice(("sys-alice", "svc", "sys-svc"))
            ticket = Ticket(
                SNOW, "req", f"t{number}", 1, "1", StateClass.OPEN, writer,
                fields=fields, variables=variables,
            )  # fmt: skip
            yield Recorded(f"tkt_{number}", f"R{number}"), ticket

    def approvals(self) -> list[Approval]:
        who = self._draw.sample(("bob", "carol", "dan"), self._draw.choice((1, 2)))
        return [
            Approval("req_1", 1, 1, one, "approve", 3600, NOON, at) for at, one in enumerate(who)
        ]


_CHANGED: Final = frozenset(
    {"kind", "tier", "verdict", "match", "target", "asked_by", "duration_from", "requestable_by",
     "owner", "when", "stages", "never", "justification_chars_min", "default", "may", "targets"}
)  # fmt: skip


def _digested(element: Element) -> Element:
    """The element with a digest of what it says, as the reader gives it one."""
    bare = replace(element, digest="")
    return replace(element, digest=sha256(repr(bare).encode()).hexdigest())


def seen_loosened(draw: Draw, old: Policy, new: Policy) -> Backtest:
    pair = Pair(old, new, PEOPLE)
    tickets = list(draw.tickets(24))
    given = [
        (request(entitlement=one.id), ticket, draw.approvals(), None)
        for one in old.entitlements
        for _, ticket in tickets[:4]
    ]
    return backtest([replay(tickets, pair)], given, pair, lambda _: None)


def misses(count: int) -> Iterator[str]:
    """What tickets show loosened in pairs of policies that the diff calls something else."""
    for seed in range(count):
        draw = Draw(seed)
        old, new = draw.pair()
        told = policy_diff.compare(old, new)
        if policy_diff.difference(told) == LOOSENED:
            continue
        for group in seen_loosened(draw, old, new).groups:
            if group.effect.direction is LOOSENED:
                yield f"{seed}: {group.effect.what} ({group.effect.cause}) where told is {told}"


@pytest.mark.untraced
def test_no_ticket_shows_a_loosening_that_the_diff_does_not_call_one() -> None:
    assert list(misses(PAIRS)) == []


def test_of_the_first_pairs_it_is_measured_what_they_reach() -> None:
    assert list(misses(MEASURED)) == []


def test_the_pairs_are_of_every_direction() -> None:
    kinds = {policy_diff.difference(policy_diff.compare(*Draw(seed).pair())) for seed in range(400)}
    assert kinds == {"none", "tightened", "other", "loosened"}


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("module", "name", "careless"),
    [
        (risk_diff, "_lets_more", lambda *_: ""),
        (risk_diff, "_seen_more", lambda *_: Judged(TIGHTENED, "seen")),
        (risk_diff, "_another_kind", lambda *_: Judged(TIGHTENED, "a word")),
        (policy_diff, "counts_longer", lambda *_: False),
        (policy_diff, "breached_by_target", lambda *_: False),
    ],
)
def test_a_diff_that_forgets_one_of_these_is_caught(
    module: Any,  # noqa: ANN401 -- a module
    name: str,
    careless: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, name, careless)
    assert next(misses(PAIRS), "")

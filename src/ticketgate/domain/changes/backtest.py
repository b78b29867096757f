"""Backtest: what two policies make of the same ticket, held against each other."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ticketgate.domain.changes.policy_change import Direction
from ticketgate.domain.policy.policy import ApproveRule
from ticketgate.domain.policy.strictness import Strictness, strictness_of
from ticketgate.domain.requests.opening import Asked
from ticketgate.domain.tickets.identity_event import Classification, Verdict

_T: Final = Direction.TIGHTENED
_L: Final = Direction.LOOSENED
_O: Final = Direction.OTHER
_VERDICTS: Final[Mapping[tuple[Verdict, Verdict], tuple[Direction, str]]] = {
    (Verdict.IDENTITY, Verdict.NOT_IDENTITY): (_L, "newly not an identity event"),
    (Verdict.UNCERTAIN, Verdict.NOT_IDENTITY): (_L, "newly not looked at"),
    (Verdict.UNCERTAIN, Verdict.IDENTITY): (_L, "newly opens requests without a look"),
    (Verdict.IDENTITY, Verdict.UNCERTAIN): (_T, "newly needs a look"),
    (Verdict.NOT_IDENTITY, Verdict.UNCERTAIN): (_T, "newly needs a look"),
    (Verdict.NOT_IDENTITY, Verdict.IDENTITY): (_T, "newly an identity event"),
}
_WITHOUT_A_PERSON: Final[Mapping[Strictness, tuple[Direction, str]]] = {
    Strictness.WEAKER: (_L, "is approved without a person"),
    Strictness.STRONGER: (_T, "waits for a person"),
}
_OFTEN: Final[Mapping[Strictness, tuple[Direction, str]]] = {
    Strictness.WEAKER: (_L, "may be approved without a person more often in a day"),
    Strictness.STRONGER: (_T, "may be approved without a person less often in a day"),
    Strictness.OTHER: (_O, "is approved without a person for a reason in other words"),
}
_STRICTNESS: Final[Mapping[Strictness, tuple[Direction, str]]] = {
    Strictness.WEAKER: (_L, "asks less of those who approve"),
    Strictness.STRONGER: (_T, "asks more of those who approve"),
    Strictness.OTHER: (_O, "asks other people, or in other words"),
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A ticket revision as it was recorded; `ticket` is the id that we gave, never the text."""

    ident: str
    number: str


class Outcome(NamedTuple):
    """What one policy makes of a ticket: the verdict, and by entitlement what it asks."""

    classification: Classification
    asks: Mapping[str, tuple[Asked, ApproveRule | None]]


class Effect(NamedTuple):
    """One way in which two outcomes differ, and the rule that is its cause."""

    direction: Direction
    what: str
    cause: str


@dataclass
class Group:
    """All tickets that differ in one way by one cause. The first one stands for them."""

    effect: Effect
    example: Recorded
    tickets: set[str] = field(default_factory=set)


def effects(old: Outcome, new: Outcome) -> Iterator[Effect]:
    """Every difference between the outcomes, with its cause."""
    verdicts = (old.classification.verdict, new.classification.verdict)
    if verdicts[0] is not verdicts[1]:
        direction, what = _VERDICTS[verdicts]
        yield Effect(direction, what, _rules_between(old.classification, new.classification))
    for name in old.asks.keys() - new.asks.keys() if old.asks and new.asks else ():
        yield Effect(_T, "no longer asked for", f"entitlement {name or 'unnamed'}")
    for name, asked in new.asks.items():
        if name in old.asks:
            yield from asked_effects(old.asks[name], asked)
        elif old.asks:
            yield _newly_asked(name, *asked)


def _newly_asked(name: str, asked: Asked, rule: ApproveRule | None) -> Effect:
    """One ask more: it lets nothing through while it is blocked."""
    cause = f"entitlement {name or 'unnamed'}"
    if asked.reasons:
        return Effect(_O, f"newly asked for, and blocked ({', '.join(asked.reasons)})", cause)
    return Effect(_L, f"newly {_done(rule, 'asked for').removeprefix('is ')}", cause)


def _done(rule: ApproveRule | None, asked: str) -> str:
    """What a rule does with a request that nothing blocks."""
    return asked if rule is None or rule.automatic is None else "is approved without a person"


def _strictness(old: ApproveRule, new: ApproveRule) -> Mapping[Strictness, tuple[Direction, str]]:
    """What it is called that a rule asks less, or more, of people; or of nobody, and how often."""
    if old.automatic is None or new.automatic is None:
        return _STRICTNESS if old.automatic is new.automatic else _WITHOUT_A_PERSON
    return _OFTEN


def _rules_between(old: Classification, new: Classification) -> str:
    """The classify rules that only one of them met, else those whose word is another one now."""
    sides = [{one.rule for one in (*side.matched, *side.blind)} for side in (old, new)]
    apart = sorted(sides[0] ^ sides[1]) or sorted(sides[0])
    return f"classify {', '.join(apart)}" if apart else "classify"


def asked_effects(
    old: tuple[Asked, ApproveRule | None], new: tuple[Asked, ApproveRule | None]
) -> Iterator[Effect]:
    """How what is asked for one entitlement differs, with the rule that asks it."""
    (was, was_rule), (now, now_rule) = old, new
    cause = _cause(was, now)
    if bool(was.reasons) is not bool(now.reasons):
        codes = ", ".join(was.reasons or now.reasons)
        done = _done(now_rule, "is asked")
        what = f"was blocked ({codes}), {done}" if was.reasons else f"newly blocked ({codes})"
        yield Effect(_L if was.reasons else _T, what, cause)
        return
    if was.reasons:
        return
    if was_rule is not None and now_rule is not None:  # both are there: nothing blocks
        found = _strictness(was_rule, now_rule).get(strictness_of(was_rule, now_rule))
        yield from () if found is None else (Effect(*found, cause),)
    if was.tier is not now.tier:
        higher = now.tier > was.tier
        yield Effect(_T if higher else _L, "a higher tier" if higher else "a lower tier", cause)
    if was.seconds != now.seconds:
        longer = now.seconds > was.seconds
        word = "longer access" if longer else "shorter access"
        yield Effect(_L if longer else _T, word, f"limits, entitlement {now.entitlement}")
    if (was.target, dict(was.access)) != (now.target, dict(now.access)):
        yield Effect(_L, "gives other access", f"entitlement {now.entitlement}")


def _cause(was: Asked, now: Asked) -> str:
    """The approve rule, and the one that it was before."""
    if was.approve_rule == now.approve_rule:
        return f"approve {now.approve_rule or 'none'}, entitlement {now.entitlement or 'unnamed'}"
    return f"approve {was.approve_rule or 'none'} -> {now.approve_rule or 'none'}"


class Groups:
    """Differences counted by what they are and by their cause."""

    def __init__(self) -> None:
        self._groups: dict[Effect, Group] = {}

    def add(self, recorded: Recorded, found: Iterable[Effect]) -> None:
        """The differences of one more ticket."""
        for effect in found:
            group = self._groups.setdefault(effect, Group(effect, recorded))
            group.tickets.add(recorded.ident)

    def join(self, later: Iterable[Group]) -> None:
        """The differences of tickets that were recorded after these."""
        for group in later:
            kept = self._groups.setdefault(group.effect, Group(group.effect, group.example))
            kept.tickets |= group.tickets

    def listed(self) -> tuple[Group, ...]:
        """The loosened first, and of each direction the most frequent first."""
        order = (_L, _O, _T)
        return tuple(
            sorted(
                self._groups.values(),
                key=lambda one: (order.index(one.effect.direction), -len(one.tickets), one.effect),
            )
        )

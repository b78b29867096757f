"""Strictness: how much one approve rule asks beside another, whatever it is asked of."""

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import NamedTuple

from ticketgate.domain.instants import duration_text, whole_seconds
from ticketgate.domain.policy.policy import (
    ASSURANCE_DEFAULT,
    ASSURANCE_LEVELS,
    ApproveRule,
    Automatic,
    Escalation,
    Stage,
    Word,
)
from ticketgate.domain.tickets.identity_event import Tier


class Strictness(StrEnum):
    """How a new rule, or a part of one, stands to an old one."""

    SAME = "same"
    STRONGER = "stronger"
    WEAKER = "weaker"  # in some case
    OTHER = "other"  # as much, in other words


class Compared(NamedTuple):
    """One field that differs."""

    field: str
    old: str
    new: str
    strictness: Strictness
    reason: str


def strictness_of(old: ApproveRule, new: ApproveRule) -> Strictness:
    """How much `new` asks beside `old`; WEAKER when any part of it asks less."""
    found = {one.strictness for one in differences(old, new)}
    ranked = (Strictness.WEAKER, Strictness.OTHER, Strictness.STRONGER)
    return next((one for one in ranked if one in found), Strictness.SAME)


def differences(old: ApproveRule, new: ApproveRule) -> Iterator[Compared]:
    """Every field of a rule, `when` and `id` left out, that asks something else now."""
    if old.automatic or new.automatic:
        yield from _automatic(old.automatic, new.automatic)
        return
    if [_bare(one) for one in old.stages] != [_bare(one) for one in new.stages]:
        yield _stages(old.stages, new.stages)
    if set(old.never) != set(new.never):
        kept = set(new.never) > set(old.never)
        said = "more people may not decide" if kept else "people may decide who might not before"
        yield Compared("never", _words(old.never), _words(new.never), _either(stronger=kept), said)
    was, now = old.justification_chars_min, new.justification_chars_min
    if was != now:
        said = "a longer justification" if now > was else "a shorter justification"
        yield Compared("justification", str(was), str(now), _either(stronger=now > was), said)
    yield from _assurance(old, new)
    if old.decide_within != new.decide_within:
        less = new.decide_within < old.decide_within
        said = "less time to decide" if less else "a request can be approved for longer"
        yield Compared("decide_within", _span(old), _span(new), _either(stronger=less), said)
    if old.escalate != new.escalate:
        less = _asks_less(old.escalate, new.escalate)
        said = "fewer people may decide, or later" if less else "people may decide who might not"
        texts = (_escalation(old.escalate), _escalation(new.escalate))
        yield Compared("escalate", *texts, _either(stronger=less), said)


def _automatic(old: Automatic | None, new: Automatic | None) -> Iterator[Compared]:
    """Whether people are asked at all; if not, how often that may be, and why."""
    if old is None or new is None:
        said = "nobody is asked any more" if old is None else "people are asked, and nobody was"
        texts = (_often(old), _often(new))
        yield Compared("automatic", *texts, _either(stronger=old is not None), said)
        return
    if old.max_per_day != new.max_per_day:
        less = new.max_per_day < old.max_per_day
        said = "approves fewer by itself in a day" if less else "approves more by itself in a day"
        yield Compared("automatic", _often(old), _often(new), _either(stronger=less), said)
    if old.because != new.because:
        yield Compared(
            "because", old.because, new.because, Strictness.OTHER, "the reason has other words"
        )


def _often(one: Automatic | None) -> str:
    return "" if one is None else f"{one.max_per_day} in a day"


def _asks_less(old: Escalation | None, new: Escalation | None) -> bool:
    """Whether nobody is asked by `new` whom `old` would not ask, nor sooner."""
    if old is None or new is None:
        return new is None
    return set(new.to) <= set(old.to) and new.after >= old.after


def _escalation(one: Escalation | None) -> str:
    if one is None:
        return ""
    return f"{_words(one.to)} after {duration_text(whole_seconds(one.after))}"


def _either(*, stronger: bool) -> Strictness:
    return Strictness.STRONGER if stronger else Strictness.WEAKER


def _bare(stage: Stage) -> tuple[frozenset[Word], int, frozenset[Word]]:
    """A stage by what it asks, whatever its name."""
    return (frozenset(stage.any_of), stage.need, frozenset(stage.never))


def _stages(old: tuple[Stage, ...], new: tuple[Stage, ...]) -> Compared:
    texts = ("; ".join(map(_stage, old)), "; ".join(map(_stage, new)))
    needs = (sum(one.need for one in old), sum(one.need for one in new))
    if needs[1] < needs[0]:
        return Compared("stages", *texts, Strictness.WEAKER, "fewer approvals")
    if _covers(old, new):
        said = "more approvals" if needs[1] > needs[0] else "fewer people may decide"
        return Compared("stages", *texts, Strictness.STRONGER, said)
    if len(old) == len(new) and all(map(_as_many, old, new)):
        said = "as many approvals, and people may give them who might not before"
        return Compared("stages", *texts, Strictness.WEAKER, said)
    return Compared("stages", *texts, Strictness.WEAKER, "not shown to ask as much as before")


def _covers(old: tuple[Stage, ...], new: tuple[Stage, ...]) -> bool:
    """Whether each old stage has, in order, a new one of its own that asks at least as much."""
    left = iter(new)
    return all(any(_asks_as_much(one, stage) for stage in left) for one in old)


def _asks_as_much(old: Stage, new: Stage) -> bool:
    return (
        new.need >= old.need
        and set(new.any_of) <= set(old.any_of)
        and set(new.never) >= set(old.never)
    )


def _as_many(old: Stage, new: Stage) -> bool:
    return new.need >= old.need and set(new.never) >= set(old.never)


def _assurance(old: ApproveRule, new: ApproveRule) -> Iterator[Compared]:
    if (old.assurance, old.because) == (new.assurance, new.because):
        return
    pairs = [(_level(old, tier), _level(new, tier)) for tier in Tier]
    default = "the default of the tier"
    texts = (old.assurance or default, new.assurance or default)
    if any(now < was for was, now in pairs):
        yield Compared("assurance", *texts, Strictness.WEAKER, "approvers are less surely known")
    elif any(now > was for was, now in pairs):
        yield Compared("assurance", *texts, Strictness.STRONGER, "approvers are more surely known")
    else:  # no level is the default of every tier, so the words differ
        because = (old.because, new.because)
        yield Compared("because", *because, Strictness.OTHER, "the reason has other words")


def _span(rule: ApproveRule) -> str:
    return duration_text(whole_seconds(rule.decide_within))


def _level(rule: ApproveRule, tier: Tier) -> int:
    return ASSURANCE_LEVELS.index(rule.assurance or ASSURANCE_DEFAULT[tier])


def _stage(stage: Stage) -> str:
    never = f", never {_words(stage.never)}" if stage.never else ""
    return f"{stage.need} of {_words(stage.any_of)}{never}"


def _words(words: Collection[Word]) -> str:
    return " or ".join(sorted(word.text for word in words))

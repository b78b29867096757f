"""Risk diff: what follows where a ticket has other kinds, a higher tier or another verdict.

Kinds and tier choose among approve rules and limits, and an automation's boundary is made of kinds
and targets. So a rule that sees more may still let something through: a higher tier is tighter only
where what is asked of it was shown to be as much.
"""

from collections.abc import Iterator
from typing import Final

from ticketgate.domain.changes.policy_change import (
    LOOSENED,
    OTHER,
    TIGHTENED,
    Change,
    Judged,
    changed,
    matcher_change,
    whole,
)
from ticketgate.domain.matching.implication import asks_about, implies
from ticketgate.domain.matching.matcher import Clause, Group, Matcher, decide
from ticketgate.domain.policy.policy import ApproveRule, ClassifyRule, Entitlement, Limit, Policy
from ticketgate.domain.policy.strictness import Strictness, strictness_of
from ticketgate.domain.tickets.identity_event import Outcome, Tier, Verdict
from ticketgate.domain.tickets.looks import Look

_ALWAYS: Final = Group("all", (), 0)
_NEVER: Final = Group("any", (), 0)
_TIER: Final = "tier"


def classify_changes(old: Policy, new: Policy) -> Iterator[Change]:
    """Every difference of the rules that say what is an identity event."""
    before, after = {one.id: one for one in old.classify}, {one.id: one for one in new.classify}
    for ident, rule in after.items():
        if ident not in before:
            yield whole("classify", ident, "added", rule.where, _seen_more(rule, old, new))
        else:
            yield from _rule_changes(before[ident], rule, old, new)
    for ident, rule in before.items():
        if ident not in after:
            judged = Judged(LOOSENED, "what only this rule saw is no identity event any more")
            yield whole("classify", ident, "removed", rule.where, judged)


def higher_tier(policy: Policy, old: Tier, new: Tier, entitlement: Entitlement | None) -> Judged:
    """What it does that a rule, or this entitlement, has the tier `new` where it had a lower one.

    Each tier that a request may have had is held against `new` in the policy as it was; what
    became of approve rules and limits is a change of its own. A rule that is not sure counts as
    well: a person's word opens requests of what it sees.
    """
    of_rules = [one.tier for one in policy.classify]
    of_entitlements = [one.tier for one in policy.entitlements]
    if entitlement is not None:
        of_entitlements = [entitlement.tier]
    if of_entitlements:  # else nothing is asked, of whatever tier
        least = max(old, min(of_rules, default=Tier.LOW), min(of_entitlements))
        for tier in (one for one in Tier if least <= one < new):
            reason = _lets_more(policy, tier, new)
            if reason:
                return Judged(LOOSENED, f"{reason} of tier {new.word} than of {tier.word}")
    return Judged(TIGHTENED, "a higher tier")


def tier_change(policy: Policy, old: Tier, new: Tier, entitlement: Entitlement | None) -> Judged:
    """What another tier does, of a classify rule or of an entitlement."""
    if new > old:
        return higher_tier(policy, old, new, entitlement)
    return Judged(LOOSENED, "a lower tier: rules and limits of lower risk may apply")


def asking(policy: Policy, field: str) -> bool:
    """Whether anything that is asked of a request asks about the field, by itself or beside one."""
    whens: list[Matcher] = [one.when for one in policy.approve]
    whens += [one.when for one in policy.limits]
    whens += [one.requestable_by for one in policy.entitlements if one.requestable_by is not None]
    return any(asks_about(when, field) or _beside(when, field) for when in whens)


def breached_by_target(policy: Policy, target: str) -> bool:
    """Whether an automation that asks for this target is outside its boundary."""
    return any(target not in one.targets for one in policy.automations)


# --- classify rules ------------------------------------------------------------------------------


def _rule_changes(
    old: ClassifyRule, new: ClassifyRule, was: Policy, now: Policy
) -> Iterator[Change]:
    change = changed("classify", new.id, new.where)
    if old.kind != new.kind:
        yield change("kind", old.kind, new.kind, _another_kind(old.kind, new.kind, was, now))
    if old.tier is not new.tier:
        judged = tier_change(was, old.tier, new.tier, None)
        yield change("tier", old.tier.word, new.tier.word, judged)
    if old.verdict is not new.verdict:
        yield change("verdict", old.verdict, new.verdict, _another_verdict(old, new, now))
    yield from matcher_change(
        change,
        "match",
        (old.match, new.match),
        wider=_seen_more(new, was, now),
        narrower=Judged(LOOSENED, "fewer tickets are seen"),
    )


def _another_kind(old: str, new: str, was: Policy, now: Policy) -> Judged:
    if asking(was, "kind") or asking(now, "kind"):
        return Judged(LOOSENED, "may lead to another approve rule or limit")
    freed = [one.id for one in now.automations if new in one.may and old not in one.may]
    if freed:
        return Judged(LOOSENED, f"automation {freed[0]} may ask this kind, and not the other")
    return Judged(OTHER, "another word")


def _another_verdict(old: ClassifyRule, new: ClassifyRule, now: Policy) -> Judged:
    if new.verdict is Verdict.IDENTITY:
        return Judged(LOOSENED, "opens requests without a look")
    freed = [one.id for one in now.automations if old.kind not in one.may]
    if freed:
        return Judged(LOOSENED, f"its kind breaks the boundary of automation {freed[0]} no more")
    return Judged(OTHER, "a person may say that it is none")


def _seen_more(rule: ClassifyRule, was: Policy, now: Policy) -> Judged:
    """What it does that a rule holds of more tickets.

    One that says identity event speaks of none that was uncertain only where another such rule
    held already.
    """
    if asking(was, "kind") or asking(now, "kind"):
        return Judged(LOOSENED, "its kind may lead to another approve rule or limit")
    sure = [one for one in was.classify if one.verdict is Verdict.IDENTITY]
    certain = rule.verdict is Verdict.IDENTITY
    if certain and not any(implies(rule.match, one.match) for one in sure):
        return Judged(LOOSENED, "what was uncertain may open requests without a look")
    judged = higher_tier(was, Tier.LOW, rule.tier, None)
    if judged.direction is LOOSENED:
        return judged
    if certain:
        return Judged(OTHER, "another word for what is an identity event already")
    return Judged(TIGHTENED, "more tickets get a person's look")


# --- tiers ---------------------------------------------------------------------------------------


def _lets_more(policy: Policy, was: Tier, now: Tier) -> str:
    """Why a request of tier `now` may get more than one of tier `was`; empty where it cannot."""
    if any(_beside(when, _TIER) for when in _whens(policy)):
        return "a field is held against the tier, which may ask less"
    requestable = [one.requestable_by for one in policy.entitlements if one.requestable_by]
    if any(asks_about(one, _TIER) for one in requestable):
        return "other people may ask"
    if _asks_less(_approving(policy, was), _approving(policy, now)):
        return "approve rules may ask less"
    if _lasts_longer(_limiting(policy, was), _limiting(policy, now)):
        return "limits may be longer"
    return ""


def _whens(policy: Policy) -> Iterator[Matcher]:
    yield from (one.when for one in policy.approve)
    yield from (one.when for one in policy.limits)


def _beside(matcher: Matcher, field: str) -> bool:
    """Whether another field is held against this one, or this one against another."""
    if isinstance(matcher, Group):
        return any(_beside(part, field) for part in matcher.parts)
    return matcher.test == "fieldref" and field in {matcher.field, *matcher.values}


def _approving(policy: Policy, tier: Tier) -> list[tuple[Matcher, ApproveRule]]:
    """The approve rules that a request of this tier may meet, to the first that it surely meets."""
    found: list[tuple[Matcher, ApproveRule]] = []
    for rule in policy.approve:
        when = _at(rule.when, tier)
        if when != _NEVER:
            found.append((when, rule))
        if when == _ALWAYS:
            break
    return found


def _asks_less(
    was: list[tuple[Matcher, ApproveRule]], now: list[tuple[Matcher, ApproveRule]]
) -> bool:
    """Whether any rule that may be met now asks less than one before, or none was surely met."""
    if was == now or not now:
        return False
    if not was or was[-1][0] != _ALWAYS:
        return True
    return any(strictness_of(old, new) is Strictness.WEAKER for _, old in was for _, new in now)


def _limiting(policy: Policy, tier: Tier) -> list[tuple[Matcher, Limit]]:
    found = [(_at(limit.when, tier), limit) for limit in policy.limits]
    return [(when, limit) for when, limit in found if when != _NEVER]


def _lasts_longer(was: list[tuple[Matcher, Limit]], now: list[tuple[Matcher, Limit]]) -> bool:
    """Whether a limit has no other one as short wherever it applied, or applies where none did."""
    if not now:
        return False  # nothing gives an end
    kept = all(
        any(implies(when, other) and _as_short(new, old) for other, new in now) for when, old in was
    )
    return not kept or not all(any(implies(when, other) for other, _ in was) for when, _ in now)


def _as_short(new: Limit, old: Limit) -> bool:
    """Whether each of its times is as short, and it is extended no oftener."""
    spans = ((one.default, one.max, one.hard_max, one.start_within) for one in (new, old))
    short = all(ours <= theirs for ours, theirs in zip(*spans, strict=True))
    return short and new.extend <= old.extend


def _at(matcher: Matcher, tier: Tier) -> Matcher:
    """What a matcher asks besides where the tier is this one; lines are left out."""
    if isinstance(matcher, Clause):
        if matcher.field != _TIER:
            return matcher
        holds = decide(matcher, _OfTier(tier)) is Outcome.TRUE
        return _ALWAYS if holds else _NEVER
    settling, settled, open_ = {
        "all": (_NEVER, _NEVER, _ALWAYS),
        "any": (_ALWAYS, _ALWAYS, _NEVER),
        "none": (_ALWAYS, _NEVER, _ALWAYS),
    }[matcher.op]
    parts = [_at(part, tier) for part in matcher.parts]
    if settling in parts:
        return settled
    left = tuple(part for part in parts if part not in (_ALWAYS, _NEVER))
    return Group(matcher.op, left, 0) if left else open_


class _OfTier:
    """Facts of which only the tier is known."""

    def __init__(self, tier: Tier) -> None:
        self._look = Look((tier.word,))

    def look(self, field: str) -> Look:  # noqa: ARG002 -- only the tier is asked
        """The tier."""
        return self._look

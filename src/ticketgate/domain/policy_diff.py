"""Policy diff: what a new policy changes, by meaning, and whether it is tighter or looser.

*Loosened* is whatever lets something through in some case that the old one would have held, or
could not be shown not to: fewer approvals, longer access, something seen no longer. *Tightened*
asks more or gives less and never the opposite. *Other* is neither, such as other people. By
convention a higher tier is tighter.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import Final, NamedTuple

from ticketgate.domain.identity_event import Tier, Verdict
from ticketgate.domain.implication import Scale, asks_about, implies, matcher_text, scale
from ticketgate.domain.indirection import counts_longer, owner_verbs
from ticketgate.domain.instants import duration_text
from ticketgate.domain.matcher import Group, Matcher
from ticketgate.domain.policy import (
    ApproveRule,
    Automation,
    ClassifyRule,
    DurationField,
    Entitlement,
    Limit,
    Policy,
    Word,
)
from ticketgate.domain.strictness import Strength, strength, strength_of


class Direction(StrEnum):
    """What a change does."""

    TIGHTENED = "tightened"
    LOOSENED = "loosened"
    OTHER = "other"


_T: Final = Direction.TIGHTENED
_L: Final = Direction.LOOSENED
_O: Final = Direction.OTHER


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `what` is added, removed, changed or moved; `field` only when changed."""

    section: str
    id: str
    what: str
    field: str
    old: str
    new: str
    direction: Direction
    reason: str
    where: str  # policy.yaml:6, of the new policy where it is there


class _Judged(NamedTuple):
    direction: Direction
    reason: str


def compare(old: Policy, new: Policy) -> tuple[Change, ...]:
    """Every difference in meaning; empty when only layout and comments differ."""
    return (
        *_mode(old, new),
        *_classify(old, new),
        *_entitlements(old, new),
        *_approve(old, new),
        *_limits(old, new),
        *_automations(old, new),
        *_readers(old, new),
    )


def difference(changes: Sequence[Change]) -> str:
    """The kind of difference in one word: `none`, or the gravest of the directions."""
    found = {change.direction for change in changes}
    return next((one.value for one in (_L, _O, _T) if one in found), "none")


def _mode(old: Policy, new: Policy) -> Iterator[Change]:
    change = _changes("policy", "mode", "policy.yaml")
    if old.shadow and not new.shadow:
        yield change("mode", "shadow", "enforce", _Judged(_L, "asks people, and gives access"))
    elif new.shadow and not old.shadow:
        yield change("mode", "enforce", "shadow", _Judged(_O, "asks nobody, and gives nothing"))


# --- classify ------------------------------------------------------------------------------------


def _classify(old: Policy, new: Policy) -> Iterator[Change]:
    whens = [*(one.when for one in new.approve), *(one.when for one in new.limits)]
    kinds = any(asks_about(when, "kind") for when in whens)
    before, after = {one.id: one for one in old.classify}, {one.id: one for one in new.classify}
    for ident, rule in after.items():
        if ident not in before:
            judged = _seen_more(rule.verdict, kinds=kinds)
            yield _whole("classify", ident, "added", rule.where, judged)
        else:
            yield from _rule_changes(before[ident], rule, kinds=kinds)
    for ident, rule in before.items():
        if ident not in after:
            judged = _Judged(_L, "what only this rule saw is no identity event any more")
            yield _whole("classify", ident, "removed", rule.where, judged)


def _seen_more(verdict: Verdict, *, kinds: bool) -> _Judged:
    if kinds:
        return _Judged(_L, "its kind may lead to another approve rule or limit")
    if verdict is Verdict.IDENTITY:
        return _Judged(_O, "more is an identity event; what was uncertain may open requests")
    return _Judged(_T, "more tickets get a person's look")


def _rule_changes(old: ClassifyRule, new: ClassifyRule, *, kinds: bool) -> Iterator[Change]:
    change = _changes("classify", new.id, new.where)
    if old.kind != new.kind:
        said = "may lead to another approve rule or limit" if kinds else "another word"
        yield change("kind", old.kind, new.kind, _Judged(_L if kinds else _O, said))
    if old.tier is not new.tier:
        yield change("tier", old.tier.word, new.tier.word, _tier(old.tier, new.tier))
    if old.verdict is not new.verdict:
        looser = new.verdict is Verdict.IDENTITY
        said = "opens requests without a look" if looser else "a person may say that it is none"
        yield change("verdict", old.verdict, new.verdict, _Judged(_L if looser else _O, said))
    yield from _matcher(
        change,
        "match",
        (old.match, new.match),
        wider=_seen_more(new.verdict, kinds=kinds),
        narrower=_Judged(_L, "fewer tickets are seen"),
    )


# --- entitlements --------------------------------------------------------------------------------


def _entitlements(old: Policy, new: Policy) -> Iterator[Change]:
    counted = owner_verbs(old) | owner_verbs(new)
    before = {one.id: one for one in old.entitlements}
    after = {one.id: one for one in new.entitlements}
    for ident, one in after.items():
        if ident in before:
            yield from _entitlement_changes(before[ident], one, counted)
        else:
            judged = _Judged(_L, "can be asked for now")
            yield _whole("entitlements", ident, "added", one.where, judged)
    for ident, one in before.items():
        if ident not in after:
            judged = _Judged(_T, "cannot be asked for any more")
            yield _whole("entitlements", ident, "removed", one.where, judged)


def _entitlement_changes(
    old: Entitlement, new: Entitlement, counted: frozenset[str]
) -> Iterator[Change]:
    change = _changes("entitlements", new.id, new.where)
    for name, said in (
        ("target", "gives access elsewhere, which may be more"),
        ("access", "gives something else, which may be more"),
        ("owner", "other people stand behind owner_of"),
        ("backup_owner", "other people stand behind backup_owner_of"),
    ):
        was, now = _text(getattr(old, name)), _text(getattr(new, name))
        if was != now:
            lets = name in {"target", "access"} or f"{name}_of" in counted
            yield change(name, was, now, _Judged(_L if lets else _O, said))
    if old.duration_from != new.duration_from:
        longer = counts_longer(old.duration_from, new.duration_from)
        said = "the same number may be longer, or is read now" if longer else "is read otherwise"
        judged = _Judged(_L if longer else _O, f"how long: {said}, within the same limits")
        yield change("duration_from", _text(old.duration_from), _text(new.duration_from), judged)
    if old.tier is not new.tier:
        yield change("tier", old.tier.word, new.tier.word, _tier(old.tier, new.tier))
    more = _Judged(_L, "more tickets can ask for it")
    less = _Judged(_T, "fewer tickets can ask for it")
    yield from _matcher(change, "asked_by", (old.asked_by, new.asked_by), wider=more, narrower=less)
    anybody = Group("all", (), 0)
    yield from _matcher(
        change,
        "requestable_by",
        (old.requestable_by or anybody, new.requestable_by or anybody),
        wider=_Judged(_L, "more people can have it"),
        narrower=_Judged(_T, "fewer people can have it"),
    )


# --- approve -------------------------------------------------------------------------------------


def _approve(old: Policy, new: Policy) -> Iterator[Change]:
    before = {one.id: one for one in old.approve}
    after = {one.id: one for one in new.approve}
    for number, rule in enumerate(new.approve):
        later = new.approve[number + 1 :]
        if rule.id in before:
            yield from _approve_changes(before[rule.id], rule, later)
        else:
            behind = next((before[one.id] for one in later if one.id in before), None)
            yield _whole("approve", rule.id, "added", rule.where, _taken(rule, behind))
    for number, rule in enumerate(old.approve):
        if rule.id not in after:
            judged = _left([one for one in old.approve[number + 1 :] if one.id in after])
            yield _whole("approve", rule.id, "removed", rule.where, judged)
    yield from _moved(old, new)


def _as_strict(old: ApproveRule, new: ApproveRule) -> bool:
    return strength_of(old, new) in {Strength.SAME, Strength.STRONGER}


def _taken(rule: ApproveRule, behind: ApproveRule | None) -> _Judged:
    """What a new rule does that stands just before `behind`, which had those requests till now."""
    if behind is None or not implies(rule.when, behind.when):
        return _Judged(_L, "takes requests that may have been blocked, or asked by another rule")
    if not _as_strict(behind, rule):
        return _Judged(_L, f"takes requests from {behind.id}, which asks for more")
    return _Judged(_T, f"takes requests from {behind.id} and asks at least as much")


def _left(later: Sequence[ApproveRule]) -> _Judged:
    """What it does when a rule leaves requests to those after it, or one that it blocked."""
    if later:
        return _Judged(_L, "leaves requests to a later rule, which may ask for less")
    return _Judged(_T, "what it took is blocked now")


def _moved(old: Policy, new: Policy) -> Iterator[Change]:
    """Pairs of rules that stand the other way round: the first that holds is taken."""
    place = {one.id: number for number, one in enumerate(old.approve)}
    common = [one for one in new.approve if one.id in place]
    for first, second in combinations(common, 2):
        if place[first.id] < place[second.id]:
            continue
        stronger = implies(first.when, second.when) and _as_strict(second, first)
        said = "asks at least as much" if stronger else "may ask for less"
        yield Change(
            "approve", first.id, "moved", "", f"after {second.id}", f"before {second.id}",
            _T if stronger else _L, f"is taken before {second.id} now and {said}", first.where,
        )  # fmt: skip


def _approve_changes(
    old: ApproveRule, new: ApproveRule, later: Sequence[ApproveRule]
) -> Iterator[Change]:
    change = _changes("approve", new.id, new.where)
    wider = _Judged(_L, "takes more requests: from later rules, or such as were blocked")
    yield from _matcher(change, "when", (old.when, new.when), wider=wider, narrower=_left(later))
    for one in strength(old, new):
        direction = {Strength.STRONGER: _T, Strength.WEAKER: _L}.get(one.strength, _O)
        yield change(one.field, one.old, one.new, _Judged(direction, one.reason))


# --- limits --------------------------------------------------------------------------------------


def _limits(old: Policy, new: Policy) -> Iterator[Change]:
    rest = list(old.limits)
    for limit in new.limits:
        same = [one for one in rest if scale(one.when, limit.when) is Scale.SAME]
        ident = matcher_text(limit.when)
        if same:
            rest.remove(same[0])
            yield from _limit_changes(same[0], limit, ident)
        elif any(implies(limit.when, one.when) for one in old.limits):
            judged = _Judged(_T, "one limit more; the shortest holds")
            yield _whole("limits", ident, "added", limit.where, judged)
        else:
            judged = _Judged(_L, "may give an end, and so access, where no limit applied")
            yield _whole("limits", ident, "added", limit.where, judged)
    for limit in rest:
        judged = _Judged(_L, "where another limit applies, it may be longer")
        yield _whole("limits", matcher_text(limit.when), "removed", limit.where, judged)


def _limit_changes(old: Limit, new: Limit, ident: str) -> Iterator[Change]:
    change = _changes("limits", ident, new.where)
    for name in ("default", "max", "hard_max"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            judged = _Judged(_L, "longer access") if now > was else _Judged(_T, "shorter access")
            spans = (
                duration_text(int(was.total_seconds())),
                duration_text(int(now.total_seconds())),
            )
            yield change(name, *spans, judged)


# --- automations ---------------------------------------------------------------------------------


def _automations(old: Policy, new: Policy) -> Iterator[Change]:
    """One more answers for an account and bounds it, one less does neither: both let go a case."""
    before = {one.id: one for one in old.automations}
    after = {one.id: one for one in new.automations}
    for ident, one in after.items():
        if ident in before:
            yield from _automation_changes(before[ident], one)
        else:
            judged = _Judged(_L, "what it asks within its boundary needs no person's look")
            yield _whole("automations", ident, "added", one.where, judged)
    for ident, one in before.items():
        if ident not in after:
            judged = _Judged(_L, "nothing bounds what it asks, where the directory knows it")
            yield _whole("automations", ident, "removed", one.where, judged)


def _automation_changes(old: Automation, new: Automation) -> Iterator[Change]:
    change = _changes("automations", new.id, new.where)
    if scale(old.match, new.match) is not Scale.SAME:
        judged = _Judged(_L, "answers for other revisions, or leaves some without a boundary")
        yield change("match", matcher_text(old.match), matcher_text(new.match), judged)
    if old.owner != new.owner:
        judged = _Judged(_O, "other people answer for it")
        yield change("owner", old.owner.text, new.owner.text, judged)
    for name in ("may", "targets"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            judged = _Judged(_T, "may ask less") if now < was else _Judged(_L, "may ask more")
            yield change(name, ", ".join(sorted(was)), ", ".join(sorted(now)), judged)


def _readers(old: Policy, new: Policy) -> Iterator[Change]:
    """What makes a ticket uncertain that no rule speaks of."""
    change = _changes("policy", "languages", "policy.yaml")
    codes = [None if one.languages is None else set(one.languages.codes) for one in (old, new)]
    was, now = codes
    if was != now:
        fewer = now is not None and (was is None or now < was)
        less = _Judged(_T, "a person looks at texts in more languages")
        more = _Judged(_L, "texts in more languages pass without a look")
        texts = ["any" if one is None else ", ".join(sorted(one)) for one in codes]
        yield change("languages", texts[0], texts[1], less if fewer else more)
    digests = ["" if one.weights is None else one.weights.digest for one in (old, new)]
    if digests[0] != digests[1]:
        added = _Judged(_T, "a score may bring tickets before a person")
        other = _Judged(_L, "some texts may score less, and pass without a look")
        judged = other if digests[0] else added
        yield replace(change("weights", digests[0], digests[1], judged), id="weights")


# --- in common -----------------------------------------------------------------------------------

_Changed = Callable[[str, str, str, _Judged], Change]


def _changes(section: str, ident: str, where: str) -> _Changed:
    def change(field: str, old: str, new: str, judged: _Judged) -> Change:
        return Change(section, ident, "changed", field, old, new, *judged, where)

    return change


def _whole(section: str, ident: str, what: str, where: str, judged: _Judged) -> Change:
    return Change(section, ident, what, "", "", "", *judged, where)


def _matcher(
    change: _Changed,
    field: str,
    pair: tuple[Matcher, Matcher],
    *,
    wider: _Judged,
    narrower: _Judged,
) -> Iterator[Change]:
    """How a matcher changed; one that is neither wider nor narrower does both in some case."""
    both = _Judged(_L, "neither within the other: some cases are let go, others are added")
    found = scale(*pair)
    judged = {Scale.WIDER: wider, Scale.NARROWER: narrower}.get(found, both)
    if found is not Scale.SAME:
        yield change(field, matcher_text(pair[0]), matcher_text(pair[1]), judged)


def _tier(old: Tier, new: Tier) -> _Judged:
    if new > old:
        return _Judged(_T, "a higher tier")
    return _Judged(_L, "a lower tier: rules and limits of lower risk may apply")


def _text(value: object) -> str:
    """A value as a policy writes it, more or less; empty for nothing."""
    if isinstance(value, Word):
        return value.text
    if isinstance(value, DurationField):
        return f"{value.field} ({value.unit or 'no unit'})"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={value[name]}" for name in sorted(value))
    return "" if value is None else str(value)

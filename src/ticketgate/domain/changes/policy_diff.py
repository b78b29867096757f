"""Policy diff: what a new policy changes, by meaning, and whether it is tighter or looser.

*Loosened* is whatever lets something through in some case that the old one would have held, or
could not be shown not to: fewer approvals, longer access, something seen no longer. *Tightened*
asks more or gives less and never the opposite. *Other* is neither, such as other people. By
convention a higher tier is tighter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from ticketgate.domain.changes.emergency_diff import emergency_changes
from ticketgate.domain.changes.policy_change import (
    LOOSENED,
    OTHER,
    TIGHTENED,
    Change,
    Judged,
    changed,
    matcher_change,
    text_of,
    whole,
)
from ticketgate.domain.changes.risk_diff import (
    asking,
    breached_by_target,
    classify_changes,
    tier_change,
)
from ticketgate.domain.changes.signals_diff import signal_changes
from ticketgate.domain.instants import duration_text, whole_seconds
from ticketgate.domain.matching.implication import Scale, implies, matcher_text, scale
from ticketgate.domain.matching.matcher import Group
from ticketgate.domain.policy.indirection import counts_longer, owner_verbs
from ticketgate.domain.policy.policy import ApproveRule, Automation, Entitlement, Limit, Policy
from ticketgate.domain.policy.strictness import Strictness, differences, strictness_of
from ticketgate.domain.text.language_words import WORDS


def compare(old: Policy, new: Policy) -> tuple[Change, ...]:
    """Every difference in meaning; empty when only layout and comments differ."""
    return (
        *_mode(old, new),
        *classify_changes(old, new),
        *_entitlements(old, new),
        *_approve(old, new),
        *_limits(old, new),
        *_automations(old, new),
        *_readers(old, new),
        *emergency_changes(old, new),
        *signal_changes(old, new),
    )


def difference(changes: Sequence[Change]) -> str:
    """The kind of difference in one word: `none`, or the gravest of the directions."""
    found = {change.direction for change in changes}
    return next((one.value for one in (LOOSENED, OTHER, TIGHTENED) if one in found), "none")


def _mode(old: Policy, new: Policy) -> Iterator[Change]:
    change = changed("policy", "mode", "policy.yaml")
    if old.shadow and not new.shadow:
        yield change("mode", "shadow", "enforce", Judged(LOOSENED, "asks people, and gives access"))
    elif new.shadow and not old.shadow:
        yield change("mode", "enforce", "shadow", Judged(OTHER, "asks nobody, and gives nothing"))


# --- entitlements --------------------------------------------------------------------------------


def _entitlements(old: Policy, new: Policy) -> Iterator[Change]:
    counted = owner_verbs(old) | owner_verbs(new)
    before = {one.id: one for one in old.entitlements}
    after = {one.id: one for one in new.entitlements}
    for ident, one in after.items():
        if ident in before:
            yield from _entitlement_changes(before[ident], one, (old, new), counted)
        else:
            judged = Judged(LOOSENED, "can be asked for now")
            yield whole("entitlements", ident, "added", one.where, judged)
    for ident, one in before.items():
        if ident not in after:
            judged = _asked_less(one, new, "cannot be asked for any more")
            yield whole("entitlements", ident, "removed", one.where, judged)


def _asked_less(one: Entitlement, new: Policy, said: str) -> Judged:
    """What it does that fewer tickets ask for it: those may ask for something else with no look."""
    if breached_by_target(new, one.target):
        return Judged(LOOSENED, "a ticket that asks for it broke an automation's boundary")
    return Judged(TIGHTENED, said)


def _entitlement_changes(
    old: Entitlement, new: Entitlement, policies: tuple[Policy, Policy], counted: frozenset[str]
) -> Iterator[Change]:
    change = changed("entitlements", new.id, new.where)
    for name, said in (
        ("target", "gives access elsewhere, which may be more"),
        ("access", "gives something else, which may be more"),
        ("owner", "other people stand behind owner_of"),
        ("backup_owner", "other people stand behind backup_owner_of"),
    ):
        was, now = text_of(getattr(old, name)), text_of(getattr(new, name))
        if was != now:
            lets = name in {"target", "access"} or f"{name}_of" in counted
            yield change(name, was, now, Judged(LOOSENED if lets else OTHER, said))
    if old.duration_from != new.duration_from:
        longer = counts_longer(old.duration_from, new.duration_from)
        said = (
            "what it says, or a limit's default, may be longer" if longer else "no number is read"
        )
        judged = Judged(LOOSENED if longer else OTHER, f"how long: {said}, within the same limits")
        yield change(
            "duration_from", text_of(old.duration_from), text_of(new.duration_from), judged
        )
    if old.tier is not new.tier:
        judged = tier_change(policies[0], old.tier, new.tier, old)
        if any(asking(one, "entitlement.tier") for one in policies):
            judged = Judged(LOOSENED, "may lead to another approve rule or limit")
        yield change("tier", old.tier.word, new.tier.word, judged)
    more = Judged(LOOSENED, "more tickets can ask for it")
    less = _asked_less(old, policies[1], "fewer tickets can ask for it")
    asked = (old.asked_by, new.asked_by)
    yield from matcher_change(change, "asked_by", asked, wider=more, narrower=less)
    anybody = Group("all", (), 0)
    yield from matcher_change(
        change,
        "requestable_by",
        (old.requestable_by or anybody, new.requestable_by or anybody),
        wider=Judged(LOOSENED, "more people can have it"),
        narrower=Judged(TIGHTENED, "fewer people can have it"),
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
            yield whole("approve", rule.id, "added", rule.where, _taken(rule, behind))
    for number, rule in enumerate(old.approve):
        if rule.id not in after:
            judged = _left([one for one in old.approve[number + 1 :] if one.id in after])
            yield whole("approve", rule.id, "removed", rule.where, judged)
    yield from _moved(old, new)


def _as_strict(old: ApproveRule, new: ApproveRule) -> bool:
    return strictness_of(old, new) in {Strictness.SAME, Strictness.STRONGER}


def _taken(rule: ApproveRule, behind: ApproveRule | None) -> Judged:
    """What a new rule does that stands just before `behind`, which had those requests till now."""
    if behind is None or not implies(rule.when, behind.when):
        return Judged(
            LOOSENED, "takes requests that may have been blocked, or asked by another rule"
        )
    if not _as_strict(behind, rule):
        return Judged(LOOSENED, f"takes requests from {behind.id}, which asks for more")
    return Judged(TIGHTENED, f"takes requests from {behind.id} and asks at least as much")


def _left(later: Sequence[ApproveRule]) -> Judged:
    """What it does when a rule leaves requests to those after it, or one that it blocked."""
    if later:
        return Judged(LOOSENED, "leaves requests to a later rule, which may ask for less")
    return Judged(TIGHTENED, "what it took is blocked now")


def _moved(old: Policy, new: Policy) -> Iterator[Change]:
    """Pairs of rules that stand the other way round: the first that holds is taken."""
    place = {one.id: number for number, one in enumerate(old.approve)}
    common = [one for one in new.approve if one.id in place]
    for first, second in combinations(common, 2):
        if place[first.id] < place[second.id]:
            continue
        stronger = implies(first.when, second.when) and _as_strict(second, first)
        said = "asks at least as much" if stronger else "may ask for less"
        judged = Judged(
            TIGHTENED if stronger else LOOSENED, f"is taken before {second.id} now and {said}"
        )
        old_place, new_place = f"after {second.id}", f"before {second.id}"
        yield Change("approve", first.id, "moved", "", old_place, new_place, *judged, first.where)


def _approve_changes(
    old: ApproveRule, new: ApproveRule, later: Sequence[ApproveRule]
) -> Iterator[Change]:
    change = changed("approve", new.id, new.where)
    wider = Judged(LOOSENED, "takes more requests: from later rules, or such as were blocked")
    yield from matcher_change(
        change, "when", (old.when, new.when), wider=wider, narrower=_left(later)
    )
    for one in differences(old, new):
        direction = {Strictness.STRONGER: TIGHTENED, Strictness.WEAKER: LOOSENED}.get(
            one.strictness, OTHER
        )
        yield change(one.field, one.old, one.new, Judged(direction, one.reason))


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
            judged = Judged(TIGHTENED, "one limit more; the shortest holds")
            yield whole("limits", ident, "added", limit.where, judged)
        else:
            judged = Judged(LOOSENED, "may give an end, and so access, where no limit applied")
            yield whole("limits", ident, "added", limit.where, judged)
    for limit in rest:
        judged = Judged(LOOSENED, "where another limit applies, it may be longer")
        yield whole("limits", matcher_text(limit.when), "removed", limit.where, judged)


def _limit_changes(old: Limit, new: Limit, ident: str) -> Iterator[Change]:
    change = changed("limits", ident, new.where)
    for name in ("default", "max", "hard_max"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            judged = (
                Judged(LOOSENED, "longer access")
                if now > was
                else Judged(TIGHTENED, "shorter access")
            )
            spans = (
                duration_text(whole_seconds(was)),
                duration_text(whole_seconds(now)),
            )
            yield change(name, *spans, judged)
    if old.extend != new.extend:
        more = new.extend > old.extend
        judged = Judged(LOOSENED, "longer access") if more else Judged(TIGHTENED, "shorter access")
        yield change("extend", str(old.extend), str(new.extend), judged)


# --- automations ---------------------------------------------------------------------------------


def _automations(old: Policy, new: Policy) -> Iterator[Change]:
    """One more answers for an account and bounds it, one less does neither: both let go a case."""
    before = {one.id: one for one in old.automations}
    after = {one.id: one for one in new.automations}
    for ident, one in after.items():
        if ident in before:
            yield from _automation_changes(before[ident], one)
        else:
            judged = Judged(LOOSENED, "what it asks within its boundary needs no person's look")
            yield whole("automations", ident, "added", one.where, judged)
    for ident, one in before.items():
        if ident not in after:
            judged = Judged(LOOSENED, "nothing bounds what it asks, where the directory knows it")
            yield whole("automations", ident, "removed", one.where, judged)


def _automation_changes(old: Automation, new: Automation) -> Iterator[Change]:
    change = changed("automations", new.id, new.where)
    if scale(old.match, new.match) is not Scale.SAME:
        judged = Judged(LOOSENED, "answers for other revisions, or leaves some without a boundary")
        yield change("match", matcher_text(old.match), matcher_text(new.match), judged)
    if old.owner != new.owner:
        judged = Judged(OTHER, "other people answer for it")
        yield change("owner", old.owner.text, new.owner.text, judged)
    for name in ("may", "targets"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            judged = (
                Judged(TIGHTENED, "may ask less") if now < was else Judged(LOOSENED, "may ask more")
            )
            yield change(name, ", ".join(sorted(was)), ", ".join(sorted(now)), judged)


def _readers(old: Policy, new: Policy) -> Iterator[Change]:
    """What makes a ticket uncertain that no rule speaks of."""
    change = changed("policy", "languages", "policy.yaml")
    codes = [None if one.languages is None else set(one.languages.codes) for one in (old, new)]
    was, now = codes
    if was != now:
        fewer = now is not None and (was is None or now < was)
        if was is not None and now is not None and WORDS.keys().isdisjoint(now):
            fewer = fewer and WORDS.keys().isdisjoint(was)  # else words on end count no more
        less = Judged(TIGHTENED, "a person looks at texts in more languages")
        more = Judged(LOOSENED, "texts in more languages pass without a look")
        texts = ["any" if one is None else ", ".join(sorted(one)) for one in codes]
        yield change("languages", texts[0], texts[1], less if fewer else more)
    digests = ["" if one.weights is None else one.weights.digest for one in (old, new)]
    if digests[0] != digests[1]:
        added = Judged(TIGHTENED, "a score may bring tickets before a person")
        other = Judged(LOOSENED, "some texts may score less, and pass without a look")
        judged = other if digests[0] else added
        yield replace(change("weights", digests[0], digests[1], judged), id="weights")

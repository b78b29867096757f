"""Emergency diff: what a new policy changes of emergency access, and which way it goes."""

from collections.abc import Iterator

from ticketgate.domain.changes.policy_change import (
    LOOSENED,
    TIGHTENED,
    Change,
    Judged,
    changed,
    whole,
)
from ticketgate.domain.instants import duration_text, whole_seconds
from ticketgate.domain.policy.policy import ASSURANCE_LEVELS, EmergencyRules, Policy
from ticketgate.domain.tickets.identity_event import Tier

_SECTION = "emergency"


def emergency_changes(old: Policy, new: Policy) -> Iterator[Change]:
    """Every difference of the section; whoever is named anew, and any other reviewer, loosens."""
    before, after = old.emergency, new.emergency
    if before is None and after is not None:
        judged = Judged(LOOSENED, "people can help themselves to access now")
        yield whole(_SECTION, _SECTION, "added", after.where, judged)
    elif before is not None and after is None:
        judged = Judged(TIGHTENED, "nobody can help themself to access any more")
        yield whole(_SECTION, _SECTION, "removed", before.where, judged)
    elif before is not None and after is not None:
        yield from _of_section(before, after)


def _of_section(before: EmergencyRules, after: EmergencyRules) -> Iterator[Change]:
    change = changed(_SECTION, _SECTION, after.where)
    was, now = _allowed(before), _allowed(after)
    if was != now:
        more = not now <= was
        reason = "more people, or more to help themselves to" if more else "fewer may"
        judged = Judged(LOOSENED if more else TIGHTENED, reason)
        yield change("allow", ", ".join(sorted(was)), ", ".join(sorted(now)), judged)
    yield from _of_assurance(before, after)
    spans = (
        ("hard_max", before.hard_max, after.hard_max, after.hard_max > before.hard_max),
        ("cooldown", before.cooldown, after.cooldown, after.cooldown < before.cooldown),
        (
            "review.within",
            before.review_within,
            after.review_within,
            after.review_within > before.review_within,
        ),
        (
            "backfill_within",
            before.backfill_within,
            after.backfill_within,
            after.backfill_within > before.backfill_within,
        ),
    )
    for name, old, new, looser in spans:
        if old != new:
            judged = Judged(LOOSENED if looser else TIGHTENED, "how long, and how often")
            was_text, now_text = (duration_text(whole_seconds(one)) for one in (old, new))
            yield change(name, was_text, now_text, judged)
    by = [frozenset(word.text for word in one.review_by) for one in (before, after)]
    if by[0] != by[1]:
        fewer = by[1] < by[0]
        judged = Judged(TIGHTENED if fewer else LOOSENED, "who reviews")
        yield change("review.by", ", ".join(sorted(by[0])), ", ".join(sorted(by[1])), judged)


def _of_assurance(before: EmergencyRules, after: EmergencyRules) -> Iterator[Change]:
    """A level of its own is in place of that of each tier: only up for all of them is tighter."""
    if before.assurance == after.assurance:
        return
    up = all(
        ASSURANCE_LEVELS.index(after.needs(tier)) >= ASSURANCE_LEVELS.index(before.needs(tier))
        for tier in Tier
    )
    was, now = (one.assurance or "that of the tier" for one in (before, after))
    judged = Judged(TIGHTENED if up else LOOSENED, "how surely people are signed in")
    yield changed(_SECTION, _SECTION, after.where)("assurance", was, now, judged)


def _allowed(rules: EmergencyRules) -> frozenset[str]:
    return frozenset(f"{one.entitlement} {word.text}" for one in rules.allow for word in one.people)

"""Policy test: each case held against what it expects, and which rules any case used."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from ticketgate.domain.evidence import Json
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.policy.policy_case import PLAYED, Case, CaseResult, Miss, held_against
from ticketgate.operations.trying.explain import Explanation, explain
from ticketgate.operations.trying.rehearsal import Rehearsal

Stage = Callable[[Case, Policy], AbstractContextManager[Rehearsal]]


def run_case(case: Case, policy: Policy, stage: Stage) -> CaseResult:
    """Look at the ticket; where the case needs it, play it on a rehearsal that `stage` gives."""
    found = explain(case.ticket, policy, case.snapshot, case.now)
    looks = tuple(one for one in case.expect if one.key not in PLAYED)
    missed = list(held_against(looks, _seen(found)))
    if case.is_played:
        missed += _played(case, policy, stage)
    return CaseResult(case, tuple(missed), frozenset(_touched(found)))


def _played(case: Case, policy: Policy, stage: Stage) -> list[Miss]:
    with stage(case, replace(policy, shadow=False)) as rehearsal:  # what it would do
        rehearsal.deliver(case.ticket)
        first = tuple(one for one in case.expect if one.key in PLAYED)
        missed = list(held_against(first, rehearsal.seen()))
        for move in case.moves:
            rehearsal.play(move)
            missed += held_against(move.expect, rehearsal.seen())
    return missed


def never_used(policy: Policy, results: Iterable[CaseResult]) -> Sequence[tuple[str, str, str]]:
    """(section, id, where) of every rule and entitlement that no case used."""
    used = {one for result in results for one in result.touched}
    return [one for one in elements(policy) if one[:2] not in used]


def elements(policy: Policy) -> list[tuple[str, str, str]]:
    """(section, id, where) of everything that a case should use; packs are tested on their own."""
    return [
        *(
            ("classify", one.id, one.where)
            for one in policy.classify
            if not one.where.startswith("packs/")
        ),
        *(("entitlements", one.id, one.where) for one in policy.entitlements),
        *(("approve", one.id, one.where) for one in policy.approve),
    ]


def _touched(found: Explanation) -> Iterable[tuple[str, str]]:
    yield from (("classify", one.rule) for one in found.classification.matched)
    for wish in found.wishes:
        yield "entitlements", wish.what.entitlement
        if wish.rule is not None:
            yield "approve", wish.rule.id


def _seen(found: Explanation) -> dict[str, Json]:
    """What a look at the ticket tells; of several entitlements, the first that is asked for."""
    what = found.classification
    wish = found.wishes[0] if found.wishes else None
    rule = None if wish is None else wish.rule
    blocked = {reason for one in found.wishes for reason in one.reasons}
    asked: dict[str, Json] = {}
    for stage, people in () if wish is None else wish.stages:
        asked[stage.name] = [*sorted(people)]
    return {
        "verdict": what.verdict.value,
        "kinds": [*sorted(what.kinds)],
        "tier": (what.tier if wish is None else wish.what.tier).word,
        "matched": [*sorted(one.rule for one in what.matched)],
        "blind": [*sorted(one.rule for one in what.blind)],
        "asks": [*sorted(one.what.entitlement for one in found.wishes if one.what.entitlement)],
        "blocked": [*sorted(blocked)],
        "approve_rule": "" if rule is None else rule.id,
        "seconds": 0 if wish is None else wish.what.seconds,
        "asked": asked,
    }

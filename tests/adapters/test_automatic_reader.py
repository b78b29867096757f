"""`automatic` of an approve rule: what is read, and what is refused."""

from pathlib import Path

import pytest
from tests.adapters.test_policy_file import GOOD, faults_of, load

from ticketgate.domain.policy.policy import Automatic
from ticketgate.domain.requests.automatic import NEVER_KINDS
from ticketgate.domain.requests.opening import BLOCKED_FOR_MAX

WHEN = "{ kind: credential.rotate, tier: [low, medium] }"
RULE = f"  - {{ id: rotate, when: {WHEN}, automatic: {{ because: agreed, max_per_day: 200 }} }}\n"
TEXT = GOOD.replace("limits:\n", RULE + "limits:\n")


def test_an_automatic_rule_has_no_stages_and_says_why_and_how_often(tmp_path: Path) -> None:
    rule = load(tmp_path, TEXT).approve[1]
    assert (rule.id, rule.stages, rule.never) == ("rotate", (), ())
    assert rule.automatic == Automatic("agreed", 200)
    assert (rule.decide_within, rule.where) == (BLOCKED_FOR_MAX, "policy.yaml:28")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("kind: credential.rotate, ", "", "needs `kind` in `when`"),
        (", tier: [low, medium]", "", "needs `tier` in `when`"),
        (WHEN, "{ any: [{ kind: leaver }, { tier: low }] }", "needs `kind` in `when`"),
        (WHEN, "{ none: { kind: leaver, tier: low } }", "needs `tier` in `when`"),
        ("tier: [low, medium]", "tier|exists: true", "tier takes no test"),
        ("because: agreed, ", "", "the key 'because' is missing"),
        ("because: agreed", 'because: " "', "is empty"),
        (", max_per_day: 200", "", "the key 'max_per_day' is missing"),
        ("200", "0", "max_per_day"),
        ("200", "100001", "max_per_day"),
        ("200", "200, until: never", "unknown key 'until'"),
        ("{ because: agreed, max_per_day: 200 }", "yes", "must be a mapping of keys"),
        ("id: rotate", "id: rotate, decide_within: 8h", "cannot stand beside `automatic`"),
        ("id: rotate", 'id: rotate, never: ["person:bob"]', "cannot stand beside `automatic`"),
        ("id: rotate", "id: rotate, mode: shadow", "'mode' "),
        ("id: rotate", "id: high", "is used twice"),
        ("kind: credential.rotate", "kind: nonsense", "nonsense"),
    ],
)  # fmt: skip
def test_what_an_automatic_rule_may_not_say_is_refused(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    assert RULE.count(old) == 1
    told = faults_of(tmp_path, GOOD.replace("limits:\n", RULE.replace(old, new) + "limits:\n"))
    assert any(fault in one for one in told), told


@pytest.mark.parametrize("kind", sorted(NEVER_KINDS))
def test_some_kinds_are_never_approved_without_a_person(tmp_path: Path, kind: str) -> None:
    text = TEXT.replace("kind: credential.rotate", f"kind: [leaver, {kind}]")
    (fault,) = faults_of(tmp_path, text)
    assert fault.endswith(f"the kind {kind!r} is never approved without a person")


def test_people_beside_a_rule_that_asks_nobody_are_refused(tmp_path: Path) -> None:
    text = GOOD.replace(
        "    decide_within: 8h\n", "    automatic: { because: x, max_per_day: 1 }\n"
    )
    told = faults_of(tmp_path, text)
    beside = [one for one in told if "cannot stand beside `automatic`" in one]
    assert len(beside) == 4  # stages, never, justification, assurance

"""What a new policy changes of emergency access, and which way it goes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.operations.emergencies import RULES, policy_with

from ticketgate.domain.changes.policy_diff import compare
from ticketgate.domain.policy.policy import Allowed, EmergencyRules, Word

HOURS = timedelta(hours=1)
FEWER = Allowed("prod-db-admin", (Word("person", "bob"),), "policy.yaml:90")


def directions(old: EmergencyRules | None, new: EmergencyRules | None) -> list[tuple[str, str]]:
    found = compare(policy_with(old), policy_with(new))
    return [(one.field or one.what, one.direction.value) for one in found]


def test_the_section_itself() -> None:
    assert directions(None, RULES) == [("added", "loosened")]
    assert directions(RULES, None) == [("removed", "tightened")]
    assert directions(RULES, replace(RULES, where="policy.yaml:99")) == []
    assert directions(None, None) == []


@pytest.mark.parametrize(
    ("field", "value", "told", "direction"),
    [
        ("hard_max", 3 * HOURS, "hard_max", "loosened"),
        ("hard_max", HOURS, "hard_max", "tightened"),
        ("cooldown", HOURS, "cooldown", "loosened"),
        ("cooldown", 24 * HOURS, "cooldown", "tightened"),
        ("review_within", 48 * HOURS, "review.within", "loosened"),
        ("review_within", HOURS, "review.within", "tightened"),
        ("backfill_within", 80 * HOURS, "backfill_within", "loosened"),
        ("backfill_within", HOURS, "backfill_within", "tightened"),
        ("assurance", "mail_code", "assurance", "loosened"),
        ("assurance", "oidc", "assurance", "loosened"),
        ("assurance", "oidc_step_up", "assurance", "tightened"),
        ("review_by", (Word("group", "sec-iam"),), "review.by", "tightened"),
        ("review_by", (Word("group", "sales"),), "review.by", "loosened"),
        ("allow", (*RULES.allow, FEWER), "allow", "loosened"),
        ("allow", (FEWER,), "allow", "loosened"),
    ],
)
def test_each_part(field: str, value: Any, told: str, direction: str) -> None:  # noqa: ANN401
    assert directions(RULES, replace(RULES, **{field: value})) == [(told, direction)]


def test_fewer_people_tighten() -> None:
    more = replace(RULES, allow=(*RULES.allow, FEWER))
    assert directions(more, RULES) == [("allow", "tightened")]

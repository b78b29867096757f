"""What a new policy changes for automations: whoever answers for more, or bounds less, loosens."""

from dataclasses import replace
from typing import Any

import pytest

from ticketgate.domain.changes.policy_diff import compare
from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.policy.policy import Automation, Policy, Word

FLOW = Automation(
    "flow", Clause("ticket.updated_by", "equals", ("svc-flow",), 1), Word("person", "carol"),
    frozenset({"access.grant", "mfa.reset"}), frozenset({"corp-scim"}), "policy.yaml:90", "a",
)  # fmt: skip
OLD = Policy("0" * 64, (), (), (), (), (FLOW,))


def told(old: Policy, new: Policy) -> list[tuple[str, str, str]]:
    found = compare(old, new)
    assert all(one.section == "automations" and one.reason for one in found)
    return [(one.what, one.field, one.direction.value) for one in found]


@pytest.mark.parametrize(
    ("changed", "direction"),
    [
        ({"may": frozenset({"access.grant"})}, "tightened"),
        ({"may": FLOW.may | {"leaver"}}, "loosened"),
        ({"may": frozenset({"leaver"})}, "loosened"),
        ({"targets": frozenset[str]()}, "tightened"),
        ({"targets": frozenset({"corp-ad"})}, "loosened"),
        ({"owner": Word("group", "sec-iam")}, "other"),
        ({"match": Clause("ticket.updated_by", "equals", ("svc-other",), 1)}, "loosened"),
    ],
)
def test_a_changed_automation_is_judged_by_field(changed: dict[str, Any], direction: str) -> None:
    (field,) = changed
    new = replace(OLD, automations=(replace(FLOW, **changed),))
    assert told(OLD, new) == [("changed", field, direction)]


def test_one_more_and_one_less_let_something_go() -> None:
    none = replace(OLD, automations=())
    assert told(none, OLD) == [("added", "", "loosened")]
    assert told(OLD, none) == [("removed", "", "loosened")]


def test_another_layout_is_no_difference() -> None:
    match = Clause("ticket.updated_by", "equals", ("svc-flow",), 9)
    moved = replace(FLOW, where="policy.yaml:7", match=match)
    assert told(OLD, replace(OLD, automations=(moved,))) == []

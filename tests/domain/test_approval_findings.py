"""Findings on a platform's own approvals: each from facts of the row, none without them."""

from dataclasses import replace
from typing import Any

import pytest
from tests.domain.cast import SNOW, directory, person

from ticketgate.domain.cases.exception_case import EXCEPTIONS
from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.policy.policy import Automation, Policy, Word
from ticketgate.domain.requests.approval_findings import Finding, Scene, findings_on
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.tickets.ticket import ApproverRow, Reference

PEOPLE = directory(
    person("alice"),
    person("bob"),
    person("carol"),
    person("frank", active=False),
    person("robot", kind="nhi"),
    replace(person("alice-admin"), aliases=frozenset({"alice"})),
)
FLOW = Automation(
    "flow", Clause("ticket.updated_by", "equals", ("svc-flow",), 1), Word("person", "carol"),
    frozenset({"access.grant"}), frozenset[str](), "policy.yaml:90", "a" * 64,
)  # fmt: skip
ACTS = replace(FLOW, id="bot", may=frozenset({"approval.act"}),
               match=Clause("ticket.updated_by", "equals", ("svc-bot",), 1))  # fmt: skip
BLIND = replace(FLOW, id="blind", match=Clause("ticket.category", "equals", ("x",), 1))
SCENE = Scene(
    Ground(Policy("d" * 64, (), (), (), (), (FLOW, ACTS, BLIND)), PEOPLE, frozenset({"svc-ours"})),
    frozenset({"alice"}), changed=False,
)  # fmt: skip
ROW = ApproverRow(SNOW, "row", 1, "t1", Reference("sys-bob", None), "approved", "sys-bob")


def found(scene: Scene = SCENE, **changes: Any) -> tuple[Finding, ...]:  # noqa: ANN401 -- any field
    return findings_on(replace(ROW, **changes), scene)


def codes(scene: Scene = SCENE, **changes: Any) -> list[str]:  # noqa: ANN401 -- as above
    told = [one.code for one in found(scene, **changes)]
    assert set(told) <= EXCEPTIONS.keys()
    return told


def test_a_person_who_was_asked_and_said_yes_is_no_finding() -> None:
    assert codes() == []
    assert codes(by_rule=True, by_mail=False, past_due=True, created_by="alice") == []


@pytest.mark.parametrize(
    ("approver", "expected"),
    [
        (Reference("sys-ghost", None), ["approver_unknown"]),
        (Reference("sys-frank", None), ["approver_inactive"]),
        (Reference("sys-alice", None), ["approver_set_by_requester"]),
        (Reference("sys-alice-admin", None), ["approver_set_by_requester"]),
        (Reference(None, "Bob Ng"), []),
        (Reference(None, None), []),
    ],
)
@pytest.mark.parametrize("state", ["requested", "rejected"])
def test_who_is_asked_is_held_against_the_directory(
    approver: Reference, expected: list[str], state: str
) -> None:
    asked = codes(approver=approver, state=state, updated_by="")
    assert asked == (expected if state == "requested" else [])


@pytest.mark.parametrize(
    ("by_rule", "created_by", "manual"),
    [
        (False, "carol", True),
        (False, "svc-mallory", True),
        (False, "system", False),
        (False, "svc-ours", False),
        (False, "Svc-Ours", False),
        (False, None, False),
        (True, "carol", False),
        (None, "carol", False),
    ],
)
def test_an_approver_added_by_hand_is_one_only_where_the_row_tells(
    by_rule: object, created_by: object, *, manual: bool
) -> None:
    told = codes(by_rule=by_rule, created_by=created_by)
    assert told == (["approver_manual"] if manual else [])


@pytest.mark.parametrize(("writer", "told"), [("sys-alice", True), ("sys-alice-admin", True),
                                              ("sys-carol", False), ("", False)])  # fmt: skip
def test_another_approver_named_by_who_asks_is_a_finding(writer: str, *, told: bool) -> None:
    changed = replace(SCENE, changed=True)
    expected = ["approver_set_by_requester"] if told else []
    assert codes(changed, state="requested", updated_by=writer) == expected
    assert codes(state="requested", updated_by=writer) == []


@pytest.mark.parametrize(
    ("writer", "expected"),
    [
        ("sys-carol", ["approved_by_another"]),
        ("sys-robot", ["approved_by_integration"]),
        ("svc-flow", ["approved_by_integration"]),
        ("svc-mallory", ["approved_by_integration"]),
        ("svc-bot", []),
        ("", []),
    ],
)
def test_who_writes_an_approval_is_the_approver(writer: str, expected: list[str]) -> None:
    assert codes(updated_by=writer) == expected
    assert codes(updated_by=writer, state="rejected") == []
    assert codes(updated_by=writer, approver=Reference(None, "Bob")) == []


@pytest.mark.parametrize(
    ("writer", "owner", "who"),
    [
        ("svc-flow", "person:carol", "an automation that may not"),
        ("sys-robot", "", "a machine"),
        ("svc-mallory", "", "nobody known"),
    ],
)
def test_a_machine_that_approves_is_told_to_its_owner(writer: str, owner: str, who: str) -> None:
    (finding,) = found(updated_by=writer)
    assert (finding.owner, finding.what) == (owner, f"the approval was written by {who}")


def test_an_answer_by_mail_is_one_whoever_it_is_booked_on() -> None:
    assert codes(by_mail=True) == ["approved_by_mail"]
    assert codes(updated_by="guest") == ["approved_by_mail"]
    assert codes(by_mail=True, state="requested") == []
    assert codes(by_mail=True, updated_by="sys-carol") == [
        "approved_by_mail", "approved_by_another",
    ]  # fmt: skip


def test_what_the_platform_approves_when_time_is_up_is_a_finding_of_its_own() -> None:
    assert codes(updated_by="system", past_due=True) == ["approved_by_timeout"]
    assert codes(updated_by="system", past_due=False) == ["approved_by_integration"]
    assert codes(updated_by="system") == ["approved_by_integration"]
    assert codes(updated_by="system", past_due=True, state="not_required") == []


def test_one_code_comes_once() -> None:
    scene = replace(SCENE, changed=True)
    mine = Reference("sys-alice", None)
    told = codes(scene, approver=mine, updated_by="sys-alice", state="requested")
    assert told == ["approver_set_by_requester"]

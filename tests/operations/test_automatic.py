"""A rule approves without a person: so often in a day, of its kinds only, and the log says so."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from tests.operations.emergencies import HOUR, faults_of, invoke, policy_with
from tests.operations.kit import Gate, folder
from tests.operations.rebuilt import compared
from tests.operations.tickets import REPORT_ITEM, access_ticket, closed
from tests.shipped import own_policy

from ticketgate.domain.matching.matcher import Clause, Group
from ticketgate.domain.policy.policy import ApproveRule, Automatic, Policy
from ticketgate.operations.people.freshness import SNAPSHOT_AGE_MAX
from ticketgate.operations.requests.automatic import can_go_on, rule_reasons

DAY: Final = 24 * HOUR
Records = list[dict[str, Any]]


def automatic_in(policy: Policy, most: int = 2, kind: str = "access.grant") -> Policy:
    """The policy with a rule before all others that approves low and medium access itself."""
    clauses = (Clause("kind", "equals", (kind,), 1), Clause("tier", "equals", ("low", "medium"), 1))
    like = policy.approve[-1]
    rule = ApproveRule(
        id="reports", when=Group("all", clauses, 1), stages=(), never=(),
        justification_chars_min=20, assurance=None, because="",
        decide_within=timedelta(days=7), where="policy.yaml:70", digest=like.digest[::-1],
        automatic=Automatic("reports show nothing of people", most),
    )  # fmt: skip
    return replace(policy, digest="f" * 64, approve=(rule, *policy.approve))


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as place:
        made = Gate(place, automatic_in(policy_with()))
        try:
            yield made
            assert compared(made) == []
            assert not made.verified().failing
        finally:
            made.stop()


def report(gate: Gate, ident: str = "t1", **more: Any) -> str:  # noqa: ANN401 -- any field of a ticket
    """Alice asks for sales reports, which are of a low tier."""
    return gate.deliver(access_ticket(ident, item=REPORT_ITEM, role="sales-reports", **more))


def test_a_rule_approves_without_a_person_and_its_record_says_why(gate: Gate) -> None:
    report(gate)
    gate.settle()
    assert (gate.states(), gate.grant_states()) == (["approved"], ["active"])
    assert gate.tokens("bob") == []
    (record,) = gate.records("request.approved")
    assert (record["from"], record["cause"], record["stages"]) == ("", "automatic", [])
    assert record["automatic"] == {
        "rule": "reports@policy.yaml:70",
        "digest": gate.policy.approve[0].digest,
        "because": "reports show nothing of people",
        "day": record["_ts"][:10],
        "count": 1,
        "max_per_day": 2,
    }
    assert gate.records("decision.recorded") == []


def test_beside_another_kind_and_at_another_tier_people_are_asked(gate: Gate) -> None:
    gate.deliver(access_ticket("t1"))  # privilege.elevate, high
    assert gate.states() == ["awaiting"]


def test_over_the_cap_of_a_day_a_request_waits_for_the_next_one(gate: Gate) -> None:
    for number in (1, 2, 3, 4):
        report(gate, f"t{number}")
    assert gate.states() == ["approved", "approved", "blocked", "blocked"]
    assert gate.requests()[2].reasons == ("daily_cap",)
    gate.tick(60)
    assert gate.states()[2:] == ["blocked", "blocked"]
    left = DAY - gate.clock.at.hour * HOUR - gate.clock.at.minute * 60
    gate.tick(left)
    assert gate.states() == ["approved"] * 4
    counts = [one["automatic"]["count"] for one in gate.records("request.approved")]
    assert counts == [1, 2, 1, 2]
    before = [one["from"] for one in gate.records("request.approved")]
    assert before == ["", "", "blocked", "blocked"]


def test_nobody_who_is_locked_gets_anything_by_a_rule(gate: Gate) -> None:
    invoke(gate, "alice")
    gate.settle()
    gate.tick(HOUR)
    gate.tick(2 * DAY)
    report(gate)
    assert gate.requests()[0].reasons == ("person_locked",)
    records = gate.records()
    said = {"rule": "reports@policy.yaml:70", "digest": "d", "because": "a lie", "count": 1}
    said |= {"day": records[-1]["_ts"][:10], "max_per_day": 2}
    lie = {"type": "request.approved", "from": "blocked", "to": "approved", "cause": "automatic"}
    (blocked,) = gate.records("request.blocked")
    records.append({**blocked, **lie, "_ts": records[-1]["_ts"], "stages": [], "automatic": said})
    ours, theirs = faults_of(records)
    assert ours == theirs == {len(records) - 1}


def test_a_directory_that_was_read_long_ago_approves_nothing(gate: Gate) -> None:
    gate.receive(access_ticket("t1", item=REPORT_ITEM, role="sales-reports"))
    old = gate.desk.snapshot()
    gate.clock.at += SNAPSHOT_AGE_MAX + timedelta(seconds=1)
    gate.deliveries.run(old)
    assert gate.requests()[0].reasons == ("directory_stale",)
    gate.tick(11)
    assert gate.states() == ["approved"]


def test_while_the_clock_is_disputed_a_rule_approves_nothing(gate: Gate) -> None:
    gate.clock.skew = timedelta(minutes=6)
    report(gate)
    gate.tick(11)
    assert gate.requests()[0].reasons == ("clock_disputed",)
    assert gate.grants() == []
    gate.clock.skew = timedelta(0)
    gate.tick(11)
    assert gate.states() == ["approved"]


def test_in_shadow_a_rule_approves_nothing_and_says_what_it_would_do() -> None:
    with folder() as place:
        gate = Gate(place, replace(automatic_in(own_policy()), shadow=True))
        report(gate)
        gate.settle()
        assert (gate.requests(), gate.grants()) == ([], [])
        (record,) = gate.records("ticket.classified")
        assert [one["approve_rule"] for one in record["would"]] == ["reports"]
        gate.stop()


def test_what_people_are_asked_about_becomes_a_rules_only_in_another_request(gate: Gate) -> None:
    staged = replace(gate.policy, digest="e" * 64, approve=gate.policy.approve[1:])
    gate.restart(staged)
    report(gate)
    gate.run_mail()
    assert gate.states() == ["awaiting"]
    gate.restart(automatic_in(policy_with()))
    gate.tick(1)
    report(gate, version=2, reason="sales figures of this month")
    assert gate.states() == ["withdrawn", "approved"]


def test_access_by_a_rule_ends_with_its_ticket_and_is_never_extended(gate: Gate) -> None:
    report(gate)
    gate.settle()
    ticket = access_ticket("t1", item=REPORT_ITEM, role="sales-reports")
    gate.deliver(closed(ticket))
    gate.settle()
    assert gate.grant_states() == ["revoked"]


def test_more_time_is_never_given_without_a_person(gate: Gate) -> None:
    report(gate)
    asks = replace(gate.requests()[0], extends="grt_1")
    with gate.db() as looking:
        now, snapshot = gate.clock.now(), gate.desk.snapshot()
        found = rule_reasons(looking, now, asks, gate.policy, snapshot)
    assert found == ("no_approve_rule",)


def test_what_waits_for_a_rule_that_is_gone_does_not_go_on_by_it(gate: Gate) -> None:
    for ident in ("t1", "t2", "t3"):
        report(gate, ident)
    with gate.db() as looking:
        tomorrow = gate.clock.now() + timedelta(days=1)
        assert can_go_on(looking, tomorrow, gate.policy) == [gate.requests()[2].id]
        assert can_go_on(looking, tomorrow, own_policy()) == []


def test_under_a_higher_cap_what_was_approved_today_still_counts(gate: Gate) -> None:
    for ident in ("t1", "t2", "t3"):
        report(gate, ident)
    gate.restart(automatic_in(policy_with(), most=3))
    gate.tick(1)
    assert gate.states() == ["approved", "approved", "approved"]
    assert [one["automatic"]["count"] for one in gate.records("request.approved")] == [1, 2, 3]


LIES: Final[dict[str, dict[str, Any]]] = {
    "no word of a rule": {"automatic": None},
    "another cause": {"cause": "decided"},
    "another rule": {"approve_rule": "other"},
    "another day": {"automatic": {"day": "2020-01-01"}},
    "no reason": {"automatic": {"because": ""}},
    "not counted": {"automatic": {"count": 0}},
    "more than the cap": {"automatic": {"count": 3}},
    "counted twice": {"automatic": {"count": 1}},
    "with stages": {"stages": [1]},
    "with links": {"links": [["lnk_1", "act_1"]]},
    "without a beneficiary": {"beneficiary": None},
    "an emergency": {"kinds": ["emergency.access"]},
    "of no kind": {"kinds": []},
    "more time": {"extends": "grt_1"},
    "for no time": {"seconds": 0},
}


@pytest.mark.parametrize("lie", LIES)
def test_both_verifiers_tell_an_approval_that_no_rule_can_have_given(gate: Gate, lie: str) -> None:
    report(gate, "t1")
    report(gate, "t2")
    records = gate.records()
    assert faults_of(deepcopy(records)) == (set(), set())
    last = [one for one in records if one["type"] == "request.approved"][-1]
    for name, value in LIES[lie].items():
        inner = isinstance(value, dict) and name == "automatic"
        last[name] = {**last[name], **value} if inner else value
    ours, theirs = faults_of(records)
    assert ours == theirs
    assert records.index(last) in ours

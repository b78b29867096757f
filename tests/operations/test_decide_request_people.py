"""Who may never decide, whatever link they hold, and who must be distinct."""

from dataclasses import replace

import pytest
from tests.operations.kit import WHY, Gate, code_of
from tests.operations.second_factor import keep_step_up
from tests.operations.tickets import access_ticket

from ticketgate.domain.policy.policy import Stage, Word


def sole(gate: Gate, person: str) -> None:
    """A policy under which this person is named by a stage, beside Dan."""
    rule = gate.policy.approve[0]
    stage = Stage("only", (Word("person", person), Word("person", "dan")), 1, ())
    gate.restart(replace(gate.policy, approve=(replace(rule, stages=(stage,)),)))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"active": False}, "approver_inactive"),
        ({"kind": "agent"}, "not_human"),
        ({"aliases": frozenset({"alice"})}, "alias_of_requester"),
        ({"manager": "alice"}, "separation_of_duties"),
    ],
)
def test_an_approver_is_looked_up_again_when_deciding(
    asked: Gate, change: dict[str, object], code: str
) -> None:
    """Without reload or restart: the directory is read for each decision."""
    asked.directory.change("bob", **change)
    assert code_of(asked.decide("bob")) == code
    assert asked.refusals() == [code]
    assert asked.states() == ["awaiting"]
    assert asked.records("directory.loaded")[-1]["_seq"] < asked.evidence_size()


def test_an_approver_who_is_gone_from_the_directory_is_refused(asked: Gate) -> None:
    gone = asked.directory.people["bob"]
    session = asked.session("bob")
    token = asked.tokens("bob")[-1]
    del asked.directory.people["bob"]
    outcome = asked.desk.decide(
        token,
        session,
        decision="approve",
        justification=WHY,
        seconds=None,
        shown=asked.shown(token),
    )
    assert code_of(outcome) == "approver_unknown"
    asked.directory.people["bob"] = gone
    assert code_of(asked.decide("bob")) == ""


def test_an_approver_whom_the_rule_names_no_more_is_refused(asked: Gate) -> None:
    asked.directory.change("alice", manager="carol")
    assert code_of(asked.decide("bob")) == "not_entitled"


@pytest.mark.parametrize("party", ["by", "beneficiary"])
def test_requester_and_beneficiary_get_no_link(gate: Gate, party: str) -> None:
    sole(gate, "alice")
    ticket = access_ticket() if party == "by" else access_ticket(by="erin")
    gate.deliver(ticket)
    gate.run_mail()
    assert gate.tokens("alice") == []
    assert gate.tokens("dan")


def test_the_requester_who_takes_over_a_link_gets_404_and_a_record(asked: Gate) -> None:
    token = asked.tokens("bob")[-1]
    assert code_of(asked.decide("alice", token=token)) == "not_found"
    assert asked.refusals() == ["self_approval"]


def test_another_persons_link_is_404_with_a_record(asked: Gate) -> None:
    token = asked.tokens("bob")[-1]
    assert code_of(asked.decide("mallory", token=token)) == "not_found"
    assert asked.refusals() == ["not_link_holder"]
    assert code_of(asked.decide("bob")) == ""


def test_an_unknown_link_is_404_without_a_record(asked: Gate) -> None:
    assert code_of(asked.decide("mallory", token="guess", shown="")) == "not_found"
    assert asked.refusals() == []


def test_an_alias_account_of_the_requester_gets_no_link(gate: Gate) -> None:
    """`alice-admin` is in sec-iam, which stage two names."""
    gate.deliver(access_ticket())
    gate.approve("bob")
    assert gate.tokens("alice-admin") == []
    assert gate.tokens("carol")


def test_nobody_decides_at_two_stages(gate: Gate) -> None:
    """Carol is Alice's manager now, and in sec-iam as well; Dan is left for stage two."""
    gate.directory.change("alice", manager="carol")
    gate.deliver(access_ticket())
    gate.approve("carol")
    assert len(gate.tokens("carol")) == 1
    gate.approve("dan")
    assert gate.states() == ["approved"]


def test_two_accounts_of_one_human_are_one_approver(gate: Gate) -> None:
    rule = gate.policy.approve[0]
    stage = replace(rule.stages[1], need=2)
    gate.restart(replace(gate.policy, approve=(replace(rule, stages=(stage,)),)))
    gate.deliver(access_ticket())
    gate.run_mail()
    gate.decide("carol")
    gate.directory.change("dan", aliases=frozenset({"carol"}))
    assert code_of(gate.decide("dan")) == "distinct_people"
    assert gate.states() == ["awaiting"]


def test_too_few_distinct_people_block_before_anybody_is_asked(gate: Gate) -> None:
    gate.directory.change("alice", manager="carol")
    gate.directory.change("dan", aliases=frozenset({"carol"}))
    gate.deliver(access_ticket())
    assert gate.requests()[0].reasons == ("unfillable",)
    gate.directory.change("alice", manager="bob")
    gate.tick()
    assert gate.states() == ["awaiting"]


def test_no_rule_for_a_request_blocks_it(gate: Gate) -> None:
    gate.restart(replace(gate.policy, approve=gate.policy.approve[1:]))
    gate.deliver(access_ticket())
    assert gate.requests()[0].reasons == ("no_approve_rule",)


def test_a_sign_in_below_the_rules_level_is_refused(gate: Gate) -> None:
    rule = replace(gate.policy.approve[0], assurance=None)
    gate.restart(replace(gate.policy, approve=(rule,)))
    gate.deliver(access_ticket())
    gate.run_mail()
    assert code_of(gate.decide("bob")) == "assurance"
    assert code_of(gate.decide("bob", method="oidc")) == "assurance"
    keep_step_up(gate, "bob", gate.shown(gate.tokens("bob")[-1]))
    assert code_of(gate.decide("bob", method="oidc")) == ""

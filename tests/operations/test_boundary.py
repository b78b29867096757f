"""What an automation asks outside its boundary, and what nobody answers for, waits for a person."""

from dataclasses import replace

import pytest
from tests.operations.kit import Gate
from tests.operations.lane import Lane
from tests.operations.tickets import ACCOUNTS, access_ticket, closed, edited, report_ticket

from ticketgate.connector_api import StateClass, Ticket
from ticketgate.domain.cases.exception_case import ExceptionCase
from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.policy.policy import Automation, Policy, Word

FLOW = Automation(
    "snow-flow", Clause("ticket.updated_by", "equals", ("svc-flow",), 1), Word("person", "carol"),
    frozenset({"access.grant"}), frozenset({"corp-scim"}), "policy.yaml:90", "f",
)  # fmt: skip


def owned(policy: Policy, *automations: Automation) -> Policy:
    return replace(policy, automations=(*policy.automations, *automations))


def exceptions(gate: Gate) -> list[ExceptionCase]:
    with gate.db() as looking:
        return looking.exceptions.listed(None, 100)


def wait(gate: Gate, ticket: Ticket) -> None:
    assert gate.deliver(ticket) == "uncertain"
    assert gate.requests() == []


def test_an_unknown_account_asks_nothing_and_is_told_of(gate: Gate) -> None:
    wait(gate, access_ticket(updated_by="svc-mallory"))
    (case,) = exceptions(gate)
    assert (case.code, case.owner) == ("automation_unowned", "")
    assert case.subject == "account svc-mallory of snow-prod"
    (record,) = gate.records("ticket.classified")
    assert (record["verdict"], record["boundary"]) == ("uncertain", ["automation_unowned"])
    assert case.about == record["id"]
    assert "mallory" not in str(gate.records())


def test_ten_tickets_of_one_account_are_one_exception(gate: Gate) -> None:
    for number in range(3):
        wait(gate, access_ticket(f"t{number}", updated_by="svc-mallory"))
    assert len(exceptions(gate)) == 1


def test_an_automation_within_its_boundary_asks_as_anybody(gate: Gate) -> None:
    gate.restart(owned(gate.policy, FLOW))
    assert gate.deliver(report_ticket(updated_by="svc-flow", version=0)) == "identity"
    assert gate.states() == ["awaiting"]
    assert exceptions(gate) == []


def test_outside_it_its_owner_is_named(gate: Gate) -> None:
    gate.restart(owned(gate.policy, FLOW))
    wait(gate, access_ticket(updated_by="svc-flow", version=0))
    (case,) = exceptions(gate)
    assert (case.code, case.subject) == ("automation_outside", "automation snow-flow")
    with gate.db() as looking:
        assert looking.people.subject(case.owner.removeprefix("person:")) == "carol"


def test_a_comment_afterwards_washes_nothing_clean(gate: Gate) -> None:
    """Neither the platform nor a person who only touches the ticket makes it ask."""
    ticket = access_ticket(updated_by="svc-mallory")
    wait(gate, ticket)
    touched = edited(ticket, "workflow")
    wait(gate, touched)
    wait(gate, edited(touched, "bob"))


def test_a_person_who_changes_what_is_asked_asks_it(gate: Gate) -> None:
    ticket = access_ticket(updated_by="svc-mallory", version=0)
    wait(gate, ticket)
    assert gate.deliver(edited(ticket, "alice", reason="it is I who asks")) == "identity"
    assert gate.states() == ["blocked"]  # the first writer may be anybody still
    assert gate.requests()[0].reasons == ("unknown_editor",)


def test_an_unknown_account_that_changes_nothing_stops_nothing(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    assert gate.deliver(edited(ticket, "svc-mallory")) == "identity"
    assert gate.states() == ["awaiting"]
    assert exceptions(gate) == []


def test_one_that_changes_what_is_asked_stops_the_request(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    changed = edited(ticket, "svc-mallory", reason="something else")
    assert gate.deliver(changed) == "uncertain"
    assert gate.states() == ["withdrawn"]


def test_once_somebody_answers_for_the_account_the_next_revision_asks(gate: Gate) -> None:
    ticket = access_ticket(updated_by="svc-late", version=0)
    wait(gate, ticket)
    late = replace(FLOW, id="late", match=Clause("ticket.updated_by", "equals", ("svc-late",), 1))
    gate.restart(owned(gate.policy, replace(late, may=frozenset({"privilege.elevate"}))))
    assert gate.deliver(edited(ticket, "workflow")) == "identity"
    assert gate.states() == ["awaiting"]


def test_an_unknown_account_takes_no_access_away_and_closes_as_anybody(active: Gate) -> None:
    ticket = edited(access_ticket(), "svc-mallory", short_description="seen")
    active.deliver(ticket)
    assert active.grant_states() == ["active"]
    active.deliver(replace(closed(ticket), updated_by="svc-mallory"))
    assert active.grant_states() == ["revoking"]


@pytest.mark.parametrize("by", ["alice", "svc-mallory"])
def test_a_ticket_that_is_none_of_ours_is_told_of_to_nobody(gate: Gate, by: str) -> None:
    ticket = access_ticket(item="A chair", role="none", updated_by=ACCOUNTS.get(by, by))
    assert gate.deliver(ticket) == "not_identity"
    assert exceptions(gate) == []


def test_a_closed_ticket_of_an_unknown_account_opens_nothing(gate: Gate) -> None:
    wait(gate, access_ticket(updated_by="svc-mallory", state=StateClass.CLOSED))
    assert gate.requests() == []


# --- and then a person says what it is --------------------------------------------------------


def test_a_person_lets_pass_what_an_unknown_account_asked(gate: Gate) -> None:
    ticket = access_ticket(updated_by="svc-mallory", version=0)
    wait(gate, ticket)
    lane = Lane(gate)
    (breach,) = lane.view().classification.breaches
    assert breach.code == "automation_unowned"
    assert lane.say(kinds=("privilege.elevate",), tier="high") == ""
    assert gate.requests()[0].reasons == ("unknown_editor",)
    gate.directory.change("svc-ticketgate", accounts={"snow-prod": ("SVC-Mallory",)})
    gate.tick()
    assert gate.states() == ["awaiting"]
    assert gate.deliver(edited(ticket, "svc-mallory")) == "identity"


def test_a_person_says_that_it_is_nothing(gate: Gate) -> None:
    ticket = access_ticket(updated_by="svc-mallory", version=0)
    wait(gate, ticket)
    lane = Lane(gate)
    assert lane.say(verdict="not_identity") == "second_word"
    assert lane.say("carol", verdict="not_identity") == ""
    assert gate.states() == []
    assert gate.deliver(edited(ticket, "svc-mallory")) == "not_identity"


def test_what_was_said_of_one_thing_lets_no_other_pass(gate: Gate) -> None:
    ticket = access_ticket(updated_by="svc-mallory", version=0)
    wait(gate, ticket)
    assert Lane(gate).say(kinds=("privilege.elevate",), tier="high") == ""
    assert gate.deliver(edited(ticket, "svc-mallory", reason="more of it")) == "uncertain"
    assert gate.states() == ["withdrawn"]

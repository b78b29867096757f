"""What an edit of a ticket does to its requests and grants: new rounds, void links, revocations."""

from dataclasses import replace

import pytest
from tests.operations.kit import OWN_USER, Gate
from tests.operations.tickets import access_ticket, account, closed, edited, moved, report_ticket

from ticketgate.connector_api import Missing, Reference, StateClass, Ticket
from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.people.directory import Person
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.operations.requests.open_request import LINKS_PER_RECORD


def only(gate: Gate) -> AccessRequest:
    (request,) = gate.requests()
    return request


def reasons(gate: Gate) -> tuple[str, ...]:
    """Why the newest request is blocked."""
    assert gate.states()[-1] == "blocked"
    return gate.requests()[-1].reasons


def test_a_stage_of_many_approvers_is_recorded_in_parts(asked: Gate) -> None:
    """1,100 links are too many for one entry."""
    for number in range(1100):
        name = f"sec-{number}"
        mail = f"{name}@example.com"
        groups = frozenset({"sec-iam"})
        asked.directory.people[name] = Person(name, name, mail, team="security", groups=groups)
    assert getattr(asked.decide("bob"), "state", "") == "awaiting"
    request = only(asked)
    (moved_,) = [one for one in asked.records("request.awaiting") if one["cause"] == "next_stage"]
    parts = asked.records("links.issued")
    assert {(one["request"], one["round"], one["stage"]) for one in parts} == {(request.id, 1, 2)}
    recorded = [pair[0] for one in (moved_, *parts) for pair in one["links"]]
    with asked.db() as looking:
        links = [one.id for one in looking.links.of_request(request.id) if one.stage == 2]
    assert len(links) > 1100
    assert sorted(recorded) == sorted(links)
    assert max(len(one["links"]) for one in parts) == LINKS_PER_RECORD


# --- edits before the decision ---------------------------------------------------------------


@pytest.mark.parametrize(
    "edit",
    [
        {"reason": "another reason"},
        {"catalog_item": Reference(None, "Elevated access, urgent")},
        {"opened_by": account("erin")},
    ],
)
def test_a_material_edit_opens_a_new_round_and_voids_the_links(
    gate: Gate, edit: dict[str, str | Reference]
) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.run_mail()
    old = gate.tokens("bob")[-1]
    before = only(gate)
    gate.deliver(edited(ticket, **edit))
    gate.run_mail()
    after = only(gate)
    assert (after.round, after.revision) == (2, 2)
    assert before.material != after.material
    assert getattr(gate.decide("bob", token=old), "code", "") == "ticket_changed"
    assert getattr(gate.decide("bob"), "state", "") == "awaiting"


def test_an_immaterial_edit_does_nothing(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.run_mail()
    gate.deliver(edited(ticket, "mallory", short_description="any news?"))
    assert only(gate).version == 1
    gate.approve("bob", "carol")
    assert gate.states() == ["approved"]


def test_our_own_comment_changes_nothing_even_for_a_rule_that_asks_who_wrote(gate: Gate) -> None:
    """The rule below would take the ticket out of what is known if it saw our user."""
    never = replace(
        gate.policy.approve[0], when=Clause("ticket.updated_by", "equals", (OWN_USER,), 1)
    )
    gate.restart(replace(gate.policy, approve=(never, *gate.policy.approve)))
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.run_mail()
    again = edited(ticket, OWN_USER)
    assert gate.deliver(again) == "identity"
    assert gate.deliver(edited(again, OWN_USER.upper())) == "identity"
    assert only(gate).version == 1
    assert getattr(gate.decide("bob"), "state", "") == "awaiting"


def test_our_own_edit_of_something_else_counts(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.deliver(edited(ticket, OWN_USER, reason="changed by us"))
    assert only(gate).round == 2
    assert OWN_USER in {party.subject for party in only(gate).parties}


def test_our_own_closing_closes(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.deliver(replace(closed(ticket), updated_by=OWN_USER))
    assert gate.states() == ["withdrawn"]


def test_a_material_edit_that_cannot_be_granted_blocks_a_request_of_its_own(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.deliver(replace(edited(ticket), state="99", state_class=StateClass.UNLISTED))
    assert gate.states() == ["withdrawn", "blocked"]
    assert reasons(gate) == ("ticket_state",)
    gate.deliver(replace(edited(edited(ticket)), state="2", state_class=StateClass.LIVE))
    assert gate.states() == ["withdrawn", "awaiting"]


def test_whoever_edited_what_is_asked_can_never_approve_it(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.deliver(edited(ticket, "carol", reason="quietly another reason"))
    gate.approve("bob")
    assert gate.tokens("carol") == []
    assert gate.tokens("dan")


def test_the_first_writer_is_barred_as_well_when_it_is_not_the_opener(gate: Gate) -> None:
    gate.deliver(access_ticket(updated_by="carol.adeyemi"))
    gate.approve("bob")
    assert gate.tokens("carol") == []


def test_a_material_edit_by_somebody_unknown_blocks(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.deliver(edited(ticket, "integration", reason="by a machine"))
    assert gate.states() == ["withdrawn", "blocked"]
    assert reasons(gate) == ("unknown_editor",)
    gate.directory.change("mallory", accounts={"snow-prod": ("integration",)})
    gate.tick()
    assert gate.states() == ["withdrawn", "awaiting"]
    assert "mallory" in {party.subject for party in gate.requests()[-1].parties}


def test_the_barred_editor_stays_barred_when_the_request_opens_anew(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.deliver(
        replace(edited(ticket, "carol", reason="hers"), variables={"role": "x", "duration": ""})
    )
    assert reasons(gate) == ("no_entitlement",)
    gate.deliver(edited(edited(ticket), "carol", reason="hers"))
    gate.approve("bob")
    assert gate.tokens("carol") == []


# --- after the decision ----------------------------------------------------------------------


def granted(gate: Gate, ticket: Ticket) -> Ticket:
    gate.deliver(ticket)
    gate.approve("bob", "carol")
    gate.settle()
    assert gate.members() == {"alice"}
    return ticket


def test_an_approved_ticket_that_passes_to_another_person_is_revoked_and_asked_anew(
    gate: Gate,
) -> None:
    ticket = granted(gate, access_ticket())
    gate.deliver(edited(ticket, requested_for=account("bob")))
    gate.settle()
    assert gate.members() == set()
    assert gate.states() == ["approved", "awaiting"]
    (grant,) = gate.grants()
    assert (grant.state.value, grant.cause) == ("revoked", "ticket_passed_on")


def test_passing_it_back_asks_anew_as_well(gate: Gate) -> None:
    ticket = granted(gate, access_ticket())
    passed = edited(ticket, requested_for=account("bob"))
    gate.deliver(passed)
    gate.settle()
    gate.approve("carol", "dan")
    gate.settle()
    assert gate.members() == {"bob"}
    gate.directory.change("alice", manager="carol")  # Bob was to have it, so he approves none of it
    gate.deliver(edited(passed, requested_for=account("alice")))
    gate.settle()
    assert gate.members() == set()
    assert gate.states() == ["approved", "approved", "awaiting"]
    assert gate.requests()[-1].beneficiary.subject == "alice"


def test_another_account_of_the_same_person_is_nobody_else(gate: Gate) -> None:
    ticket = granted(gate, access_ticket())
    gate.deliver(edited(ticket, requested_for=Reference("alice.moreau", None)))
    gate.settle()
    assert gate.members() == {"alice"}
    assert gate.states() == ["approved"]


def test_a_beneficiary_that_could_not_be_read_says_nothing(gate: Gate) -> None:
    ticket = granted(gate, access_ticket())
    gate.deliver(edited(ticket, requested_for=Missing.ABSENT))
    gate.deliver(edited(edited(ticket), requested_for=Reference(None, "Bob Ng")))
    gate.settle()
    assert gate.members() == {"alice"}


def test_a_ticket_that_binds_nobody_revokes_for_another_beneficiary(gate: Gate) -> None:
    ticket = granted(gate, access_ticket(bound_to="none"))
    gate.deliver(edited(ticket, requested_for=account("bob")))
    gate.settle()
    assert gate.members() == set()
    assert gate.grants()[0].cause == "unapproved"


def test_a_ticket_bound_to_its_assignee_follows_the_assignee(gate: Gate) -> None:
    ticket = granted(gate, access_ticket(bound_to="assignee", assignee=account("alice")))
    gate.deliver(edited(ticket, assignee=Reference("", "")))
    gate.settle()
    assert gate.members() == set()
    assert gate.grants()[0].cause == "ticket_passed_on"


def test_an_approved_ticket_that_asks_for_something_else_is_revoked_and_asked_anew(
    gate: Gate,
) -> None:
    ticket = granted(gate, access_ticket())
    other = replace(report_ticket("t1"), version=2)
    gate.deliver(other)
    gate.settle()
    assert gate.members() == set()
    assert gate.grants()[0].cause == "unapproved"
    assert [one.entitlement for one in gate.requests()] == ["prod-db-admin", "sales-reports"]
    assert ticket.key == other.key


def test_an_entitlement_that_could_not_be_read_takes_nothing_away(gate: Gate) -> None:
    ticket = granted(gate, access_ticket())
    gate.deliver(replace(edited(ticket), variables={"role": Missing.ABSENT, "duration": ""}))
    gate.settle()
    assert gate.members() == {"alice"}


def test_any_other_edit_after_the_approval_has_no_effect(gate: Gate) -> None:
    ticket = granted(gate, access_ticket())
    gate.deliver(edited(ticket, "mallory", reason="for ever, please"))
    gate.settle()
    assert (gate.states(), gate.members()) == (["approved"], {"alice"})


def test_a_denied_ticket_asks_again_only_with_other_material(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.run_mail()
    gate.decide("bob", "deny")
    gate.deliver(edited(ticket, short_description="why?"))
    assert gate.states() == ["denied"]
    gate.deliver(edited(edited(ticket), reason="a better reason"))
    assert gate.states() == ["denied", "awaiting"]


def test_what_was_denied_is_not_asked_again_by_a_detour(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.run_mail()
    gate.decide("bob", "deny")
    detour = edited(ticket, catalog_item=Missing.ABSENT)
    gate.deliver(detour)
    gate.deliver(replace(ticket, version=3))
    assert gate.states() == ["denied"]


@pytest.mark.parametrize("end", [StateClass.CLOSED, StateClass.CANCELLED])
def test_a_ticket_that_ends_takes_its_access_with_it(gate: Gate, end: StateClass) -> None:
    ticket = granted(gate, access_ticket())
    gate.deliver(moved(ticket, end))
    gate.settle()
    assert gate.members() == set()
    assert gate.grants()[0].cause == "ticket_closed"


def test_a_ticket_closed_before_provisioning_cancels_the_grant(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.approve("bob", "carol")
    gate.deliver(closed(ticket))
    gate.settle()
    assert gate.grant_states() == ["cancelled"]
    assert gate.target.called("grant") == []

"""An approval is taken back by who gave it, on its own page; what came of it ends."""

import pytest
from tests.operations.kit import WHY, Gate, code_of, log_of
from tests.operations.tickets import access_ticket, edited

from ticketgate.domain.errors import Refusal
from ticketgate.operations.deciding.link_view import LinkView
from ticketgate.operations.deciding.take_back import TakenBack

OOPS = "the change was called off an hour ago"


def back(gate: Gate, person: str, token: str | None = None, why: str = OOPS) -> str:
    """The code of the refusal; empty when it was taken back."""
    token = token or gate.tokens(person)[-1]
    said = gate.desk.take_back(token, gate.session(person), reason=why)
    assert isinstance(said, Refusal | TakenBack)
    return said.code if isinstance(said, Refusal) else ""


def seen(gate: Gate, person: str) -> LinkView:
    found = gate.look(person)
    assert isinstance(found, LinkView), found
    return found


@pytest.mark.parametrize("person", ["bob", "carol"])
def test_whoever_approved_takes_it_back_and_the_access_is_revoked(
    active: Gate, person: str
) -> None:
    assert seen(active, person).takeable
    assert back(active, person) == ""
    active.settle()
    assert log_of(active)[-2:] == [("revoking", "unapproved"), ("revoked", "unapproved")]
    assert active.members() == set()
    (said,) = active.records("decision.taken_back")
    (begun,) = active.records("revocation.begun")
    assert begun["by"] == said["approver"]
    assert OOPS not in str(said)
    view = seen(active, person)
    assert (view.takeable, view.given, view.state) == (False, "revoked", "approved")
    assert back(active, person) == "not_offered"


def test_what_is_planned_is_never_given(approved: Gate) -> None:
    assert back(approved, "carol") == ""
    approved.settle()
    assert log_of(approved) == [("planned", "approved"), ("cancelled", "unapproved")]
    assert approved.members() == set()
    approved.deliver(edited(access_ticket(), short_description="again"))
    assert approved.states() == ["approved"]


def test_before_the_request_is_approved_it_is_denied(asked: Gate) -> None:
    asked.approve("bob")
    assert seen(asked, "bob").takeable
    assert not seen(asked, "carol").takeable
    assert back(asked, "bob") == ""
    assert asked.states() == ["denied"]
    (record,) = asked.records("request.denied")
    assert record["cause"] == "taken_back"
    assert code_of(asked.decide("carol")) == "already_decided"
    assert asked.grants() == []
    assert back(asked, "bob") == "not_offered"
    asked.deliver(edited(access_ticket(), short_description="again"))
    assert asked.states() == ["denied"]


def test_nobody_takes_back_what_another_approved(active: Gate) -> None:
    token = active.tokens("bob")[-1]
    for person in ("alice", "mallory", "carol", "dan"):
        assert back(active, person, token) == "not_found"
    assert back(active, "bob", "no such token") == "not_found"
    assert active.members() == {"alice"}
    assert active.records("decision.taken_back") == []


def test_who_was_asked_and_said_nothing_has_nothing_to_take_back(asked: Gate) -> None:
    assert back(asked, "bob") == "not_offered"
    assert asked.states() == ["awaiting"]


def test_a_denial_is_not_taken_back(asked: Gate) -> None:
    asked.decide("bob", "deny")
    assert back(asked, "bob") == "not_offered"
    assert asked.states() == ["denied"]


def test_an_approval_of_an_earlier_round_is_none_any_more(asked: Gate) -> None:
    asked.approve("bob")
    token = asked.tokens("bob")[-1]
    asked.deliver(edited(access_ticket(), reason="another migration"))
    assert back(asked, "bob", token) == "not_offered"
    assert asked.states() == ["awaiting"]


def test_it_needs_a_reason_without_a_secret(active: Gate) -> None:
    assert back(active, "bob", why=" \n") == "justification"
    assert back(active, "bob", why="x" * 4001) == "justification"
    assert back(active, "bob", why=f"{WHY} pw: Summer2026!") == "secret_typed"
    assert active.members() == {"alice"}
    assert back(active, "bob", why="!! no") == ""


def test_who_is_not_active_any_more_takes_nothing_back(active: Gate) -> None:
    active.directory.leave("bob")
    assert back(active, "bob") == "approver_inactive"
    active.directory.unreadable = True
    assert back(active, "bob") == "directory_unreadable"
    active.directory.unreadable = False
    assert active.members() == {"alice"}
    assert back(active, "carol") == ""  # the control

"""What people do with their requests: withdraw, give back, and end what is blocked."""

import pytest
from tests.operations.kit import Gate, code_of, log_of, only
from tests.operations.own import WHY, Own
from tests.operations.tickets import access_ticket, edited

from ticketgate.domain.errors import Refusal
from ticketgate.ports import RequestFilter

OTHERS = ("bob", "carol", "mallory", "dan")


@pytest.fixture
def own(gate: Gate) -> Own:
    return Own(gate)


def blocked(gate: Gate) -> None:
    """A request of Alice's whose duration cannot be read."""
    gate.deliver(access_ticket(hours="forever"))
    assert gate.states() == ["blocked"]


def test_who_asks_withdraws_and_no_link_decides_any_more(asked: Gate) -> None:
    own = Own(asked)
    assert own.view().deeds == {"withdraw"}
    assert own.do("withdraw") == ""
    assert asked.states() == ["withdrawn"]
    (record,) = asked.records("request.withdrawn")
    assert (record["cause"], record["by"]) == ("requester", record["requester"])
    assert code_of(asked.decide("bob")) == "already_decided"
    assert own.view().deeds == frozenset()
    assert own.do("withdraw") == "not_offered"


def test_who_would_get_it_withdraws_what_another_asked(gate: Gate, own: Own) -> None:
    gate.deliver(access_ticket(by="frank", beneficiary="alice"))
    assert own.do("withdraw", "alice") == ""
    (record,) = gate.records("request.withdrawn")
    assert record["by"] == record["beneficiary"] != record["requester"]


@pytest.mark.parametrize("person", OTHERS)
def test_nobody_else_withdraws(asked: Gate, person: str) -> None:
    own = Own(asked)
    refused = {"dan": "not_offered"}.get(person, "not_found")
    assert own.do("withdraw", person) == refused
    assert asked.states() == ["awaiting"]
    assert own.do("withdraw") == ""  # the control


def test_what_was_withdrawn_is_not_asked_again_by_the_same_ticket(asked: Gate) -> None:
    own = Own(asked)
    ticket = access_ticket()
    assert own.do("withdraw") == ""
    asked.deliver(edited(ticket, short_description="still the same"))
    asked.tick(60)
    assert asked.states() == ["withdrawn"]
    asked.deliver(edited(edited(ticket), reason="the payments migration instead"))
    assert asked.states() == ["withdrawn", "awaiting"]


def test_a_planned_grant_is_cancelled_by_withdrawing(approved: Gate) -> None:
    own = Own(approved)
    assert own.view().deeds == {"withdraw"}
    assert own.do("withdraw") == ""
    approved.settle()
    assert log_of(approved) == [("planned", "approved"), ("cancelled", "withdrawn")]
    assert approved.members() == set()
    (record,) = approved.records("grant.cancelled")
    assert record["by"] == record["subject"]


def test_access_is_given_back_before_its_end(active: Gate) -> None:
    own = Own(active)
    assert own.view().deeds == {"return"}
    assert own.do("withdraw") == "not_offered"
    assert own.do("return") == ""
    active.settle()
    assert log_of(active)[-2:] == [("revoking", "returned"), ("revoked", "returned")]
    assert active.members() == set()
    (record,) = active.records("revocation.begun")
    assert record["by"] == record["subject"]
    assert own.do("return") == "not_offered"
    assert active.states() == ["approved"]


@pytest.mark.parametrize("person", OTHERS)
def test_nobody_else_gives_it_back(active: Gate, person: str) -> None:
    own = Own(active)
    refused = {"dan": "not_offered"}.get(person, "not_found")
    assert own.do("return", person) == refused
    assert active.members() == {"alice"}


def test_a_grant_of_another_request_is_not_given_back_on_this_page(active: Gate) -> None:
    own = Own(active)
    assert own.do("return", grant="grt_none") == "not_offered"
    assert active.members() == {"alice"}


def test_what_was_shared_is_released_when_it_is_given_back(active: Gate) -> None:
    active.deliver(access_ticket("t2"))
    active.approve("bob", "carol")
    active.settle()
    own = Own(active)
    assert own.do("return") == ""
    active.settle()
    assert active.grant_states() == ["active", "released_shared"]
    assert active.members() == {"alice"}


def test_a_blocked_request_is_denied_by_a_named_person_who_says_why(gate: Gate, own: Own) -> None:
    blocked(gate)
    assert own.view("erin").deeds == own.view("dan").deeds == {"deny"}
    assert own.do("deny", "erin", why="short") == "justification"
    assert own.do("deny", "erin", why=f"{WHY} pw: Summer2026!") == "secret_typed"
    assert own.do("deny", "erin", why=WHY) == ""
    assert gate.states() == ["denied"]
    (record,) = gate.records("request.denied")
    assert (record["from"], record["cause"], record["method"]) == (
        "blocked",
        "blocked",
        "mail_code",
    )
    assert WHY not in str(record)
    gate.deliver(edited(access_ticket(hours="forever"), short_description="more"))
    assert gate.states() == ["denied"]
    assert own.do("deny", "erin", why=WHY) == "not_offered"


def test_nobody_denies_their_own_or_without_the_role(gate: Gate, own: Own) -> None:
    blocked(gate)
    assert own.do("deny", "alice", why=WHY) == "own_ticket"  # she has the role
    assert own.do("deny", "bob", why=WHY) == "not_found"
    assert gate.states() == ["blocked"]
    gate.deliver(access_ticket("t2", by="carol", beneficiary="carol", hours="forever"))
    assert own.do("deny", "carol", why=WHY) == "not_attending"
    assert own.view("carol").deeds == {"withdraw"}


def test_what_awaits_its_approvers_is_not_denied_here(asked: Gate) -> None:
    own = Own(asked)
    assert own.view("erin").deeds == frozenset()
    assert own.do("deny", "erin", why=WHY) == "not_offered"
    assert asked.states() == ["awaiting"]


def test_a_word_on_what_is_shown_no_more_changes_nothing(asked: Gate) -> None:
    own = Own(asked)
    assert own.do("withdraw", shown="0" * 64) == "shown_changed"
    assert own.do("nothing") == "what"
    assert own.do("withdraw", ident="req_none", shown="") == "not_found"
    assert asked.states() == ["awaiting"]


def test_who_is_not_active_any_more_is_told_so(asked: Gate) -> None:
    own = Own(asked)
    shown = own.view().shown
    asked.directory.change("alice", active=False)
    assert own.do("withdraw", shown=shown) == "approver_inactive"
    for found in (
        own.console.requests("alice", RequestFilter()),
        own.desk.view(own.last(), "alice"),
    ):
        assert isinstance(found, Refusal)
        assert found.code == "approver_inactive"
    assert own.listed("bob") == []  # the control


def test_a_list_is_ones_own_and_by_role_what_is_open(asked: Gate) -> None:
    own = Own(asked)
    own_ident = own.last()
    asked.deliver(access_ticket("t2", by="carol", beneficiary="carol"))

    def seen(person: str) -> set[str]:
        return set(own.listed(person))

    assert seen("carol") == {own.last()}
    assert seen("dan") == {own_ident, own.last()}
    assert seen("mallory") == set()
    assert seen("alice") == {own_ident, own.last()}  # she has the role
    missing = own.desk.view("req_none", "alice")
    assert isinstance(missing, Refusal)
    assert missing.code == "not_found"
    hidden = own.desk.view(own.last(), "mallory")
    assert isinstance(hidden, Refusal)
    assert (hidden.code, hidden.reason) == (missing.code, missing.reason)


def test_without_a_directory_nothing_is_shown_or_done(asked: Gate) -> None:
    own = Own(asked)
    shown = own.view().shown
    asked.directory.unreadable = True
    assert own.do("withdraw", shown=shown) == "directory_unreadable"
    for found in (
        own.console.requests("alice", RequestFilter()),
        own.desk.view(own.last(), "alice"),
    ):
        assert isinstance(found, Refusal)
        assert found.code == "directory_unreadable"
    asked.directory.unreadable = False


def test_the_page_shows_where_the_access_stands(active: Gate) -> None:
    own = Own(active)
    (line,) = own.view().grants
    assert (line.id, line.state, line.returnable) == (only(active).id, "active", True)
    assert own.view("dan").grants[0].returnable is False

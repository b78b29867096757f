"""A link of an earlier round tells what was shown then, and nothing of what is asked now."""

from datetime import timedelta

import pytest
from tests.operations.kit import ORIGIN, Gate, code_of
from tests.operations.tickets import access_ticket, edited

from ticketgate.domain.errors import Refusal
from ticketgate.domain.tickets.access_window import NO_WINDOW
from ticketgate.operations.deciding import earlier_round
from ticketgate.operations.deciding.earlier_round import EarlierLink
from ticketgate.operations.deciding.link_view import LinkView
from ticketgate.operations.people.sign_in import secret_hash

TICKET = access_ticket(hours="3")


@pytest.fixture
def asked(gate: Gate) -> Gate:
    """Alice has asked for prod-db-admin for 3 h; Bob has his mail."""
    gate.deliver(TICKET)
    gate.run_mail()
    return gate


def seen(gate: Gate, person: str, token: str | None = None) -> LinkView:
    view = gate.look(person, token)
    assert isinstance(view, LinkView), view
    return view


def look_back(gate: Gate, person: str, token: str) -> EarlierLink:
    """The page of a link of an earlier round, which it must be."""
    view = gate.desk.open_link(token, person)
    assert isinstance(view, EarlierLink), view
    return view


def edit(gate: Gate, hours: str = "4", reason: str = "billing migration") -> None:
    gate.deliver(access_ticket(version=2, hours=hours, reason=reason))
    gate.run_mail()


def test_an_old_link_tells_the_decision_of_then_and_that_it_counts_no_more(asked: Gate) -> None:
    asked.decide("bob", seconds=1800)
    old = asked.tokens("bob")[-1]
    shown = asked.shown(old)
    edit(asked, hours="4", reason="something else")
    view = look_back(asked, "bob", old)
    decided = asked.records("decision.recorded")[0]
    assert (view.mine, view.seconds, view.by) == ("approve", 1800, "")
    assert (view.cause, view.state, view.shown) == ("material", "awaiting", shown)
    assert view.evidence == f"{ORIGIN}#{decided['_seq']}"
    assert view.decided_at is not None
    assert view.then is not None
    assert (view.then.seconds, view.then.reason) == (10_800, "billing migration")
    assert (view.then.requester, view.then.beneficiary) == ("Alice Moreau (alice)",) * 2
    assert (view.then.target, view.then.tier) == ("corp-scim", "high")
    assert view.then.window == NO_WINDOW
    new = asked.tokens("bob")[-1]
    assert new != old
    with asked.db() as looking:
        link = looking.links.by_token(secret_hash(new))
    assert link is not None
    assert view.anew == link.id


def test_nothing_of_what_is_asked_now_stands_on_an_old_link(asked: Gate) -> None:
    old = asked.tokens("bob")[-1]
    edit(asked, hours="4", reason="something else")
    view = look_back(asked, "bob", old)
    assert "something else" not in repr(view)
    assert "14400" not in repr(view)
    assert asked.shown(asked.tokens("bob")[-1]) not in repr(view)
    assert (view.mine, view.seconds, view.decided_at, view.evidence) == ("", 0, None, "")


def test_a_link_of_a_later_stage_shows_what_was_cut_then(asked: Gate) -> None:
    asked.approve("bob", seconds=60)
    old = asked.tokens("carol")[-1]
    edit(asked, hours="4")
    view = look_back(asked, "carol", old)
    assert view.then is not None
    assert view.then.seconds == 60
    assert view.anew == "", "Bob is asked first"


def test_the_new_link_shows_what_changed_since_its_holder_was_asked(asked: Gate) -> None:
    assert seen(asked, "bob").changed == ()
    edit(asked, hours="4", reason="something else")
    assert seen(asked, "bob").changed == (
        ("How long", "3 h", "4 h"),
        ("Why, in the words of the ticket", "billing migration", "something else"),
    )
    asked.approve("bob")
    assert seen(asked, "carol").changed == (), "she was not asked before"


def test_without_the_records_of_then_no_values_are_told(
    asked: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = asked.tokens("bob")[-1]
    edit(asked, hours="4")
    monkeypatch.setattr(earlier_round, "LOOKED_AT", 0)
    view = look_back(asked, "bob", old)
    assert (view.then, view.cause) == (None, "")
    assert seen(asked, "bob").changed == ()


def test_who_changed_the_ticket_is_promised_no_mail(asked: Gate) -> None:
    asked.approve("bob")
    carols, dans = asked.tokens("carol")[-1], asked.tokens("dan")[-1]
    asked.deliver(edited(TICKET, "carol", reason="something else"))
    asked.run_mail()
    asked.approve("bob")
    assert look_back(asked, "carol", carols).anew == ""
    assert look_back(asked, "dan", dans).anew != ""
    answers = [asked.decide(one, token=at) for one, at in (("carol", carols), ("dan", dans))]
    assert [code_of(one) for one in answers] == ["ticket_changed"] * 2
    said = [one.next_step for one in answers if isinstance(one, Refusal)]
    assert said[0].startswith("You are not asked again")
    assert said[1] == "A new mail shows what is asked now."


def test_the_approver_who_shortened_it_is_named(asked: Gate) -> None:
    asked.approve("bob", seconds=1800)
    view = seen(asked, "carol")
    assert (view.seconds, view.limit, view.cut_by) == (1800, 10_800, ("Bob Ng",))
    mine = seen(asked, "bob", asked.tokens("bob")[-1])
    assert (mine.mine, mine.mine_seconds) == ("approve", 1800)


def test_the_page_tells_what_holds_decisions_before_anybody_types(asked: Gate) -> None:
    assert seen(asked, "bob").hold is None
    unnamed = asked.receive(b"{", quarantine="surrogate")
    hold = seen(asked, "bob").hold
    assert hold is not None
    assert unnamed.delivery_id in hold.reason
    assert "does not tell its ticket" in hold.reason
    assert "role `triage`" in hold.next_step
    named = asked.receive(b"{", quarantine="surrogate", hint="t1")
    hold = seen(asked, "bob").hold
    assert hold is not None
    assert named.delivery_id in hold.reason
    assert hold.next_step.startswith("Save the ticket again on the platform")
    assert hold == asked.decide("bob")


def test_approvers_are_told_of_the_same_access_that_the_person_has(asked: Gate) -> None:
    assert seen(asked, "bob").has_already == ()
    asked.approve("bob")
    asked.approve("carol")
    asked.clock.at += timedelta(seconds=1)
    asked.deliver(access_ticket("t2", hours="1"))
    asked.run_mail()
    (grant,) = asked.grants()
    assert seen(asked, "bob").has_already == ((grant.id, grant.not_after),)

"""What stands in the lists of the console and on its first page, and for whom."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.operations.kit import Gate, folder
from tests.operations.own import Own
from tests.operations.tickets import access_ticket

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Draft
from ticketgate.domain.policy.policy import Word
from ticketgate.domain.requests.roles import AUDITOR
from ticketgate.operations.desks import console_desk
from ticketgate.operations.desks.console_desk import DeliveryPage, HeldPage, RequestPage
from ticketgate.operations.desks.console_home import Home, home
from ticketgate.ports import RequestFilter, Transaction

ANY = RequestFilter()


@pytest.fixture
def own() -> Iterator[Own]:
    """Alice's request waits for Bob; the mail has left."""
    with folder() as path:
        gate = Gate(path)
        try:
            gate.deliver(access_ticket())
            gate.run_mail()
            yield Own(gate)
        finally:
            gate.stop()


def first_page(own: Own, person: str) -> Home:
    found = home(own.console, person)
    assert isinstance(found, Home), found
    return found


def held(own: Own, person: str, behind: str = "") -> HeldPage:
    found = own.console.held(person, behind)
    assert isinstance(found, HeldPage), found
    return found


def requests(own: Own, person: str, who: str = "", behind: str = "") -> RequestPage:
    found = own.console.requests(person, ANY, who, behind)
    assert isinstance(found, RequestPage), found
    return found


def deliveries(own: Own, person: str, behind: str = "") -> DeliveryPage:
    found = own.console.deliveries(person, "", behind)
    assert isinstance(found, DeliveryPage), found
    return found


def to_decide(own: Own, person: str) -> list[str]:
    return [one.number for one in first_page(own, person).decide]


# --- the lists --------------------------------------------------------------------------------


def test_a_request_is_found_by_a_part_of_a_name_an_address_or_an_id(own: Own) -> None:
    for text in ("alice", "ALICE@example.com", "lic", " Alice "):
        assert len(requests(own, "dan", text).rows) == 1, text
    for text in ("bob", "nobody-of-that-name"):
        assert requests(own, "dan", text).rows == ()
    (row,) = requests(own, "dan").rows
    assert (row.number, row.state, row.mine, row.access) == ("RITM-t1", "awaiting", False, ())
    assert row.decide_by is not None


def test_who_has_no_role_finds_only_their_own_whatever_they_ask(own: Own) -> None:
    for text in ("", "alice"):
        assert requests(own, "mallory", text).rows == ()
    assert not requests(own, "mallory").everybodys
    assert own.gate.records("view.recorded") == []


def test_a_look_at_everybodys_is_recorded_once_an_hour(own: Own) -> None:
    for _ in range(2):
        requests(own, "dan")
        held(own, "dan")
        deliveries(own, "dan")
    seen = [one["request"] for one in own.gate.records("view.recorded")]
    assert seen == ["requests", "grants", "deliveries"]


def test_a_list_goes_on_where_it_ended(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    own.gate.deliver(access_ticket("t2"))
    monkeypatch.setattr(console_desk, "ROWS_MAX", 1)
    first = requests(own, "alice")
    assert [one.number for one in first.rows] == ["RITM-t2"]
    second = requests(own, "alice", behind=first.behind)
    assert ([one.number for one in second.rows], second.behind) == (["RITM-t1"], "")
    assert deliveries(own, "dan").behind == deliveries(own, "dan").rows[0].id


def test_access_is_listed_with_its_end_and_for_whom_it_is(own: Own) -> None:
    own.gate.approve("bob", "carol")
    assert held(own, "alice").rows == ()  # nothing was called for yet
    own.gate.settle()
    (row,) = held(own, "alice").rows
    assert (row.state, row.left_seconds, row.givable, row.emergency) == (
        "active",
        7200,
        True,
        False,
    )
    (seen,) = held(own, "dan").rows
    assert (seen.mine, seen.givable, seen.who) == (False, False, "Alice Moreau")
    assert held(own, "bob").rows == ()
    assert [word for word, _ in requests(own, "alice").rows[0].access] == ["active"]
    assert own.do("return") == ""
    assert [one.state for one in held(own, "alice").rows] == ["revoking"]
    assert not held(own, "alice").rows[0].givable
    own.gate.settle()
    assert held(own, "alice").rows == ()


def test_deliveries_are_for_operators_and_auditors(own: Own) -> None:
    own.gate.deliver(b"[1]", "msg-unreadable")
    page = deliveries(own, "dan")
    assert [one.state for one in page.rows] == ["quarantined", "processed"]
    assert not page.parked
    for person, code in {"erin": "not_operator", "mallory": "not_operator"}.items():
        refused = own.console.deliveries(person)
        assert isinstance(refused, Refusal)
        assert refused.code == code
    auditing = replace(own.console, roles={AUDITOR: (Word("person", "mallory"),)})
    assert isinstance(auditing.deliveries("mallory"), DeliveryPage)


def test_without_a_directory_or_a_person_nothing_is_listed(own: Own) -> None:
    own.gate.directory.change("mallory", active=False)
    own.gate.directory.unreadable = False
    for code in ("approver_inactive", "directory_unreadable"):
        own.gate.directory.unreadable = code == "directory_unreadable"
        for found in (
            own.console.requests("mallory", ANY),
            own.console.held("mallory"),
            home(own.console, "mallory"),
        ):
            assert isinstance(found, Refusal)
            assert found.code == code
    own.gate.directory.unreadable = False


# --- the first page ---------------------------------------------------------------------------


def test_what_waits_for_somebody_stands_there_without_the_link(own: Own) -> None:
    (one,) = first_page(own, "bob").decide
    assert (one.number, one.requester, one.mail) == ("RITM-t1", "Alice Moreau", "sent")
    assert one.address == own.gate.directory.people["bob"].mail
    assert one.left_seconds == 8 * 3600
    assert own.gate.tokens("bob")[-1] not in repr(one)
    assert first_page(own, "carol").decide == ()
    assert first_page(own, "mallory").decide == ()


def test_what_was_decided_is_gone_from_it(own: Own) -> None:
    own.gate.approve("bob")
    assert to_decide(own, "bob") == []
    assert to_decide(own, "carol") == ["RITM-t1"]


def test_whoever_may_not_decide_any_more_is_shown_nothing_of_it(own: Own) -> None:
    own.gate.directory.change("bob", aliases=frozenset({"alice"}))
    assert to_decide(own, "bob") == []


def test_past_its_time_nothing_waits_even_before_a_sweep(own: Own) -> None:
    own.gate.clock.at += timedelta(hours=8)
    assert to_decide(own, "bob") == []


def test_where_no_rule_is_left_nothing_waits(own: Own) -> None:
    policy = own.gate.policy
    short = [replace(one, stages=one.stages[:1]) for one in policy.approve]
    own.gate.approve("bob")
    for rules in (tuple(short), ()):
        changed = replace(policy, digest=str(len(rules)) * 64, approve=rules)
        desk = replace(own.console, policy=type(own.console.policy)(changed))
        found = home(desk, "carol")
        assert isinstance(found, Home)
        assert found.decide == ()


def test_how_the_mail_went_is_told(own: Own) -> None:
    own.gate.deliver(access_ticket("t2"))
    waits = {one.number: one.mail for one in first_page(own, "bob").decide}
    assert waits == {"RITM-t1": "sent", "RITM-t2": "waiting"}
    own.gate.post.faults = ["mail_refused"]
    own.gate.run_mail()
    waits = {one.number: one.mail for one in first_page(own, "bob").decide}
    assert waits == {"RITM-t1": "sent", "RITM-t2": "failed"}


def test_who_stands_in_sees_for_whom(own: Own) -> None:
    own.gate.directory.delegate("bob", "erin", own.gate.clock.at, 48)
    own.gate.deliver(access_ticket("t2"))
    found = [one for one in first_page(own, "erin").decide if one.number == "RITM-t2"]
    assert [one.on_behalf_of for one in found] == ["Bob Ng"]


def test_ones_own_open_requests_and_access_stand_there(own: Own) -> None:
    own.gate.approve("bob", "carol")
    own.gate.settle()
    own.gate.deliver(access_ticket("t2", hours="forever"))
    page = first_page(own, "alice")
    assert [one.number for one in page.requests] == ["RITM-t2"]
    assert [one.entitlement for one in page.held] == ["prod-db-admin"]


def test_the_lanes_are_counted_for_roles_alone(own: Own) -> None:
    own.gate.deliver(b"[1]", "msg-unreadable")
    page = first_page(own, "erin")
    assert page.counts is not None
    assert page.counts.quarantined == 1
    assert page.roles == {"triage"}
    assert first_page(own, "bob").counts is None


# --- the timeline -----------------------------------------------------------------------------


def test_the_timeline_tells_what_happened_in_order_and_by_whom(own: Own) -> None:
    own.gate.approve("bob", "carol")
    own.gate.settle()
    assert own.do("return") == ""
    own.gate.settle()
    steps = own.view().timeline
    assert [one.index for one in steps] == sorted(one.index for one in steps)
    said = [(one.type, one.by) for one in steps]
    assert said[0] == ("request.opened", "")
    assert ("decision.recorded", "Bob Ng") in said
    assert ("revocation.begun", "Alice Moreau") in said
    assert said[-1] == ("revocation.confirmed", "")
    begun = next(one for one in steps if one.type == "revocation.begun")
    assert begun.details == (("cause", "returned"),)
    assert all(one.words for one in steps)


def _append(tx: Transaction, _now: datetime, *, told: Draft) -> None:
    tx.append(told)


def test_what_was_told_of_a_request_stands_in_its_timeline(own: Own) -> None:
    (request,) = own.gate.requests()
    for what in ("comment", "outcome"):
        told = Draft("notification.sent", {"what": what, "about": request.id})
        own.gate.store.write(partial(_append, told=told))
    said = [one.words for one in own.view().timeline if one.type == "notification.sent"]
    assert said == ["A mail was sent", "The ticket was told of it", "A mail was sent"]


def test_looks_and_refusals_are_shown_to_roles_alone(own: Own) -> None:
    own.gate.deliver(access_ticket("t2", by="judy", beneficiary="judy"))
    roles = replace(own.desk, roles={"operator": (Word("person", "dan"),)})
    for person in ("alice", "dan"):
        found = roles.view(own.gate.requests()[0].id, person)
        assert not isinstance(found, Refusal), found
        types = {one.type for one in found.timeline}
        assert ("view.recorded" in types) == (person == "dan")


def test_a_decision_in_anothers_place_names_both(own: Own) -> None:
    own.gate.directory.delegate("bob", "erin", own.gate.clock.at, 48)
    own.gate.deliver(access_ticket("t2"))
    own.gate.approve("erin")
    steps = own.view().timeline
    (decided,) = [one for one in steps if one.type == "decision.recorded"]
    assert (decided.by, decided.on_behalf_of) == ("Erin Walsh", "Bob Ng")

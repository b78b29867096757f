"""Triage: a named person says what an uncertain ticket is, and that is all that follows."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.kit import OWN_USER, Gate, code_of
from tests.operations.lane import WHY, Lane, doubtful
from tests.operations.tickets import (
    access_ticket,
    closed,
    edited,
    moved,
    printer_incident,
)

from ticketgate.connector_api import Missing, StateClass
from ticketgate.domain.errors import Refusal, TicketgateError
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.tickets.identity_event import Tier
from ticketgate.operations.attending.triage import TriageForm
from ticketgate.operations.workers.sweep import revalidate_requests


@pytest.fixture
def lane(gate: Gate) -> Lane:
    return Lane(gate)


def test_an_uncertain_ticket_is_listed_with_the_rules_that_say_so(gate: Gate, lane: Lane) -> None:
    gate.deliver(doubtful())
    gate.clock.at += timedelta(hours=3)
    view = lane.view()
    assert (view.number, view.table, view.age_seconds) == ("INC-p1", "incident", 3 * 3600)
    assert [one.rule for one in view.rules] == ["looks-like-access"]
    assert any("access to" in one.clause for one in view.rules[0].clauses)
    assert ("short_description", "access to the new mailbox") in view.fields
    assert view.people == (("Alice Moreau (alice)", ("requester", "editor")),)


def test_the_oldest_come_first_and_what_is_certain_or_over_is_not_listed(
    gate: Gate, lane: Lane
) -> None:
    for ident in ("p1", "p2"):
        gate.deliver(doubtful(ident))
        gate.clock.at += timedelta(minutes=1)
    gate.deliver(printer_incident("p3"))
    gate.deliver(access_ticket("t1"))
    gate.deliver(doubtful("p4"))
    gate.deliver(closed(doubtful("p4")))
    assert [one.number for one in lane.listed()] == ["INC-p1", "INC-p2"]


def test_a_yes_opens_what_a_revision_that_was_classified_so_opens(gate: Gate, lane: Lane) -> None:
    gate.deliver(doubtful())
    assert gate.requests() == []
    assert lane.say(kinds=("delegation", "access.grant"), tier="high") == ""
    assert gate.states() == ["blocked"]
    (request,) = gate.requests()
    assert request.kinds == ("delegation", "access.grant")
    assert request.tier is Tier.HIGH
    assert "triage@revision 1" in request.rule_ids
    assert lane.verdicts()[-1] == ("uncertain", "identity", "triage")
    assert lane.listed() == ()


def test_a_request_opens_and_is_decided_as_ever_after_a_yes(gate: Gate, lane: Lane) -> None:
    policy = gate.policy
    doubtful_item = [
        replace(rule, verdict=rule.verdict.UNCERTAIN) if rule.id == "elevated-access-item" else rule
        for rule in policy.classify
    ]
    gate.restart(replace(policy, classify=tuple(doubtful_item)))
    lane = Lane(gate)
    gate.deliver(access_ticket(by="alice"))
    assert gate.states() == []
    assert lane.say(kinds=("privilege.elevate",), tier="high") == ""
    assert gate.states() == ["awaiting"]
    snapshot = gate.desk.snapshot()
    asked_again = partial(revalidate_requests, policy=gate.policy, snapshot=snapshot)
    assert gate.write(asked_again) == 0
    gate.approve("bob", "carol")
    assert gate.states() == ["approved"]


def test_a_yes_asks_nobody_for_whom_the_policy_does_not_let_have_it(gate: Gate, lane: Lane) -> None:
    """Role and entitlement are checked before anybody is asked, at whatever door."""
    gate.deliver(access_ticket(beneficiary="erin"))
    assert gate.requests()[0].reasons == ("not_requestable",)
    blind = {"catalog_item": Missing.ABSENT}
    gate.deliver(edited(access_ticket(beneficiary="erin"), **blind))
    lane.say(kinds=("privilege.elevate",), tier="high")
    gate.run_mail()
    assert "awaiting" not in gate.states()
    assert gate.post.to("bob@example.com") == []


def test_whoever_may_not_have_it_any_more_is_not_approved(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    gate.directory.change("alice", groups=frozenset())
    assert code_of(gate.decide("bob")) in {"rules_changed", "request_blocked", "ticket_changed"}
    assert gate.states() == ["withdrawn", "blocked"]
    assert gate.requests()[-1].reasons == ("not_requestable",)


def test_a_no_withdraws_what_was_asked_and_opens_nothing(gate: Gate, lane: Lane) -> None:
    ticket = access_ticket(by="alice")
    gate.deliver(ticket)
    assert gate.states() == ["awaiting"]
    blind = replace(ticket, version=2, fields={**ticket.fields, "catalog_item": Missing.ABSENT})
    gate.deliver(blind)
    assert gate.states() == ["withdrawn"]
    assert lane.say(verdict="not_identity") == ""
    assert lane.verdicts()[-1] == ("uncertain", "not_identity", "triage")
    assert gate.states() == ["withdrawn"]


def test_the_record_has_person_rules_and_revision_and_hides_the_reason(
    gate: Gate, lane: Lane
) -> None:
    gate.deliver(doubtful())
    assert lane.say() == ""
    record = gate.records("ticket.classified")[-1]
    assert record["revision"] == 1
    assert [one.partition("@")[0] for one in record["rules"]] == ["looks-like-access", "triage"]
    assert record["person"] in {one["actor"] for one in gate.records("actor.minted")}
    assert record["method"] == "mail_code"
    assert len(record["sd"]) == 2
    assert WHY not in str(gate.records())


@pytest.mark.parametrize("who", ["alice", "alice-admin"])
def test_nobody_triages_what_they_opened(gate: Gate, lane: Lane, who: str) -> None:
    gate.deliver(doubtful())
    assert lane.say(who) == "own_ticket"
    assert lane.view(who).barred is not None
    assert lane.view("bob").barred is None


def test_nor_what_they_get_or_wrote(gate: Gate, lane: Lane) -> None:
    first = doubtful()
    gate.deliver(first)
    gate.deliver(edited(first, "bob", description="for Bob, access to it"))
    assert lane.say("bob") == "own_ticket"
    assert lane.say("carol") == ""


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"person": "erin"}, "not_triage"),
        ({"person": "svc-ticketgate"}, "not_human"),
        ({"person": "mallory"}, "not_triage"),
        ({"verdict": "perhaps"}, "verdict"),
        ({"kinds": ()}, "kinds"),
        ({"kinds": ("delegation", "joy")}, "kinds"),
        ({"tier": "low"}, "tier"),
        ({"tier": "huge"}, "tier"),
        ({"why": "because. I. say..."}, "justification"),
        ({"why": "ä" * 4001}, "justification"),
        ({"verdict": "not_identity", "why": ""}, "justification"),
    ],
)
def test_what_is_refused_records_nothing(
    gate: Gate, lane: Lane, change: dict[str, str], code: str
) -> None:
    gate.deliver(doubtful())
    view = lane.view()
    size = gate.evidence_size()
    assert lane.say(**{"view": view, **change}) == code  # type: ignore[arg-type]
    assert gate.evidence_size() == size
    assert gate.requests() == []


def test_a_word_about_what_was_changed_since_has_no_effect(gate: Gate, lane: Lane) -> None:
    gate.deliver(doubtful())
    view = lane.view()
    gate.deliver(edited(doubtful(), description="and access to the vault"))
    assert lane.say(view=view) == "ticket_changed"
    assert lane.say() == ""
    assert lane.say(view=view) == "ticket_changed"


def test_nobody_says_anything_of_a_ticket_that_is_over_or_unknown(gate: Gate, lane: Lane) -> None:
    gate.deliver(doubtful())
    view = lane.view()
    assert lane.say(view=replace(view, id="tkt_none")) == "not_found"
    gate.deliver(closed(doubtful()))
    assert lane.say(view=view) == "ticket_changed"
    assert isinstance(lane.desk.view(view.id, "bob"), Refusal)
    assert isinstance(lane.desk.view("tkt_none", "bob"), Refusal)


def test_while_a_change_waits_nobody_says_anything(gate: Gate, lane: Lane) -> None:
    gate.deliver(doubtful())
    view = lane.view()
    gate.receive(edited(doubtful()), hint="p1")
    assert lane.say(view=view) == "ticket_backlog"
    assert lane.view().waits is not None


def test_a_yes_cannot_be_told_as_no_where_the_rules_in_force_say_yes(
    gate: Gate, lane: Lane
) -> None:
    lax = replace(gate.policy, classify=gate.policy.classify[3:])
    strict = gate.policy
    ticket = printer_incident(category="access", short_description="access to the mailbox")
    gate.restart(lax)
    gate.deliver(ticket)
    gate.restart(strict)
    lane = Lane(gate)
    assert lane.say(verdict="not_identity") == "rules_changed"
    assert lane.say(kinds=("access.grant",)) == ""


@pytest.mark.parametrize("verdict", ["identity", "not_identity"])
def test_a_word_holds_while_what_the_rules_see_is_the_same(
    gate: Gate, lane: Lane, verdict: str
) -> None:
    gate.deliver(doubtful())
    assert lane.say(verdict=verdict) == ""
    later = moved(doubtful(), StateClass.LIVE)
    assert gate.deliver(later) == verdict
    assert gate.deliver(edited(later, "carol")) == verdict
    assert lane.listed() == ()


@pytest.mark.parametrize("verdict", ["identity", "not_identity"])
def test_it_ends_with_the_first_revision_that_says_something_else(
    gate: Gate, lane: Lane, verdict: str
) -> None:
    first = doubtful()
    gate.deliver(first)
    assert lane.say(verdict=verdict) == ""
    second = edited(first, description="and the vault")
    assert gate.deliver(second) == "uncertain"
    assert gate.deliver(edited(second, description="")) == "uncertain"
    assert len(lane.listed()) == 1


@pytest.mark.parametrize(
    ("verdict", "then"), [("identity", "identity"), ("not_identity", "uncertain")]
)
def test_a_no_about_what_could_not_be_read_is_of_that_revision_alone(
    gate: Gate, lane: Lane, verdict: str, then: str
) -> None:
    """A reply that nobody here can read may ask for anything."""
    whole = doubtful()
    unread = replace(whole, fields={**whole.fields, "description": Missing.ABSENT})
    gate.deliver(unread)
    assert lane.say(verdict=verdict) == ""
    assert gate.deliver(moved(unread, StateClass.LIVE)) == then


def test_it_ends_when_other_rules_match(gate: Gate, lane: Lane) -> None:
    gate.deliver(doubtful())
    assert lane.say() == ""
    assert "uncertain" not in gate.requests()[0].reasons
    others = tuple(replace(rule, digest=f"other {rule.digest}") for rule in gate.policy.classify)
    gate.restart(replace(gate.policy, classify=others))
    gate.write(partial(revalidate_requests, policy=gate.policy, snapshot=gate.desk.snapshot()))
    assert "uncertain" in gate.requests()[0].reasons
    assert lane.verdicts()[-1] == ("identity", "uncertain", "rules")
    assert len(Lane(gate).listed()) == 1


def test_an_identity_event_that_the_rules_doubt_is_in_triage_until_they_do_not(gate: Gate) -> None:
    gate.deliver(access_ticket())
    strict = gate.policy
    doubtful_item = [
        replace(rule, verdict=rule.verdict.UNCERTAIN) if rule.id == "elevated-access-item" else rule
        for rule in strict.classify
    ]

    def under(policy: Policy) -> Lane:
        gate.restart(policy)
        again = partial(revalidate_requests, policy=policy, snapshot=gate.desk.snapshot())
        gate.write(again)
        gate.write(again)
        return Lane(gate)

    lane = under(replace(strict, classify=tuple(doubtful_item)))
    assert gate.states()[-1] == "blocked"
    assert len(lane.listed()) == 1
    lane = under(strict)
    assert gate.states()[-1] == "awaiting"
    assert lane.listed() == ()
    assert lane.verdicts()[1:] == [
        ("identity", "uncertain", "rules"),
        ("uncertain", "identity", "rules"),
    ]
    lane = under(replace(strict, classify=tuple(doubtful_item)))
    assert lane.say("carol", kinds=("privilege.elevate",), tier="high") == ""
    assert gate.states()[-1] == "awaiting"


def test_our_own_writer_does_not_end_it(gate: Gate, lane: Lane) -> None:
    gate.deliver(doubtful())
    assert lane.say() == ""
    assert gate.deliver(replace(edited(doubtful()), updated_by=OWN_USER)) == "identity"


def test_a_closing_is_a_closing_after_triage(gate: Gate, lane: Lane) -> None:
    gate.deliver(doubtful())
    assert lane.say() == ""
    gate.deliver(closed(doubtful()))
    assert gate.states() == ["withdrawn"]


def test_a_look_is_recorded_once_an_hour_and_changes_nothing_else(gate: Gate, lane: Lane) -> None:
    gate.deliver(doubtful())
    size = gate.evidence_size()
    for _ in range(3):
        lane.view()
    fresh = gate.records()[size:]
    assert {one["type"] for one in fresh} <= {"view.recorded", "actor.minted"}
    assert [one["request"] for one in fresh if one["type"] == "view.recorded"] == [
        "triage",
        lane.listed()[0].id,
    ]


def test_who_has_not_the_role_sees_nothing(gate: Gate, lane: Lane) -> None:
    gate.deliver(doubtful())
    ident = lane.listed()[0].id
    for found in (lane.desk.listed("erin"), lane.desk.view(ident, "erin")):
        assert isinstance(found, Refusal)
        assert found.code == "not_triage"


def test_without_a_readable_directory_nothing_is_shown_or_said(gate: Gate, lane: Lane) -> None:
    gate.deliver(doubtful())
    view = lane.view()
    gate.directory.unreadable = True
    listed = lane.desk.listed("bob")
    assert isinstance(listed, Refusal)
    assert listed.code == "directory_unreadable"
    assert lane.say(view=view) == "directory_unreadable"


def test_a_directory_that_is_not_the_newest_decides_nothing(gate: Gate, lane: Lane) -> None:
    gate.deliver(doubtful())
    view = lane.view()
    old = gate.desk.snapshot()
    stale = replace(lane.desk, snapshot=lambda *_: old)
    gate.clock.at += timedelta(minutes=2)
    form = TriageForm("identity", ("delegation",), "medium", WHY, view.shown)
    said = stale.say(view.id, gate.session("bob"), form)
    assert isinstance(said, Refusal)
    assert said.code == "directory_stale"


def test_a_store_that_cannot_write_is_a_refusal(gate: Gate, lane: Lane) -> None:
    gate.deliver(doubtful())
    view = lane.view()

    def fail() -> None:
        raise TicketgateError("the disk is full", code="store_unavailable")

    gate.before_commit = fail
    assert lane.say(view=view) == "store_unavailable"
    gate.before_commit = lambda: None

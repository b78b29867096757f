"""Whose hand is in a ticket: nobody says of their own that it is nothing, nor of what may be."""

from dataclasses import replace
from functools import partial

import pytest
from tests.operations.kit import OWN_USER, Gate
from tests.operations.lane import WHY, Lane, doubtful
from tests.operations.test_boundary import FLOW, owned
from tests.operations.tickets import ACCOUNTS, access_ticket, account, edited

from ticketgate.connector_api import Missing, Reference, Ticket, Value
from ticketgate.domain.cases.exception_case import ExceptionCase
from ticketgate.domain.log.retention import Retention
from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.policy.policy import Policy
from ticketgate.operations.cases import exceptions
from ticketgate.operations.evidence.erase import Eraser, What
from ticketgate.operations.workers.sweep import revalidate_requests


@pytest.fixture
def lane(gate: Gate) -> Lane:
    return Lane(gate)


def also(gate: Gate, person: str, *names: str) -> None:
    """The directory lists these user names of a person too."""
    known = gate.directory.people[person]
    held = (*known.accounts["snow-prod"], *names)
    gate.directory.change(person, accounts={**known.accounts, "snow-prod": held})


def second_words(gate: Gate) -> list[ExceptionCase]:
    with gate.db() as looking:
        found = looking.exceptions.listed(None, 100)
    return [one for one in found if one.code == "second_word"]


def uncertain_item(policy: Policy) -> Policy:
    """The policy with a rule that only doubts what the access item is."""
    rules = [
        replace(rule, verdict=rule.verdict.UNCERTAIN) if rule.id == "elevated-access-item" else rule
        for rule in policy.classify
    ]
    return replace(policy, classify=tuple(rules))


@pytest.mark.parametrize("spelling", ["Carol.Adeyemi", "CAROL.ADEYEMI", "carol.adeyemi"])
def test_a_writer_is_known_in_any_spelling_of_their_name(gate: Gate, spelling: str) -> None:
    also(gate, "carol", "carol.adeyemi")
    gate.restart(uncertain_item(gate.policy))
    lane = Lane(gate)
    gate.deliver(access_ticket(version=0, updated_by=spelling))
    assert lane.say("carol") == "own_ticket"
    assert lane.say("carol", "not_identity") == "own_ticket"
    assert lane.say("bob", kinds=("privilege.elevate",), tier="high") == ""
    gate.run_mail()
    assert gate.states() == ["awaiting"]
    assert any(one.party.subject == "carol" for one in gate.requests()[0].shapers)


def test_a_yes_of_a_strangers_ticket_stays_blocked_until_they_are_known(
    gate: Gate, lane: Lane
) -> None:
    assert gate.deliver(access_ticket(version=0, updated_by="carol2")) == "uncertain"
    assert lane.say("carol", kinds=("privilege.elevate",), tier="high") == ""
    assert gate.states() == ["blocked"]
    assert gate.requests()[0].reasons == ("unknown_editor",)
    also(gate, "carol", "Carol2")
    gate.tick()
    gate.run_mail()
    assert gate.states() == ["awaiting"]  # the account is known now, and hers: she decides nothing
    gate.approve("bob")
    assert (gate.tokens("carol"), len(gate.tokens("dan"))) == ([], 1)


def test_an_account_that_two_people_may_mean_is_each_ones_own(gate: Gate, lane: Lane) -> None:
    also(gate, "bob", "desk")
    also(gate, "carol", "DESK")
    gate.deliver(replace(doubtful(), updated_by="Desk"))
    assert lane.say("bob", "not_identity") == "own_ticket"
    assert lane.say("carol", "not_identity") == "own_ticket"
    assert lane.say("dan", "not_identity") == "second_word"


def test_an_account_that_was_anothers_by_mistake_is_its_holders_own(gate: Gate) -> None:
    also(gate, "alice", "desk")
    gate.deliver(replace(doubtful(), updated_by="desk"))
    lane = Lane(gate)
    assert lane.view("carol").barred is None  # the control: it is only Alice's as far as is known
    known = gate.directory.people["alice"].accounts
    gate.directory.change("alice", accounts={**known, "snow-prod": (ACCOUNTS["alice"],)})
    also(gate, "carol", "desk")
    assert lane.say("carol") == "own_ticket"
    assert lane.say("dan") == ""


def test_whom_a_ticket_is_assigned_to_judges_it_not(gate: Gate, lane: Lane) -> None:
    ticket = doubtful()
    gate.deliver(replace(ticket, fields={**ticket.fields, "assignee": account("bob")}))
    assert lane.say("bob", view=lane.view("carol")) == "own_ticket"
    barred = lane.view("bob").barred
    assert barred is not None
    assert "assignee" in barred.reason
    assert lane.say("carol", "not_identity") == ""


def told(**fields: Value | Missing) -> Ticket:
    """A doubtful ticket of Alice's whose people are told so."""
    ticket = doubtful()
    return replace(ticket, fields={**ticket.fields, **fields})


UNDECLARED = replace(
    doubtful(), fields={n: one for n, one in doubtful().fields.items() if n != "opened_by"}
)
UNKNOWN = {
    "an opener by an id that nobody has": (
        told(opened_by=Reference("f" * 32, "Carol Adeyemi")),
        f"requester: account {'f' * 32}",
    ),
    "a bare name": (
        told(opened_by=Reference(None, "Carol Adeyemi")),
        "requester: Carol Adeyemi, by name alone",
    ),
    "a name beside an empty id": (
        told(opened_by=Reference("", "carol.adeyemi")),
        "requester: carol.adeyemi, by name alone",
    ),
    "no opener": (told(opened_by=Missing.ABSENT), "requester: not told"),
    "an empty opener": (told(opened_by=Reference("", "")), "requester: not told"),
    "a platform that declares none": (UNDECLARED, "requester: not told"),
    "a beneficiary by a bare name": (
        told(requested_for=Reference(None, "Carol Adeyemi")),
        "beneficiary: Carol Adeyemi, by name alone",
    ),
    "a stranger whom it is assigned to": (
        told(assignee=Reference("f" * 32, "Carol Adeyemi")),
        f"assignee: account {'f' * 32}",
    ),
    "somebody by a bare name whom it is assigned to": (
        told(assignee=Reference(None, "Carol Adeyemi")),
        "assignee: Carol Adeyemi, by name alone",
    ),
    "a stranger who wrote it": (
        replace(doubtful(), updated_by="carol2"),
        "editor: account carol2",
    ),
}


@pytest.mark.parametrize(("ticket", "hand"), UNKNOWN.values(), ids=UNKNOWN)
def test_where_it_cannot_be_told_whose_it_is_two_people_must_call_it_nothing(
    gate: Gate, lane: Lane, ticket: Ticket, hand: str
) -> None:
    assert gate.deliver(ticket) == "uncertain"
    view = lane.view("carol")
    assert view.unknown == (hand,)
    assert not view.said_once
    assert lane.say("carol", "not_identity") == "second_word"
    assert lane.view("carol").said_once
    assert lane.say("carol", "not_identity") == "second_word"
    (case,) = second_words(gate)
    assert case.state.value == "opened"
    assert WHY not in str(gate.records())
    assert lane.verdicts()[-1][1] == "uncertain"
    assert lane.say("bob", "not_identity") == ""
    assert lane.verdicts()[-1] == ("uncertain", "not_identity", "triage")
    (case,) = second_words(gate)
    assert case.state.value == "resolved"


@pytest.mark.parametrize("assignee", [Missing.ABSENT, Reference("", ""), account("dan")])
def test_where_all_are_known_one_person_does(
    gate: Gate, lane: Lane, assignee: Value | Missing
) -> None:
    """The control: who has a hand in it is known, and no second word is asked for."""
    gate.deliver(told(requested_for=account("alice"), assignee=assignee))
    assert lane.view("carol").unknown == ()
    assert lane.say("carol", "not_identity") == ""
    assert second_words(gate) == []


@pytest.mark.parametrize("writer", [OWN_USER, OWN_USER.upper(), "svc-flow", "SVC-Flow"])
def test_nor_where_somebody_answers_for_the_account(gate: Gate, writer: str) -> None:
    gate.restart(owned(gate.policy, FLOW))
    gate.deliver(replace(doubtful(), updated_by=writer))
    lane = Lane(gate)
    assert lane.view("carol").unknown == ()
    assert lane.say("carol", "not_identity") == ""


@pytest.mark.parametrize(
    ("writer", "breaches", "code"),
    [
        (OWN_USER, [], "rules_changed"),
        (OWN_USER.upper(), [], "rules_changed"),
        ("svc-mallory", ["automation_unowned"], "second_word"),  # the control
    ],
)
def test_rules_that_say_yes_by_now_of_what_we_wrote_ourselves_outweigh_a_no(
    gate: Gate, writer: str, breaches: list[str], code: str
) -> None:
    policy = gate.policy
    gate.directory.change("svc-ticketgate", accounts={})  # known by `own_users` alone
    gate.restart(uncertain_item(policy))
    assert gate.deliver(access_ticket(version=0, updated_by=writer)) == "uncertain"
    gate.restart(policy)
    lane = Lane(gate)
    assert [one.code for one in lane.view("carol").classification.breaches] == breaches
    assert lane.say("carol", "not_identity") == code


def test_an_automation_that_may_have_written_it_answers_for_nobody(gate: Gate) -> None:
    unread = Clause("ticket.category", "equals", ("flow",), 1)
    gate.restart(owned(gate.policy, replace(FLOW, match=unread)))
    ticket = replace(doubtful(), updated_by="svc-flow")
    gate.deliver(replace(ticket, fields={**ticket.fields, "category": Missing.ABSENT}))
    assert Lane(gate).view("carol").unknown == ("editor: account svc-flow",)


def test_an_earlier_stranger_is_not_forgotten(gate: Gate, lane: Lane) -> None:
    ticket = replace(doubtful(), updated_by="carol2")
    gate.deliver(ticket)
    gate.deliver(edited(ticket, "alice", description="access to it"))
    assert lane.view("carol").unknown == ("editor: account carol2",)


def test_a_first_word_is_about_the_revision_that_was_shown(gate: Gate, lane: Lane) -> None:
    ticket = replace(doubtful(), updated_by="carol2")
    gate.deliver(ticket)
    assert lane.say("carol", "not_identity") == "second_word"
    gate.deliver(edited(ticket, description="access to something else"))
    assert not lane.view("bob").said_once
    assert lane.say("bob", "not_identity") == "second_word"
    assert lane.say("carol", "not_identity") == ""


def test_two_accounts_of_one_human_are_no_two_people(gate: Gate, lane: Lane) -> None:
    gate.directory.change("dan", aliases=frozenset({"carol"}))
    gate.deliver(replace(doubtful(), updated_by="carol2"))
    assert lane.say("carol", "not_identity") == "second_word"
    assert lane.say("dan", "not_identity") == "second_word"
    assert lane.say("bob", "not_identity") == ""


def test_a_first_word_of_somebody_who_might_not_say_it_now_does_not_count(
    gate: Gate, lane: Lane
) -> None:
    gate.deliver(replace(doubtful(), updated_by="carol2", version=5))
    assert lane.say("carol", "not_identity") == "second_word"
    gate.directory.change("carol", active=False)
    assert lane.say("bob", "not_identity") == "second_word"  # and is the first word from now on
    gate.directory.change("carol", active=True)
    also(gate, "bob", "carol2")
    also(gate, "erin", "carol2")
    assert lane.say("carol", "not_identity") == "second_word"  # it is Bob's own, perhaps


def states(gate: Gate) -> list[str]:
    """How each first word stands, the oldest first."""
    return [case.state.value for case in reversed(second_words(gate))]


def voided(gate: Gate) -> list[str]:
    """Who closed each that was closed, and why."""
    found = gate.records("exception.resolved")
    return [one["cause"] + (" by somebody" if one["person"] else "") for one in found]


def test_a_first_word_that_does_not_count_any_more_gives_way_to_the_next(
    gate: Gate, lane: Lane
) -> None:
    gate.deliver(replace(doubtful(), updated_by="carol2"))
    assert lane.say("carol", "not_identity") == "second_word"
    gate.directory.change("carol", active=False)
    assert lane.say("bob", "not_identity") == "second_word"
    assert (states(gate), voided(gate)) == (["resolved", "opened"], ["void"])
    assert lane.say("bob", "not_identity") == "second_word"  # the control: his own stays
    assert states(gate) == ["resolved", "opened"]
    assert lane.say("dan", "not_identity") == ""
    assert voided(gate) == ["void", "resolved by somebody"]
    assert lane.verdicts()[-1] == ("uncertain", "not_identity", "triage")


def test_a_first_word_of_somebody_who_was_erased_holds_nobody_up(gate: Gate, lane: Lane) -> None:
    gate.deliver(replace(doubtful(), updated_by="carol2"))
    assert lane.say("carol", "not_identity") == "second_word"
    eraser = Eraser(gate.store, Retention(), gate.clock.now)
    eraser.erase(What(person="carol"), "os:0@host", "asked for")
    assert lane.say("bob", "not_identity") == "second_word"
    assert lane.say("dan", "not_identity") == ""


def test_a_first_word_is_void_with_another_revision(gate: Gate, lane: Lane) -> None:
    ticket = replace(doubtful(), updated_by="carol2")
    gate.deliver(ticket)
    assert lane.say("carol", "not_identity") == "second_word"
    gate.deliver(ticket)  # the control: this is the same revision
    assert states(gate) == ["opened"]
    gate.deliver(edited(ticket, description="access to something else"))
    assert (states(gate), voided(gate)) == (["resolved"], ["void"])


def test_a_first_word_is_void_once_somebody_says_yes(gate: Gate, lane: Lane) -> None:
    gate.deliver(replace(doubtful(), updated_by="carol2"))
    assert lane.say("carol", "not_identity") == "second_word"
    assert lane.say("bob") == ""
    assert (states(gate), voided(gate)) == (["resolved"], ["void"])


def test_a_first_word_is_void_once_the_rules_can_tell(gate: Gate) -> None:
    gate.deliver(access_ticket(requested_for=Reference(None, "Carol Adeyemi")))
    sure = gate.policy

    def under(policy: Policy) -> None:
        gate.restart(policy)
        gate.write(partial(revalidate_requests, policy=policy, snapshot=gate.desk.snapshot()))

    under(uncertain_item(sure))
    assert Lane(gate).say("dan", "not_identity") == "second_word"
    under(gate.policy)
    assert states(gate) == ["opened"]  # the control: the rules in force still cannot tell
    under(sure)
    assert (states(gate), voided(gate)) == (["resolved"], ["void"])


def test_a_word_that_is_not_kept_is_told_so(
    gate: Gate, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.deliver(replace(doubtful(), updated_by="carol2"))
    monkeypatch.setattr(exceptions, "OPEN_MAX", 0)
    before = len(gate.records())
    assert lane.say("carol", "not_identity") == "second_words_full"
    assert second_words(gate) == []
    kinds = {one["type"] for one in gate.records()[before:]}
    assert not kinds & {"exception.opened", "ticket.classified"}
    monkeypatch.setattr(exceptions, "OPEN_MAX", 1)
    assert lane.say("carol", "not_identity") == "second_word"
    assert (
        lane.say("carol", "not_identity") == "second_word"
    )  # hers is kept already: nothing to add
    gate.directory.change("carol", active=False)
    assert lane.say("bob", "not_identity") == "second_word"  # in the place of one that is void
    assert lane.say("dan", "not_identity") == ""


def test_who_said_it_first_cannot_resolve_that_somebody_must_agree(gate: Gate, lane: Lane) -> None:
    gate.deliver(replace(told(opened_by=Missing.ABSENT)))
    assert lane.say("carol", "not_identity") == "second_word"
    assert lane.attend("resolve", "carol", view=lane.excepted("bob")) == "own_exception"
    assert lane.attend("resolve", "bob") == ""
    assert lane.say("bob", "not_identity") == "second_word"  # the first word went with it


def test_a_yes_needs_nobody_else(gate: Gate, lane: Lane) -> None:
    gate.deliver(told(opened_by=Missing.ABSENT))
    assert lane.say("carol") == ""
    assert "unknown_requester" in gate.requests()[0].reasons
    assert second_words(gate) == []


def test_what_is_assigned_to_somebody_they_leave_parked(gate: Gate, lane: Lane) -> None:
    """The desk of quarantine asks the same question of what a parked body says."""
    gate.deliver(access_ticket())
    assigned = access_ticket(reason="another", assignee=Reference(ACCOUNTS["bob"], "Bob Ng"))
    gate.deliver(assigned)
    assert lane.judge("dismiss", view=lane.parked("carol")) == "own_ticket"
    assert lane.judge("dismiss", "carol") == ""

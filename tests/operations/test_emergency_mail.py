"""Whom mails tell of an emergency, its overdue review and its outcome; no link leads to a 404."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from tests.operations.emergencies import (
    desk_of,
    form_of,
    invoke,
    policy_with,
    review,
)
from tests.operations.fakes import Mail
from tests.operations.kit import Gate, folder
from tests.operations.test_abandon import Office
from tests.operations.test_emergency_lock import RULES_WITHIN, unreviewed

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.errors import Refusal
from ticketgate.domain.grants.command import CommandKind
from ticketgate.operations.emergencies.review_emergency import declare_unreviewed

PEOPLE = ("alice", "bob", "carol", "dan", "erin")


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as place:
        made = Gate(place, policy_with())
        try:
            yield made
        finally:
            made.stop()


def letters(gate: Gate, person: str, about: str = "") -> list[Mail]:
    """The mails to a person whose subject has these words, once all are sent."""
    kinds = (CommandKind.MAIL_OUTCOME, CommandKind.MAIL_NOTICE)
    for command in gate.due(*kinds):
        gate.mailer.run(command, gate.desk.snapshot())
    sent = gate.post.to(gate.directory.people[person].mail)
    return [one for one in sent if about in one.subject]


def page_of(emergency: Emergency) -> str:
    return f"https://gate.example.com/console/emergency/{emergency.id}"


def test_who_is_locked_is_told_at_once_what_until_when_and_who_can_end_it(gate: Gate) -> None:
    begun = unreviewed(gate)
    gate.keeper.step()
    (mail,) = letters(gate, "bob", "You are locked until an emergency is reviewed")
    due = f"{gate.clock.at:%Y-%m-%d %H:%M} UTC"
    for body in (mail.text, mail.html):
        for words in (f"reviewed by {due}, and was not", "Until it is, you are locked", "Carol"):
            assert words in body
        assert "Bob" not in body.partition("reviewed by:")[2].partition("\n")[0]
        assert page_of(begun) in body
    assert letters(gate, "bob", "is overdue") == []
    gate.tick(5)
    assert len(letters(gate, "bob", "locked")) == 1
    assert gate.verified().failing == ()


def test_reviewers_are_told_that_it_is_overdue_and_nobody_else(gate: Gate) -> None:
    begun = unreviewed(gate)
    gate.keeper.step()
    about = "The review of an emergency is overdue"
    told = {one for one in PEOPLE if letters(gate, one, about)}
    assert told == {"carol", "dan"}
    (mail,) = letters(gate, "carol", about)
    assert "the person whose emergency it was is locked" in mail.text
    assert page_of(begun) in mail.text


def test_an_overdue_drill_is_told_and_locks_nobody(gate: Gate) -> None:
    invoke(gate, form=form_of(gate, "bob", drill=True))
    gate.clock.at += RULES_WITHIN
    gate.keeper.step()
    assert letters(gate, "bob", "locked") == []
    (mail,) = letters(gate, "bob", "is overdue")
    assert "The drill of an emergency" in mail.text
    assert "locked" not in mail.text + letters(gate, "carol", "is overdue")[0].text


def test_without_a_directory_the_person_alone_is_told(gate: Gate) -> None:
    unreviewed(gate)
    assert gate.write(partial(declare_unreviewed, ground=None)) == 1
    assert len(letters(gate, "bob", "locked")) == 1
    assert letters(gate, "carol", "is overdue") == []


def test_while_the_directory_cannot_be_read_the_lock_does_not_wait(gate: Gate) -> None:
    unreviewed(gate)
    gate.directory.unreadable = True
    gate.keeper.step()
    assert len(gate.records("review.overdue")) == 1
    gate.directory.unreadable = False
    assert len(letters(gate, "bob", "locked")) == 1
    assert letters(gate, "carol", "is overdue") == []


def test_where_nobody_can_review_the_locked_are_sent_to_an_operator(gate: Gate) -> None:
    unreviewed(gate)
    gate.keeper.step()
    gate.restart(policy_with(None))
    (mail,) = letters(gate, "bob", "locked")
    assert "nobody now: tell an operator" in mail.text


def test_of_many_reviewers_the_first_are_named(gate: Gate) -> None:
    unreviewed(gate)
    gate.keeper.step()
    for number in range(9):
        carol = gate.directory.people["carol"]
        gate.directory.people[f"zoe{number}"] = replace(
            carol, id=f"zoe{number}", name=f"Zoe {number}", aliases=frozenset()
        )
    (mail,) = letters(gate, "bob", "locked")
    assert "Zoe 1 and 7 more" in mail.text


@pytest.mark.parametrize("outcome", ["justified", "unjustified", "incomplete"])
def test_whose_emergency_it_was_hears_what_the_review_found(gate: Gate, outcome: str) -> None:
    begun = unreviewed(gate)
    assert isinstance(review(gate, begun, outcome=outcome), Emergency)
    (mail,) = letters(gate, "bob", "An emergency was reviewed")
    assert f"What the review found: {outcome}." in mail.text
    assert "taken away now" not in mail.text
    assert page_of(begun) in mail.text
    assert letters(gate, "carol", "was reviewed") == []


def test_a_review_that_ends_the_access_says_so(gate: Gate) -> None:
    begun = invoke(gate)
    gate.settle()
    review(gate, begun, outcome="unjustified")
    (mail,) = letters(gate, "bob", "An emergency was reviewed")
    assert "The access is being taken away now." in mail.text


def test_every_mail_of_an_emergency_links_just_what_its_reader_is_shown(gate: Gate) -> None:
    begun, links = invoke(gate), {}
    gate.settle()
    for person in PEOPLE:
        for mail in letters(gate, person, "EMERGENCY"):
            opened = desk_of(gate).view(begun.id, gate.session(person))
            links[person] = page_of(begun) in mail.text
            assert links[person] == (not isinstance(opened, Refusal)), person
            assert (page_of(begun) in mail.html) == links[person]
    assert {True, False} <= set(links.values())
    (mail,) = letters(gate, "erin", "EMERGENCY")
    assert "https://gate.example.com/console/grants" in mail.text
    assert "end the access" in mail.text
    (mail,) = letters(gate, "carol", "EMERGENCY")
    assert "Read why, and review it" in mail.text
    (mail,) = letters(gate, "bob", "EMERGENCY")
    assert "Read what is on record of it" in mail.text


def test_an_operator_is_sent_nowhere_to_end_a_drill(gate: Gate) -> None:
    invoke(gate, form=form_of(gate, "bob", drill=True))
    (mail,) = letters(gate, "erin", "DRILL")
    assert "/console" not in mail.text
    assert "only its reviewers may read" in mail.text


def test_who_audits_may_read_the_page_and_whose_manager_may_not(gate: Gate) -> None:
    auditing = {"auditor": gate.mailer.roles["operator"]}
    gate.mailer = replace(gate.mailer, roles=auditing)
    person = gate.directory.people["bob"]
    gate.directory.people["bob"] = replace(person, manager="alice")
    begun = invoke(gate)
    assert page_of(begun) in letters(gate, "erin", "EMERGENCY")[0].text
    assert "/console" not in letters(gate, "alice", "EMERGENCY")[0].text


def test_giving_up_a_revocation_is_told_to_who_may_have_the_access_still(active: Gate) -> None:
    active.target.down = True
    active.tick(7200)
    active.tick(61)
    office = Office(active)
    assert [office.say(one) for one in ("dan", "erin")] == ["", ""]
    (mail,) = letters(active, "alice", "removing access was given up")
    assert "it may still stand" in mail.text
    assert "Do not use what may be left of it." in mail.text

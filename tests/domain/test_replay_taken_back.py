"""Replay: what was taken back counts no more, and what came of it ends."""

import pytest
from tests.domain.story import Story

from ticketgate.domain.evidence import Json
from ticketgate.domain.log.machines import NEW

STANDS = "an approval is taken back that does not stand"
GIVEN = "access is given, and an approval of it was taken back"
STANDING = "its approval was taken back, and nothing began to end it"
END = "2026-11-22T03:40:04.000000Z"


def back(story: Story, approver: Json = "bob", **fields: Json) -> None:
    story.tell("decision.taken_back", request="request_1", approver=approver, **fields)


def given(story: Story) -> None:
    story.grant("planned", "provisioning", not_after=END, baseline=False)


def test_what_is_taken_back_before_the_approval_is_a_denial() -> None:
    story = Story()
    story.ask()
    story.decide("bob")
    back(story)
    story.ask("approved", "awaiting")
    assert story.faults == [(3, "approved after a denial")]


def test_a_request_is_denied_by_it() -> None:
    story = Story()
    story.ask()
    story.decide("bob")
    back(story)
    story.ask("denied", "awaiting")
    assert story.faults == []


@pytest.mark.parametrize("approver", ["carol", None, ["bob"]])
def test_only_an_approval_that_stands_is_taken_back(approver: Json) -> None:
    awaiting, approved = Story(), Story()
    awaiting.ask()
    awaiting.decide("bob")
    back(awaiting, approver)
    assert awaiting.faults == [(2, STANDS)]
    approved.approved()
    back(approved, approver)
    assert approved.faults == [(3, STANDS)]


@pytest.mark.parametrize("request_id", ["request_2", None, ["request_1"]])
def test_it_is_about_a_request_that_was_asked(request_id: Json) -> None:
    story = Story()
    story.approved()
    story.tell("decision.taken_back", request=request_id, approver="bob")
    assert story.faults == [(3, STANDS)]


def test_an_approval_of_an_earlier_round_does_not_stand() -> None:
    story = Story()
    story.ask()
    story.decide("bob")
    story.ask("awaiting", "awaiting", round=2, material="m2")
    back(story)
    assert story.faults == [(3, STANDS)]


def test_nothing_is_given_behind_it() -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned")
    back(story)
    given(story)
    assert story.faults == [(5, GIVEN)]


def test_it_is_taken_back_once() -> None:
    story = Story()
    story.approved()
    back(story)
    back(story)
    assert story.faults == [(4, STANDS)]


@pytest.mark.parametrize("after", ["planned", "provisioning", "revoking"])
def test_what_came_of_it_has_begun_to_end(after: str) -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned")
    if after != "planned":
        given(story)
    back(story)
    if after == "revoking":
        story.grant("provisioning", "revoking", not_after=END)
    story.replay.close()
    place = {"planned": 3, "provisioning": 4}
    assert story.faults == ([(place[after], STANDING)] if after in place else [])


@pytest.mark.parametrize("ended", ["", "approved"])
@pytest.mark.parametrize(("approver", "stands"), [("bob", 1), ("dan", 1), ("erin", 0)])
def test_whom_a_delegate_stood_in_for_may_take_it_back(
    approver: str, stands: int, ended: str
) -> None:
    story = Story()
    story.ask()
    story.decide("bob", on_behalf_of="dan")
    if ended:
        story.ask(ended, "awaiting")
    back(story, approver)
    assert story.faults == ([] if stands else [(3 if ended else 2, STANDS)])

"""Replay: a decision is in time, and over a link that was issued to who decides."""

import pytest
from tests.domain.story import BY, LINKS, Story

from ticketgate.domain.evidence import Json
from ticketgate.domain.log.machines import NEW

LATE = "a decision after the time to decide was over"
NOT_ISSUED = "a decision over a link that was not issued to its approver"
NO_LIST = "links that are no list of links, each with its actor"
OTHER_STAGE = "links of another stage than the one that is asked"
AT: dict[str, Json] = {"request": "request_1", "round": 1, "stage": 1}


@pytest.mark.parametrize("decision", ["approve", "deny"])
@pytest.mark.parametrize(
    ("by", "late"),
    [
        (BY, False),
        ("2026-11-22T02:40:01.000001Z", False),
        ("2026-11-22T02:40:01.000000Z", True),
        ("2026-11-22T02:40:00.000000Z", True),
        ("2026-11-22", True),
        (None, True),
        (7, True),
    ],
)
def test_a_decision_is_recorded_before_the_time_to_decide_is_over(
    decision: str, by: Json, *, late: bool
) -> None:
    story = Story()
    story.ask(decide_by=by)
    story.decide("bob", decision)
    assert story.faults == ([(1, LATE)] if late else [])


def test_the_time_to_decide_is_that_of_the_last_record() -> None:
    story = Story()
    story.ask(decide_by="2026-11-22T02:40:01.000000Z")
    story.ask("awaiting", "awaiting", stage=2)
    story.decide("bob", stage=2)
    assert story.faults == []


def test_a_decision_that_does_not_say_when_it_was_is_none_in_time() -> None:
    story = Story()
    story.ask()
    story.decide("bob", _ts=None)
    assert story.faults == [(1, LATE)]


@pytest.mark.parametrize("link", ["lnk_carol", "lnk_9", None, 7, ["lnk_bob"]])
def test_a_link_is_its_holders(link: Json) -> None:
    story = Story()
    story.ask()
    story.decide("bob", link=link)
    assert story.faults == [(1, NOT_ISSUED)]


def test_a_link_works_once() -> None:
    story = Story()
    story.ask()
    story.decide("bob")
    story.decide("bob", "deny", link="lnk_bob_2")
    story.decide("bob")
    assert story.faults == [(3, NOT_ISSUED)]


@pytest.mark.parametrize("place", [{"stage": 2}, {"round": 2}])
def test_a_link_is_of_its_stage(place: dict[str, Json]) -> None:
    """A new stage or round voids what was issued before; more people for the same one do not."""
    story = Story()
    story.ask()
    story.ask("awaiting", "awaiting", links=[["lnk_eve", "eve"]])
    story.decide("bob")
    story.decide("eve")
    story.decide("carol", **place)
    story.ask("awaiting", "awaiting", **{**place, "links": [["lnk_eve", "eve"]]})
    story.decide("eve", **place)
    story.decide("dan", **place)
    assert story.faults == [(4, NOT_ISSUED), (7, NOT_ISSUED)]


@pytest.mark.parametrize("place", [{"stage": 0}, {"stage": "1"}, {"round": None}, {"round": True}])
def test_who_asks_says_for_which_stage(place: dict[str, Json]) -> None:
    story = Story()
    story.ask("awaiting", NEW, **place)
    story.decide("bob", "deny", **place)
    assert story.faults == [(0, "asked without a round or a stage"), (1, NOT_ISSUED)]


def test_a_link_of_another_request_is_none() -> None:
    story = Story()
    story.ask()
    story.ask(id="request_2", links=[])
    story.decide("bob", request="request_2")
    assert story.faults == [(2, NOT_ISSUED)]


def test_links_that_a_record_could_not_hold_follow() -> None:
    story = Story()
    story.ask(links=[])
    story.tell("links.issued", **AT, links=LINKS)
    story.decide("bob")
    story.ask("denied", "awaiting")
    story.tell("links.issued", **AT, links=LINKS)
    assert story.faults == [(4, OTHER_STAGE)]


@pytest.mark.parametrize(
    "place", [{"stage": 2}, {"round": 2}, {"request": "request_2"}, {"request": ["request_1"]}]
)
def test_they_are_of_the_stage_that_is_asked(place: dict[str, Json]) -> None:
    story = Story()
    story.ask(links=[])
    story.tell("links.issued", **AT | place, links=LINKS)
    story.decide("bob")
    assert story.faults == [(1, OTHER_STAGE), (2, NOT_ISSUED)]


@pytest.mark.parametrize(
    "links", [None, {}, "lb", [7], [["lnk_bob"]], [["lnk_bob", 7]], [[7, "bob"]], [["l", "b", "c"]]]
)
def test_links_are_links_with_their_actors(links: Json) -> None:
    story = Story()
    story.ask(links=links)
    story.decide("bob")
    story.tell("links.issued", **AT, links=links)
    assert story.faults == [(0, NO_LIST), (1, NOT_ISSUED), (2, NO_LIST)]


def test_a_restore_voids_every_link() -> None:
    story = Story()
    story.ask("blocked")
    story.ask("awaiting", "blocked")
    story.tell("restore.declared", by=["act_1", "act_2"])
    story.decide("bob")
    story.ask("awaiting", "awaiting", round=2)
    story.decide("bob", round=2)
    story.tell("restore.ended", by=["act_1", "act_2"])
    story.decide("carol", round=2)
    assert story.faults == [(3, NOT_ISSUED)]


def test_of_a_request_that_ended_no_link_is_kept() -> None:
    for after in ("approved", "denied", "withdrawn", "timed_out"):
        story = Story()
        story.ask("awaiting", NEW)
        story.decide("bob")
        story.ask(after, "awaiting")
        assert (story.replay.links, story.replay.ballots) == ({}, {})


# --- delegates ----------------------------------------------------------------------------------


def approvals(*said: dict[str, Json], parties: Json = "alice") -> list[tuple[int, str]]:
    """What is wrong with these approvals of one stage, in their order."""
    story = Story()
    story.ask(beneficiary=parties)
    for number, one in enumerate(said):
        story.decide(("bob", "carol", "dan")[number], **one)
    return story.faults


FOR_EVE: dict[str, Json] = {"on_behalf_of": "eve"}
TWICE = "a second approval of one seat"


def test_a_delegate_and_whom_they_stand_in_for_are_one_seat() -> None:
    assert approvals(FOR_EVE, {}, {}) == []
    assert approvals(FOR_EVE, {}, FOR_EVE) == [(3, TWICE)]
    assert approvals({}, {"on_behalf_of": "bob"}) == [(2, TWICE)]
    assert approvals({"on_behalf_of": "carol"}, {}) == [(2, TWICE)]
    assert approvals({"on_behalf_of": "bob"}) == [(1, TWICE)]
    assert approvals(FOR_EVE, {"on_behalf_of": "bob"}) == [(2, TWICE)]


@pytest.mark.parametrize("principal", ["alice", None, 7])
def test_nobody_approves_on_behalf_of_a_party_or_of_nobody(principal: Json) -> None:
    said = "an approval on behalf of somebody who may not give it"
    assert approvals({"on_behalf_of": principal}) == [(1, said)]


def test_an_approval_on_behalf_of_who_turns_out_a_party_is_none() -> None:
    story = Story()
    story.ask()
    story.decide("bob", **FOR_EVE)
    story.ask("approved", "awaiting", editors=["eve"])
    assert story.faults == [(2, "approved by somebody whose own request it is")]

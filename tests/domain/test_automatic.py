"""Automatic rules, without a gate: how strict one is beside another, and what a replay says."""

from dataclasses import replace

import pytest
from tests.domain.cast import rule, stage
from tests.domain.story import Story

from ticketgate.domain.evidence import Json
from ticketgate.domain.log.machines import NEW
from ticketgate.domain.policy.policy import ApproveRule, Automatic
from ticketgate.domain.policy.strictness import Strictness, differences, strictness_of
from ticketgate.domain.requests.automatic import NEVER_KINDS
from ticketgate.domain.verifying.log_life import SEGMENT_ENTRIES
from ticketgate.domain.verifying.snapshot import from_snapshot, to_snapshot

PEOPLE = rule(stage("person:bob"))
RULE: ApproveRule = replace(PEOPLE, stages=(), automatic=Automatic("agreed", 3))
SAID: dict[str, Json] = {
    "rule": "rotate@policy.yaml:9",
    "digest": "d",
    "because": "agreed",
    "day": "2026-11-22",
    "count": 1,
    "max_per_day": 2,
}


def test_a_rule_that_asks_nobody_is_weaker_than_any_that_asks_somebody() -> None:
    assert strictness_of(PEOPLE, RULE) is Strictness.WEAKER
    assert strictness_of(RULE, PEOPLE) is Strictness.STRONGER
    assert [one.field for one in differences(PEOPLE, RULE)] == ["automatic"]


@pytest.mark.parametrize(
    ("new", "found"),
    [
        (Automatic("agreed", 4), Strictness.WEAKER),
        (Automatic("agreed", 2), Strictness.STRONGER),
        (Automatic("agreed again", 3), Strictness.OTHER),
        (Automatic("agreed", 3), Strictness.SAME),
    ],
)
def test_a_higher_cap_is_weaker_and_other_words_are_other(
    new: Automatic, found: Strictness
) -> None:
    assert strictness_of(RULE, replace(RULE, automatic=new)) is found


def approve(story: Story, before: str = NEW, count: int = 1, **fields: Json) -> None:
    said: Json = {**SAID, "count": count}
    told: dict[str, Json] = {"cause": "automatic", "stages": [], "links": [], "automatic": said}
    told |= {"approve_rule": "rotate", "kinds": ["credential.rotate"]}
    ident = f"request_{story.told}"
    story.ask("approved", before, **{"id": ident, **told, **fields})


def texts(story: Story) -> list[str]:
    return [text for _, text in story.faults]


def test_an_approval_without_decisions_is_possible_only_by_a_rule() -> None:
    story = Story()
    approve(story)
    approve(story, count=2)
    assert story.faults == []
    approve(story, cause="decided")
    assert texts(story) == ["approved without a person, and by no automatic rule"]


def test_the_cap_is_counted_per_rule_and_day() -> None:
    story = Story()
    approve(story, count=1)
    approve(story, count=1, approve_rule="o", automatic={**SAID, "rule": "o@policy.yaml:1"})
    assert story.faults == []
    approve(story, count=1)
    approve(story, count=3)
    assert texts(story) == [
        "approved by a rule, and not counted",
        "approved by a rule more often than it may in a day",
    ]


@pytest.mark.parametrize(("count", "faults"), [(1, 1), (2, 0), (3, 1)])
def test_the_count_of_the_day_goes_on_behind_a_snapshot(count: int, faults: int) -> None:
    story = Story()
    approve(story)
    data = to_snapshot(story.replay, SEGMENT_ENTRIES)
    assert b'"automatic":[["rotate","2026-11-22",1]]' in data
    _, story.replay = from_snapshot(data)
    approve(story, count=count)
    assert len(story.faults) == faults


def test_nobody_is_approved_by_a_rule_whom_people_were_asked_about() -> None:
    story = Story()
    story.ask()
    approve(story, "awaiting", id="request_1")
    assert texts(story) == ["approved by a rule although people were asked, or for more time"]


def test_what_was_blocked_may_be_approved_by_a_rule_and_gives_no_more_than_it_says() -> None:
    story = Story()
    story.ask("blocked")
    approve(story, "blocked", id="request_1", seconds=60)
    story.grant(NEW, "planned")
    assert texts(story) == ["a grant for longer than its approvals gave"]


@pytest.mark.parametrize(
    "fields",
    [
        {"stages": [1]},
        {"links": [["l", "bob"]]},
        {"seconds": 0},
        {"requester": None},
        {"kinds": []},
        {"kinds": "credential.rotate"},
        *({"kinds": [kind]} for kind in sorted(NEVER_KINDS)),
        {"extends": "grant_1"},
        {"automatic": {**SAID, "rule": "other@policy.yaml:9"}},
        {"automatic": {**SAID, "because": ""}},
        {"automatic": {**SAID, "day": "2026-11-21"}},
        {"automatic": {**SAID, "max_per_day": True}},
        {"automatic": {**SAID, "count": None}},
    ],
)
def test_what_no_rule_can_have_approved_is_a_fault(fields: dict[str, Json]) -> None:
    story = Story()
    approve(story, NEW, 1, **fields)
    assert len(story.faults) == 1

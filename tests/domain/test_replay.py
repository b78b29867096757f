"""Replay: what a log tells must be possible. Bob and Carol approve what Alice requests."""

import pytest
from tests.domain.story import LATER, Story

from ticketgate.domain.evidence import Json
from ticketgate.domain.instants import is_instant
from ticketgate.domain.log.machines import NEW


def test_a_whole_life_replays_without_a_fault() -> None:
    story = Story()
    story.move("delivery", NEW, "accepted")
    story.move("delivery", "accepted", "processed")
    story.move("ticket", NEW, "identity", revision=1)
    story.ask("blocked")
    story.ask("blocked", "blocked")
    story.ask("awaiting", "blocked")
    story.decide("bob")
    story.ask("awaiting", "awaiting", stage=2)
    story.decide("carol", stage=2, need=2)
    story.decide("dan", stage=2, need=2)
    story.ask("approved", "awaiting", stage=2, stages=[1, 2])
    story.grant(NEW, "planned")
    story.grant("planned", "provisioning", not_after=LATER)
    story.grant("provisioning", "active", not_after=LATER)
    story.grant("active", "revoking", not_after=LATER)
    story.tell("revocation.attempted", grant="grant_1", outcome="unavailable")
    story.grant("revoking", "revoke_overdue", not_after=LATER)
    story.grant("revoke_overdue", "revoking", not_after=LATER)
    story.grant("revoking", "revoked", not_after=LATER, confirmed=True)
    assert story.faults == []


def test_a_record_that_cannot_be_read_moves_nothing_and_is_a_fault() -> None:
    story = Story()
    story.replay.take(0, None)
    assert story.faults == [(0, "cannot be read, so cannot be replayed")]


@pytest.mark.parametrize("kind", [None, 7, ["log.opened"]])
def test_a_record_without_a_type_is_a_fault(kind: Json) -> None:
    story = Story()
    story.replay.take(0, {"type": kind})
    assert story.faults == [(0, "a record without a type")]


def test_an_unknown_type_a_missing_field_and_a_move_that_does_not_exist_are_faults() -> None:
    story = Story()
    story.tell("grant.stolen")
    story.replay.take(9, {"type": "heartbeat", "refused": []})
    story.move("grant", "revoked", "active")
    assert story.faults == [
        (0, "a type of record that does not exist"),
        (9, "heartbeat without duplicates"),
        (1, "grant.activated: no machine has this move"),
    ]


def test_time_never_goes_back_but_may_stand_still() -> None:
    story = Story()
    for moment in ("41", "41", "40", "40", "41", "x", "42"):
        story.tell("sign_in.refused", _ts=f"2026-11-22T02:40:{moment}.000000Z")
    assert story.faults == [(2, "time goes back"), (3, "time goes back")]


@pytest.mark.parametrize(
    "value", [None, 7, "", "2026-11-22", "2026-11-22T02:40:00Z", "2026-02-30T00:00:00.000000Z"]
)
def test_only_the_one_form_of_an_instant_is_one(value: Json) -> None:
    assert not is_instant(value)
    assert is_instant(LATER)


def test_a_move_from_a_state_in_which_the_log_did_not_leave_it_is_a_fault() -> None:
    story = Story()
    story.move("delivery", "accepted", "processed")
    story.move("delivery", NEW, "accepted")
    assert story.faults == [
        (0, "moves delivery from 'accepted'; the log left it at ''"),
        (1, "moves delivery from ''; the log left it at 'processed'"),
    ]


def test_a_ticket_begins_anew_once_for_each_revision() -> None:
    story = Story()
    story.move("ticket", NEW, "uncertain", revision=1)
    story.move("ticket", NEW, "identity", revision=2)
    story.move("ticket", "identity", "not_identity", revision=2)
    story.move("ticket", NEW, "identity", revision=2)
    story.move("ticket", "identity", "identity", revision=True)
    story.move("ticket", "uncertain", "identity", revision=3)
    assert story.faults == [
        (3, "moves ticket from ''; the log left it at 'not_identity'"),
        (4, "a revision that is not an integer"),
        (5, "moves ticket from 'uncertain'; the log left it at 'identity'"),
    ]


def test_nobody_approved_so_the_request_is_not_approved() -> None:
    story = Story()
    story.ask()
    story.ask("approved", "awaiting")
    assert story.faults == [(1, "approved without the approvals of stage 1")]


@pytest.mark.parametrize(
    "other", [{"round": 2}, {"material": "m2"}, {"stage": 2}, {"need": 2}, {"decision": "deny"}]
)
def test_an_approval_of_another_round_or_matter_or_too_few_do_not_count(
    other: dict[str, Json],
) -> None:
    story = Story()
    story.ask()
    story.decide(**{"approver": "bob", "decision": "approve"} | other)
    story.ask("approved", "awaiting")
    assert (2, "approved without the approvals of stage 1") in story.faults


def test_one_person_counts_once_in_a_stage_and_at_one_stage_only() -> None:
    story = Story()
    story.ask()
    story.decide("bob", need=2)
    story.decide("bob", need=2, link="lnk_bob_2")
    story.decide("carol", need=2)
    story.ask("awaiting", "awaiting", stage=2)
    story.decide("carol", stage=2)
    story.ask("approved", "awaiting", stages=[2, 1])
    assert story.faults == [(6, "approved without the approvals of stage 2")]


@pytest.mark.parametrize(("said", "stages"), [(2, [1]), (1, [2])])
def test_a_stage_needs_the_most_that_any_record_says(said: int, stages: list[int]) -> None:
    story = Story()
    story.ask()
    story.decide("bob", need=said)
    story.decide("bob", need=1, link="lnk_bob_2")
    story.ask("approved", "awaiting", stages=[*stages])
    assert story.faults == [(3, "approved without the approvals of stage 1")]


def test_a_denial_ends_a_request() -> None:
    story = Story()
    story.ask()
    story.decide("bob")
    story.decide("carol", "deny")
    story.ask("approved", "awaiting")
    assert story.faults == [(3, "approved after a denial")]


def test_a_decision_after_the_end_of_its_request_is_a_fault() -> None:
    story = Story()
    story.decide("bob")
    story.ask()
    story.ask("withdrawn", "awaiting")
    story.decide("bob")
    story.decide("bob", request=["request_1"])
    assert story.faults == [
        (index, "a decision on a request that awaits none") for index in (0, 3, 4)
    ]


@pytest.mark.parametrize(
    "fields",
    [{"round": 0}, {"stage": True}, {"need": "1"}, {"need": 0}, {"material": 7}, {"seconds": 0}],
)
def test_an_approval_that_does_not_say_whose_or_of_what_is_a_fault(fields: dict[str, Json]) -> None:
    story = Story()
    story.ask()
    story.decide(**{"approver": "bob"} | fields)
    assert (1, "an approval without its approver, round, stage, need or seconds") in story.faults


@pytest.mark.parametrize("decision", ["approve", "deny", "maybe"])
def test_a_decision_is_somebodys(decision: str) -> None:
    story = Story()
    story.ask()
    story.decide(decision=decision, approver=None)
    assert (1, "a decision without its approver") in story.faults


def test_a_decision_is_an_approval_or_a_denial() -> None:
    story = Story()
    story.ask()
    story.decide("bob", "maybe")
    assert story.faults == [(1, "a decision that is neither an approval nor a denial")]


@pytest.mark.parametrize(
    "fields",
    [
        {"stages": []},
        {"stages": 1},
        {"stages": [1, True]},
        {"stages": [0]},
        {"round": True},
        {"material": None},
    ],
)
def test_an_approved_request_says_its_round_and_stages(fields: dict[str, Json]) -> None:
    story = Story()
    story.ask()
    story.decide("bob")
    story.ask("approved", "awaiting", **fields)
    assert story.faults == [(2, "approved without round or stages")]

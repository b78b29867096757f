"""Replay: what a log tells must be possible. Bob and Carol approve what Alice requests."""

from typing import Final

import pytest

from ticketgate.domain.evidence import Json
from ticketgate.domain.instants import is_instant
from ticketgate.domain.machines import NEW, RECORD_TYPES, record_type
from ticketgate.domain.replay import Replay

LATER: Final = "2026-11-22T03:40:04.000000Z"  # an hour after the fifth record


class Story:
    """A log as it is told, one record a second."""

    def __init__(self) -> None:
        self.replay = Replay()
        self.told = 0

    def tell(self, kind: str, **fields: Json) -> None:
        required = dict.fromkeys(RECORD_TYPES.get(kind, ()))
        moment = f"2026-11-22T02:40:{self.told:02}.000000Z"
        self.replay.take(self.told, {"_ts": moment, "type": kind} | required | fields)
        self.told += 1

    def move(self, machine: str, before: str, after: str, **fields: Json) -> None:
        pair: dict[str, Json] = {"from": before, "to": after}
        told: dict[str, Json] = {"on": machine, "id": f"{machine}_1", "cause": "test"}
        self.tell(record_type(machine, before, after), **told | pair | fields)

    def ask(self, after: str = "awaiting", before: str = NEW, **fields: Json) -> None:
        at: dict[str, Json] = {"round": 1, "stage": 1, "stages": [1], "material": "m1"}
        who: dict[str, Json] = {"requester": "alice", "beneficiary": "alice", "seconds": 3600}
        self.move("request", before, after, **at | who | fields)

    def decide(self, approver: Json, decision: Json = "approve", **fields: Json) -> None:
        at: dict[str, Json] = {"request": "request_1", "round": 1, "stage": 1, "need": 1}
        said: dict[str, Json] = {"material": "m1", "approver": approver, "decision": decision}
        said["seconds"] = 3600
        self.tell("decision.recorded", **at | said | fields)

    def grant(self, before: str, after: str, **fields: Json) -> None:
        told: dict[str, Json] = {"request": "request_1", "subject": "alice"}
        told |= {"seconds": 3600} if before == NEW else {}
        self.move("grant", before, after, **told | fields)

    def approved(self) -> None:
        self.ask()
        self.decide("bob")
        self.ask("approved", "awaiting")

    @property
    def faults(self) -> list[tuple[int, str]]:
        return [(fault.index, fault.text) for fault in self.replay.faults.kept]


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
    story.decide("bob", need=2)
    story.decide("carol", need=2)
    story.decide("carol", stage=2)
    story.ask("approved", "awaiting", stages=[2, 1])
    assert story.faults == [(5, "approved without the approvals of stage 2")]


@pytest.mark.parametrize(("said", "stages"), [(2, [1]), (1, [2])])
def test_a_stage_needs_the_most_that_any_record_says(said: int, stages: list[int]) -> None:
    story = Story()
    story.ask()
    story.decide("bob", need=said)
    story.decide("bob", need=1)
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
    assert story.faults == [(1, "an approval without its approver, round, stage, need or seconds")]


@pytest.mark.parametrize("decision", ["approve", "deny", "maybe"])
def test_a_decision_is_somebodys(decision: str) -> None:
    story = Story()
    story.ask()
    story.decide(decision=decision, approver=None)
    assert story.faults == [(1, "a decision without its approver")]


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


@pytest.mark.parametrize("request_id", ["request_2", None, ["request_1"]])
def test_there_is_no_grant_without_the_approval_of_its_request(request_id: Json) -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned", request=request_id)
    assert story.faults == [(3, "a grant of a request that nobody approved, or one too many")]


def test_one_approval_gives_one_grant() -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned")
    story.grant(NEW, "planned", id="grant_2")
    assert story.faults == [(4, "a grant of a request that nobody approved, or one too many")]


@pytest.mark.parametrize(
    "party",
    [
        {"requester": "bob"},
        {"beneficiary": "bob"},
        {"editor": "bob"},
        {"editors": ["carol", "bob"]},
    ],
)
def test_nobody_approves_their_own_request(party: dict[str, Json]) -> None:
    story = Story()
    story.ask("awaiting", NEW, **party)
    story.decide("bob")
    story.ask("approved", "awaiting", **party)
    assert story.faults == [
        (1, "an approval by somebody whose own request it is"),
        (2, "approved by somebody whose own request it is"),
    ]


def test_whose_request_it_is_is_not_told_only_afterwards() -> None:
    story = Story()
    story.ask()
    story.decide("carol")
    story.decide("bob")
    story.ask("approved", "awaiting", beneficiary="bob")
    story.grant(NEW, "planned", subject="bob")
    assert story.faults == [(3, "approved by somebody whose own request it is")]


@pytest.mark.parametrize("editors", ["bob", None, ["carol", 7]])
def test_editors_are_a_list_of_actors(editors: Json) -> None:
    story = Story()
    story.ask(editors=editors)
    assert story.faults == [(0, "editors that are no list of actors")]


def test_the_parties_are_those_of_the_round() -> None:
    """Bob may approve what is Alice's again; what he approved while it was his does not count."""
    story = Story()
    story.ask(beneficiary="bob")
    story.ask("awaiting", "awaiting", round=2, material="m2")
    story.decide("bob", round=2, material="m2")
    story.ask("approved", "awaiting", round=2, material="m2")
    assert story.faults == []


@pytest.mark.parametrize("name", ["requester", "beneficiary"])
def test_an_approved_request_says_whose_it_is(name: str) -> None:
    nobody: dict[str, Json] = {name: None}
    story = Story()
    story.ask()
    story.decide("bob")
    story.ask("approved", "awaiting", **nobody)
    assert story.faults == [(2, "approved without a requester or a beneficiary")]


@pytest.mark.parametrize("other", [{"subject": "mallory"}, {"entitlement": "x"}, {"target": "x"}])
def test_a_grant_is_of_what_was_approved(other: dict[str, Json]) -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned", **other)
    assert story.faults == [(3, "a grant of something else, or to another, than was approved")]


@pytest.mark.parametrize("seconds", [3601, 0, True, None, "60"])
def test_a_grant_is_no_longer_than_was_asked(seconds: Json) -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned", seconds=seconds)
    assert story.faults == [(3, "a grant for longer than its approvals gave")]


def test_a_grant_is_no_longer_than_the_least_that_an_approver_gave() -> None:
    story = Story()
    story.ask()
    story.decide("bob", seconds=60)
    story.decide("carol", stage=2)
    story.ask("approved", "awaiting", stages=[1, 1])
    story.grant(NEW, "planned", seconds=61)
    assert story.faults == [(4, "a grant for longer than its approvals gave")]


@pytest.mark.parametrize(
    "later", ["2026-11-22T03:40:04.000001Z", "2030-01-01T00:00:00.000000Z", LATER]
)
def test_an_end_is_no_later_than_the_grants_seconds_after_its_activation(later: str) -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned")
    story.grant("planned", "provisioning", not_after=later)
    late = [(4, "an end that is later than the grant's seconds allow")]
    assert story.faults == ([] if later == LATER else late)


def test_a_grant_that_never_said_its_seconds_has_no_end_that_would_do() -> None:
    story = Story()
    story.grant("planned", "provisioning", not_after=LATER)
    assert (0, "an end that is later than the grant's seconds allow") in story.faults


def test_only_a_grant_is_handed_anything_on() -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned")
    story.grant("planned", "provisioning", not_after=LATER, baseline=True)
    story.grant("provisioning", "revoking")
    assert story.replay.folded["grant", "grant_1"].said["baseline"] is True
    story.grant("revoking", "revoked", confirmed=True, heirs=["grant_1", "grant_2", 7])
    assert story.replay.folded["grant", "grant_1"].said["baseline"] is False
    assert story.faults == [(6, "handed on to a grant that does not exist")] * 2


def test_an_active_grant_has_an_end() -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned")
    story.grant("planned", "provisioning")
    story.grant("provisioning", "active", not_after="later")
    assert story.faults == [
        (4, "a grant is called for without an end"),
        (5, "an active grant without an end"),
    ]


def test_the_end_of_a_grant_and_its_request_never_change() -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned")
    story.grant("planned", "provisioning", not_after=LATER)
    story.grant("provisioning", "active", not_after="2027-11-22T04:40:00.000000Z")
    story.grant("active", "revoking", request="request_2", target="x")
    story.grant("revoking", "revoked", confirmed=True, subject="bob", target="y")
    assert story.faults == [
        (5, "the grant's not_after is not what it was"),
        (6, "the grant's request is not what it was"),
        (7, "the grant's target is not what it was"),
        (7, "the grant's subject is not what it was"),
    ]


@pytest.mark.parametrize("confirmed", [False, None, 1, "true"])
def test_revoked_means_confirmed(confirmed: Json) -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned")
    story.grant("planned", "provisioning", not_after=LATER)
    story.grant("provisioning", "revoking")
    story.grant("revoking", "revoked", confirmed=confirmed)
    assert story.faults == [(6, "revoked without confirmation")]

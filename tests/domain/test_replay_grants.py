"""Replay: a grant is what was approved, for whom it was, no longer than was given."""

import pytest
from tests.domain.story import LATER, Story

from ticketgate.domain.evidence import Json
from ticketgate.domain.log.machines import NEW


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
        {"triagers": ["bob"]},
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
    assert story.faults == [
        (3, "approved for somebody else than was asked"),
        (3, "approved by somebody whose own request it is"),
    ]


@pytest.mark.parametrize("named", ["editors", "triagers"])
@pytest.mark.parametrize("actors", ["bob", None, ["carol", 7]])
def test_editors_and_triagers_are_lists_of_actors(named: str, actors: Json) -> None:
    story = Story()
    fields: dict[str, Json] = {named: actors}
    story.ask("awaiting", NEW, **fields)
    assert story.faults == [(0, "editors or triagers that are no list of actors")]


def told(story: Story, person: str, to: str = "identity", cause: str = "triage") -> None:
    """Somebody says what the ticket is."""
    fields: dict[str, Json] = {
        "id": "ticket_1", "source": "snow", "table": "t", "revision": len(story.faults) + 1,
        "verdict": to, "state_class": "open", "kinds": [], "tier": "low", "rules": [],
        "blind": [], "policy": "p", "cause": cause, "person": person,
    }  # fmt: skip
    story.move("ticket", NEW, to, **fields)


def test_triagers_leave_out_nobody_who_said_that_it_is_an_identity_event() -> None:
    story = Story()
    told(story, "carol")
    story.ask(triagers=["bob"], ticket="ticket_1")
    assert story.faults == [(1, "triagers without one who said what the ticket is")]


@pytest.mark.parametrize("said", [("uncertain", "triage"), ("identity", "rules")])
def test_other_words_make_nobody_a_triager(said: tuple[str, str]) -> None:
    story = Story()
    told(story, "carol", *said)
    story.ask(triagers=["bob"], ticket="ticket_1")
    assert story.faults == []


def test_a_record_need_not_name_triagers_and_may_name_all() -> None:
    story = Story()
    told(story, "carol")
    story.ask(ticket="ticket_1")
    story.ask("awaiting", "awaiting", ticket="ticket_1", triagers=["bob", "carol"])
    assert story.faults == []


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
    story.ask("awaiting", "awaiting", stage=2)
    story.decide("carol", stage=2)
    story.ask("approved", "awaiting", stages=[1, 1])
    story.grant(NEW, "planned", seconds=61)
    assert story.faults == [(5, "a grant for longer than its approvals gave")]


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


@pytest.mark.parametrize("heirs", [None, "grant_1", {"grant_1": True}])
def test_heirs_are_a_list(heirs: Json) -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned", heirs=heirs)
    assert story.faults == [(3, "heirs that are no list of grants")]


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


NOTHING_ENDS = "the grant's time is up, and nothing began to end it"


@pytest.mark.parametrize("state", ["provisioning", "active"])
@pytest.mark.parametrize(
    ("moment", "over"),
    [
        ("2026-11-22T03:41:04.000000Z", False),  # a minute after its end
        ("2026-11-22T03:41:04.000001Z", True),
        ("2027-01-01T00:00:00.000000Z", True),
    ],
)
def test_a_minute_after_its_end_something_has_begun_to_end_a_grant(
    state: str, moment: str, *, over: bool
) -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned")
    story.grant("planned", "provisioning", not_after=LATER)
    if state == "active":
        story.grant("provisioning", "active", not_after=LATER)
    last = story.told - 1
    story.tell("sign_in.refused", _ts=moment)
    assert story.faults == []  # the log may go on
    story.replay.close()
    assert story.faults == ([(last, NOTHING_ENDS)] if over else [])


def test_what_has_begun_to_end_and_what_was_never_given_may_take_its_time() -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned")
    story.tell("sign_in.refused", _ts="2027-01-01T00:00:00.000000Z")
    story.replay.close()
    story.grant("planned", "provisioning", _ts="2027-01-01T00:00:00.000000Z", not_after=LATER)
    story.grant("provisioning", "revoking", _ts="2027-01-01T00:00:00.000000Z", not_after=LATER)
    story.replay.close()
    assert story.faults == []


def test_an_end_that_cannot_be_read_is_over() -> None:
    story = Story()
    story.move("grant", NEW, "planned")
    story.move("grant", "planned", "provisioning")
    story.replay.close()
    assert story.faults[-1] == (1, NOTHING_ENDS)


def test_nothing_is_given_while_a_restore_has_not_ended() -> None:
    story = Story()
    two: list[Json] = ["act_1", "act_2"]
    story.approved()
    story.grant(NEW, "planned")
    story.tell("restore.declared", by=two)
    story.grant("planned", "provisioning", not_after=LATER)
    story.grant("provisioning", "active", not_after=LATER)
    story.grant("active", "revoking", not_after=LATER)
    story.grant("revoking", "revoked", not_after=LATER, confirmed=True)
    held = "access is given before a restore has ended"
    assert story.faults == [(5, held), (6, held)]


def test_when_it_has_ended_access_is_given_again() -> None:
    story = Story()
    two: list[Json] = ["act_1", "act_2"]
    story.tell("restore.declared", by=two)
    story.tell("restore.declared", by=two)
    story.approved()
    story.grant(NEW, "planned")
    story.tell("restore.ended", by=two)
    story.grant("planned", "provisioning", not_after=LATER)
    story.grant("provisioning", "active", not_after=LATER)
    assert story.faults == []


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"by": ["x", "x"]}, "given up on, and not by two different people"),
        ({"by": "x y"}, "given up on, and not by two different people"),
        ({"by": ["x", "alice"]}, "given up on by whose access it is"),
        ({"sd": ["a"]}, "given up on without the reasons of both"),
        ({"sd": None}, "given up on without the reasons of both"),
        ({}, ""),
    ],
)
def test_two_people_give_up_on_a_revocation(said: dict[str, Json], fault: str) -> None:
    story = Story()
    story.approved()
    story.grant(NEW, "planned")
    story.grant("planned", "provisioning", not_after=LATER)
    story.grant("provisioning", "active", not_after=LATER)
    story.grant("active", "revoking")
    story.grant("revoking", "revoke_overdue")
    fields: dict[str, Json] = {"by": ["x", "y"], "sd": ["a", "b"]}
    story.grant("revoke_overdue", "abandoned", **fields | said)
    assert story.faults == ([(8, fault)] if fault else [])

"""The debt of an emergency: who was not reviewed in time is locked; a drill; both verifiers."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

import pytest
from tests.operations.emergencies import (
    HOUR,
    code_of,
    faults_of,
    form_of,
    invoke,
    policy_with,
    review,
    try_to_invoke,
)
from tests.operations.kit import Gate, folder
from tests.operations.kit import code_of as decided
from tests.operations.rebuilt import compared
from tests.operations.tickets import access_ticket

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.verifier import verify

DAY = 24 * HOUR
Records = list[dict[str, Any]]


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as place:
        made = Gate(place, policy_with())
        try:
            yield made
        finally:
            made.stop()


def unreviewed(gate: Gate, person: str = "bob") -> Emergency:
    """An emergency whose review is overdue, and nobody has swept yet."""
    begun = invoke(gate, person)
    gate.settle()
    gate.tick(HOUR)
    gate.tick(DAY - 1)
    assert gate.records("review.overdue") == []
    gate.clock.at = gate.grants()[0].ended_at or gate.clock.at
    gate.clock.at += RULES_WITHIN
    return begun


RULES_WITHIN = policy_with().emergency.review_within  # type: ignore[union-attr]


def test_a_review_is_overdue_a_day_after_the_end_and_says_so_once(gate: Gate) -> None:
    unreviewed(gate)
    gate.keeper.step()
    gate.tick(5)
    assert len(gate.records("review.overdue")) == 1
    assert (gate.verified().failing, compared(gate)) == ((), [])
    assert faults_of(gate.records()) == (set(), set())


def test_who_is_locked_invokes_nothing_before_any_sweep(gate: Gate) -> None:
    begun = unreviewed(gate)
    assert code_of(try_to_invoke(gate)) == "person_locked"
    assert code_of(review(gate, begun)) == ""
    assert code_of(try_to_invoke(gate)) == ""


def test_the_lock_holds_for_every_account_of_the_human(gate: Gate) -> None:
    gate.directory.change("alice-admin", groups=frozenset({"platform-engineering"}))
    unreviewed(gate, "alice")
    assert code_of(try_to_invoke(gate, "alice-admin")) == "person_locked"
    assert code_of(try_to_invoke(gate, "bob")) == "consent_needed"


def test_others_begin_none_for_it_until_the_review_is_done(gate: Gate) -> None:
    begun = unreviewed(gate, "alice")
    assert code_of(try_to_invoke(gate, "bob")) == "consent_needed"
    assert code_of(try_to_invoke(gate, form=form_of(gate, "bob", drill=True))) == ""
    assert code_of(review(gate, begun)) == ""
    assert code_of(try_to_invoke(gate, "bob")) == ""


def test_who_is_locked_approves_nothing(gate: Gate) -> None:
    gate.deliver(access_ticket("t1"))
    gate.run_mail()
    gate.policy = policy_with()
    begun = unreviewed_with_open_request(gate)
    assert decided(gate.decide("bob")) == "person_locked"
    assert "person_locked" in gate.refusals()
    assert code_of(review(gate, begun)) == ""
    assert decided(gate.decide("bob")) == ""


def unreviewed_with_open_request(gate: Gate) -> Emergency:
    """As `unreviewed`, with a short life and review so that the request is still open."""
    rules = policy_with().emergency
    assert rules is not None
    short = replace(rules, review_within=RULES_WITHIN / 48)
    gate.restart(replace(policy_with(short), digest=gate.policy.digest))
    begun = invoke(gate, form=form_of(gate, "bob", seconds=60))
    gate.settle()
    gate.tick(60)
    gate.tick(HOUR)
    return begun


def test_who_is_locked_is_given_nothing_that_others_approved(gate: Gate) -> None:
    rules = policy_with().emergency
    assert rules is not None
    gate.restart(replace(policy_with(replace(rules, review_within=RULES_WITHIN / 48))))
    invoke(gate, "alice", form=form_of(gate, "alice", seconds=60))
    gate.settle()
    gate.deliver(access_ticket("t1"))
    gate.tick(60)
    gate.approve("bob")
    gate.tick(HOUR)
    assert decided(gate.decide("carol")) == "person_locked"


def test_a_planned_grant_of_who_is_locked_meanwhile_is_cancelled(gate: Gate) -> None:
    rules = policy_with().emergency
    assert rules is not None
    gate.restart(replace(policy_with(replace(rules, review_within=RULES_WITHIN / 1440))))
    invoke(gate, "alice", form=form_of(gate, "alice", seconds=60))
    gate.settle()
    gate.tick(60)
    gate.deliver(access_ticket("t1"))
    gate.approve("bob", "carol")
    gate.clock.at += RULES_WITHIN / 1440
    gate.run_targets()
    assert (gate.grants()[-1].state.value, gate.grants()[-1].cause) == (
        "cancelled",
        "person_locked",
    )


# --- drill ----------------------------------------------------------------------------------------


def test_a_drill_tests_the_whole_path_without_access(gate: Gate) -> None:
    begun = invoke(gate, form=form_of(gate, "bob", drill=True))
    gate.settle()
    assert (gate.grants(), gate.members()) == ([], set())
    assert gate.post.to("carol@example.com")[0].subject.startswith("[ticketgate] DRILL")
    assert gate.records("emergency.invoked")[0]["drill"] is True
    assert code_of(review(gate, begun, outcome="incomplete")) == ""
    assert (gate.verified().failing, compared(gate)) == ((), [])
    assert faults_of(gate.records()) == (set(), set())


def test_a_drill_that_nobody_reviewed_is_overdue_and_locks_nobody(gate: Gate) -> None:
    invoke(gate, form=form_of(gate, "bob", drill=True))
    gate.tick(DAY)
    assert len(gate.records("review.overdue")) == 1
    invoke(gate)
    assert faults_of(gate.records()) == (set(), set())


def test_a_drill_is_refused_to_whom_an_emergency_is(gate: Gate) -> None:
    assert code_of(try_to_invoke(gate, "erin", form=form_of(gate, "erin", drill=True))) == (
        "not_preauthorised"
    )


# --- both verifiers -------------------------------------------------------------------------------


def place(records: Records, kind: str, which: int = 0) -> int:
    """The index of the record of this type."""
    return [index for index, one in enumerate(records) if one["type"] == kind][which]


def change(kind: str, which: int = 0, **fields: object) -> Callable[[Records], int]:
    """Another value in one record."""

    def plant(records: Records) -> int:
        index = place(records, kind, which)
        records[index] |= fields
        return index

    return plant


def without_invocation(records: Records) -> int:
    del records[place(records, "emergency.invoked")]
    return place(records, "grant.planned")


def own_review(records: Records) -> int:
    index = place(records, "review.done")
    records[index]["reviewer"] = records[index]["person"]
    return index


def twice(kind: str, **fields: object) -> Callable[[Records], int]:
    """A second one right behind the first, by another id."""

    def plant(records: Records) -> int:
        index = place(records, kind)
        records.insert(index + 1, records[index] | {"id": "emg_again", **fields})
        return index + 1

    return plant


def soon_after(seconds: int) -> Callable[[Records], int]:
    """A second emergency at the end of the log, so long after the first began."""

    def plant(records: Records) -> int:
        first = records[place(records, "emergency.invoked")]
        records.append(first | {"id": "emg_again", "_ts": records[-1]["_ts"]})
        records[-1]["cooldown"] = seconds
        return len(records) - 1

    return plant


def locked_again(records: Records) -> int:
    """The person begins another one although nobody has reviewed the first."""
    done = place(records, "review.done")
    del records[done]
    first = records[place(records, "emergency.invoked")]
    late = {"_ts": "2026-12-24T00:00:00.000000Z", "id": "emg_again"}
    records.append(first | late)
    return len(records) - 1


@pytest.fixture(scope="module")
def story() -> Records:
    """The records of an emergency that was reviewed."""
    with folder() as place_of:
        gate = Gate(place_of, policy_with())
        begun = invoke(gate)
        gate.settle()
        gate.tick(HOUR)
        assert code_of(review(gate, begun)) == ""
        records = gate.records()
        gate.stop()
    return records


def reviewed_early(records: Records) -> int:
    """Called justified as soon as the access is there."""
    done, index = records.pop(place(records, "review.done")), place(records, "grant.activated")
    done["_ts"] = done["step_up"]["auth_time"] = records[index]["_ts"]
    records.insert(index + 1, done)
    return index + 1


def given_while_locked(records: Records) -> int:
    """Planned before the review was late, and given after."""
    del records[place(records, "review.done") :]
    planned, given = (place(records, f"grant.{one}") for one in ("planned", "provisioning"))
    invoked = records[place(records, "emergency.invoked")]
    late = "2026-12-24T00:00:00.000000Z"
    other = {"id": "grt_late", "request": "emg_late", "entitlement": "other"}
    by = {"activate_by": "2026-12-25T00:00:00.000000Z"}
    first = [invoked | {"id": "emg_late", "entitlement": "other"}, records[planned] | other | by]
    records[given:given] = first
    records.append(records[given + 2] | other | {"_ts": late, "not_after": late})
    return len(records) - 1


def extended(records: Records) -> int:
    """The access gets more time while it is active."""
    index = place(records, "grant.activated")
    more = dict.fromkeys(verify.MUST_HAVE["grant.extended"], "x")
    move = records[index] | {"type": "grant.extended", "from": "active", "to": "active"}
    records.insert(index + 1, more | move)
    return index + 1


PLANTED: Final = [
    reviewed_early,
    given_while_locked,
    extended,
    without_invocation,
    own_review,
    twice("emergency.invoked"),
    soon_after(DAY),
    locked_again,
    change("emergency.invoked", seconds=3 * HOUR),
    change("emergency.invoked", drill=None),
    change("emergency.invoked", clause=""),
    change("emergency.invoked", within=0),
    change("emergency.invoked", cooldown=True),
    change("emergency.invoked", hard_max=10**9 + 1),
    change("emergency.invoked", person=5),
    change("grant.planned", origin="request"),
    change("grant.planned", seconds=HOUR + 1),
    change("grant.planned", target="elsewhere"),
    change("grant.provisioning", request=None),
    change("grant.planned", request=["emg_x"]),
    change("emergency.invoked", clause=1),
    change("revocation.confirmed", request=None),
    change("grant.provisioning", not_after="2026-11-22T10:00:00.000001Z"),
    change("review.done", outcome="fine"),
    change("review.done", reviewer=""),
    change("review.done", reviewer=None),
    change("review.done", person="act_other"),
]


@pytest.mark.parametrize("plant", PLANTED, ids=map(str, range(len(PLANTED))))
def test_both_verifiers_see_what_is_not_possible(
    story: Records, plant: Callable[[Records], int]
) -> None:
    records = deepcopy(story)
    assert faults_of(records) == (set(), set())
    index = plant(records)
    ours, theirs = faults_of(records)
    assert index in ours
    assert index in theirs


def test_a_review_called_overdue_too_soon_is_seen(gate: Gate) -> None:
    unreviewed(gate)
    gate.keeper.step()
    records = gate.records()
    records[place(records, "review.overdue")]["_ts"] = records[-2]["_ts"]
    records[-1]["_ts"] = records[-2]["_ts"]
    index = place(records, "review.overdue")
    early = [*records[:index], records[index] | {"_ts": records[index - 1]["_ts"]}]
    assert faults_of(early) == ({index}, {index})


def test_a_grant_of_a_drill_and_a_grant_that_only_says_emergency_are_seen(gate: Gate) -> None:
    invoke(gate)
    records = gate.records()
    for index in (place(records, "emergency.invoked"),):
        records[index]["drill"] = True
    planned = place(records, "grant.planned")
    assert faults_of(records) == ({planned}, {planned})


def test_an_end_of_the_calendar_is_no_way_out(gate: Gate) -> None:
    invoke(gate)
    records = gate.records()
    index = place(records, "grant.planned")
    records[index]["activate_by"] = "9999-12-31T23:00:00.000000Z"
    assert faults_of(records) == (set(), set())
    records[index]["activate_by"] = "soon"
    assert faults_of(records) == ({index}, {index})

"""Where one rule meets another: the lock and delegates, emergencies and a remembered directory."""

from collections.abc import Collection, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.operations.emergencies import (
    HOUR,
    STEP_UP,
    code_of,
    desk_of,
    faults_of,
    form_of,
    invoke,
    policy_with,
    review,
    try_to_invoke,
)
from tests.operations.fakes import MORNING, FakeDirectory
from tests.operations.kit import Gate, folder
from tests.operations.kit import code_of as decided
from tests.operations.passkeys import BOB, Keys
from tests.operations.test_erase import DAY, erase
from tests.operations.test_extend_grant import extend, extendable
from tests.operations.test_take_back import back
from tests.operations.tickets import access_ticket
from typing_extensions import override

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.passkey import challenge_of
from ticketgate.operations.evidence.erase import What
from ticketgate.operations.own_keys.passkeys import Made

SOON = timedelta(minutes=30)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate where an emergency is reviewed within half an hour."""
    rules = policy_with().emergency
    assert rules is not None
    with folder() as place:
        made = Gate(place, policy_with(replace(rules, review_within=SOON)))
        try:
            yield made
        finally:
            made.stop()


def unreviewed(gate: Gate, person: str) -> Emergency:
    """An emergency of a minute, whose review is overdue."""
    begun = invoke(gate, person, form=form_of(gate, person, seconds=60))
    gate.settle()
    gate.tick(60)
    gate.tick(SOON.total_seconds())
    return begun


# --- the lock -------------------------------------------------------------------------------------


def test_nobody_decides_for_somebody_who_is_locked(gate: Gate) -> None:
    gate.directory.delegate("bob", "erin", MORNING - timedelta(hours=1), 8)
    gate.deliver(access_ticket())
    gate.run_mail()
    begun = unreviewed(gate, "bob")
    assert decided(gate.decide("erin")) == "person_locked"
    assert code_of(review(gate, begun)) == ""
    assert decided(gate.decide("erin")) == ""


def test_two_who_are_locked_do_not_let_each_other_go(gate: Gate) -> None:
    """Carol and Dan may review; both have an emergency that nobody has reviewed."""
    for person in ("carol", "dan"):
        gate.directory.change(person, groups=frozenset({"sec-iam", "platform-engineering"}))
    first = invoke(gate, "carol", form=form_of(gate, "carol", seconds=60))
    second = invoke(gate, "dan", form=form_of(gate, "dan", seconds=60))
    gate.settle()
    gate.tick(60)
    gate.tick(SOON.total_seconds())
    assert code_of(review(gate, first, "dan")) == "person_locked"
    assert code_of(review(gate, second, "carol")) == "person_locked"
    view = desk_of(gate).view(first.id, gate.session("dan", STEP_UP))
    assert not isinstance(view, Refusal)
    assert (view.barred.code if view.barred else "", view.can_review) == ("person_locked", True)
    gate.directory.change("erin", groups=frozenset({"sec-iam"}))
    assert code_of(review(gate, first, "erin")) == ""
    assert code_of(review(gate, second, "carol")) == ""


# --- a directory that is asked now and then -------------------------------------------------------


class Remembering(FakeDirectory):
    """Beside the file stands a directory that was read whole this morning, and is asked again."""

    deaf = False  # what it is asked at once, it does not answer so

    @override
    def read(self, now: datetime, sure: Collection[str] = ()) -> DirectorySnapshot:
        asked = frozenset() if self.deaf else frozenset(sure)
        return super().read(now, sure).read_again(now, MORNING, asked)


@pytest.fixture
def remembering(gate: Gate) -> Remembering:
    """In place of the directory of the gate, ten minutes later."""
    found = Remembering()
    gate.directory = found
    gate.restart(gate.policy)
    gate.clock.at += timedelta(minutes=10)
    return found


def test_whoever_begins_an_emergency_is_asked_of_the_directory_at_once(
    gate: Gate, remembering: Remembering
) -> None:
    invoke(gate)
    assert frozenset({"bob"}) in remembering.asked
    (record,) = gate.records("emergency.invoked")
    assert record["directory_read_at"] == record["_ts"]


def test_what_is_only_remembered_of_somebody_begins_and_reviews_no_emergency(
    gate: Gate, remembering: Remembering
) -> None:
    begun = invoke(gate)
    gate.settle()
    gate.tick(HOUR)
    remembering.deaf = True
    assert code_of(try_to_invoke(gate, "alice")) == "directory_stale"
    assert code_of(review(gate, begun)) == "directory_stale"
    remembering.deaf = False
    assert code_of(review(gate, begun)) == ""


# --- more time, and its approval taken back -------------------------------------------------------


@pytest.fixture(scope="module")
def undone() -> list[dict[str, Any]]:
    """Alice was given an hour more, and Bob takes just that approval back: her access ends."""
    with folder() as place:
        made = Gate(place)
        made.restart(extendable(made.policy))
        made.deliver(access_ticket())
        made.approve("bob", "carol")
        made.settle()
        extend(made)
        assert back(made, "bob") == ""
        made.settle()
        assert made.members() == set()
        records = made.records()
        made.stop()
    return records


def test_both_verifiers_hold_that_more_time_ends_with_its_approval(
    undone: list[dict[str, Any]],
) -> None:
    assert faults_of(undone) == (set(), set())
    types = [one["type"] for one in undone]
    cut = undone[: types.index("revocation.begun")]
    longer = types.index("grant.extended")
    assert faults_of(cut) == ({longer}, {longer})


def test_both_verifiers_see_more_time_behind_an_approval_that_was_taken_back(
    undone: list[dict[str, Any]],
) -> None:
    records = deepcopy(undone)
    types = [one["type"] for one in records]
    longer, taken = types.index("grant.extended"), types.index("decision.taken_back")
    moved = records.pop(taken) | {"_ts": records[longer]["_ts"]}
    records.insert(longer, moved)
    ours, theirs = faults_of(records)
    assert longer + 1 in ours
    assert longer + 1 in theirs


# --- a session that outlives its person's leaving -------------------------------------------------


def code(found: object) -> str:
    return found.code if isinstance(found, Refusal) else ""


def test_who_has_left_is_shown_nothing_by_a_session_of_before(gate: Gate) -> None:
    """What Bob decided, his emergency and his passkeys; in his own name he enrols none either."""
    gate.deliver(access_ticket())
    gate.approve("bob")
    begun = invoke(gate)
    gate.settle()
    keys, desk, session = Keys(gate), desk_of(gate), gate.session("bob", STEP_UP)
    ceremony = keys.begin("bob")
    before = (gate.look("bob"), desk.view(begun.id, session), keys.desk.view("bob"))
    assert [code(one) for one in before] == ["", "", ""]
    gate.directory.leave("bob")
    assert code(gate.look("bob")) == "approver_inactive"
    assert code(desk.view(begun.id, session)) == "not_found"
    assert code(desk.page(session)) == "not_found"
    assert code(keys.desk.view("bob")) == "approver_inactive"
    assert code(keys.desk.begin(keys.session("bob"))) == "approver_inactive"
    made = Made(*BOB.register(challenge_of(ceremony.payload)))
    assert code(keys.desk.finish(keys.session("bob"), made)) == "approver_inactive"
    assert code_of(desk.give_back(session, begun.id)) == ""  # letting go is never refused
    gate.directory.change("bob", active=True)
    assert code(gate.look("bob")) == ""


# --- both verifiers hold the log to the lock ------------------------------------------------------


def without_review(gate: Gate) -> tuple[list[dict[str, Any]], list[str]]:
    """The log as it would be had nobody done the first review, and its types."""
    records = gate.records()
    assert faults_of(records) == (set(), set())
    del records[[one["type"] for one in records].index("review.done")]
    return records, [one["type"] for one in records]


def test_both_verifiers_see_who_decides_or_is_decided_for_while_locked(gate: Gate) -> None:
    gate.directory.delegate("bob", "erin", MORNING - timedelta(hours=1), 8)
    gate.deliver(access_ticket())
    gate.run_mail()
    begun = unreviewed(gate, "bob")
    assert code_of(review(gate, begun)) == ""
    gate.approve("erin", "carol")
    records, types = without_review(gate)
    decided_at = types.index("decision.recorded")
    assert faults_of(records) == ({decided_at}, {decided_at})
    records[decided_at] |= {"approver": records[decided_at]["on_behalf_of"]}
    del records[decided_at]["on_behalf_of"]
    ours, theirs = faults_of(records)
    assert decided_at in ours & theirs


def test_both_verifiers_see_who_is_given_something_while_locked(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    begun = unreviewed(gate, "alice")
    assert code_of(review(gate, begun)) == ""
    gate.approve("bob", "carol")
    records, types = without_review(gate)
    approved_at = types.index("request.approved")
    assert faults_of(records) == ({approved_at}, {approved_at})


def test_both_verifiers_see_who_reviews_while_locked(gate: Gate) -> None:
    gate.directory.change("carol", groups=frozenset({"sec-iam", "platform-engineering"}))
    first = invoke(gate, "carol", form=form_of(gate, "carol", seconds=60))
    gate.settle()
    gate.tick(60)
    gate.tick(SOON.total_seconds())
    assert code_of(review(gate, first, "dan")) == ""
    second = invoke(gate, "bob", form=form_of(gate, "bob", seconds=60))
    gate.settle()
    gate.tick(60)
    assert code_of(review(gate, second, "carol")) == ""
    records, types = without_review(gate)
    reviewed_at = types.index("review.done")
    began_at = next(i for i, one in enumerate(records) if one.get("id") == second.id)
    ours, theirs = faults_of(records)  # the second began without the consent that it then needed
    assert (ours, theirs >= ours) == ({began_at, reviewed_at}, True)
    records[reviewed_at] |= {"reviewer": ["carol"]}
    ours, theirs = faults_of(records)
    assert reviewed_at in ours & theirs


# --- erasing whose emergency it was ---------------------------------------------------------------


def test_who_began_or_reviewed_an_emergency_stays_as_long_as_who_decided(gate: Gate) -> None:
    """Neither who, nor why, is put out of the log while it is live, nor who before its time."""
    begun = invoke(gate)
    gate.settle()
    why = What(record=begun.index)
    assert [one.kind for one in erase(gate, why).retained] == ["emergency"]
    assert code_of(review(gate, begun, outcome="unjustified")) == ""
    assert gate.grant_states() == ["revoking"]
    assert [one.kind for one in erase(gate, why).retained] == ["emergency"]
    gate.settle()
    assert gate.grant_states() == ["revoked"]
    gate.clock.at += 2 * DAY
    for person in ("bob", "carol"):
        assert "actor" not in erase(gate, What(person=person)).erased
    gate.clock.at += 31 * DAY
    for person in ("bob", "carol"):
        assert erase(gate, What(person=person)).erased["actor"] == 1

"""What cannot be approved is refused with a reason of its own, and nothing of it is lost.

Each case comes in at the door, as a signed webhook; its reason is in the log and on the page of the
request; delivery and ticket are there; and the next revision, or the mended directory, passes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from tests.e2e.stage import WHY, Stage, put

from ticketgate.cli.demo.snow import Record, reference

ALICES_MANAGER: Final = "manager: bob\n    team: platform\n    groups: [platform-engineering]"
DURATIONS: Final[dict[str, tuple[Any, str]]] = {
    "zero": ("0", "duration_zero"),
    "the number zero": (0, "duration_zero"),
    "no hours": ("0h", "duration_zero"),
    "below nothing": ("-1", "duration_negative"),
    "a number below nothing": (-1, "duration_negative"),
    "absurd": ("1e12", "duration_too_long"),
    "an absurd number": (10**12, "duration_too_long"),
    "a year and a day": ("367d", "duration_too_long"),
    "NaN": ("NaN", "duration_not_a_number"),
    "without end": ("Infinity", "duration_not_a_number"),
    "a word": ("forever", "duration"),
    "two words": ("two hours", "duration"),
    "digits of another script": ("\u0664h", "duration_digits"),
    "null": (None, "duration_null"),
}


def reasons(stage: Stage, record: Record) -> list[str]:
    """Why the one request of a ticket is blocked, as the newest record of it has it."""
    request = stage.request(record)
    assert request["state"] == "blocked"
    moves = [one for one in stage.entries() if one.get("id") == request["id"]]
    found: list[str] = moves[-1]["reasons"]
    return found


def kept(stage: Stage, record: Record, ident: str, code: str) -> None:
    """Delivery, ticket and request are there, and who asked is shown the reason."""
    assert stage.delivery(ident)["state"] == "processed"
    assert stage.verdict(record) == "identity"
    alice = stage.actor("alice")
    page = alice.open(f"{stage.world.url}/console/requests/{stage.request(record)['id']}")
    assert page.status_code == 200
    assert code in page.text
    assert not stage.grants(record)


def blocked(stage: Stage, record: Record, *codes: str) -> None:
    """Tell it; it is refused with just these reasons, and kept."""
    ident = stage.post(record)["delivery_id"]
    stage.wait("the worker", lambda: stage.delivery(ident)["state"] != "accepted")
    assert reasons(stage, record) == list(codes)
    for code in codes:
        kept(stage, record, ident, code)


def passes(stage: Stage, record: Record) -> None:
    """The control: what was wrong is mended, and the request waits for its approvers."""
    assert stage.requests(record)[-1]["state"] == "awaiting"
    stage.close_ticket(record)


@pytest.mark.parametrize("case", DURATIONS)
def test_a_duration_that_is_none_is_refused(stage: Stage, case: str) -> None:
    value, code = DURATIONS[case]
    record = stage.world.snow.access_request()
    assert record.variables is not None
    record.variables["duration"] = value
    blocked(stage, record, code)
    stage.tell(record.edit(variables={"duration": "2h"}))
    passes(stage, record)


def test_a_duration_that_is_empty_gives_what_the_limit_gives(stage: Stage) -> None:
    """Nothing is asked: then it is what the policy's limit gives, never without end."""
    record = stage.world.snow.access_request()
    assert record.variables is not None
    record.variables["duration"] = ""
    stage.tell(record)
    (opened,) = [one for one in stage.entries("request.opened") if _of(stage, one, record)]
    assert 0 < opened["seconds"] <= 4 * 3600
    passes(stage, record)


def _of(stage: Stage, entry: dict[str, Any], record: Record) -> bool:
    return bool(entry["id"] == stage.request(record)["id"])


def test_a_duration_that_is_no_json_is_kept_for_a_person(stage: Stage) -> None:
    """NaN is no JSON: the bytes are kept, and the same ticket passes with its next revision."""
    record = stage.world.snow.access_request()
    assert record.variables is not None
    record.variables["duration"] = float("nan")  # type: ignore[assignment]
    receipt = stage.post(record)
    assert receipt["status"] == "quarantined"
    delivery = stage.delivery(receipt["delivery_id"])
    assert (delivery["state"], delivery["reason"]) == ("quarantined", "number")
    stage.tell(record.edit(variables={"duration": "2h"}))
    passes(stage, record)


# --- who could approve --------------------------------------------------------------------------


PEOPLE: Final[dict[str, tuple[str, str, str]]] = {
    "nobody is named": (
        ALICES_MANAGER,
        "team: platform\n    groups: [platform-engineering]",
        "approvers_none",
    ),
    "who is named is not active": (
        "bob.ng]\n      corp-scim: [bob@example.com]\n    active: true",
        "bob.ng]\n      corp-scim: [bob@example.com]\n    active: false",
        "approvers_unfit",
    ),
    "only who asks is named": (
        ALICES_MANAGER,
        ALICES_MANAGER.replace("bob", "alice-admin"),
        "approvers_parties",
    ),
}


@pytest.mark.parametrize("case", PEOPLE)
def test_a_set_of_approvers_that_is_none_is_refused(stage: Stage, case: str) -> None:
    right, broken, code = PEOPLE[case]
    record = stage.world.snow.access_request()
    with stage.directory((right, broken)):
        blocked(stage, record, code)
    stage.tell(record.edit(short_description="The directory is mended"))
    passes(stage, record)


@contextmanager
def directory_down(stage: Stage) -> Iterator[None]:
    """The file cannot be read for a while."""
    path = stage.world.config / "directory.yaml"
    before = path.read_text()
    put(path, "people: [")
    try:
        yield
    finally:
        put(path, before)


def test_while_the_directory_is_down_nobody_decides_and_nothing_is_lost(stage: Stage) -> None:
    record, later = stage.world.snow.access_request(), stage.world.snow.access_request()
    stage.tell(record)
    form = stage.form_of("bob", record)
    bob = stage.actor("bob")
    with directory_down(stage):
        assert bob.approval(form) == (503, "directory_unreadable")
        receipt = stage.post(later)  # 202: taken, and stored
        assert stage.delivery(receipt["delivery_id"])["state"] == "accepted"
    assert stage.request(record)["state"] == "awaiting"
    stage.wait("the worker", lambda: stage.delivery(receipt["delivery_id"])["state"] == "processed")
    assert bob.approval(form) == (303, "")
    stage.close_ticket(record)
    passes(stage, later)


# --- people who look alike ------------------------------------------------------------------------


ALIKE: Final = {
    "a Cyrillic letter": "\u0430lice.moreau",
    "a full-width letter": "\uff41lice.moreau",
    "a combining mark": "a\u0301lice.moreau",
    "a dot less": "alicemoreau",
    "a plus-address": "alice.moreau+admin",
    "a space that is none": "alice.moreau\u200b",
}


@pytest.mark.parametrize("case", ALIKE)
def test_who_looks_like_somebody_is_nobody_that_is_known(stage: Stage, case: str) -> None:
    """Never taken for the person they look like: an account that is nobody's wrote the ticket."""
    record = stage.world.snow.access_request()
    stage.tell(record)
    record.edit(by=ALIKE[case], variables={"business_reason": f"{WHY}, {case}"})
    ident = stage.post(record)["delivery_id"]
    stage.wait("the worker", lambda: stage.delivery(ident)["state"] != "accepted")
    (said,) = [one for one in stage.entries("ticket.classified") if one["delivery"] == ident]
    assert (said["verdict"], said["boundary"]) == ("uncertain", ["automation_unowned"])
    assert [one["state"] for one in stage.requests(record)] == ["withdrawn"]
    assert stage.delivery(ident)["state"] == "processed"
    (found,) = [one for one in stage.entries("exception.opened") if one["about"] == said["id"]]
    assert found["code"] == "automation_unowned"  # a person looks at it
    assert not stage.grants(record)
    stage.close_ticket(record)


@pytest.mark.parametrize("case", ALIKE)
def test_who_looks_like_who_asks_is_not_them(stage: Stage, case: str) -> None:
    """Its account stays in the ticket's history: another opener in its place does not help."""
    record = stage.world.snow.access_request()
    right = record.columns["opened_by"]
    record.columns["opened_by"] = reference(ALIKE[case], "Alice Moreau")
    blocked(stage, record, "unknown_requester")
    stage.tell(record.edit(opened_by=right))
    assert reasons(stage, record) == ["unknown_requester"]
    stage.close_ticket(record)


@pytest.mark.parametrize("case", ALIKE)
def test_who_looks_like_who_gets_it_is_not_them(stage: Stage, case: str) -> None:
    """Nor is the look-alike in the groups of the person, which let somebody ask."""
    record = stage.world.snow.access_request()
    right = record.columns["requested_for"]
    record.columns["requested_for"] = reference(ALIKE[case], "Alice Moreau")
    blocked(stage, record, "unknown_beneficiary", "not_requestable")
    stage.tell(record.edit(requested_for=right))
    passes(stage, record)


def test_the_account_in_other_capitals_is_the_same_person(stage: Stage) -> None:
    """The control of the ones above: A to Z count as small letters, and nothing else does."""
    record = stage.world.snow.access_request()
    stage.tell(record)
    record.edit(by="Alice.Moreau", variables={"business_reason": WHY})
    stage.tell(record)
    passes(stage, record)

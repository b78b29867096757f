"""While a review is overdue a second person has to consent before others begin one for the same."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.operations.emergencies import (
    FOUND,
    HOUR,
    STEP_UP,
    WHAT,
    WHY,
    code_of,
    desk_of,
    faults_of,
    form_of,
    invoke,
    policy_with,
    review,
    session_for,
    try_to_invoke,
)
from tests.operations.kit import Gate, folder
from tests.operations.rebuilt import compared

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import canonical
from ticketgate.domain.grants.command import CommandKind
from ticketgate.operations.desks.emergency_view import Ask
from ticketgate.operations.emergencies.consent_emergency import ConsentForm
from ticketgate.verifier import verify

DAY = 24 * HOUR
MINUTE = 60
Records = list[dict[str, Any]]


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Alice had an emergency that nobody reviewed in time."""
    with folder() as place:
        made = Gate(place, policy_with())
        try:
            invoke(made, "alice")
            made.settle()
            made.tick(HOUR)
            made.tick(DAY + HOUR)
            yield made
        finally:
            made.stop()


def asks(gate: Gate, person: str) -> tuple[Ask, ...]:
    page = desk_of(gate).page(gate.session(person, STEP_UP))
    return () if isinstance(page, Refusal) else page.asks


def give(
    gate: Gate,
    person: str = "carol",
    *,
    ident: str = "",
    why: str = FOUND,
    shown: str = "",
    method: str = STEP_UP,
) -> Emergency | Refusal:
    """Somebody consents to what Bob asks, as the page shows it to him."""
    (ask,) = asks(gate, "bob")
    shown = shown or ask.shown
    session = session_for(gate, person, shown, method)
    return desk_of(gate).consent(session, ident or ask.id, ConsentForm(why, shown))


def assert_sound(gate: Gate) -> None:
    assert gate.verified().failing == ()
    assert faults_of(gate.records()) == (set(), set())
    assert compared(gate) == []


def begun(gate: Gate) -> Records:
    """The records of an emergency that Bob began after Carol consented."""
    try_to_invoke(gate)
    assert code_of(give(gate)) == ""
    invoke(gate)
    return gate.records()


def test_it_is_asked_once_consented_to_and_begun_in_time(gate: Gate) -> None:
    for _ in range(2):
        assert code_of(try_to_invoke(gate)) == "consent_needed"
    (record,) = gate.records("emergency.asked")
    assert (record["entitlement"], record["seconds"]) == (WHAT, HOUR)
    assert len(gate.grants()) == 1  # Alice's
    (seen,) = asks(gate, "carol")
    assert (seen.reason, seen.given, seen.mine, seen.barred) == (WHY, False, False, None)
    assert desk_of(gate).shows(gate.session("carol", STEP_UP), seen.shown)
    assert code_of(give(gate)) == ""
    assert asks(gate, "bob")[0].given
    assert_sound(gate)
    made = invoke(gate)
    assert made.id == seen.id
    (_, invoked) = gate.records("emergency.invoked")
    assert (invoked["from"], invoked["id"]) == ("consented", seen.id)
    assert asks(gate, "bob") == ()
    gate.settle()
    assert gate.members() == {"bob"}
    gate.tick(HOUR)
    assert gate.members() == set()
    assert code_of(review(gate, made)) == ""
    assert_sound(gate)


def mails(gate: Gate) -> set[str]:
    """Who has mail that somebody asks for consent."""
    for command in gate.due(CommandKind.MAIL_OUTCOME):
        gate.mailer.run(command, gate.desk.snapshot())
    return {one.to.partition("@")[0] for one in gate.post.mails if "consent to an" in one.subject}


def test_those_who_may_consent_have_mail_and_nobody_else(gate: Gate) -> None:
    try_to_invoke(gate)
    found = mails(gate)
    assert "carol" in found
    assert found.isdisjoint({"alice", "bob", "erin"})  # locked, who asks, and who is not named
    mail = next(one for one in gate.post.mails if "consent to an" in one.subject)
    assert "https://gate.example.com/console/emergency" in mail.text
    assert WHY not in mail.text
    sent = len(gate.post.mails)
    try_to_invoke(gate)
    mails(gate)
    assert len(gate.post.mails) == sent


def test_the_person_of_an_emergency_hears_when_it_begins_and_ends(gate: Gate) -> None:
    begun(gate)
    gate.settle()
    gate.tick(HOUR)
    mails(gate)
    sent = gate.post.to("bob@example.com")
    ours = [one for one in sent if "/console/emergency/emg" in one.text]
    assert [one.subject for one in ours if "EMERGENCY" not in one.subject] == [
        "[ticketgate] Access is given",
        "[ticketgate] Access has ended",
    ]


def test_an_ask_is_no_emergency(gate: Gate) -> None:
    try_to_invoke(gate)
    (ask,) = asks(gate, "bob")
    for session in (gate.session("bob", STEP_UP), gate.session("carol", STEP_UP)):
        found = desk_of(gate).view(ask.id, session)
        assert isinstance(found, Refusal)
    gate.tick(3 * DAY)
    assert len(gate.records("review.overdue")) == 1
    assert_sound(gate)


@pytest.mark.parametrize(
    ("person", "code"),
    [
        ("bob", "own_emergency"),
        ("alice", "person_locked"),
        ("erin", "not_found"),
        ("mallory", "not_found"),
        ("frank", "approver_inactive"),
    ],
)
def test_who_may_not_consent_does_not(gate: Gate, person: str, code: str) -> None:
    try_to_invoke(gate)
    assert code_of(give(gate, person)) == code
    assert code_of(try_to_invoke(gate)) == "consent_needed"
    assert gate.records("emergency.consented") == []
    shown = [(one.mine, one.barred and one.barred.code) for one in asks(gate, person)]
    assert shown == {"bob": [(True, code)], "alice": [(False, code)]}.get(person, [])


def test_nobody_consents_to_their_own_by_another_account(gate: Gate) -> None:
    gate.directory.change("alice-admin", groups=frozenset({"platform-engineering"}))
    (first,) = gate.records("emergency.invoked")
    with gate.db() as db:
        overdue = db.emergencies.get(str(first["id"]))
    assert overdue is not None
    assert code_of(review(gate, overdue)) == ""
    invoke(gate, "bob")
    gate.settle()
    gate.tick(HOUR)
    gate.tick(DAY + HOUR)
    assert code_of(try_to_invoke(gate, "alice")) == "consent_needed"
    (ask,) = asks(gate, "alice")
    assert asks(gate, "alice-admin") == ()
    other = session_for(gate, "alice-admin", ask.shown)
    found = desk_of(gate).consent(other, ask.id, ConsentForm(FOUND, ask.shown))
    assert code_of(found) == "own_emergency"


def test_who_is_locked_consents_by_no_account(gate: Gate) -> None:
    gate.directory.change("alice-admin", groups=frozenset({"platform-engineering"}))
    try_to_invoke(gate)
    assert code_of(give(gate, "alice-admin")) == "person_locked"


def test_another_pre_authorised_person_consents(gate: Gate) -> None:
    gate.directory.change("erin", groups=frozenset({"platform-engineering"}))
    try_to_invoke(gate)
    assert code_of(give(gate, "erin", method="oidc")) == "assurance"
    assert code_of(give(gate, "erin")) == ""
    (record,) = gate.records("emergency.consented")
    assert (record["clause"], record["method"]) == ("group:platform-engineering", "oidc_step_up")
    invoke(gate)
    assert_sound(gate)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"why": "ok"}, "justification"),
        ({"shown": "0" * 64}, "shown_changed"),
        ({"ident": "emg_x"}, "not_found"),
    ],
)
def test_a_form_that_does_not_do_is_refused(gate: Gate, changes: dict[str, str], code: str) -> None:
    try_to_invoke(gate)
    assert code_of(give(gate, **changes)) == code


def test_one_that_comes_late_or_twice_does_not_count(gate: Gate) -> None:
    try_to_invoke(gate)
    (ask,) = asks(gate, "bob")
    assert code_of(give(gate)) == ""
    again = ConsentForm(FOUND, asks(gate, "bob")[0].shown)
    dan = session_for(gate, "dan", again.shown)
    assert code_of(desk_of(gate).consent(dan, ask.id, again)) == "not_found"
    gate.tick(15 * MINUTE)
    assert code_of(try_to_invoke(gate)) == "consent_needed"  # and is asked anew
    (new,) = asks(gate, "bob")
    assert new.id != ask.id
    gate.tick(15 * MINUTE)
    form = ConsentForm(FOUND, new.shown)
    carol = session_for(gate, "carol", new.shown)
    assert code_of(desk_of(gate).consent(carol, new.id, form)) == "not_found"
    assert_sound(gate)


def test_it_lasts_no_longer_than_was_consented_to(gate: Gate) -> None:
    try_to_invoke(gate, form=form_of(gate, "bob", seconds=10 * MINUTE))
    assert code_of(give(gate)) == ""
    longer = form_of(gate, "bob", seconds=10 * MINUTE + 1)
    assert code_of(try_to_invoke(gate, form=longer)) == "seconds"
    assert gate.records("emergency.refused")[-1]["code"] == "seconds"
    assert invoke(gate, form=form_of(gate, "bob", seconds=None)).seconds == 10 * MINUTE
    assert_sound(gate)


def test_it_begins_for_no_other_reason_than_was_consented_to(gate: Gate) -> None:
    try_to_invoke(gate)
    assert code_of(give(gate)) == ""
    begun = len(gate.records("emergency.invoked"))
    other = form_of(gate, "bob", reason=f"{WHY} And more.")
    assert code_of(try_to_invoke(gate, form=other)) == "reason"
    assert gate.records("emergency.refused")[-1]["code"] == "reason"
    assert len(gate.records("emergency.invoked")) == begun
    invoke(gate, form=form_of(gate, "bob", reason=f" {WHY} "))
    assert_sound(gate)


def test_a_consent_is_for_one_person_and_no_review_waits_for_it(gate: Gate) -> None:
    gate.directory.change("erin", groups=frozenset({"platform-engineering"}))
    try_to_invoke(gate)
    assert code_of(give(gate)) == ""
    assert code_of(try_to_invoke(gate, "erin")) == "consent_needed"
    assert code_of(try_to_invoke(gate, form=form_of(gate, "bob", drill=True))) == ""


def test_an_ask_that_came_to_nothing_keeps_nobody_from_being_erased(gate: Gate) -> None:
    try_to_invoke(gate)
    with gate.db() as db:
        standing = db.erasing.person("bob")
    assert (standing.live, standing.ended) == (False, gate.clock.now())


def test_without_its_rules_nobody_consents(gate: Gate) -> None:
    try_to_invoke(gate)
    (ask,) = asks(gate, "bob")
    gate.restart(policy_with(None))
    carol = session_for(gate, "carol", ask.shown)
    form = ConsentForm(FOUND, ask.shown)
    assert code_of(desk_of(gate).consent(carol, ask.id, form)) == "not_found"


def test_an_old_directory_consents_to_nothing(gate: Gate) -> None:
    try_to_invoke(gate)
    gate.directory.unreadable = True
    (ask,) = (one for one in gate.records("emergency.asked"))
    carol = gate.session("carol", STEP_UP)
    found = desk_of(gate).consent(carol, str(ask["id"]), ConsentForm(FOUND, ""))
    assert code_of(found) == "directory_unreadable"


@pytest.mark.parametrize(
    ("type_", "changes"),
    [
        ("emergency.consented", {"by": "self"}),
        ("emergency.consented", {"by": ""}),
        ("emergency.consented", {"by": 7}),
        ("emergency.consented", {"by": "locked"}),
        ("emergency.consented", {"person": "act_other"}),
        ("emergency.consented", {"method": "oidc"}),
        ("emergency.consented", {"_ts": 15}),
        ("emergency.invoked", {"_ts": 15}),
        ("emergency.invoked", {"person": "act_other"}),
        ("emergency.invoked", {"drill": True}),
        ("emergency.invoked", {"seconds": HOUR + 1}),
    ],
)
def test_both_verifiers_see_a_consent_that_does_not_count(
    gate: Gate, type_: str, changes: dict[str, Any]
) -> None:
    records = begun(gate)
    index = max(i for i, one in enumerate(records) if one["type"] == type_)
    locked = next(one["person"] for one in records if one["type"] == "review.overdue")
    given = {"self": records[index]["person"], "locked": locked}
    for name, value in changes.items():
        if name == "_ts":
            asked = next(one for one in records if one["type"] == "emergency.asked")
            late = verify.moment_after(asked["_ts"], value * MINUTE)
            for one in records[index:]:
                one["_ts"] = max(one["_ts"], late)
            told = records[index].get("step_up")
            if told:
                told["auth_time"] = late
        else:
            records[index][name] = given.get(value, value) if isinstance(value, str) else value
    ours, theirs = faults_of(records)
    assert index in ours & theirs


@pytest.mark.parametrize(
    "changes",
    [
        {"within": 0},
        {"within": "long"},
        {"seconds": 0},
        {"seconds": None},
        {"person": 7},
        {"entitlement": None},
    ],
)
def test_both_verifiers_see_an_ask_that_is_not_told_whole(
    gate: Gate, changes: dict[str, Any]
) -> None:
    records = begun(gate)
    index = next(i for i, one in enumerate(records) if one["type"] == "emergency.asked")
    records[index] |= changes
    ours, theirs = faults_of(records)
    assert index in ours & theirs


def test_both_verifiers_see_one_that_began_without_it(gate: Gate) -> None:
    records = begun(gate)
    asked = {"emergency.asked", "emergency.consented"}
    kept = [one for one in records if one["type"] not in asked]
    index = max(i for i, one in enumerate(kept) if one["type"] == "emergency.invoked")
    kept[index]["from"] = ""
    ours, theirs = faults_of(kept)
    assert index in ours & theirs


def test_a_consent_is_read_the_same_by_its_shape(gate: Gate) -> None:
    records = [one for one in begun(gate) if one["type"] == "emergency.consented"]
    (record,) = records
    del record["step_up"]
    reader = verify.Reader()
    for _ in range(2):
        read, _missing = reader.read(canonical(record).decode(), clean=True)
        assert (read["by"], read["method"]) == (record["by"], record["method"])


def test_a_stale_directory_consents_to_nothing(gate: Gate) -> None:
    try_to_invoke(gate)
    (ask,) = asks(gate, "bob")
    session = session_for(gate, "carol", ask.shown, STEP_UP)
    desk = replace(desk_of(gate), snapshot=lambda *_: gate.directory.read(gate.clock.now()))
    gate.directory.change("bob", team="other")
    assert code_of(desk.consent(session, ask.id, ConsentForm(FOUND, ask.shown))) == (
        "directory_stale"
    )
    assert gate.records("emergency.consented") == []

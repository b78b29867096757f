"""Emergency access: pre-authorised, told to everybody, ended by itself, never extended (rule 9)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.emergencies import (
    FOUND,
    HOUR,
    RULES,
    WHAT,
    WHY,
    code_of,
    desk_of,
    faults_of,
    form_of,
    invoke,
    policy_with,
    review,
    try_to_invoke,
)
from tests.operations.kit import Gate, folder
from tests.operations.rebuilt import compared

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy.policy import Word
from ticketgate.operations.emergencies.invoke_emergency import InvokeForm
from ticketgate.operations.emergencies.review_emergency import ReviewForm
from ticketgate.operations.grants.revoke import Choice, revoke


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as place:
        made = Gate(place, policy_with())
        try:
            yield made
        finally:
            made.stop()


def assert_sound(gate: Gate) -> None:
    """Both verifiers find nothing, and the tables are what the log makes of them."""
    assert gate.verified().failing == ()
    assert faults_of(gate.records()) == (set(), set())
    assert compared(gate) == []


def refused(gate: Gate) -> list[str]:
    return [str(one["code"]) for one in gate.records("emergency.refused")]


# --- one that goes as it should -------------------------------------------------------------------


def test_an_emergency_gives_access_at_once_and_ends_by_itself(gate: Gate) -> None:
    invoke(gate)
    gate.settle()
    assert gate.members() == {"bob"}
    gate.tick(HOUR)
    assert gate.members() == set()
    assert gate.grant_states() == ["revoked"]
    assert_sound(gate)


def test_its_record_tells_who_by_which_word_and_for_how_long(gate: Gate) -> None:
    begun = invoke(gate, form=form_of(gate, "bob", seconds=None))
    (record,) = gate.records("emergency.invoked")
    told = {name: record[name] for name in ("entitlement", "clause", "seconds", "method", "drill")}
    assert told == {
        "entitlement": WHAT,
        "clause": "group:platform-engineering",
        "seconds": 2 * HOUR,
        "method": "oidc_step_up",
        "drill": False,
    }
    assert record["id"] == begun.id
    assert WHY not in str(record)
    (planned,) = gate.records("grant.planned")
    assert (planned["origin"], planned["request"]) == ("emergency", begun.id)


def test_a_word_that_names_a_person_is_recorded_by_their_actor(gate: Gate) -> None:
    allowed = replace(RULES.allow[0], people=(Word("person", "bob"),))
    gate.restart(policy_with(replace(RULES, allow=(allowed,))))
    invoke(gate)
    (record,) = gate.records("emergency.invoked")
    assert record["clause"] == f"person:{record['person']}"


def test_reviewers_owners_manager_operators_and_the_person_are_told(gate: Gate) -> None:
    invoke(gate)
    gate.run_mail()
    told = {mail.to.partition("@")[0] for mail in gate.post.mails}
    assert told == {"alice.admin", "carol", "dan", "erin", "bob"}  # frank has left
    mail = gate.post.to("carol@example.com")[0]
    assert mail.subject == "[ticketgate] EMERGENCY: access to prod-db-admin"
    assert "https://gate.example.com/console/emergency/emg_" in mail.text
    assert WHY not in mail.text + mail.html


def test_a_ticket_event_does_not_end_it_and_the_kill_switch_does(gate: Gate) -> None:
    invoke(gate)
    gate.settle()
    gate.tick(60)
    assert gate.members() == {"bob"}
    gate.write(partial(revoke, choice=Choice(person="bob"), by="os:0@host", reason="stop it now"))
    gate.settle()
    assert gate.members() == set()


def test_whoever_leaves_loses_it(gate: Gate) -> None:
    invoke(gate)
    gate.settle()
    gate.directory.leave("bob")
    gate.tick()
    assert (gate.members(), gate.grant_states()) == (set(), ["revoked"])


def test_it_can_be_given_back_by_whose_it_is_and_nobody_else(gate: Gate) -> None:
    begun = invoke(gate)
    gate.settle()
    other = desk_of(gate).give_back(gate.session("alice"), begun.id)
    assert isinstance(other, Refusal)
    assert other.code == "not_found"
    assert code_of(desk_of(gate).give_back(gate.session("bob"), begun.id)) == ""
    gate.settle()
    assert gate.members() == set()
    assert code_of(desk_of(gate).give_back(gate.session("bob"), begun.id)) == ""
    assert gate.records("revocation.begun")[0]["cause"] == "returned"


# --- who may, and what they must say --------------------------------------------------------------


@pytest.mark.parametrize("person", ["mallory", "erin", "carol"])
def test_nobody_is_pre_authorised_whom_the_policy_does_not_name(gate: Gate, person: str) -> None:
    assert code_of(try_to_invoke(gate, person)) == "not_preauthorised"
    assert refused(gate) == ["not_preauthorised"]
    assert gate.grants() == []


def test_nothing_is_pre_authorised_that_the_policy_does_not_name(gate: Gate) -> None:
    for what in ("sales-reports", "root"):
        assert code_of(try_to_invoke(gate, form=form_of(gate, "bob", what=what))) == (
            "not_preauthorised"
        )
    assert [one["entitlement"] for one in gate.records("emergency.refused")] == [
        "sales-reports",
        "",
    ]


def test_without_the_section_there_is_none(gate: Gate) -> None:
    gate.restart(policy_with(None))
    assert code_of(try_to_invoke(gate)) == "not_preauthorised"


def test_another_account_of_hers_does_not_borrow_the_pre_authorisation(gate: Gate) -> None:
    assert code_of(try_to_invoke(gate, "alice-admin")) == "not_preauthorised"


def test_a_weaker_sign_in_than_the_tier_needs_is_no_door(gate: Gate) -> None:
    for method in ("mail_code", "oidc"):
        assert code_of(try_to_invoke(gate, method=method)) == "assurance"
    assert code_of(try_to_invoke(gate, method="passkey")) == ""


def test_whoever_left_invokes_nothing(gate: Gate) -> None:
    form = form_of(gate, "bob")
    gate.directory.leave("bob")
    assert code_of(try_to_invoke(gate, form=form)) == "approver_inactive"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reason": "too short"}, "reason"),
        ({"reason": "log in with password: Tr0ub4dor&3xyz and fix it"}, "secret_typed"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": 2 * HOUR + 1}, "seconds"),
        ({"shown": "f" * 64}, "shown_changed"),
    ],
)
def test_a_form_that_does_not_do_gives_nothing(
    gate: Gate, change: dict[str, object], code: str
) -> None:
    form = replace(form_of(gate, "bob"), **change)  # type: ignore[arg-type]
    assert code_of(try_to_invoke(gate, form=form)) == code
    assert (gate.grants(), refused(gate)) == ([], [code])


def test_where_nobody_else_could_review_nothing_is_given(gate: Gate) -> None:
    gate.restart(policy_with(replace(RULES, review_by=(Word("person", "bob"),))))
    assert code_of(try_to_invoke(gate)) == "no_reviewer"


def test_a_stale_directory_and_shadow_mode_give_nothing(gate: Gate) -> None:
    gate.directory.unreadable = True
    form = replace(form_of_readable(gate), seconds=60)
    assert code_of(try_to_invoke(gate, form=form)) == "directory_unreadable"
    gate.directory.unreadable = False
    desk = replace(desk_of(gate), snapshot=lambda *_: gate.directory.read(gate.clock.now()))
    gate.directory.change("bob", team="other")
    assert code_of(desk.invoke(gate.session("bob", "passkey"), form)) == "directory_stale"
    gate.restart(replace(policy_with(), shadow=True, digest="5" * 64))
    assert code_of(try_to_invoke(gate)) == "shadow"
    assert gate.grants() == []


def form_of_readable(gate: Gate) -> InvokeForm:
    was, gate.directory.unreadable = gate.directory.unreadable, False
    form = form_of(gate, "bob")
    gate.directory.unreadable = was
    return form


def test_a_disputed_clock_gives_nothing(gate: Gate) -> None:
    gate.clock.skew = timedelta(minutes=6)
    assert code_of(try_to_invoke(gate)) == "clock_disputed"


# --- no extension, and the cooldown ---------------------------------------------------------------


def test_there_is_one_at_a_time_and_no_extension(gate: Gate) -> None:
    invoke(gate)
    assert code_of(try_to_invoke(gate)) == "emergency_live"
    gate.settle()
    gate.tick(HOUR - 1)
    assert code_of(try_to_invoke(gate)) == "emergency_live"


def test_another_account_of_the_same_human_does_not_get_a_second_one(gate: Gate) -> None:
    gate.directory.change("alice-admin", groups=frozenset({"platform-engineering"}))
    invoke(gate, "alice")
    assert code_of(try_to_invoke(gate, "alice-admin")) == "emergency_live"


def test_somebody_else_may_have_one_meanwhile(gate: Gate) -> None:
    invoke(gate)
    assert invoke(gate, "alice").subject == "alice"


def test_the_cooldown_runs_from_the_end_of_the_access(gate: Gate) -> None:
    invoke(gate)
    gate.settle()
    gate.tick(HOUR)
    gate.tick(12 * HOUR - 1)
    assert code_of(try_to_invoke(gate)) == "emergency_cooldown"
    gate.tick(1)
    invoke(gate)
    assert_sound(gate)


def test_what_was_never_given_has_nothing_to_cool_down(gate: Gate) -> None:
    begun = invoke(gate)
    desk_of(gate).give_back(gate.session("bob"), begun.id)
    assert gate.grant_states() == ["cancelled"]
    invoke(gate)
    assert_sound(gate)


# --- the review -----------------------------------------------------------------------------------


def ended(gate: Gate) -> Emergency:
    """An emergency of Bob's that is over."""
    begun = invoke(gate)
    gate.settle()
    gate.tick(HOUR)
    return begun


def test_somebody_else_reviews_it(gate: Gate) -> None:
    begun = ended(gate)
    assert code_of(review(gate, begun)) == ""
    (record,) = gate.records("review.done")
    assert (record["outcome"], record["clause"]) == ("justified", "group:sec-iam")
    assert FOUND not in str(record)
    assert code_of(review(gate, begun, "dan")) == "reviewed_already"
    assert_sound(gate)


def test_a_reviewer_who_is_named_by_id_is_recorded_by_their_actor(gate: Gate) -> None:
    gate.restart(policy_with(replace(RULES, review_by=(Word("person", "carol"),))))
    assert code_of(review(gate, ended(gate))) == ""
    (record,) = gate.records("review.done")
    assert record["clause"] == f"person:{record['reviewer']}"


def test_nobody_reviews_their_own_by_any_account(gate: Gate) -> None:
    begun = invoke(gate, "alice")
    gate.settle()
    gate.tick(HOUR)
    assert code_of(review(gate, begun, "alice-admin")) == "own_emergency"
    assert code_of(review(gate, begun, "alice")) == "own_emergency"


def test_who_is_not_named_or_not_surely_known_or_gone_does_not_review(gate: Gate) -> None:
    begun = ended(gate)
    assert code_of(review(gate, begun, "erin")) == "not_reviewer"
    assert code_of(review(gate, begun, method="mail_code")) == "assurance"
    assert code_of(review(gate, begun, "frank")) == "approver_inactive"
    assert code_of(review(gate, replace(begun, id="emg_x"))) == "not_found"
    gate.restart(policy_with(None))
    assert code_of(review(gate, begun)) == "not_reviewer"


def test_a_review_is_of_what_was_shown_and_says_what_it_was(gate: Gate) -> None:
    begun = ended(gate)
    assert code_of(review(gate, begun, shown="f" * 64)) == "shown_changed"
    assert code_of(review(gate, begun, outcome="fine")) == "outcome"
    assert code_of(review(gate, begun, findings="ok")) == "justification"


def test_a_review_waits_for_the_end_unless_it_ends_the_access(gate: Gate) -> None:
    begun = invoke(gate)
    gate.settle()
    assert code_of(review(gate, begun)) == "emergency_live"
    assert code_of(review(gate, begun, outcome="unjustified")) == ""
    gate.settle()
    assert gate.members() == set()
    assert gate.records("revocation.begun")[0]["cause"] == "review_denied"


def test_a_stale_directory_reviews_nothing(gate: Gate) -> None:
    begun = ended(gate)
    desk = replace(desk_of(gate), snapshot=lambda *_: gate.directory.read(gate.clock.now()))
    gate.directory.change("bob", team="other")
    said = desk.review(gate.session("carol", "passkey"), begun.id, ReviewForm("", "", ""))
    assert code_of(said) == "directory_stale"

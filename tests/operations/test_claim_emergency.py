"""What was done by hand while the gateway was down is entered late: claimed, and not enforced."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.emergencies import (
    ROLES,
    RULES,
    WHAT,
    WHY,
    code_of,
    desk_of,
    faults_of,
    invoke,
    policy_with,
    review,
    session_for,
    try_to_invoke,
)
from tests.operations.emergencies import form_of as invocation
from tests.operations.fakes import principal
from tests.operations.kit import Gate, folder
from tests.operations.rebuilt import compared

from ticketgate.domain.emergencies.emergency import Emergency, ReviewState
from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy.policy import Word
from ticketgate.domain.requests.ground import Ground
from ticketgate.operations.desks.claim_desk import ClaimDesk
from ticketgate.operations.emergencies.claim_emergency import (
    ClaimForm,
    claim_terms,
    know_account,
    may_claim,
)

HOW = "two people opened the sealed account and added him to the group by hand"
GROUP = "SG-PROD-DB-ADMIN"


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as place:
        made = Gate(place, policy_with())
        try:
            yield made
        finally:
            made.stop()


def ground_of(gate: Gate) -> Ground:
    return Ground(gate.in_force.now, gate.directory.read(gate.clock.now()))


def minutes_ago(gate: Gate, minutes: int) -> str:
    return f"{gate.clock.at - timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"


def form_of(gate: Gate, **typed: str) -> ClaimForm:
    """Bob held it from three hours until two hours ago."""
    known = {
        "person": "bob",
        "entitlement": WHAT,
        "since": minutes_ago(gate, 180),
        "until": minutes_ago(gate, 120),
        "reason": WHY,
        "how": HOW,
        "seen_by": "Grace",
        "shown": claim_terms(ground_of(gate)),
    }
    return ClaimForm(**(known | typed))


def try_to_claim(
    gate: Gate, who: str = "erin", *, method: str = "oidc_step_up", **typed: str
) -> Emergency | Refusal:
    form = form_of(gate, **typed)
    session = session_for(gate, who, form.shown, method)
    return ClaimDesk(desk_of(gate)).claim(session, form)


def claim(gate: Gate, who: str = "erin", **typed: str) -> Emergency:
    made = try_to_claim(gate, who, **typed)
    assert isinstance(made, Emergency), made
    return made


def by_hand(gate: Gate, person: str = "bob", group: str = GROUP) -> None:
    """Somebody adds a person at the target, past the gateway."""
    gate.target.groups[group].add(principal(person))


def assert_sound(gate: Gate) -> None:
    """Both verifiers find nothing, and the tables are what the log makes of them."""
    assert gate.verified().failing == ()
    assert faults_of(gate.records()) == (set(), set())
    assert compared(gate) == []


def code_of_claim(gate: Gate, who: str = "erin", **typed: str) -> str:
    return code_of(try_to_claim(gate, who, **typed))


# --- one that goes as it should -------------------------------------------------------------------


def test_what_still_stands_is_taken_away_at_once_and_reviewed(gate: Gate) -> None:
    by_hand(gate)
    entered = claim(gate)
    gate.settle()
    assert (gate.members(), gate.grant_states()) == (set(), ["revoked"])
    done = review(gate, entered, "carol")
    assert isinstance(done, Emergency), done
    assert done.state is ReviewState.DONE
    assert_sound(gate)


def test_its_record_says_that_it_is_late_claimed_and_not_enforced(gate: Gate) -> None:
    entered = claim(gate)
    (record,) = gate.records("emergency.claimed")
    assert (record["authority_basis"], record["enforced"], record["id"]) == (
        "claimed",
        False,
        entered.id,
    )
    assert (record["clause"], record["preauthorised"]) == (
        "role:operator",
        "group:platform-engineering",
    )
    assert (record["access_from"] < record["access_until"] < record["_ts"]) is True
    assert not any(word in str(record) for word in (WHY, HOW, "Grace"))
    (begun,) = gate.records("revocation.begun")
    assert (begun["from"], begun["origin"], begun["not_after"]) == ("", "claimed", begun["_ts"])
    assert gate.records("grant.planned") == []


def test_what_is_gone_already_is_confirmed_at_the_target(gate: Gate) -> None:
    claim(gate)
    gate.settle()
    (record,) = gate.records("revocation.confirmed")
    assert (record["confirmed"], record["kept"]) == (True, "")
    assert gate.records("revocation.attempted") == []
    assert_sound(gate)


def test_a_target_that_is_down_is_asked_until_it_confirms(gate: Gate) -> None:
    by_hand(gate)
    entered = claim(gate)
    gate.target.down = True
    gate.settle()
    gate.tick(120)
    assert gate.grant_states() == ["revoke_overdue"]
    assert code_of(review(gate, entered, "carol")) == "emergency_live"
    gate.target.down = False
    gate.tick(600)
    assert (gate.members(), gate.grant_states()) == (set(), ["revoked"])
    assert_sound(gate)


def test_what_a_live_grant_of_ours_holds_stays_and_ends_with_it(gate: Gate) -> None:
    by_hand(gate)
    invoke(gate)
    gate.settle()
    assert gate.records("grant.provisioning")[0]["baseline"] is True
    claim(gate)
    gate.settle()
    assert gate.members() == {"bob"}
    (record,) = gate.records("revocation.confirmed")
    assert record["kept"] == "shared"
    gate.tick(3600)
    assert gate.members() == set(), "what was given by hand is no standing access"
    assert_sound(gate)


def test_the_page_shows_the_reviewer_what_was_written_down(gate: Gate) -> None:
    assert code_of(try_to_invoke(gate, "bob", form=invocation(gate, "bob", reason="x"))) == "reason"
    gate.tick(600)
    assert code_of(try_to_invoke(gate, "bob", form=invocation(gate, "bob", reason="x"))) == "reason"
    gate.tick(300)
    entered = claim(gate, since=minutes_ago(gate, 10), until=minutes_ago(gate, 1))
    view = desk_of(gate).view(entered.id, gate.session("carol"))
    assert not isinstance(view, Refusal)
    assert view.window is not None
    assert (view.window.reason, view.window.how, view.window.seen_by) == (WHY, HOW, "Grace")
    assert (view.entered_by, view.can_review, view.state) == ("Erin Walsh", True, "claimed")
    earlier = [one.type for one in view.window.done if one.index < entered.index]
    assert earlier.count("emergency.refused") == 1, "the one since it is claimed, not that before"


def test_everybody_concerned_has_mail_that_says_what_it_is(gate: Gate) -> None:
    claim(gate)
    gate.run_mail()
    assert {mail.to.partition("@")[0] for mail in gate.post.mails} >= {"bob", "carol", "erin"}
    mail = gate.post.to("carol@example.com")[0]
    assert mail.subject == "[ticketgate] EMERGENCY entered late: access to prod-db-admin"
    assert "claimed, not enforced" in mail.text
    assert "has begun" not in mail.text + mail.html


# --- the review, and the lock ---------------------------------------------------------------------


def test_neither_the_person_nor_who_entered_it_reviews_it(gate: Gate) -> None:
    gate.directory.change("erin", groups=frozenset({"sec-iam"}))
    entered = claim(gate)
    gate.settle()
    assert code_of(review(gate, entered, "erin")) == "own_claim"
    assert code_of(review(gate, entered, "bob")) == "own_emergency"
    assert code_of(review(gate, entered, "dan")) == ""
    assert_sound(gate)


def test_whoever_nobody_reviews_in_time_is_locked(gate: Gate) -> None:
    claim(gate)
    gate.settle()
    gate.tick(24 * 3600)
    assert code_of(try_to_invoke(gate, "bob")) == "person_locked"
    assert len(gate.records("review.overdue")) == 1
    assert code_of_claim(gate, "bob") == "person_locked"
    assert_sound(gate)


def test_the_next_emergency_waits_for_the_removal_and_the_cooldown(gate: Gate) -> None:
    by_hand(gate)
    claim(gate)
    assert code_of(try_to_invoke(gate, "bob")) == "emergency_live"
    gate.settle()
    assert code_of(try_to_invoke(gate, "bob")) == "emergency_cooldown"
    assert_sound(gate)


# --- who may, and what is refused -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "code"),
    [("erin", ""), ("bob", ""), ("alice", ""), ("carol", ""), ("mallory", "not_found")],
)
def test_who_is_named_enters_their_own_and_nobody_else(gate: Gate, who: str, code: str) -> None:
    assert code_of_claim(gate, who, person=who) == code
    assert [one["code"] for one in gate.records("emergency.refused")] == [code] * bool(code)
    assert_sound(gate)


def test_a_word_that_names_a_person_is_recorded_by_their_actor(gate: Gate) -> None:
    allowed = replace(RULES.allow[0], people=(Word("person", "bob"),))
    gate.restart(policy_with(replace(RULES, allow=(allowed,))))
    claim(gate, "bob")
    (record,) = gate.records("emergency.claimed")
    assert record["clause"] == record["preauthorised"] == f"person:{record['by']}"


def test_somebody_who_was_not_preauthorised_is_told_as_that(gate: Gate) -> None:
    gate.target.groups[GROUP].add(principal("erin"))
    claim(gate, person="erin")
    (record,) = gate.records("emergency.claimed")
    assert record["preauthorised"] == ""
    gate.settle()
    assert gate.members() == set()


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"entitlement": "root"}, "not_found"),
        ({"person": "nobody-knows"}, "claim_person"),
        ({"shown": "x"}, "shown_changed"),
        ({"reason": "short"}, "reason"),
        ({"how": "short"}, "how"),
        ({"seen_by": ""}, "seen_by"),
        ({"how": f"{HOW}, password=hunter2hunter2"}, "secret_typed"),
        ({"since": "yesterday"}, "claim_times"),
        ({"until": ""}, "claim_times"),
        ({"since": "2026-1-2T3:4"}, "claim_times"),
        ({"until": "9999-12-31T23:59"}, "claim_times"),
    ],
    ids=lambda one: str(one)[:40],
)
def test_a_form_that_does_not_do_is_refused_and_recorded(
    gate: Gate, typed: dict[str, str], code: str
) -> None:
    assert code_of_claim(gate, **typed) == code
    assert [one["code"] for one in gate.records("emergency.refused")] == [code]
    assert (gate.grants(), gate.records("emergency.claimed")) == ([], [])


def test_it_is_neither_of_the_future_nor_backwards_nor_of_too_long_ago(gate: Gate) -> None:
    soon, now, before = (minutes_ago(gate, one) for one in (-1, 0, 60))
    for since, until in ((before, soon), (now, now), (now, before)):
        assert code_of_claim(gate, since=since, until=until) == "claim_times"
    gate.tick(0)
    old = minutes_ago(gate, 72 * 60 + 1)
    assert code_of_claim(gate, since=old, until=before) == "claim_times"
    assert code_of_claim(gate, since=minutes_ago(gate, 72 * 60 - 1), until=before) == ""


def test_one_time_is_entered_once(gate: Gate) -> None:
    claim(gate)
    gate.settle()
    assert code_of_claim(gate) == "claimed_already"
    assert code_of_claim(gate, person="alice") == ""
    later = {"since": minutes_ago(gate, 100), "until": minutes_ago(gate, 90)}
    assert code_of_claim(gate, **later) == ""
    assert_sound(gate)


def test_the_sign_in_is_as_sure_as_for_an_emergency(gate: Gate) -> None:
    assert code_of(try_to_claim(gate, method="mail_code")) == "assurance"
    gate.restart(policy_with(replace(RULES, assurance="mail_code", because="no provider yet")))
    assert code_of(try_to_claim(gate, method="mail_code")) == ""


def test_without_another_reviewer_it_is_refused(gate: Gate) -> None:
    alone = replace(RULES, review_by=(Word("person", "carol"),))
    gate.restart(policy_with(alone))
    assert code_of_claim(gate, "carol", person="carol") == "no_reviewer"
    assert code_of_claim(gate, person="carol") == "no_reviewer"


def test_without_the_section_there_is_no_such_page(gate: Gate) -> None:
    gate.restart(policy_with(None))
    assert code_of_claim(gate) == "not_found"
    page = ClaimDesk(desk_of(gate)).page(gate.session("erin"))
    assert code_of(page) == "not_found"  # type: ignore[arg-type]


def test_in_shadow_and_while_the_clock_is_off_nothing_is_entered(gate: Gate) -> None:
    gate.restart(replace(policy_with(), shadow=True))
    assert code_of_claim(gate) == "shadow"
    gate.clock.skew = timedelta(hours=1)
    assert code_of_claim(gate) == "clock_disputed"


def test_the_page_says_what_and_how_far_back(gate: Gate) -> None:
    desk = ClaimDesk(desk_of(gate))
    page = desk.page(gate.session("bob"))
    assert not isinstance(page, Refusal)
    assert [one for one, _ in page.may] == [WHAT]
    assert (page.back, page.refusal is not None) == (72 * 3600, True)
    assert desk.shows(gate.session("bob"), page.shown)
    assert not desk.shows(gate.session("bob"), "x")
    assert not desk.shows(gate.session("mallory"), page.shown)
    gate.directory.unreadable = True
    assert code_of(desk.page(gate.session("bob"))) == "directory_unreadable"  # type: ignore[arg-type]


def test_who_may_enter_is_asked_of_the_directory_and_the_roles(gate: Gate) -> None:
    ground = ground_of(gate)
    wanted = ground.policy.entitlement(WHAT)
    assert wanted is not None
    assert may_claim("erin", wanted, ground, ROLES) == "role:operator"
    assert may_claim("erin", wanted, ground, {}) is None


def test_whoever_is_no_active_person_enters_nothing(gate: Gate) -> None:
    gate.directory.leave("erin")
    assert code_of_claim(gate) == "not_found"
    assert gate.records("emergency.claimed") == []


def test_whose_account_it_is_is_noted_once(gate: Gate) -> None:
    claim(gate)
    gate.settle()
    (grant,) = gate.grants()
    gate.write(partial(know_account, ident=grant.id, principal="id-mallory"))
    gate.write(partial(know_account, ident="grt_none", principal="id-mallory"))
    assert gate.grants() == [grant]
    assert grant.principal == "id-bob"

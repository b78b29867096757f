"""A second factor for just what the pages of emergencies show: it begins one, and reviews one."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
from tests.operations.emergencies import (
    FOUND,
    HOUR,
    code_of,
    desk_of,
    faults_of,
    form_of,
    invoke,
    policy_with,
    review,
)
from tests.operations.kit import Gate, folder
from tests.operations.second_factor import keep_step_up

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import canonical
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.desks.emergency_view import EmergencyView, Offer
from ticketgate.operations.emergencies.review_emergency import ReviewForm
from ticketgate.operations.people.sign_in import secret_hash
from ticketgate.verifier import verify


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as place:
        made = Gate(place, policy_with())
        try:
            yield made
        finally:
            made.stop()


def at_provider(gate: Gate, person: str) -> Session:
    """Signed in at the provider, without a second factor."""
    return gate.session(person, "oidc")


def offer(gate: Gate, person: str = "bob") -> Offer:
    page = desk_of(gate).page(at_provider(gate, person))
    assert not isinstance(page, Refusal)
    return page.offers[0]


def seen(gate: Gate, ident: str) -> EmergencyView:
    view = desk_of(gate).view(ident, at_provider(gate, "carol"))
    assert not isinstance(view, Refusal)
    return view


def test_the_page_asks_for_one_and_then_it_begins_an_emergency_once(gate: Gate) -> None:
    desk, bob = desk_of(gate), at_provider(gate, "bob")
    before = offer(gate)
    assert before.refusal is not None
    assert (before.refusal.code, before.shown) == ("assurance", form_of(gate, "bob").shown)
    assert desk.shows(bob, before.shown)
    assert code_of(desk.invoke(bob, form_of(gate, "bob"))) == "assurance"
    keep_step_up(gate, "bob", before.shown)
    assert offer(gate).refusal is None
    assert code_of(desk.invoke(bob, form_of(gate, "bob", reason="short"))) == "reason"
    begun = desk.invoke(bob, form_of(gate, "bob"))
    assert code_of(begun) == ""
    (record,) = gate.records("emergency.invoked")
    assert (record["method"], record["shown"]) == ("oidc_step_up", before.shown)
    with gate.db() as db:
        assert db.sign_ins.step_up(secret_hash(bob.id), before.shown) is None
    assert code_of(desk.invoke(bob, form_of(gate, "bob", drill=True))) == "assurance"
    assert gate.verified().failing == ()  # the token is that of the record, for what was shown
    assert faults_of(gate.records()) == (set(), set())


@pytest.mark.parametrize("case", ["something else", "somebody else", "over"])
def test_one_that_does_not_count_begins_none(gate: Gate, case: str) -> None:
    form = form_of(gate, "bob")
    shown = "0" * 64 if case == "something else" else form.shown
    keep_step_up(gate, "bob", shown, subject="alice" if case == "somebody else" else "")
    if case == "over":
        gate.clock.at += timedelta(minutes=5)
    assert code_of(desk_of(gate).invoke(at_provider(gate, "bob"), form)) == "assurance"
    assert gate.grants() == []


def test_a_reviewer_gives_one_for_how_it_stands_now(gate: Gate) -> None:
    begun, desk, carol = invoke(gate), desk_of(gate), at_provider(gate, "carol")
    early = seen(gate, begun.id)
    assert early.barred is not None
    assert (early.barred.code, early.can_review) == ("assurance", True)
    keep_step_up(gate, "carol", early.shown)
    assert seen(gate, begun.id).barred is None
    gate.settle()
    gate.tick(HOUR)
    late = seen(gate, begun.id)
    assert late.barred is not None  # more has happened: it was for something else
    form = ReviewForm("justified", FOUND, late.shown)
    assert code_of(desk.review(carol, begun.id, form)) == "assurance"
    assert desk.shows(carol, late.shown)
    assert not desk.shows(carol, early.shown)
    keep_step_up(gate, "carol", late.shown)
    assert code_of(desk.review(carol, begun.id, form)) == ""
    (record,) = gate.records("review.done")
    assert (record["method"], record["shown"]) == ("oidc_step_up", late.shown)
    assert gate.verified().failing == ()
    assert faults_of(gate.records()) == (set(), set())


def test_to_whom_nothing_is_shown_nothing_is_shown(gate: Gate) -> None:
    assert not desk_of(gate).shows(at_provider(gate, "mallory"), offer(gate).shown)


def test_the_reason_is_read_beside_the_token(gate: Gate) -> None:
    begun = invoke(gate)
    window = seen(gate, begun.id).window
    assert window is not None
    assert window.reason.startswith("the database")


@pytest.mark.parametrize("type_", ["emergency.invoked", "review.done"])
@pytest.mark.parametrize("bug", ["gone", "another way", "old"])
def test_both_verifiers_see_one_that_is_not_told_whole(gate: Gate, type_: str, bug: str) -> None:
    begun = invoke(gate, form=form_of(gate, "bob", drill=True))
    assert code_of(review(gate, begun)) == ""
    records: list[dict[str, Any]] = gate.records()
    (index,) = (i for i, one in enumerate(records) if one["type"] == type_)
    match bug:
        case "gone":
            del records[index]["step_up"]
        case "another way":
            records[index]["method"] = "oidc"
        case _:
            told = cast("dict[str, Any]", records[index]["step_up"])
            told["auth_time"] = "2020-01-01T00:00:00.000000Z"
    assert faults_of(records) == ({index}, {index})


@pytest.mark.parametrize("type_", ["emergency.invoked", "review.done"])
def test_one_that_is_gone_is_seen_in_an_entry_that_is_read_by_its_shape(
    gate: Gate, type_: str
) -> None:
    begun = invoke(gate, form=form_of(gate, "bob", drill=True))
    assert code_of(review(gate, begun)) == ""
    (record,) = gate.records(type_)
    del record["step_up"]
    entry = canonical(record)
    reader = verify.Reader()
    for _ in range(2):  # the second by the shape of the first
        read, _missing = reader.read(entry.decode(), clean=True)
        with pytest.raises(verify.Refused, match="a step-up without its sign-in"):
            verify.check_step_up(read)

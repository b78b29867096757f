"""An operator ends access on its page: one grant, with a reason, as the kill switch does it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.operations import emergencies
from tests.operations.kit import Gate, approve, folder, log_of, only
from tests.operations.own import ROLES, Own
from tests.operations.test_emergency_lock import unreviewed
from tests.operations.tickets import access_ticket

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import parse_disclosure
from ticketgate.domain.grants.grant import GrantState
from ticketgate.domain.instants import to_text
from ticketgate.domain.policy.policy import Word
from ticketgate.domain.requests.roles import Roles
from ticketgate.operations.deciding.end_access import EndForm
from ticketgate.operations.deciding.who_decided import of_grant_end
from ticketgate.operations.desks.console_desk import Ending, HeldPage

WHY = "the laptop of this person was stolen today"


@pytest.fixture
def own() -> Iterator[Own]:
    """Alice has prod-db-admin; Dan is an operator."""
    with folder() as path:
        gate = Gate(path)
        try:
            approve(gate)
            gate.settle()
            yield Own(gate)
        finally:
            gate.stop()


def with_roles(own: Own, roles: Roles) -> Own:
    """The same, where these have roles."""
    own.console = replace(own.console, roles=roles)
    return own


def page(own: Own, person: str = "dan", ident: str = "") -> Ending | Refusal:
    return own.console.ending(ident or own.gate.grants()[-1].id, person)


def end(own: Own, person: str = "dan", why: str = WHY, shown: str = "", ident: str = "") -> str:
    """The code of the refusal; empty when it was ended."""
    ident = ident or own.gate.grants()[-1].id
    seen = page(own, ident=ident)
    shown = shown or ("" if isinstance(seen, Refusal) else seen.shown)
    said = own.console.end(ident, own.gate.session(person), EndForm(why, shown))
    return said.code if isinstance(said, Refusal) else ""


def offered(own: Own, person: str) -> list[bool]:
    found = own.console.held(person)
    assert isinstance(found, HeldPage), found
    return [one.endable for one in found.rows]


def test_the_page_says_whose_what_and_until_when(own: Own) -> None:
    seen, grant = page(own), only(own.gate)
    assert isinstance(seen, Ending)
    assert (seen.who, seen.entitlement) == ("Alice Moreau (alice)", "prod-db-admin")
    assert (seen.target, seen.state) == ("corp-scim", "active")
    assert (seen.not_after, seen.emergency) == (grant.not_after, False)
    (look,) = own.gate.records("view.recorded")[-1:]
    assert look["request"] == grant.request


def test_an_operator_ends_access_under_their_name_and_with_a_reason(own: Own) -> None:
    assert end(own, why=f"  {WHY} ") == ""
    assert log_of(own.gate)[-1] == ("revoking", "operator")
    own.gate.settle()
    assert (own.gate.grant_states(), own.gate.members()) == (["revoked"], set())
    (said,) = own.gate.records("operator.revoked")
    with own.gate.db() as looking:
        dan = looking.people.actor("dan")
        hidden = [one for _, one, _, _ in looking.evidence.hidden(said["_seq"]) if one]
        subjects = {subject for _, _, subject, _ in looking.evidence.hidden(said["_seq"])}
    assert (said["by"], said["grants"]) == (dan, [only(own.gate).id])
    assert ([parse_disclosure(one)[1:] for one in hidden], subjects) == ([("reason", WHY)], {"dan"})
    (begun,) = own.gate.records("revocation.begun")
    assert begun["by"] == dan
    assert WHY not in str(own.gate.records())
    assert own.gate.verified().failing == ()


def test_access_that_is_not_given_yet_is_not_given(own: Own) -> None:
    approve(own.gate, "t2")
    own.gate.run_targets()
    own.gate.deliver(access_ticket("t3", beneficiary="alice"))
    own.gate.approve("bob", "carol")
    assert own.gate.grant_states()[-1] == "planned"
    assert own.view("dan").grants[-1].endable
    assert end(own) == ""
    assert own.gate.grants()[-1].state is GrantState.CANCELLED
    with own.gate.db() as looking:
        told = of_grant_end(looking, own.gate.grants()[-1], own.gate.desk.snapshot())
    assert told.startswith("Dan")


@pytest.mark.parametrize("person", ["alice", "bob", "carol", "erin"])
def test_who_is_no_operator_is_offered_nothing_and_ends_nothing(own: Own, person: str) -> None:
    assert not any(offered(own, person))
    for ident in ("", "grt_none"):
        seen = page(own, person, ident)
        assert isinstance(seen, Refusal)
        assert seen.code == "not_operator"
        assert end(own, person, ident=ident) == "not_operator"
    assert own.gate.grant_states() == ["active"]
    assert own.gate.records("operator.revoked") == []


def test_operators_are_offered_it_and_auditors_are_not(own: Own) -> None:
    assert offered(own, "dan") == [True]
    assert [one.endable for one in own.view("dan").grants] == [True]
    assert [one.endable for one in own.view("alice").grants] == [False]
    with_roles(own, {**ROLES, "auditor": (Word("person", "mallory"),)})
    assert offered(own, "mallory") == [False]


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ("", "justification"),
        ("x" * 5000, "justification"),
        ("AKIAIOSFODNN7EXAMPLE " + WHY, "secret_typed"),
    ],
)
def test_without_a_reason_nothing_ends(own: Own, why: str, code: str) -> None:
    assert end(own, why=why) == code
    assert own.gate.grant_states() == ["active"]


def test_the_form_of_another_access_ends_nothing(own: Own) -> None:
    assert end(own, shown="0" * 64) == "shown_changed"
    assert end(own, ident="grt_none") == "not_found"
    assert own.gate.grant_states() == ["active"]


def test_more_time_that_is_given_meanwhile_makes_no_page_too_old(own: Own) -> None:
    seen = page(own)
    assert isinstance(seen, Ending)
    own.gate.tick(60)
    assert end(own, shown=seen.shown) == ""


def test_a_page_that_is_too_old_says_who_ended_it_and_when(own: Own) -> None:
    assert end(own) == ""
    at = to_text(own.gate.clock.at)
    for settled in (False, True):
        if settled:
            own.gate.settle()
        seen = page(own)
        assert isinstance(seen, Refusal)
        assert seen.code == end(own, shown="x") == "ended_already"
        assert f"Dan Kowalski (dan) ended it at {at}: operator." in seen.reason
    assert offered(own, "dan") == []
    assert len(own.gate.records("operator.revoked")) == 1


def test_what_no_person_ended_says_when_and_why(own: Own) -> None:
    with own.gate.db() as looking:
        assert of_grant_end(looking, only(own.gate), own.gate.desk.snapshot()) == ""
    own.gate.clock.at = only(own.gate).not_after or own.gate.clock.at
    at = to_text(own.gate.clock.at)
    own.gate.tick(0)
    assert own.gate.grant_states() == ["revoked"]
    seen = page(own)
    assert isinstance(seen, Refusal)
    assert f"It ended at {at}: expired." in seen.reason


def test_who_is_locked_ends_nothing() -> None:
    with folder() as path:
        gate = Gate(path, emergencies.policy_with())
        try:
            unreviewed(gate, "bob")
            locked = with_roles(Own(gate), {"operator": (Word("person", "bob"),)})
            assert end(locked, "bob") == "person_locked"
        finally:
            gate.stop()


def twice(own: Own) -> tuple[str, str]:
    """The ids of two grants that give Alice the same access."""
    approve(own.gate, "t2")
    own.gate.settle()
    first, second = (one.id for one in own.gate.grants())
    assert own.gate.grant_states() == ["active", "active"]
    return first, second


def test_the_page_tells_what_else_gives_the_same_access(own: Own) -> None:
    alone = page(own)
    assert isinstance(alone, Ending)
    assert alone.others == ()
    first, second = twice(own)
    seen = page(own, ident=first)
    assert isinstance(seen, Ending)
    assert [(one.id, one.emergency) for one in seen.others] == [(second, False)]
    assert seen.others[0].not_after == own.gate.grants()[1].not_after


@pytest.mark.parametrize(
    ("everything", "states", "members"),
    [
        (True, ["released_shared", "revoked"], set()),
        (False, ["released_shared", "active"], {"alice"}),  # the access stays, as its page says
    ],
)
def test_all_that_gives_the_access_ends_if_that_is_chosen(
    own: Own, *, everything: bool, states: list[str], members: set[str]
) -> None:
    first, _ = twice(own)
    seen = page(own, ident=first)
    assert isinstance(seen, Ending)
    form = EndForm(WHY, seen.shown, everything)
    assert not isinstance(own.console.end(first, own.gate.session("dan"), form), Refusal)
    own.gate.settle()
    assert (own.gate.grant_states(), own.gate.members()) == (states, members)
    assert own.gate.verified().failing == ()

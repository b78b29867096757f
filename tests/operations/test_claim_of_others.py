"""Everybody enters what their own account held; what another's did, an operator alone."""

import pytest
from tests.operations.emergencies import WHAT, desk_of
from tests.operations.kit import Gate
from tests.operations.test_claim_emergency import (
    assert_sound,
    by_hand,
    claim,
    code_of_claim,
    gate,
)

from ticketgate.domain.errors import Refusal
from ticketgate.operations.desks.claim_desk import ClaimDesk

__all__ = ["gate"]


@pytest.mark.parametrize("who", ["alice", "carol"])
@pytest.mark.parametrize("person", ["bob", "alice-admin", "nobody-knows"])
def test_nobody_but_an_operator_takes_away_what_another_account_held(
    gate: Gate, who: str, person: str
) -> None:
    by_hand(gate)
    assert code_of_claim(gate, who, person=person) == "claim_of_other"
    gate.settle()
    assert (gate.members(), gate.grants()) == ({"bob"}, [])
    assert [one["code"] for one in gate.records("emergency.refused")] == ["claim_of_other"]


def test_what_an_operator_enters_of_others_is_by_the_role_also_where_a_word_names_them(
    gate: Gate,
) -> None:
    gate.directory.change("erin", groups=frozenset({"platform-engineering"}))
    claim(gate)
    claim(gate, person="erin")
    of_bob, own = gate.records("emergency.claimed")
    assert (of_bob["clause"], own["clause"]) == ("role:operator", "group:platform-engineering")
    assert_sound(gate)


def test_the_page_offers_just_what_the_person_may_enter(gate: Gate) -> None:
    desk = ClaimDesk(desk_of(gate))
    every = desk.page(gate.session("erin"))
    assert not isinstance(every, Refusal)
    assert (every.others, len(every.may)) == (True, len(gate.in_force.now.entitlements))
    own = desk.page(gate.session("bob"))
    assert not isinstance(own, Refusal)
    assert (own.others, own.person, [one for one, _ in own.may]) == (False, "bob", [WHAT])
    gate.directory.change("bob", accounts={})
    none = desk.page(gate.session("bob"))
    assert not isinstance(none, Refusal)
    assert none.may == ()

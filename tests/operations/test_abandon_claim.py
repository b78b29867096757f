"""What was given by hand to an account that the target does not know never confirms its end."""

from tests.operations.emergencies import ROLES, review
from tests.operations.kit import Gate
from tests.operations.test_abandon import ROLES as OPERATORS
from tests.operations.test_abandon import Office
from tests.operations.test_claim_emergency import assert_sound, by_hand, claim, gate

from ticketgate.domain.emergencies.emergency import Emergency, ReviewState

__all__ = ["gate"]


def test_a_claim_that_is_never_confirmed_is_given_up_and_then_reviewed(gate: Gate) -> None:
    assert set(OPERATORS) <= set(ROLES)
    by_hand(gate)
    gate.target.down = True
    entered = claim(gate)
    gate.tick(61)
    assert gate.grant_states() == ["revoke_overdue"]
    office = Office(gate)
    assert {one: office.say(one) for one in ("erin", "bob")} == {
        "erin": "own_grant",  # who entered it
        "bob": "own_grant",  # who had it
    }
    refused = review(gate, entered, "carol")
    assert not isinstance(refused, Emergency)
    assert [office.say(one) for one in ("dan", "carol")] == ["", ""]
    assert gate.grant_states() == ["abandoned"]
    done = review(gate, entered, "carol")
    assert isinstance(done, Emergency), done
    assert done.state is ReviewState.DONE
    assert_sound(gate)

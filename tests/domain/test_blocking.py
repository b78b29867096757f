"""What stands in the way of a request as a whole: reasons of its ticket, and seats nobody fills."""

from tests.domain.cast import NOON, directory, person, request, shaper
from tests.domain.test_opening import PEOPLE, policy

from ticketgate.domain.requests.opening import blocking


def test_nothing_blocks_a_request_that_people_can_decide() -> None:
    assert blocking(request(), policy(), PEOPLE, NOON) == ()
    edited = request(shapers=(shaper("editor", "bob"),))
    assert blocking(edited, policy(), PEOPLE, NOON) == ("approvers_parties",)


def test_stages_that_nobody_can_fill_block() -> None:
    alone = directory(person("alice", manager="alice"))
    assert blocking(request(), policy(), alone, NOON) == ("approvers_parties",)


def test_other_reasons_are_told_before_seats_are_counted() -> None:
    alone = directory(person("alice"))
    found = blocking(request(reasons=("ticket_state",)), policy(), alone, NOON)
    assert found == ("ticket_state",)
    assert blocking(request(), policy(rule_=None), alone, NOON) == ()

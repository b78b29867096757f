"""A source sends no more requests to approvers than its limit; further ones wait, none is lost."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.kit import Gate, code_of
from tests.operations.rebuilt import compared
from tests.operations.tickets import SOURCE, access_ticket, closed

from ticketgate.domain.requests.velocity import Rate, Velocity
from ticketgate.operations.requests.velocity import set_limits
from ticketgate.operations.workers import housekeeping
from ticketgate.operations.workers.sweep import let_pass
from ticketgate.ports import Transaction

TEN: float = 600.0


@pytest.fixture
def limited(gate: Gate) -> Iterator[Gate]:
    """A gate whose source may send two requests in ten minutes to their approvers."""
    limit(gate, 2)
    yield gate
    assert not gate.verified().failing
    assert compared(gate) == []


def limit(gate: Gate, count: int, source: str = SOURCE) -> None:
    limits = {source: Velocity(requests=Rate(count, timedelta(seconds=TEN)))}
    gate.write(partial(set_limits, limits=limits))


def flood(gate: Gate, first: int, last: int) -> None:
    for number in range(first, last + 1):
        gate.deliver(access_ticket(f"t{number}"))


def held(gate: Gate) -> list[str]:
    return [one.ticket_id for one in gate.requests() if one.reasons == ("velocity",)]


def exceptions(gate: Gate) -> list[str]:
    with gate.db() as looking:
        return [one.subject for one in looking.exceptions.listed("opened", 99)]


def test_beyond_the_limit_requests_wait_blocked_and_one_exception_opens(limited: Gate) -> None:
    flood(limited, 1, 5)
    assert limited.states() == ["awaiting", "awaiting", "blocked", "blocked", "blocked"]
    assert held(limited) == ["t3", "t4", "t5"]
    assert exceptions(limited) == [f"source {SOURCE}"]
    limited.run_mail()
    assert len(limited.tokens("bob")) == 2


def test_within_the_limit_nothing_waits(limited: Gate) -> None:
    limit(limited, 5)
    flood(limited, 1, 5)
    assert limited.states() == ["awaiting"] * 5
    assert exceptions(limited) == []


def test_a_source_that_never_had_a_limit_has_none(gate: Gate) -> None:
    limit(gate, 1, "another")
    flood(gate, 1, 3)
    assert gate.states() == ["awaiting"] * 3


def test_what_waits_goes_on_oldest_first_as_time_makes_room(limited: Gate) -> None:
    flood(limited, 1, 5)
    limited.tick(TEN - 1)
    assert held(limited) == ["t3", "t4", "t5"]
    limited.tick(11)
    assert held(limited) == ["t5"]
    limited.tick(TEN / 2)
    assert held(limited) == ["t5"]
    limited.tick(TEN / 2)
    assert held(limited) == []
    third = limited.requests()[2]
    assert third.decide_by - third.opened_at > timedelta(hours=8)  # its time began when it went on
    assert code_of(limited.decide("bob")) == ""


def test_the_time_to_decide_does_not_run_while_a_request_waits(limited: Gate) -> None:
    flood(limited, 1, 3)
    limit(limited, 1)
    waits = limited.requests()[2]
    assert waits.decide_by - waits.opened_at == timedelta(days=7)


def test_the_count_survives_a_restart(limited: Gate) -> None:
    flood(limited, 1, 2)
    limited.restart()
    flood(limited, 3, 3)
    assert held(limited) == ["t3"]


def test_a_request_that_something_else_blocks_is_not_counted(limited: Gate) -> None:
    for number in range(1, 5):
        limited.deliver(access_ticket(f"t{number}", beneficiary="nobody"))
    flood(limited, 5, 6)
    assert limited.states() == ["blocked"] * 4 + ["awaiting"] * 2
    assert held(limited) == []
    limited.deliver(access_ticket("t1", version=2))  # what blocked it is gone; now it needs room
    assert "t1" in held(limited)


def test_an_edit_of_what_awaits_is_not_counted_again(limited: Gate) -> None:
    flood(limited, 1, 2)
    limited.deliver(access_ticket("t1", version=2, reason="another reason"))
    assert limited.states() == ["awaiting", "awaiting"]
    assert limited.requests()[0].round == 2


def test_an_edit_of_what_waits_leaves_it_waiting(limited: Gate) -> None:
    flood(limited, 1, 3)
    limited.deliver(access_ticket("t3", version=2))
    limited.deliver(access_ticket("t3", version=3, reason="another reason"))
    assert held(limited) == ["t3"]


def test_what_waits_ends_with_its_ticket(limited: Gate) -> None:
    flood(limited, 1, 3)
    limited.deliver(closed(access_ticket("t3")))
    assert limited.states() == ["awaiting", "awaiting", "withdrawn"]


def test_of_a_source_that_is_not_configured_any_more_nothing_goes_on(limited: Gate) -> None:
    flood(limited, 1, 3)
    limited.write(partial(set_limits, limits={}))
    limited.tick(TEN + 20)
    assert held(limited) == ["t3"]


def test_while_the_directory_cannot_be_read_nothing_goes_on(limited: Gate) -> None:
    flood(limited, 1, 3)
    limited.directory.unreadable = True
    limited.clock.at += timedelta(seconds=TEN + 20)
    limited.keeper.step()
    assert held(limited) == ["t3"]
    limited.directory.unreadable = False
    limited.tick(20)
    assert held(limited) == []


def test_a_request_that_is_gone_stops_nothing(limited: Gate) -> None:
    snapshot = limited.desk.snapshot()
    limited.write(partial(let_pass, ident="req_no", policy=limited.policy, snapshot=snapshot))
    assert limited.requests() == []


def test_a_fault_of_one_is_told_after_the_others_went_on(
    limited: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited.keeper.step()  # the directory is known
    flood(limited, 1, 4)
    bad = limited.requests()[2].id

    def failing(tx: Transaction, now: object, *, ident: str, **more: object) -> None:
        if ident == bad:
            raise RuntimeError("a bug")
        let_pass(tx, now, ident=ident, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(housekeeping, "let_pass", failing)
    limited.clock.at += timedelta(seconds=TEN + 20)
    with pytest.raises(RuntimeError):
        limited.keeper.step()
    assert held(limited) == ["t3"]

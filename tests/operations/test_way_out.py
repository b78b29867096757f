"""What blocks a request has a way out: what is mended in directory or ticket heals it by itself."""

from collections.abc import Callable

import pytest
from tests.operations.kit import Gate
from tests.operations.tickets import SOURCE, access_ticket, edited, moved

from ticketgate.connector_api import Missing, StateClass, Ticket
from ticketgate.domain.requests.opening import REASONS
from ticketgate.domain.requests.way_out import NEXT_STEPS

FRESH = (access_ticket(by="integration", updated_by="integration"), access_ticket())


def test_every_reason_has_its_way_out() -> None:
    assert NEXT_STEPS.keys() == REASONS.keys()


def known(gate: Gate) -> None:
    gate.directory.change("erin", accounts={SOURCE: ("integration",)})


def here(gate: Gate) -> None:
    gate.directory.change("alice", active=True)


def back(gate: Gate) -> None:
    gate.directory.change("bob", active=True)


def member(gate: Gate) -> None:
    gate.directory.change("alice", groups=frozenset({"platform-engineering"}))


@pytest.mark.parametrize(
    ("reason", "ticket", "breaks", "mends"),
    [
        ("unknown_requester", FRESH[0], {}, known),
        ("inactive_beneficiary", FRESH[1], {"alice": {"active": False}}, here),
        ("approvers_unfit", FRESH[1], {"bob": {"active": False}}, back),
        ("not_requestable", FRESH[1], {"alice": {"groups": frozenset()}}, member),
    ],
)
def test_a_directory_that_is_mended_heals_it(
    gate: Gate,
    reason: str,
    ticket: Ticket,
    breaks: dict[str, dict[str, object]],
    mends: Callable[[Gate], None],
) -> None:
    for person, changes in breaks.items():
        gate.directory.change(person, **changes)
    gate.deliver(ticket)
    (request,) = gate.requests()
    assert reason in request.reasons
    gate.tick(60)
    assert gate.states() == ["blocked"]
    mends(gate)
    gate.tick(60)
    assert gate.states() == ["awaiting"]
    assert [one["cause"] for one in gate.records("request.awaiting")] == ["revalidated"]


@pytest.mark.parametrize(
    ("reason", "broken", "mended"),
    [
        ("duration", access_ticket(hours="forever"), access_ticket(hours="2h")),
        ("window", access_ticket(window="tomorrow"), access_ticket(window="")),
        ("no_entitlement", access_ticket(role="nothing"), access_ticket()),
        ("ticket_state", moved(access_ticket(version=0), StateClass.UNLISTED), access_ticket()),
    ],
)
def test_a_ticket_that_is_mended_heals_it(
    gate: Gate, reason: str, broken: Ticket, mended: Ticket
) -> None:
    gate.deliver(broken)
    (request,) = gate.requests()
    assert reason in request.reasons
    gate.deliver(edited(edited(mended)))
    assert gate.states()[-1] == "awaiting"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("null", "duration"),
        ("0", "duration_zero"),
        ("-1", "duration_negative"),
        ("1e12", "duration_too_long"),
        ("1000000000000", "duration_too_long"),
        ("NaN", "duration_not_a_number"),
        ("forever", "duration"),
        ("\u0662", "duration_digits"),
        ("\uff14h", "duration_digits"),
        ("0h", "duration_zero"),
        ("-4h", "duration_negative"),
    ],
)
def test_what_is_no_duration_blocks_and_nothing_is_lost(gate: Gate, text: str, reason: str) -> None:
    gate.deliver(access_ticket(hours=text))
    (request,) = gate.requests()
    assert (request.state.value, request.reasons) == ("blocked", (reason,))
    gate.tick(60)
    assert gate.states() == ["blocked"]
    gate.deliver(edited(access_ticket(hours="1h")))
    assert gate.states() == ["awaiting"]
    assert gate.requests()[0].seconds == 3600


@pytest.mark.parametrize(
    "window",
    [
        "2026-11-27T09:00:00+01:00/2026-11-27T11:00:00+01:00",
        "2026-03-29 02:30 Europe/Berlin",  # there is no such time
        "2026-10-25 02:30 Europe/Berlin",  # there are two
        "2026-11-20T09:00:00Z",
        "now",
        Missing.ABSENT,
    ],
)
def test_a_ticket_that_says_when_access_is_to_begin_gets_none_at_once(
    gate: Gate, window: str | Missing
) -> None:
    gate.deliver(access_ticket(window=window))
    assert [(one.state.value, one.reasons) for one in gate.requests()] == [("blocked", ("window",))]


def test_a_window_that_is_added_before_the_decision_is_not_decided_about(asked: Gate) -> None:
    asked.approve("bob")
    asked.deliver(edited(access_ticket(), window="tomorrow"))
    assert asked.states() == ["withdrawn", "blocked"]
    assert asked.requests()[-1].reasons == ("window",)
    assert asked.grants() == []


@pytest.mark.parametrize("window", ["", " "])
def test_an_empty_window_asks_for_nothing(gate: Gate, window: str) -> None:
    gate.deliver(access_ticket(window=window))
    assert gate.states() == ["awaiting"]

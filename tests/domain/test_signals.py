"""Signals: each pattern, by itself."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.domain.approvals import (
    DAY,
    HOUR,
    MONDAY,
    NOW,
    RULES,
    approval,
    ended,
    found,
    in_office,
    keys,
    nights,
)
from tests.domain.cast import directory, person

from ticketgate.domain.cases.signals import (
    AT_ONCE,
    IN_TURN,
    OUT_OF_HOURS,
    OVERLOADED,
    SHOPPING,
    UNSEEN,
    ClosedRequest,
    SeenApproval,
    SignalKey,
)
from ticketgate.domain.policy.signal_rules import QUIET, InTurn, Load, OutOfHours
from ticketgate.domain.requests.access_request import RequestState

# --- single approvals ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("viewed", "codes"),
    [
        (timedelta(0), [AT_ONCE]),
        (timedelta(seconds=9, microseconds=999_999), [AT_ONCE]),
        (timedelta(seconds=10), []),
        (timedelta(days=2), []),
        (None, [UNSEEN]),
    ],
)
def test_how_long_after_the_first_view(viewed: timedelta | None, codes: list[str]) -> None:
    assert [key.code for key in keys(found([approval(MONDAY, viewed=viewed)]))] == codes


def test_many_of_one_person_are_one_signal_of_the_newest() -> None:
    given_ = [approval(MONDAY + n * HOUR, viewed=None, number=n) for n in range(3)]
    (signal,) = found(given_)
    assert (signal.count, signal.request, signal.at) == (3, given_[2].request, given_[2].decided_at)
    assert signal.key == (UNSEEN, ("bob",), "")


def test_two_accounts_of_a_human_are_one_approver() -> None:
    snapshot = directory(person("bob"), person("bob-admin", aliases=frozenset({"bob"})))
    given_ = [approval(MONDAY, by=by, viewed=None) for by in ("bob", "bob-admin")]
    (signal,) = found(given_, snapshot=snapshot)
    assert signal.key.people == ("bob",)


def test_whom_the_directory_lacks_is_told_too() -> None:
    (signal,) = found([approval(MONDAY, by="gone", viewed=None)])
    assert signal.key.people == ("gone",)


def test_only_what_came_after_it_was_resolved_counts() -> None:
    given_ = [approval(MONDAY, viewed=None), approval(MONDAY + DAY, viewed=None)]
    key = SignalKey(UNSEEN, ("bob",))
    (signal,) = found(given_, settled={key: MONDAY}.get)
    assert signal.count == 1
    assert found(given_, settled={key: MONDAY + DAY}.get) == []
    assert len(found(given_, settled={SignalKey(UNSEEN, ("carol",)): NOW}.get)) == 1


# --- approver shopping ---------------------------------------------------------------------------

DENIED, WITHDRAWN, APPROVED = RequestState.DENIED, RequestState.WITHDRAWN, RequestState.APPROVED
LATER = MONDAY + 2 * DAY


@pytest.mark.parametrize("state", [DENIED, WITHDRAWN])
def test_what_another_approved_soon_after(state: RequestState) -> None:
    closed = [ended(MONDAY, state, ["bob"]), ended(LATER, APPROVED, ["carol", "dan"])]
    (signal,) = found(closed=closed)
    assert signal.key == (SHOPPING, ("alice",), "prod-db-admin")
    assert (signal.count, signal.request, signal.at) == (1, closed[1].id, LATER)


@pytest.mark.parametrize(
    "closed",
    [
        pytest.param([ended(MONDAY, DENIED, ["bob"])], id="nobody-approved"),
        pytest.param([ended(MONDAY), ended(LATER, people=["carol"])], id="both-approved"),
        pytest.param([ended(MONDAY, DENIED), ended(LATER, people=["bob", "carol"])], id="same"),
        pytest.param([ended(MONDAY, WITHDRAWN, []), ended(LATER)], id="nobody-was-asked"),
        pytest.param([ended(MONDAY, DENIED), ended(LATER, people=[])], id="a-rule-approved"),
        pytest.param([ended(MONDAY), ended(LATER, DENIED, ["carol"])], id="denied-afterwards"),
        pytest.param(
            [ended(MONDAY, DENIED), ended(MONDAY + 8 * DAY, people=["carol"])], id="too-long-ago"
        ),
        pytest.param(
            [ended(MONDAY, DENIED, of="dan"), ended(LATER, people=["carol"])], id="another-person"
        ),
        pytest.param(
            [ended(MONDAY, DENIED, entitlement="vpn"), ended(LATER, people=["carol"])],
            id="another-entitlement",
        ),
        pytest.param(
            [ended(MONDAY, DENIED, of=""), ended(LATER, people=["carol"], of="")], id="erased"
        ),
    ],
)
def test_what_is_no_shopping(closed: list[ClosedRequest]) -> None:
    assert found(closed=closed) == []


def test_by_another_account_of_ones_own_it_is_the_same_person() -> None:
    snapshot = directory(person("alice"), person("alice-admin", aliases=frozenset({"alice"})))
    closed = [
        ended(MONDAY, DENIED, of="alice"),
        ended(LATER, people=["carol"], of="alice-admin"),
    ]
    assert len(found(closed=closed, snapshot=snapshot)) == 1


def test_shopping_that_somebody_resolved_is_told_no_more() -> None:
    closed = [ended(MONDAY, DENIED), ended(LATER, people=["carol"])]
    key = SignalKey(SHOPPING, ("alice",), "prod-db-admin")
    assert found(closed=closed, settled={key: LATER}.get) == []
    assert len(found(closed=closed, settled={key: MONDAY}.get)) == 1


# --- habits --------------------------------------------------------------------------------------


def test_two_who_approve_for_each_other() -> None:
    both = in_office(3) + in_office(3, by="alice", of="bob")
    (signal,) = found(both)
    assert signal.key == (IN_TURN, ("alice", "bob"), "")
    assert signal.count == 6
    assert found(both[:-1]) == []
    assert found(both, now=NOW + 5 * DAY) == []  # the first are over 30 days ago


def test_a_delegate_and_whom_they_stand_in_for_are_one_voice() -> None:
    by_carol = [replace(one, approver="carol", on_behalf_of="bob") for one in in_office(3)]
    assert keys(found(by_carol + in_office(3, by="alice", of="bob"))) == [
        (IN_TURN, ("alice", "bob"), "")
    ]


def test_who_opens_a_ticket_for_another_counts_as_asking() -> None:
    opened = [replace(one, requester="erin") for one in in_office(3)]
    assert keys(found(opened + in_office(3, by="erin", of="bob"))) == [
        (IN_TURN, ("bob", "erin"), "")
    ]


def test_what_one_account_approves_for_the_other_is_not_in_turn() -> None:
    """It cannot happen (rule 5); were it in an old row, it is no pair of people."""
    snapshot = directory(person("bob"), person("alice", aliases=frozenset({"bob"})))
    assert found(in_office(5) + in_office(5, by="alice", of="bob"), snapshot=snapshot) == []


def test_in_turn_is_counted_anew_once_resolved() -> None:
    both = in_office(5) + in_office(5, by="alice", of="bob")
    key = SignalKey(IN_TURN, ("alice", "bob"))
    assert len(found(both, settled={key: MONDAY + DAY}.get)) == 1
    assert found(both, settled={key: MONDAY + 2 * DAY}.get) == []


def test_a_row_of_nights() -> None:
    (signal,) = found(nights(5))
    assert (signal.key, signal.count) == ((OUT_OF_HOURS, ("bob",), ""), 5)
    assert found(nights(4)) == []
    broken = [one for one in nights(5) if one.decided_at.day != 4]
    assert found([*broken, approval(MONDAY + 2 * DAY)]) == []
    assert found([*nights(4), *nights(4, by="carol")]) == []


def test_a_row_that_ended_is_told_still() -> None:
    assert len(found([*nights(5), approval(MONDAY + 7 * DAY)])) == 1


def test_a_saturday_is_out_of_hours() -> None:
    saturday = [approval(MONDAY + 5 * DAY + n * HOUR / 2) for n in range(5)]
    assert keys(found(saturday)) == [(OUT_OF_HOURS, ("bob",), "")]
    weekend = OutOfHours(days=frozenset({5}))
    assert found(saturday, rules=replace(RULES, out_of_hours=weekend)) == []


@pytest.mark.parametrize(
    ("clock", "outside"),
    [("07:59:59", True), ("08:00:00", False), ("17:59:59", False), ("18:00:00", True)],
)
def test_where_the_working_day_ends(clock: str, outside: bool) -> None:  # noqa: FBT001
    moment = datetime.fromisoformat(f"2026-11-02T{clock}+00:00")
    assert OutOfHours().is_outside(moment, None) is outside


@pytest.mark.parametrize(
    ("moment", "outside"),
    [
        ("2026-10-23T15:59:59+00:00", False),  # Friday 17:59 in summer, two hours ahead
        ("2026-10-23T16:00:00+00:00", True),
        ("2026-10-26T16:59:59+00:00", False),  # Monday 17:59 in winter, one hour ahead
        ("2026-10-26T17:00:00+00:00", True),
        ("2026-10-25T00:30:00+00:00", True),  # Sunday 02:30, which comes twice
        ("2026-03-30T06:00:00+00:00", False),  # Monday 08:00, the day after 02:30 never came
        ("2026-03-30T05:59:59+00:00", True),
        ("2026-11-29T23:30:00+00:00", True),  # Sunday here, Monday half past midnight there
    ],
)
def test_the_clock_of_a_zone_over_its_changes(moment: str, outside: bool) -> None:  # noqa: FBT001
    rule = OutOfHours(zone=ZoneInfo("Europe/Berlin"))
    assert rule.is_outside(datetime.fromisoformat(moment), None) is outside


def test_somebodys_own_zone_counts_before_the_gateways() -> None:
    tokyo = directory(person("bob", zone=ZoneInfo("Asia/Tokyo")))
    assert found(nights(5), snapshot=tokyo) != []  # 21:00 is 06:00 there
    early = [approval(MONDAY + n * DAY - 10 * HOUR) for n in range(1, 6)]  # 23:00, 08:00 there
    assert found(early, snapshot=tokyo) == []
    assert found(early) != []


def test_more_in_a_day_than_anybody_can_look_at() -> None:
    many = [approval(MONDAY + n * HOUR / 4, number=n) for n in range(31)]
    (signal,) = found(many)
    assert (signal.key, signal.count) == ((OVERLOADED, ("bob",), ""), 31)
    assert found(many[:30]) == []
    spread = [*many[:30], approval(MONDAY + DAY)]  # the first is a day ago by then
    assert found(spread) == []


def busy(mine: int, others: int) -> list[SeenApproval]:
    """So many of Bob's and of others', a few each day."""
    all_of_them = [("bob", n) for n in range(mine)] + [("carol", n) for n in range(others)]
    return [
        approval(MONDAY + (n % 20) * DAY + n * HOUR / 60, by=by, number=n) for by, n in all_of_them
    ]


@pytest.mark.parametrize(
    ("mine", "others", "told"),
    [(50, 49, True), (50, 50, False), (49, 0, False), (60, 10, True)],
)
def test_more_than_ones_share(mine: int, others: int, told: bool) -> None:  # noqa: FBT001
    rules = replace(QUIET, load=Load())
    assert keys(found(busy(mine, others), rules=rules)) == [(OVERLOADED, ("bob",), "")] * told


def test_a_share_is_counted_anew_once_resolved() -> None:
    rules, key = replace(QUIET, load=Load(least=10)), SignalKey(OVERLOADED, ("bob",))
    many = busy(60, 10)
    assert len(found(many, rules=rules, settled={key: MONDAY + DAY}.get)) == 1
    assert found(many, rules=rules, settled={key: MONDAY + 18 * DAY}.get) == []


def test_what_is_off_tells_nothing() -> None:
    loud = [*nights(40), *(approval(MONDAY + n * HOUR / 4, number=n) for n in range(40))]
    loud += [approval(MONDAY, viewed=None), approval(MONDAY, viewed=timedelta(0))]
    closed = [ended(MONDAY, DENIED), ended(LATER, people=["carol"])]
    assert len(found(loud, closed)) == 5
    assert found(loud, closed, rules=QUIET) == []


def test_how_far_back_it_is_looked() -> None:
    assert QUIET.looked_back == 30 * DAY
    assert replace(RULES, in_turn=InTurn(within=90 * DAY)).looked_back == 90 * DAY

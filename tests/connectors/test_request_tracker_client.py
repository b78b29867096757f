"""Request Tracker asked by us: the very body of the scrip, in UTC, and a comment once.

The real one is in `tests/rt`.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.connectors.client_contract import nothing_is_lost
from tests.connectors.client_desk import opened, walked
from tests.connectors.platform_http import Asked, Fault, PlatformHttp, Reply, serving
from tests.connectors.request_tracker_rest2 import RequestTrackerDesk, Rest2

from ticketgate.connector_api import (
    ItsmClient,
    Misconfigured,
    Refused,
)

START: Final = datetime(2026, 1, 1, 10, 0, 30, tzinfo=UTC)


@pytest.fixture
def desk() -> RequestTrackerDesk:
    return RequestTrackerDesk()


@pytest.fixture
def rt(desk: RequestTrackerDesk) -> Rest2:
    return desk.rt


@pytest.fixture
def peer(rt: Rest2) -> Iterator[PlatformHttp]:
    with serving(rt) as platform:
        yield platform


def client(peer: PlatformHttp, **changes: Any) -> ItsmClient:  # noqa: ANN401 -- of any field
    return opened(RequestTrackerDesk, peer, **{"overlap": timedelta(seconds=30), **changes})


def body_of(asking: ItsmClient) -> dict[str, Any]:
    (polled,) = asking.poll("ticket", asking.begin(START), 10).records
    found: dict[str, Any] = json.loads(polled.body)
    return found


# --- polling --------------------------------------------------------------------------------------


def test_a_ticket_is_what_the_scrip_says_after_its_last_transaction(
    rt: Rest2, peer: PlatformHttp
) -> None:
    ident = rt.put("10:01:00")
    rt.put("10:02:00", "Status", int(ident), Status="open")
    rt.put("10:02:00", "EmailRecord", int(ident))  # of RT itself; no scrip runs on it
    asking = client(peer)
    alice = {"id": "27", "name": "alice"}
    assert body_of(asking) == {
        "ticket": {
            "id": ident,
            "subject": "help",
            "description": "please",
            "status": "open",
            "priority": "5",
            "queue": {"id": "1", "name": "General"},
            "creator": alice,
            "owner": {"id": "", "name": ""},
            "requestors": [alice],
            "custom_fields": {"role": ["prod-db-admin"], "duration": ["2h"]},
        },
        "transaction": {"id": "101", "type": "Status", "creator": alice},
    }
    asking.close()


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([], "This transaction appears to have no content"),
        ([{"ContentType": "text/html", "Content": "<b>"}], None),
        ([{"ContentType": "text/plain", "Content": "x" * 20_001}], None),
        ([{"ContentType": "text/plain", "Content": ""}], ""),
        ([{"ContentType": "text/plain"}], None),
        ([{"Content": "of no type"}], None),
    ],
)
def test_a_text_that_the_scrip_would_tell_otherwise_is_left_out(
    rt: Rest2, peer: PlatformHttp, parts: list[dict[str, Any]], told: str | None
) -> None:
    rt.put("10:01:00")
    rt.attachments[100] = parts
    assert body_of(client(peer))["ticket"].get("description") == told


def test_requestors_behind_a_group_and_a_missing_opening_are_left_out(
    rt: Rest2, peer: PlatformHttp
) -> None:
    rt.put("10:01:00", "Status", Requestor=["alice", "a group"])
    ticket = body_of(client(peer))["ticket"]
    assert "requestors" not in ticket
    assert "description" not in ticket


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 50])
def test_nor_does_a_border_lose_anything_where_no_total_is_told(
    desk: RequestTrackerDesk, peer: PlatformHttp, limit: int
) -> None:
    desk.rt.total = False
    nothing_is_lost(desk, peer, limit)


def test_a_second_that_is_not_over_is_left_for_the_next_poll(rt: Rest2, peer: PlatformHttp) -> None:
    rt.put("11:59:59")
    rt.put("12:00:00")
    asking = client(peer)
    assert set(walked(asking, "ticket", asking.begin(START), 1)) == {"1"}
    page = asking.poll("ticket", asking.begin(START), 10)
    assert ([one.ticket_id for one in page.records], page.more) == (["1"], False)
    rt.now += timedelta(seconds=1)
    assert walked(asking, "ticket", page.cursor, 10) == ["1", "2"]


def test_a_ticket_that_changes_while_it_is_read_comes_with_the_change(
    rt: Rest2, peer: PlatformHttp
) -> None:
    """Else it would stand under the version of a change that it does not show."""
    ident = rt.put("10:01:00")
    rt.put("10:01:00")

    def closes_meanwhile(asked: Asked) -> Reply:
        if asked.path.endswith(f"/{ident}/history") and len(rt.transactions) == 2:
            rt.put("10:01:00", "Status", int(ident), Status="resolved")  # within the same second
        return rt(asked)

    peer.answer = closes_meanwhile
    asking = client(peer)
    page = asking.poll("ticket", asking.begin(START), 10)
    assert [one.ticket_id for one in page.records] == ["2"]
    assert walked(asking, "ticket", page.cursor, 10) == [ident, "2"]


def test_a_ticket_without_a_transaction_that_we_may_see_is_told(
    rt: Rest2, peer: PlatformHttp
) -> None:
    rt.put("10:01:00", "EmailRecord")
    asking = client(peer)
    with pytest.raises(Refused, match="no transaction"):
        asking.poll("ticket", asking.begin(START), 10)


@pytest.mark.parametrize("zone", ["", "America/New_York"])
def test_a_user_in_another_time_zone_is_refused(rt: Rest2, peer: PlatformHttp, zone: str) -> None:
    rt.zone = zone
    asking = client(peer)
    with pytest.raises(Misconfigured, match="time zone"):
        asking.poll("ticket", asking.begin(START), 10)


@pytest.mark.parametrize("user", ["", "../ticket/1"])
def test_a_token_needs_its_user(peer: PlatformHttp, user: str) -> None:
    asking = client(peer, user=user)
    with pytest.raises(Misconfigured, match="not told"):
        asking.poll("ticket", asking.begin(START), 10)


def test_a_platform_that_does_not_tell_its_time_is_refused(peer: PlatformHttp) -> None:
    peer.faults = [Fault(reply=Reply({"Timezone": "UTC"}, headers={"Date": "noon"}))]
    asking = client(peer)
    with pytest.raises(Misconfigured, match="its time"):
        asking.poll("ticket", asking.begin(START), 10)


def test_times_that_are_none_are_refused(rt: Rest2, peer: PlatformHttp) -> None:
    rt.put("10:01:00")
    rt.tickets[1]["LastUpdated"] = "2026-01-01T1x"
    asking = client(peer)
    peer.answer = lambda asked: (
        Reply({"items": [rt._shown(1)], "total": 1})
        if asked.path.endswith("/tickets")
        else rt(asked)
    )
    with pytest.raises(Misconfigured, match="its form"):
        asking.poll("ticket", asking.begin(START), 10)


# --- one ticket by its id -------------------------------------------------------------------------


def test_one_that_changes_while_it_is_read_is_left_for_later(rt: Rest2, peer: PlatformHttp) -> None:
    first = rt.put("10:01:00")

    def busy(asked: Asked) -> Reply:
        reply = rt(asked)
        if asked.path.endswith("/history"):
            rt.put("10:05:00", "Status", int(first), Status="open")
        return reply

    peer.answer = busy
    assert client(peer).fetch("ticket", first) is None

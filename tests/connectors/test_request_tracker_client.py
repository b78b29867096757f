"""Request Tracker asked by us: the very body of the scrip, in UTC, and a comment once.

The real one is in `tests/rt`; here it fails to order.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.connectors.platform_http import Asked, Fault, PlatformHttp, Reply, serving
from tests.connectors.request_tracker_rest2 import TOKEN, Rest2

from ticketgate.adapters.http import GuardedHttp
from ticketgate.connector_api import (
    ConnectorError,
    Denied,
    ItsmClient,
    ItsmSettings,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    SourceMapping,
    Throttled,
    Unavailable,
)
from ticketgate_connectors.itsm.request_tracker import REQUEST_TRACKER

START: Final = datetime(2026, 1, 1, 10, 0, 30, tzinfo=UTC)


@pytest.fixture
def rt() -> Rest2:
    return Rest2()


@pytest.fixture
def peer(rt: Rest2) -> Iterator[PlatformHttp]:
    with serving(rt) as platform:
        yield platform


def client(peer: PlatformHttp, **changes: Any) -> ItsmClient:  # noqa: ANN401 -- of any field
    said = {"user": "svc-ticketgate", "token": TOKEN, "overlap": timedelta(seconds=30), **changes}
    settings = ItsmSettings(name="rt", url=peer.url, mapping=SourceMapping("rt", {}), **said)
    return REQUEST_TRACKER.open(settings, GuardedHttp(1.0))


def all_of(asking: ItsmClient, cursor: str, limit: int) -> list[str]:
    """Everything up to the end; a cursor that does not move on is a loop."""
    found: list[str] = []
    for _ in range(30):
        page = asking.poll("ticket", cursor, limit)
        found += [one.ticket_id for one in page.records]
        if not page.more:
            return found
        assert page.cursor != cursor
        cursor = page.cursor
    raise AssertionError("pages without an end")


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
    assert REQUEST_TRACKER.capabilities == {"poll", "comment"}
    assert asking.tables == ("ticket",)
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
@pytest.mark.parametrize("total", [True, False])
def test_equal_times_over_a_page_border_lose_nothing(
    rt: Rest2, peer: PlatformHttp, limit: int, *, total: bool
) -> None:
    rt.total = total
    for at in (*(["10:01:00"] * 12), "10:01:01", "10:01:02", "10:01:02"):
        rt.put(at)
    rt.put("09:00:00")
    asking = client(peer)
    assert set(all_of(asking, asking.begin(START), limit)) == {str(n) for n in range(1, 16)}


def test_a_second_that_is_not_over_is_left_for_the_next_poll(rt: Rest2, peer: PlatformHttp) -> None:
    rt.put("11:59:59")
    rt.put("12:00:00")
    asking = client(peer)
    assert set(all_of(asking, asking.begin(START), 1)) == {"1"}
    page = asking.poll("ticket", asking.begin(START), 10)
    assert ([one.ticket_id for one in page.records], page.more) == (["1"], False)
    rt.now += timedelta(seconds=1)
    assert all_of(asking, page.cursor, 10) == ["1", "2"]


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
    assert all_of(asking, page.cursor, 10) == [ident, "2"]


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


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({}, 401), Denied),
        (Reply({}, 500), Unavailable),
        (Reply({"Timezone": "UTC"}, cut=True), Unavailable),
        (Reply([]), Misconfigured),
        (Reply({"Timezone": "UTC"}, headers={"Date": "noon"}), Misconfigured),
        (Reply({}, 429, {"Retry-After": "3"}), Throttled),
        (None, Unavailable),
    ],
)
def test_a_page_that_fails_says_how(
    rt: Rest2, peer: PlatformHttp, reply: Reply | None, error: type[ConnectorError]
) -> None:
    rt.put("10:01:00")
    peer.faults = [Fault(reply=reply)]
    asking = client(peer)
    with pytest.raises(error) as told:
        asking.poll("ticket", asking.begin(START), 10)
    assert type(told.value) is error
    assert TOKEN not in str(told.value)
    assert len(asking.poll("ticket", asking.begin(START), 10).records) == 1


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


# --- comments -------------------------------------------------------------------------------------


def test_a_comment_is_written_once_under_its_key(rt: Rest2, peer: PlatformHttp) -> None:
    ident = rt.put("10:01:00")
    asking = client(peer)
    for _ in range(3):
        assert asking.comment("ticket", ident, "was approved", "cmd_1") == "cmd_1"
    asking.comment("ticket", ident, "is given", "cmd_11")
    assert rt.written() == ["ticketgate cmd_1", "ticketgate cmd_11"]


def test_a_key_that_begins_like_another_is_another(rt: Rest2, peer: PlatformHttp) -> None:
    ident = rt.put("10:01:00")
    asking = client(peer)
    asking.comment("ticket", ident, "is given", "cmd_11")
    asking.comment("ticket", ident, "was approved", "cmd_1")
    assert rt.written() == ["ticketgate cmd_11", "ticketgate cmd_1"]


@pytest.mark.parametrize("reply", [None, Reply({}, 502)])
def test_a_comment_whose_answer_was_lost_is_there_once_after_the_next_try(
    rt: Rest2, peer: PlatformHttp, reply: Reply | None
) -> None:
    ident = rt.put("10:01:00")
    peer.faults = [Fault("POST", reply, applied=True)]
    asking = client(peer)
    with pytest.raises(OutcomeUnknown):
        asking.comment("ticket", ident, "told", "cmd_1")
    asking.comment("ticket", ident, "told", "cmd_1")
    assert rt.written() == ["ticketgate cmd_1"]


def test_a_comment_that_is_not_shown_is_not_called_written(rt: Rest2, peer: PlatformHttp) -> None:
    ident = rt.put("10:01:00")
    rt.blind = True
    with pytest.raises(Refused, match="not shown"):
        client(peer).comment("ticket", ident, "told", "cmd_1")


def test_a_comment_that_cannot_be_read_back_is_unknown(rt: Rest2, peer: PlatformHttp) -> None:
    ident = rt.put("10:01:00")
    gone = Reply({}, 503)
    peer.answer = lambda asked: gone if rt.written() and asked.method == "GET" else rt(asked)
    with pytest.raises(OutcomeUnknown, match="read back"):
        client(peer).comment("ticket", ident, "told", "cmd_1")


def test_a_ticket_that_is_not_there_gets_no_comment(peer: PlatformHttp) -> None:
    for ident in ("77", "0", "../1", ""):
        with pytest.raises(NotFound):
            client(peer).comment("ticket", ident, "told", "cmd_1")
    assert peer.count("POST") == 0


# --- one ticket by its id -------------------------------------------------------------------------


def test_one_ticket_is_as_the_poll_gives_it(rt: Rest2, peer: PlatformHttp) -> None:
    first, second = rt.put("10:01:00"), rt.put("10:02:00")
    asking = client(peer)
    polled = asking.poll("ticket", asking.begin(START), 10).records
    assert [asking.fetch("ticket", one) for one in (first, second)] == list(polled)


def test_a_ticket_that_is_not_there_is_none_and_no_query_is_made_of_what_is_no_id(
    peer: PlatformHttp,
) -> None:
    asking = client(peer)
    assert asking.fetch("ticket", "77") is None
    before = len(peer.asked)
    assert asking.fetch("ticket", "1 OR id > 0") is None
    assert len(peer.asked) == before


def test_one_that_changes_while_it_is_read_is_left_for_later(rt: Rest2, peer: PlatformHttp) -> None:
    first = rt.put("10:01:00")

    def busy(asked: Asked) -> Reply:
        reply = rt(asked)
        if asked.path.endswith("/history"):
            rt.put("10:05:00", "Status", int(first), Status="open")
        return reply

    peer.answer = busy
    assert client(peer).fetch("ticket", first) is None


def test_another_ticket_than_the_one_asked_for_is_refused(rt: Rest2, peer: PlatformHttp) -> None:
    first = rt.put("10:01:00")
    query = {"query": f"id = {first}"}
    peer.answer = lambda asked: rt(replace(asked, params={**asked.params, **query}))
    with pytest.raises(Misconfigured):
        client(peer).fetch("ticket", "99")

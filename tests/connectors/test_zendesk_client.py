"""Zendesk asked by us: the export is walked without loss, a private comment is written once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.connectors.client_desk import opened, walked
from tests.connectors.platform_http import PlatformHttp, Reply, serving
from tests.connectors.zendesk_support import LOGIN, TOKEN, USER, Support, ZendeskDesk

from ticketgate.connector_api import (
    ItsmClient,
    JsonValue,
    Misconfigured,
    Missing,
    StateClass,
    Ticket,
    read_json,
)
from ticketgate_connectors.itsm.zendesk import ZENDESK

MAPPING: Final = ZendeskDesk.settings["mapping"]
START: Final = datetime(2026, 1, 1, 10, 2, tzinfo=UTC)
# What the trigger of the set-up page posts, with each field of the account by its number.
TRIGGER: Final[dict[str, JsonValue]] = {
    "id": "7",
    "status": "Open",
    "updated_at": "2026-01-01T10:05:00Z",
    "updater_id": "103",
    "submitter_id": "101",
    "requester_id": "102",
    "assignee_id": "",
    "group_id": "98738",
    "type": "Task",
    "priority": "High",
    "ticket_form_name": "Elevated access",
    "custom_fields": {"360001": "prod-db-admin", "360002": ""},
    "subject": "prod access",
    "description": "please",
}


@pytest.fixture
def zendesk() -> Support:
    return Support()


@pytest.fixture
def peer(zendesk: Support) -> Iterator[PlatformHttp]:
    with serving(zendesk) as platform:
        yield platform


def client(peer: PlatformHttp, **changes: Any) -> ItsmClient:  # noqa: ANN401 -- of any field
    return opened(ZendeskDesk, peer, **changes)


def tickets(zendesk: Support, *times: str) -> list[str]:
    return [zendesk.put(number, at) for number, at in enumerate(times, 7)]


def read(body: JsonValue) -> Ticket:
    ticket = ZENDESK.normalise(body, MAPPING)
    assert isinstance(ticket, Ticket)
    return ticket


def only(asking: ItsmClient) -> Ticket:
    (polled,) = asking.poll("ticket", asking.begin(START), 10).records
    return read(read_json(polled.body))


# --- polling --------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [{"user": USER, "token": TOKEN}, {"user": "", "token": TOKEN}])
def test_a_token_belongs_to_its_user_or_stands_alone(
    peer: PlatformHttp, said: dict[str, str]
) -> None:
    asking = client(peer, password="", **said)
    assert not asking.poll("ticket", asking.begin(START), 10).records
    expected = LOGIN if said["user"] else f"Bearer {TOKEN}"
    assert peer.asked[0].headers["authorization"] == expected


def test_a_ticket_is_what_the_trigger_said_of_it(zendesk: Support, peer: PlatformHttp) -> None:
    tickets(zendesk, "10:01:00")
    zendesk.put(7, "10:05:00", writer=103)
    assert only(client(peer)) == read(TRIGGER)


def test_a_ticket_without_a_form_has_none_and_an_unnamed_form_is_absent(
    zendesk: Support, peer: PlatformHttp
) -> None:
    zendesk.put(7, "10:05:00", writer=103, ticket_form_id=None)
    assert only(client(peer)) == read({**TRIGGER, "ticket_form_name": ""})
    zendesk.put(7, "10:05:00", writer=103, ticket_form_id=99)
    assert only(client(peer)).value("catalog_item") is Missing.ABSENT


def test_a_deleted_ticket_is_cancelled(zendesk: Support, peer: PlatformHttp) -> None:
    zendesk.put(7, "10:05:00", status="deleted")
    assert only(client(peer)).state_class is StateClass.CANCELLED
    assert len(peer.asked) == 1


def test_what_the_platform_does_itself_is_no_new_version(
    zendesk: Support, peer: PlatformHttp
) -> None:
    tickets(zendesk, "10:05:00")
    before = only(client(peer)).version
    zendesk.tickets[7]["generated_timestamp"] += 60
    assert only(client(peer)).version == before


def test_the_last_minute_is_found_once_it_is_over(zendesk: Support, peer: PlatformHttp) -> None:
    tickets(zendesk, "10:05:00", "11:59:30")
    asking = client(peer)
    page = asking.poll("ticket", asking.begin(START), 10)
    assert [one.ticket_id for one in page.records] == ["7"]
    zendesk.now += 60
    assert walked(asking, "ticket", page.cursor, 10) == ["7", "8"]


def test_the_overlap_is_of_two_minutes_at_least(zendesk: Support, peer: PlatformHttp) -> None:
    tickets(zendesk, "10:01:00", "10:06:00")
    asking = client(peer, overlap=timedelta(seconds=1))
    cursor = asking.poll("ticket", asking.begin(START), 10).cursor
    zendesk.put(9, "10:04:30")
    assert walked(asking, "ticket", cursor, 10) == ["9", "8"]


def test_a_page_without_tickets_asks_for_nothing_more(peer: PlatformHttp) -> None:
    asking = client(peer)
    assert not asking.poll("ticket", asking.begin(START), 10).records
    assert len(peer.asked) == 1


# --- polling goes wrong ---------------------------------------------------------------------------


def test_writers_that_are_not_told_are_a_fault(zendesk: Support, peer: PlatformHttp) -> None:
    tickets(zendesk, "10:01:00")
    asking = client(peer)
    peer.answer = lambda asked: (
        Reply({"tickets": []}) if "show_many" in asked.path else zendesk(asked)
    )
    with pytest.raises(Misconfigured):
        asking.poll("ticket", asking.begin(START), 10)

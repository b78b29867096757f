"""ServiceNow asked by us: what was changed is found, and a note is written once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.connectors.client_contract import nothing_is_lost
from tests.connectors.client_desk import opened
from tests.connectors.platform_http import Fault, PlatformHttp, Reply, serving
from tests.connectors.servicenow_table_api import ServiceNowDesk, TableApi

from ticketgate.connector_api import (
    ItsmClient,
    Misconfigured,
    Missing,
    Refused,
    Ticket,
    TooLarge,
    read_json,
)
from ticketgate_connectors.itsm.servicenow import SERVICENOW

MAPPING: Final = ServiceNowDesk.settings["mapping"]
START: Final = datetime(2026, 1, 1, 10, 0, 30, 123, tzinfo=UTC)


def ident(number: int) -> str:
    return f"{number:032x}"


@pytest.fixture
def desk() -> ServiceNowDesk:
    return ServiceNowDesk()


@pytest.fixture
def api(desk: ServiceNowDesk) -> TableApi:
    return desk.api


@pytest.fixture
def peer(api: TableApi) -> Iterator[PlatformHttp]:
    with serving(api) as platform:
        yield platform


def client(peer: PlatformHttp, **changes: Any) -> ItsmClient:  # noqa: ANN401 -- of any field
    return opened(ServiceNowDesk, peer, **{"overlap": timedelta(seconds=30), **changes})


def incidents(api: TableApi, *times: str) -> list[str]:
    for number, at in enumerate(times):
        api.put("incident", ident(number), f"2026-01-01 {at}")
    return [ident(number) for number in range(len(times))]


# --- polling --------------------------------------------------------------------------------------


def test_a_token_is_sent_in_place_of_a_password(peer: PlatformHttp) -> None:
    asking = client(peer, password="", token="a token of this test only")
    assert not asking.poll("incident", asking.begin(START), 10).records
    assert peer.asked[0].headers["authorization"] == "Bearer a token of this test only"


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 7])
def test_nor_does_a_border_lose_anything_where_no_total_is_told(
    desk: ServiceNowDesk, peer: PlatformHttp, limit: int
) -> None:
    desk.api.total = False
    nothing_is_lost(desk, peer, limit)


def test_a_record_is_what_the_hook_would_have_said(api: TableApi, peer: PlatformHttp) -> None:
    alice = "62826bf03710200044e0bfc8bcbe5df1"
    api.put(
        "sc_req_item",
        ident(1),
        "2026-01-01 10:01:00",
        number="RITM1",
        state="1",
        opened_by=alice,
        opened_by_shown="Alice",
        short_description="bitte \u00e4ndern",
    )
    for name, kind, value in (
        ("role", "6", "prod-db-admin"),
        ("pw", "25", "masked"),
        ("why", "2", "x"),
    ):
        row = {
            "request_item": ident(1),
            "sc_item_option.item_option_new.name": name,
            "sc_item_option.item_option_new.type": kind,
            "sc_item_option.value": value,
        }
        api.tables["sc_item_option_mtom"][name] = {"sys_id": name, **row}
    asking = client(peer)
    (polled,) = asking.poll("sc_req_item", asking.begin(START), 10).records
    ticket = SERVICENOW.normalise(read_json(polled.body), MAPPING)
    assert isinstance(ticket, Ticket)
    assert (ticket.key, ticket.version, ticket.state) == (("snow", "sc_req_item", ident(1)), 0, "1")
    opened_by = ticket.reference("opened_by")
    assert opened_by is not None
    assert (opened_by.id, opened_by.name) == (alice, "Alice")
    assert (ticket.variable("role"), ticket.variable("pw")) == ("prod-db-admin", Missing.ABSENT)
    assert ticket.text("reason") == "x"
    assert polled.body.isascii()
    again = asking.poll("sc_req_item", asking.begin(START), 10).records[0]
    assert again.body == polled.body


def test_columns_that_the_mapping_names_are_asked_for(api: TableApi, peer: PlatformHttp) -> None:
    incidents(api, "10:01:00")
    asking = client(peer)
    asking.poll("incident", asking.begin(START), 10)
    assert "u_reason" in peer.asked[0].params["sysparm_fields"].split(",")


def test_a_body_that_no_reader_takes_does_not_hide_the_others(
    api: TableApi, peer: PlatformHttp
) -> None:
    incidents(api, "10:01:00", "10:02:00")
    api.tables["incident"][ident(0)]["short_description"] = "\ud800"
    asking = client(peer)
    assert len(asking.poll("incident", asking.begin(START), 10).records) == 2


def test_too_many_variables_are_asked_for_in_smaller_pages(
    api: TableApi, peer: PlatformHttp
) -> None:
    api.put("sc_req_item", ident(1), "2026-01-01 10:01:00")
    rows = {str(n): {"sys_id": str(n), "request_item": ident(1)} for n in range(1000)}
    api.tables["sc_item_option_mtom"] = rows
    asking = client(peer)
    with pytest.raises(TooLarge):
        asking.poll("sc_req_item", asking.begin(START), 10)


def test_a_page_without_tickets_asks_for_no_variables(peer: PlatformHttp) -> None:
    asking = client(peer)
    assert not asking.poll("sc_req_item", asking.begin(START), 10).records
    assert len(peer.asked) == 1


# --- polling goes wrong ---------------------------------------------------------------------------


def test_one_record_twice_is_refused(peer: PlatformHttp) -> None:
    one = {"sys_id": ident(1), "sys_updated_on": "2026-01-01 10:02:00"}
    peer.faults = [Fault(reply=Reply({"result": [one, one]}))]
    asking = client(peer)
    with pytest.raises(Misconfigured, match="twice"):
        asking.poll("incident", asking.begin(START), 10)


def test_records_that_we_may_not_read_are_told_and_not_passed_over(
    api: TableApi, peer: PlatformHttp
) -> None:
    api.hidden.update(incidents(api, *(["10:01:00"] * 3)))
    asking = client(peer)
    with pytest.raises(Refused, match="does not show"):
        asking.poll("incident", asking.begin(START), 2)


# --- comments -------------------------------------------------------------------------------------


def test_notes_that_we_may_not_read_are_told_before_anything_is_written(
    api: TableApi, peer: PlatformHttp
) -> None:
    (ticket,) = incidents(api, "10:01:00")
    peer.faults = [Fault("GET", Reply({"result": {"sys_id": ticket}}))]
    with pytest.raises(Misconfigured, match="work notes"):
        client(peer).comment("incident", ticket, "told [cmd_1]", "cmd_1")
    peer.faults = [Fault("GET", Reply({"result": {"sys_id": ident(8)}}))]
    with pytest.raises(Misconfigured, match="another record"):
        client(peer).comment("incident", ticket, "told [cmd_1]", "cmd_1")
    assert peer.count("PATCH") == 0


# --- one record by its id -------------------------------------------------------------------------


def test_one_record_has_the_variables_that_the_poll_gives_it(
    api: TableApi, peer: PlatformHttp
) -> None:
    api.put("sc_req_item", ident(1), "2026-01-01 10:01:00", number="RITM1")
    api.put("sc_req_item", ident(2), "2026-01-01 10:01:00", number="RITM2")
    asking = client(peer)
    polled = asking.poll("sc_req_item", asking.begin(START), 10).records
    assert [asking.fetch("sc_req_item", ident(one)) for one in (1, 2)] == list(polled)

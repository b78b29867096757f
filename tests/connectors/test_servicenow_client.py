"""ServiceNow asked by us: what was changed is found, and a note is written once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.connectors.platform_http import Fault, PlatformHttp, Reply, serving
from tests.connectors.servicenow_table_api import LOGIN, PASSWORD, USER, TableApi

from ticketgate.adapters.http import GuardedHttp
from ticketgate.connector_api import (
    Conflict,
    ConnectorError,
    Denied,
    ItsmClient,
    ItsmSettings,
    Misconfigured,
    Missing,
    NotFound,
    OutcomeUnknown,
    Refused,
    SourceMapping,
    TableMapping,
    Throttled,
    Ticket,
    TooLarge,
    Unavailable,
    read_json,
)
from ticketgate_connectors.itsm.servicenow import SERVICENOW

MAPPING: Final = SourceMapping(
    "snow",
    {
        "incident": TableMapping("incident", map={"reason": "u_reason.text"}),
        "sc_req_item": TableMapping("sc_req_item", map={"reason": "variables.why"}),
        "sc_task": TableMapping("sc_task"),
        "sysapproval_approver": TableMapping("sysapproval_approver"),
    },
)
START: Final = datetime(2026, 1, 1, 10, 0, 30, 123, tzinfo=UTC)
SECONDS: Final = 1.0


def ident(number: int) -> str:
    return f"{number:032x}"


@pytest.fixture
def api() -> TableApi:
    return TableApi({"incident": {}, "sc_req_item": {}, "sc_item_option_mtom": {}})


@pytest.fixture
def peer(api: TableApi) -> Iterator[PlatformHttp]:
    with serving(api) as platform:
        yield platform


def client(peer: PlatformHttp, **changes: Any) -> ItsmClient:  # noqa: ANN401 -- of any field
    said = {"user": USER, "password": PASSWORD, "overlap": timedelta(seconds=30), **changes}
    settings = ItsmSettings(name="snow", url=peer.url, mapping=MAPPING, **said)
    return SERVICENOW.open(settings, GuardedHttp(SECONDS))


def all_of(asking: ItsmClient, cursor: str, limit: int, table: str = "incident") -> list[list[str]]:
    """The pages to the end; a cursor that does not move on is a loop."""
    pages: list[list[str]] = []
    for _ in range(20):
        page = asking.poll(table, cursor, limit)
        pages.append([one.ticket_id for one in page.records])
        if not page.more:
            return pages
        assert page.cursor != cursor
        cursor = page.cursor
    raise AssertionError("pages without an end")


def incidents(api: TableApi, *times: str) -> list[str]:
    for number, at in enumerate(times):
        api.put("incident", ident(number), f"2026-01-01 {at}")
    return [ident(number) for number in range(len(times))]


# --- polling --------------------------------------------------------------------------------------


def test_it_can_poll_and_comment_and_polls_what_it_can_read_whole(peer: PlatformHttp) -> None:
    assert SERVICENOW.capabilities == {"poll", "comment"}
    assert client(peer).tables == ("incident", "sc_req_item")


def test_what_was_changed_since_the_start_is_found_in_order(
    api: TableApi, peer: PlatformHttp
) -> None:
    incidents(api, "09:59:59", "10:00:20", "10:00:10", "10:05:00")
    asking = client(peer)
    page = asking.poll("incident", asking.begin(START), 10)
    assert [one.ticket_id for one in page.records] == [ident(2), ident(1), ident(3)]
    assert (page.records[0].table, page.more) == ("incident", False)
    assert peer.asked[0].headers["authorization"] == LOGIN
    asking.close()


def test_a_token_is_sent_in_place_of_a_password(peer: PlatformHttp) -> None:
    asking = client(peer, password="", token="a token of this test only")
    assert not asking.poll("incident", asking.begin(START), 10).records
    assert peer.asked[0].headers["authorization"] == "Bearer a token of this test only"


def test_the_next_poll_looks_again_at_the_overlap(api: TableApi, peer: PlatformHttp) -> None:
    incidents(api, "10:01:00", "10:02:00", "10:02:20")
    asking = client(peer)
    cursor = asking.poll("incident", asking.begin(START), 10).cursor
    api.put("incident", ident(9), "2026-01-01 10:01:55")  # committed late
    assert all_of(asking, cursor, 10) == [[ident(9), ident(1), ident(2)]]
    api.put("incident", ident(0), "2026-01-01 11:00:00")
    again = asking.poll("incident", cursor, 10)
    assert [one.ticket_id for one in again.records][-1] == ident(0)


def test_an_empty_page_leaves_the_cursor(peer: PlatformHttp) -> None:
    asking = client(peer)
    start = asking.begin(START)
    page = asking.poll("incident", start, 10)
    assert (page.cursor, page.more) == (start, False)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("total", [True, False])
def test_equal_times_over_a_page_border_lose_nothing(
    api: TableApi, peer: PlatformHttp, limit: int, *, total: bool
) -> None:
    api.total = total
    made = incidents(api, *(["10:01:00"] * 5), "10:01:01", *(["10:01:02"] * 3))
    asking = client(peer)
    found = [one for page in all_of(asking, asking.begin(START), limit) for one in page]
    assert set(found) == set(made)


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


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({}, 401), Denied),
        (Reply({}, 403), Denied),
        (Reply({}, 404), NotFound),
        (Reply({}, 400), Misconfigured),
        (Reply({}, 302, {"Location": "http://127.0.0.1:1/"}), Misconfigured),
        (Reply({}, 500), Unavailable),
        (Reply({}, 503), Unavailable),
        (Reply({"result": []}, cut=True), Unavailable),
        (Reply([]), Misconfigured),
        (Reply({"result": {}}), Misconfigured),
        (Reply({"result": [7]}), Misconfigured),
        (Reply({"result": [{"sys_id": "1", "sys_updated_on": "yesterday"}]}), Misconfigured),
        (None, Unavailable),
    ],
)
def test_a_page_that_fails_says_how(
    peer: PlatformHttp, reply: Reply | None, error: type[ConnectorError]
) -> None:
    peer.faults = [Fault(reply=reply)]
    asking = client(peer)
    with pytest.raises(error) as told:
        asking.poll("incident", asking.begin(START), 10)
    assert type(told.value) is error
    assert PASSWORD not in str(told.value)
    assert asking.poll("incident", asking.begin(START), 10).records == ()


@pytest.mark.parametrize(
    ("said", "waits"), [("7", 7.0), ("99999", 3600.0), ("Thu, 01 Jan 2026", 30.0), ("", 30.0)]
)
def test_a_platform_that_asks_to_wait_is_heard(peer: PlatformHttp, said: str, waits: float) -> None:
    peer.faults = [Fault(reply=Reply({}, 429, {"Retry-After": said}))]
    asking = client(peer)
    with pytest.raises(Throttled) as told:
        asking.poll("incident", asking.begin(START), 10)
    assert told.value.retry_after == waits


def test_a_platform_that_does_not_heed_the_query_is_refused(
    api: TableApi, peer: PlatformHttp
) -> None:
    incidents(api, "09:00:00", "10:02:00")
    api.deaf = True
    asking = client(peer)
    with pytest.raises(Misconfigured, match="heed"):
        asking.poll("incident", asking.begin(START), 10)


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


@pytest.mark.parametrize("cursor", ["", "{}", "[1]", "7", '["x","",""]'])
def test_a_cursor_that_cannot_be_read_is_told(peer: PlatformHttp, cursor: str) -> None:
    with pytest.raises(Misconfigured):
        client(peer).poll("incident", cursor, 10)


# --- comments -------------------------------------------------------------------------------------


def test_a_note_is_written_once_under_its_key(api: TableApi, peer: PlatformHttp) -> None:
    (ticket,) = incidents(api, "10:01:00")
    asking = client(peer)
    for _ in range(3):
        assert asking.comment("incident", ticket, "was approved [cmd_1]", "cmd_1") == "cmd_1"
    assert api.notes[ticket] == ["was approved [cmd_1]"]
    asking.comment("incident", ticket, "is given [cmd_2]", "cmd_2")
    assert len(api.notes[ticket]) == peer.count("PATCH") == 2


@pytest.mark.parametrize("reply", [None, Reply({}, 500), Reply({}, 504)])
def test_a_note_whose_answer_was_lost_is_there_once_after_the_next_try(
    api: TableApi, peer: PlatformHttp, reply: Reply | None
) -> None:
    (ticket,) = incidents(api, "10:01:00")
    peer.faults = [Fault("PATCH", reply, applied=True)]
    asking = client(peer)
    with pytest.raises(OutcomeUnknown):
        asking.comment("incident", ticket, "told [cmd_1]", "cmd_1")
    asking.comment("incident", ticket, "told [cmd_1]", "cmd_1")
    assert api.notes[ticket] == ["told [cmd_1]"]


def test_a_note_that_cannot_be_read_back_is_not_called_written(
    api: TableApi, peer: PlatformHttp
) -> None:
    (ticket,) = incidents(api, "10:01:00")
    asking = client(peer)
    api.dull = True
    with pytest.raises(Refused, match="not among"):
        asking.comment("incident", ticket, "told [cmd_1]", "cmd_1")
    api.dull = False
    quiet = Fault("GET", Reply({"result": {"sys_id": {"value": ticket}, "work_notes": {}}}))
    peer.faults = [quiet, Fault("GET", Reply({}, 503))]
    with pytest.raises(OutcomeUnknown, match="read back"):
        asking.comment("incident", ticket, "told [cmd_1]", "cmd_1")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({}, 401), Denied),
        (Reply({}, 400), Refused),
        (Reply({}, 409), Conflict),
        (Reply({}, 404), NotFound),
    ],
)
def test_a_note_that_is_refused_says_how(
    api: TableApi, peer: PlatformHttp, reply: Reply, error: type[ConnectorError]
) -> None:
    (ticket,) = incidents(api, "10:01:00")
    peer.faults = [Fault("PATCH", reply)]
    with pytest.raises(error):
        client(peer).comment("incident", ticket, "told [cmd_1]", "cmd_1")


def test_a_ticket_that_is_not_there_gets_no_note(peer: PlatformHttp) -> None:
    for name in (ident(7), "../../sys_user/x", ""):
        with pytest.raises(NotFound):
            client(peer).comment("incident", name, "told [cmd_1]", "cmd_1")
    assert peer.count("PATCH") == 0


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


def test_one_record_is_as_the_poll_gives_it(api: TableApi, peer: PlatformHttp) -> None:
    api.put("sc_req_item", ident(1), "2026-01-01 10:01:00", number="RITM1")
    api.put("sc_req_item", ident(2), "2026-01-01 10:01:00", number="RITM2")
    asking = client(peer)
    polled = asking.poll("sc_req_item", asking.begin(START), 10).records
    assert [asking.fetch("sc_req_item", ident(one)) for one in (1, 2)] == list(polled)


def test_a_record_that_is_not_shown_is_none_and_no_query_is_made_of_what_is_no_id(
    api: TableApi, peer: PlatformHttp
) -> None:
    asking = client(peer)
    assert asking.fetch("incident", ident(7)) is None
    before = len(peer.asked)
    assert asking.fetch("incident", f"{ident(1)}^ORsys_id!=x") is None
    assert len(peer.asked) == before
    assert not api.tables["incident"]


def test_another_record_than_the_one_asked_for_is_refused(
    api: TableApi, peer: PlatformHttp
) -> None:
    api.put("incident", ident(1), "2026-01-01 10:01:00")
    api.deaf = True
    with pytest.raises(Misconfigured):
        client(peer).fetch("incident", ident(2))

"""Zendesk asked by us: the export is walked without loss, a private comment is written once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.connectors.platform_http import Fault, PlatformHttp, Reply, serving
from tests.connectors.zendesk_support import LOGIN, TOKEN, USER, Support

from ticketgate.adapters.http import GuardedHttp
from ticketgate.connector_api import (
    Conflict,
    ConnectorError,
    Denied,
    ItsmClient,
    ItsmSettings,
    JsonValue,
    Misconfigured,
    Missing,
    NotFound,
    OutcomeUnknown,
    Refused,
    SourceMapping,
    StateClass,
    TableMapping,
    Throttled,
    Ticket,
    TooLarge,
    Unavailable,
    read_json,
)
from ticketgate_connectors.itsm.zendesk import ZENDESK

MAPPING: Final = SourceMapping("zendesk-it", {"ticket": TableMapping("ticket")})
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
    said = {"user": USER, "password": TOKEN, "overlap": timedelta(minutes=2), **changes}
    settings = ItsmSettings(name="zendesk-it", url=peer.url, mapping=MAPPING, **said)
    return ZENDESK.open(settings, GuardedHttp(1.0))


def all_of(asking: ItsmClient, cursor: str, limit: int) -> list[str]:
    """Everything up to the end; a cursor that does not move on is a loop."""
    found: list[str] = []
    for _ in range(20):
        page = asking.poll("ticket", cursor, limit)
        found += [one.ticket_id for one in page.records]
        if not page.more:
            return found
        assert page.cursor != cursor
        cursor = page.cursor
    raise AssertionError("pages without an end")


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


def test_it_can_poll_and_comment(peer: PlatformHttp) -> None:
    assert ZENDESK.capabilities == {"poll", "comment"}
    assert client(peer).tables == ("ticket",)


def test_what_was_changed_since_the_start_is_found_in_order(
    zendesk: Support, peer: PlatformHttp
) -> None:
    tickets(zendesk, "09:59:59", "10:00:20", "10:00:10", "10:05:00")
    asking = client(peer)
    page = asking.poll("ticket", asking.begin(START), 10)
    assert [one.ticket_id for one in page.records] == ["9", "8", "10"]
    assert not page.more
    assert peer.asked[0].headers["authorization"] == LOGIN
    asking.close()


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
    assert all_of(asking, page.cursor, 10) == ["7", "8"]


def test_the_next_poll_looks_again_at_the_overlap(zendesk: Support, peer: PlatformHttp) -> None:
    tickets(zendesk, "10:01:00", "10:06:00")
    asking = client(peer, overlap=timedelta(seconds=1))  # two minutes all the same
    cursor = asking.poll("ticket", asking.begin(START), 10).cursor
    zendesk.put(9, "10:04:30")
    assert all_of(asking, cursor, 10) == ["9", "8"]


def test_an_empty_page_leaves_the_cursor(peer: PlatformHttp) -> None:
    asking = client(peer)
    start = asking.begin(START)
    page = asking.poll("ticket", start, 10)
    assert (page.cursor, page.more, len(peer.asked)) == (start, False, 1)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7])
def test_equal_times_over_a_page_border_lose_nothing(
    zendesk: Support, peer: PlatformHttp, limit: int
) -> None:
    made = tickets(zendesk, *(["10:01:00"] * 5), "10:01:01", *(["10:01:02"] * 3))
    asking = client(peer)
    assert all_of(asking, asking.begin(START), limit) == made


def test_a_cursor_that_has_ended_begins_the_walk_anew(zendesk: Support, peer: PlatformHttp) -> None:
    made = tickets(zendesk, "10:01:00", "10:02:00", "10:03:00")
    asking = client(peer)
    page = asking.poll("ticket", asking.begin(START), 2)
    zendesk.ended = True
    assert [one.ticket_id for one in asking.poll("ticket", page.cursor, 10).records] == made


# --- polling goes wrong ---------------------------------------------------------------------------

ONE: Final = {"id": 7, "status": "deleted", "generated_timestamp": 2_000_000_000}
END: Final = {"after_cursor": None, "end_of_stream": True}


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({}, 401), Denied),
        (Reply({}, 403), Denied),
        (Reply({}, 422), Misconfigured),
        (Reply({}, 302, {"Location": "http://127.0.0.1:1/"}), Misconfigured),
        (Reply({}, 500), Unavailable),
        (Reply({"tickets": [], **END}, cut=True), Unavailable),
        (Reply([]), Misconfigured),
        (Reply({"tickets": [7], **END}), Misconfigured),
        (Reply({"tickets": []}), Misconfigured),
        (Reply({"tickets": [], "end_of_stream": False}), Misconfigured),
        (Reply({"tickets": [{**ONE, "generated_timestamp": "x"}], **END}), Misconfigured),
        (Reply({"tickets": [{**ONE, "id": "x"}], **END}), Misconfigured),
        (None, Unavailable),
    ],
)
def test_a_page_that_fails_says_how(
    peer: PlatformHttp, reply: Reply | None, error: type[ConnectorError]
) -> None:
    peer.faults = [Fault(reply=reply)]
    asking = client(peer)
    with pytest.raises(error) as told:
        asking.poll("ticket", asking.begin(START), 10)
    assert type(told.value) is error
    assert TOKEN not in str(told.value)
    assert asking.poll("ticket", asking.begin(START), 10).records == ()


def test_writers_that_are_not_told_are_a_fault(zendesk: Support, peer: PlatformHttp) -> None:
    tickets(zendesk, "10:01:00")
    asking = client(peer)
    peer.answer = lambda asked: (
        Reply({"tickets": []}) if "show_many" in asked.path else zendesk(asked)
    )
    with pytest.raises(Misconfigured):
        asking.poll("ticket", asking.begin(START), 10)


def test_a_platform_that_asks_to_wait_is_heard(peer: PlatformHttp) -> None:
    peer.faults = [Fault(reply=Reply({}, 429, {"Retry-After": "93"}))]
    asking = client(peer)
    with pytest.raises(Throttled) as told:
        asking.poll("ticket", asking.begin(START), 10)
    assert told.value.retry_after == 93.0


def test_a_platform_that_does_not_heed_the_query_is_refused(
    zendesk: Support, peer: PlatformHttp
) -> None:
    tickets(zendesk, "09:00:00", "10:02:00")
    zendesk.deaf = True
    asking = client(peer)
    with pytest.raises(Misconfigured, match="heed"):
        asking.poll("ticket", asking.begin(START), 10)


def test_a_cursor_that_leads_nowhere_is_no_loop(zendesk: Support, peer: PlatformHttp) -> None:
    tickets(zendesk, "10:01:00", "10:02:00")
    zendesk.stuck = True
    asking = client(peer)
    with pytest.raises(Misconfigured, match="same page"):
        all_of(asking, asking.begin(START), 1)


@pytest.mark.parametrize("cursor", ["", "{}", "[1]", "7", '["x","",0]', "[1,2,3]", '[1,"",true]'])
def test_a_cursor_that_cannot_be_read_is_told(peer: PlatformHttp, cursor: str) -> None:
    with pytest.raises(Misconfigured, match="cursor"):
        client(peer).poll("ticket", cursor, 10)


# --- comments -------------------------------------------------------------------------------------


def test_a_private_comment_is_written_once_under_its_key(
    zendesk: Support, peer: PlatformHttp
) -> None:
    (ident,) = tickets(zendesk, "10:01:00")
    asking = client(peer)
    for _ in range(3):
        assert asking.comment("ticket", ident, "approved [cmd_1]", "cmd_1") == "cmd_1"
    assert zendesk.comments[7] == [{"body": "approved [cmd_1]", "public": False}]
    asking.comment("ticket", ident, "is given [cmd_2]", "cmd_2")
    assert len(zendesk.comments[7]) == peer.count("PUT") == 2


def test_a_key_behind_a_page_of_comments_is_found(zendesk: Support, peer: PlatformHttp) -> None:
    (ident,) = tickets(zendesk, "10:01:00")
    asking = client(peer)
    asking.comment("ticket", ident, "told [cmd_1]", "cmd_1")
    zendesk.comments[7] += [{"body": "thanks", "public": True}] * 250
    asking.comment("ticket", ident, "told [cmd_1]", "cmd_1")
    assert peer.count("PUT") == 1


def test_more_comments_than_are_looked_through_get_none(
    zendesk: Support, peer: PlatformHttp
) -> None:
    (ident,) = tickets(zendesk, "10:01:00")
    zendesk.comments[7] = [{"body": "thanks", "public": True}] * 5_001
    with pytest.raises(TooLarge):
        client(peer).comment("ticket", ident, "told [cmd_1]", "cmd_1")
    assert peer.count("PUT") == 0


@pytest.mark.parametrize("reply", [None, Reply({}, 500), Reply({}, 504)])
def test_a_comment_whose_answer_was_lost_is_there_once_after_the_next_try(
    zendesk: Support, peer: PlatformHttp, reply: Reply | None
) -> None:
    (ident,) = tickets(zendesk, "10:01:00")
    peer.faults = [Fault("PUT", reply, applied=True)]
    asking = client(peer)
    with pytest.raises(OutcomeUnknown):
        asking.comment("ticket", ident, "told [cmd_1]", "cmd_1")
    asking.comment("ticket", ident, "told [cmd_1]", "cmd_1")
    assert len(zendesk.comments[7]) == 1


def test_a_comment_that_cannot_be_read_back_is_not_called_written(
    zendesk: Support, peer: PlatformHttp
) -> None:
    (ident,) = tickets(zendesk, "10:01:00")
    asking = client(peer)
    zendesk.dull = True
    with pytest.raises(Refused, match="not among"):
        asking.comment("ticket", ident, "told [cmd_1]", "cmd_1")
    none = Reply({"comments": [], "meta": {"has_more": False}})
    peer.faults = [Fault(reply=none), Fault(reply=Reply({}, 503))]
    with pytest.raises(OutcomeUnknown, match="read back"):
        asking.comment("ticket", ident, "told [cmd_1]", "cmd_1")


def test_a_comment_that_the_requester_sees_is_told(zendesk: Support, peer: PlatformHttp) -> None:
    (ident,) = tickets(zendesk, "10:01:00")
    zendesk.public = True
    with pytest.raises(Refused, match="requester sees it"):
        client(peer).comment("ticket", ident, "told [cmd_1]", "cmd_1")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({}, 401), Denied),
        (Reply({}, 422), Refused),  # a closed ticket
        (Reply({}, 409), Conflict),
        (Reply({}, 404), NotFound),
        (Reply({}, 429, {"Retry-After": "7"}), Throttled),
    ],
)
def test_a_comment_that_is_refused_says_how(
    zendesk: Support, peer: PlatformHttp, reply: Reply, error: type[ConnectorError]
) -> None:
    (ident,) = tickets(zendesk, "10:01:00")
    peer.faults = [Fault("PUT", reply)]
    with pytest.raises(error):
        client(peer).comment("ticket", ident, "told [cmd_1]", "cmd_1")


def test_a_ticket_that_is_not_there_gets_no_comment(peer: PlatformHttp) -> None:
    for name in ("10007", "../../users/me", ""):
        with pytest.raises(NotFound):
            client(peer).comment("ticket", name, "told [cmd_1]", "cmd_1")
    assert peer.count("PUT") == 0


# --- one ticket by its id -------------------------------------------------------------------------


def test_one_ticket_is_as_the_poll_gives_it(zendesk: Support, peer: PlatformHttp) -> None:
    made = tickets(zendesk, "10:01:00", "10:02:00")
    asking = client(peer)
    polled = asking.poll("ticket", asking.begin(START), 10).records
    assert [asking.fetch("ticket", one) for one in made] == list(polled)


def test_a_ticket_that_is_not_shown_is_none_and_another_one_is_refused(
    zendesk: Support, peer: PlatformHttp
) -> None:
    asking = client(peer)
    assert asking.fetch("ticket", "10007") is None
    before = len(peer.asked)
    assert asking.fetch("ticket", "7,8") is None
    assert len(peer.asked) == before
    tickets(zendesk, "10:01:00")
    zendesk.deaf = True
    with pytest.raises(Misconfigured, match="another ticket"):
        asking.fetch("ticket", "8")

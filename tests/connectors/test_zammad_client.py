"""Zammad asked by us: the ticket of a hook, and an internal note once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.connectors.platform_http import Asked, Fault, PlatformHttp, Reply, serving
from tests.connectors.zammad_rest import TOKEN, ZammadRest

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
    TableMapping,
    Throttled,
    Unavailable,
)
from ticketgate_connectors.itsm.zammad import ZAMMAD

START: Final = datetime(2026, 1, 1, 10, 0, 30, tzinfo=UTC)


def mapping(**paths: str | None) -> SourceMapping:
    return SourceMapping("zammad", {"ticket": TableMapping(name="ticket", map=paths)})


MAPPING: Final = mapping(description=None)


@pytest.fixture
def zammad() -> ZammadRest:
    return ZammadRest()


@pytest.fixture
def peer(zammad: ZammadRest) -> Iterator[PlatformHttp]:
    with serving(zammad) as platform:
        yield platform


def client(peer: PlatformHttp, **changes: Any) -> ItsmClient:  # noqa: ANN401 -- of any field
    said = {"user": "", "token": TOKEN, "overlap": timedelta(seconds=30), "mapping": MAPPING}
    return ZAMMAD.open(
        ItsmSettings(name="zammad", url=peer.url, **{**said, **changes}), GuardedHttp(1.0)
    )


def all_of(asking: ItsmClient, cursor: str, limit: int) -> list[str]:
    """Everything up to the end; a cursor that does not move on is a loop."""
    found: list[str] = []
    for _ in range(30):
        page = asking.poll("ticket", cursor, limit)
        assert len(page.records) <= limit
        found += [one.ticket_id for one in page.records]
        if not page.more:
            return found
        assert page.cursor != cursor
        cursor = page.cursor
    raise AssertionError("pages without an end")


# --- polling --------------------------------------------------------------------------------------


def test_a_polled_ticket_is_that_of_the_hook(zammad: ZammadRest, peer: PlatformHttp) -> None:
    zammad.put("10:01:00.333", owner_id=5)
    asking = client(peer)
    assert ZAMMAD.capabilities == {"poll", "comment"}
    (polled,) = asking.poll("ticket", asking.begin(START), 10).records
    known = mapping(description=None, reason="customer.login", text="group.id")
    found = ZAMMAD.normalise(json.loads(polled.body), known)
    assert found == ZAMMAD.normalise(zammad.hook(1), known)
    zammad.put("10:01:00.333", 1, title="another")
    assert found != ZAMMAD.normalise(zammad.hook(1), known)
    asking.close()


def test_a_user_with_a_password_is_asked_as(peer: PlatformHttp) -> None:
    asking = client(peer, user="svc", password="x", token="")
    with pytest.raises(Denied):
        asking.poll("ticket", asking.begin(START), 10)
    assert peer.asked[0].headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "known",
    [
        SourceMapping("zammad", {}),
        mapping(),
        mapping(description="article.body"),
        mapping(description=None, reason="article.subject"),
        mapping(description=None, requested_for="customer.email"),
        mapping(description=None, category="group.active"),
    ],
)
def test_what_only_hooks_tell_is_not_polled(peer: PlatformHttp, known: SourceMapping) -> None:
    asking = client(peer, mapping=known)
    with pytest.raises(Misconfigured):
        asking.poll("ticket", asking.begin(START), 10)
    with pytest.raises(Misconfigured):
        asking.fetch("ticket", "1")
    assert peer.asked == []


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 50, 500])
def test_equal_times_over_a_page_border_lose_nothing(
    zammad: ZammadRest, peer: PlatformHttp, limit: int
) -> None:
    for at in (*(["10:01:00.100"] * 9), "10:01:00.050", "10:01:00.101", *(["10:01:01.000"] * 2)):
        zammad.put(at)
    zammad.put("09:00:00.000")
    asking = client(peer)
    found = all_of(asking, asking.begin(START), limit)
    assert sorted(found, key=int) == [str(number) for number in range(1, 14)]


def test_the_next_poll_looks_again_at_the_overlap(zammad: ZammadRest, peer: PlatformHttp) -> None:
    zammad.put("10:01:00.000")
    zammad.put("10:02:00.000")
    asking = client(peer)
    page = asking.poll("ticket", asking.begin(START), 10)
    zammad.put("10:01:45.000")  # became visible late
    zammad.put("10:01:15.000")  # control: before the overlap
    assert all_of(asking, page.cursor, 10) == ["3", "2"]


def test_nothing_new_leaves_the_cursor_where_it_is(peer: PlatformHttp) -> None:
    asking = client(peer)
    page = asking.poll("ticket", asking.begin(START), 10)
    assert (page.records, page.cursor, page.more) == ((), asking.begin(START), False)


def test_more_of_one_moment_than_a_page_holds_is_told(
    zammad: ZammadRest, peer: PlatformHttp
) -> None:
    for _ in range(201):
        zammad.put("10:01:00.000")
    asking = client(peer)
    first = asking.poll("ticket", asking.begin(START), 200)
    assert (len(first.records), first.more) == (200, True)
    with pytest.raises(Refused, match="one millisecond"):
        asking.poll("ticket", first.cursor, 200)


def test_a_ticket_that_changes_while_it_is_listed_is_asked_for_once_more(
    zammad: ZammadRest, peer: PlatformHttp
) -> None:
    zammad.put("10:01:00.000")
    zammad.put("10:02:00.000")
    asking = client(peer)
    late = Reply([zammad._shown(zammad.tickets[2]), zammad._shown(zammad.tickets[1])])
    peer.faults = [Fault(reply=late)]
    assert all_of(asking, asking.begin(START), 10) == ["1", "2"]
    peer.faults = [Fault(reply=late), Fault(reply=late)]
    with pytest.raises(Misconfigured, match="order"):
        asking.poll("ticket", asking.begin(START), 10)


def test_tickets_that_were_not_asked_for_are_refused(
    zammad: ZammadRest, peer: PlatformHttp
) -> None:
    zammad.put("09:00:00.000")
    peer.answer = lambda _: Reply([zammad._shown(zammad.tickets[1])])
    asking = client(peer)
    with pytest.raises(Misconfigured, match="times"):
        asking.poll("ticket", asking.begin(START), 10)


@pytest.mark.parametrize("change", [{"updated_at": "2026-01-01 10:01"}, {"id": "1"}, {"id": 0}])
def test_a_ticket_without_time_or_id_is_refused(
    zammad: ZammadRest, peer: PlatformHttp, change: dict[str, Any]
) -> None:
    zammad.put("10:01:00.000")
    peer.answer = lambda _: Reply([{**zammad._shown(zammad.tickets[1]), **change}])
    asking = client(peer)
    with pytest.raises(Misconfigured):
        asking.poll("ticket", asking.begin(START), 10)


@pytest.mark.parametrize("cursor", ["", "[1, 2]", '["1", 0, 0]', "7"])
def test_a_cursor_that_is_none_is_refused(peer: PlatformHttp, cursor: str) -> None:
    with pytest.raises(Misconfigured, match="cursor"):
        client(peer).poll("ticket", cursor, 10)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({}, 401), Denied),
        (Reply({}, 500), Unavailable),
        (Reply([{"id": 1}], cut=True), Unavailable),
        (Reply({"error": "none"}), Misconfigured),
        (Reply({}, 429, {"Retry-After": "3"}), Throttled),
        (None, Unavailable),
    ],
)
def test_a_page_that_fails_says_how(
    zammad: ZammadRest, peer: PlatformHttp, reply: Reply | None, error: type[ConnectorError]
) -> None:
    zammad.put("10:01:00.000")
    peer.faults = [Fault(reply=reply)]
    asking = client(peer)
    with pytest.raises(error) as told:
        asking.poll("ticket", asking.begin(START), 10)
    assert type(told.value) is error
    assert TOKEN not in str(told.value)
    assert len(asking.poll("ticket", asking.begin(START), 10).records) == 1


# --- notes ----------------------------------------------------------------------------------------


def test_a_note_is_written_once_under_its_key_and_is_internal(
    zammad: ZammadRest, peer: PlatformHttp
) -> None:
    ident = zammad.put("10:01:00.000")
    asking = client(peer)
    asking.comment("ticket", ident, "is given", "cmd_11")
    for _ in range(3):
        assert asking.comment("ticket", ident, "was approved", "cmd_1") == "cmd_1"
    assert zammad.written() == ["ticketgate cmd_11", "ticketgate cmd_1"]
    assert {(one["internal"], one["type"]) for one in zammad.articles} == {(True, "note")}
    assert zammad.articles[1]["body"] == "was approved"


def test_a_key_that_a_customer_wrote_does_not_count(zammad: ZammadRest, peer: PlatformHttp) -> None:
    ident = zammad.put("10:01:00.000")
    zammad.articles.append({"ticket_id": 1, "subject": "ticketgate cmd_1", "internal": False})
    client(peer).comment("ticket", ident, "was approved", "cmd_1")
    assert len(zammad.articles) == 2


@pytest.mark.parametrize("reply", [None, Reply({}, 502)])
def test_a_note_whose_answer_was_lost_is_there_once_after_the_next_try(
    zammad: ZammadRest, peer: PlatformHttp, reply: Reply | None
) -> None:
    ident = zammad.put("10:01:00.000")
    peer.faults = [Fault("POST", reply, applied=True)]
    asking = client(peer)
    with pytest.raises(OutcomeUnknown):
        asking.comment("ticket", ident, "told", "cmd_1")
    asking.comment("ticket", ident, "told", "cmd_1")
    assert zammad.written() == ["ticketgate cmd_1"]


def test_a_note_that_is_not_shown_is_not_called_written(
    zammad: ZammadRest, peer: PlatformHttp
) -> None:
    ident = zammad.put("10:01:00.000")
    zammad.blind = True
    with pytest.raises(Refused, match="not among"):
        client(peer).comment("ticket", ident, "told", "cmd_1")


def test_a_note_that_cannot_be_read_back_is_unknown(zammad: ZammadRest, peer: PlatformHttp) -> None:
    ident = zammad.put("10:01:00.000")

    def gone(asked: Asked) -> Reply:
        return Reply({}, 503) if zammad.written() and asked.method == "GET" else zammad(asked)

    peer.answer = gone
    with pytest.raises(OutcomeUnknown, match="read back"):
        client(peer).comment("ticket", ident, "told", "cmd_1")


def test_a_ticket_that_is_not_there_gets_no_note(peer: PlatformHttp) -> None:
    for ident in ("77", "0", "../1", ""):
        with pytest.raises(NotFound):
            client(peer).comment("ticket", ident, "told", "cmd_1")
    assert peer.count("POST") == 0


# --- one ticket by its id -------------------------------------------------------------------------


def test_one_ticket_is_as_the_poll_gives_it(zammad: ZammadRest, peer: PlatformHttp) -> None:
    idents = [zammad.put("10:01:00.000"), zammad.put("10:02:00.000")]
    asking = client(peer)
    polled = asking.poll("ticket", asking.begin(START), 10).records
    assert [asking.fetch("ticket", one) for one in idents] == list(polled)
    assert asking.fetch("ticket", "77") is None


def test_no_query_is_made_of_what_is_no_id(peer: PlatformHttp) -> None:
    assert client(peer).fetch("ticket", "1 OR 1") is None
    assert peer.asked == []


def test_another_ticket_than_the_one_asked_for_is_refused(
    zammad: ZammadRest, peer: PlatformHttp
) -> None:
    zammad.put("10:01:00.000")
    peer.answer = lambda _: Reply([zammad._shown(zammad.tickets[1])])
    with pytest.raises(Misconfigured):
        client(peer).fetch("ticket", "99")

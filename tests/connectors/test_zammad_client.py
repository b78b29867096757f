"""Zammad asked by us: the ticket of a hook, and an internal note once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.connectors.client_desk import mapped, opened, walked
from tests.connectors.platform_http import Fault, PlatformHttp, Reply, serving
from tests.connectors.zammad_rest import ZammadDesk, ZammadRest

from ticketgate.connector_api import (
    Denied,
    ItsmClient,
    Misconfigured,
    Refused,
    SourceMapping,
)
from ticketgate_connectors.itsm.zammad import ZAMMAD

START: Final = datetime(2026, 1, 1, 10, 0, 30, tzinfo=UTC)


def mapping(**paths: str | None) -> SourceMapping:
    return mapped("zammad", ticket=paths)


MAPPING: Final = ZammadDesk.settings["mapping"]


@pytest.fixture
def zammad() -> ZammadRest:
    return ZammadRest()


@pytest.fixture
def peer(zammad: ZammadRest) -> Iterator[PlatformHttp]:
    with serving(zammad) as platform:
        yield platform


def client(peer: PlatformHttp, **changes: Any) -> ItsmClient:  # noqa: ANN401 -- of any field
    return opened(ZammadDesk, peer, **{"overlap": timedelta(seconds=30), **changes})


# --- polling --------------------------------------------------------------------------------------


def test_a_polled_ticket_is_that_of_the_hook(zammad: ZammadRest, peer: PlatformHttp) -> None:
    zammad.put("10:01:00.333", owner_id=5)
    asking = client(peer)
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
    found = walked(asking, "ticket", asking.begin(START), limit)
    assert sorted(found, key=int) == [str(number) for number in range(1, 14)]


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
    assert walked(asking, "ticket", asking.begin(START), 10) == ["1", "2"]
    peer.faults = [Fault(reply=late), Fault(reply=late)]
    with pytest.raises(Misconfigured, match="order"):
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


# --- notes ----------------------------------------------------------------------------------------


def test_a_key_that_a_customer_wrote_does_not_count(zammad: ZammadRest, peer: PlatformHttp) -> None:
    ident = zammad.put("10:01:00.000")
    zammad.articles.append({"ticket_id": 1, "subject": "ticketgate cmd_1", "internal": False})
    client(peer).comment("ticket", ident, "was approved", "cmd_1")
    assert len(zammad.articles) == 2

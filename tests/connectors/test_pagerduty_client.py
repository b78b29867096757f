"""PagerDuty asked by us: incidents out of its log, and a note once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.connectors.client_desk import mapped, opened, walked
from tests.connectors.pagerduty_rest import NOW, PagerDutyDesk, PagerDutyRest
from tests.connectors.platform_http import Asked, Fault, PlatformHttp, Reply, serving

from ticketgate.connector_api import (
    ItsmClient,
    Misconfigured,
    Refused,
    SourceMapping,
    Ticket,
)
from ticketgate_connectors.itsm.pagerduty import PAGERDUTY

START: Final = datetime(2026, 1, 1, 10, 0, 30, tzinfo=UTC)


def mapping(**paths: str | None) -> SourceMapping:
    return mapped("pagerduty", incident=paths)


MAPPING: Final = PagerDutyDesk.settings["mapping"]


@pytest.fixture
def duty() -> PagerDutyRest:
    return PagerDutyRest()


@pytest.fixture
def peer(duty: PagerDutyRest) -> Iterator[PlatformHttp]:
    with serving(duty) as platform:
        yield platform


def client(peer: PlatformHttp, **changes: Any) -> ItsmClient:  # noqa: ANN401 -- of any field
    return opened(PagerDutyDesk, peer, **changes)


def ticket(body: bytes | dict[str, Any]) -> Ticket:
    payload = json.loads(body) if isinstance(body, bytes) else body
    found = PAGERDUTY.normalise(payload, MAPPING)
    assert isinstance(found, Ticket)
    return found


def polled(asking: ItsmClient) -> list[Ticket]:
    page = asking.poll("incident", asking.begin(NOW - timedelta(minutes=30)), 10)
    return [ticket(one.body) for one in page.records]


# --- polling --------------------------------------------------------------------------------------


def test_a_polled_incident_is_that_of_the_hook_at_the_end_of_its_second(
    duty: PagerDutyRest, peer: PlatformHttp
) -> None:
    ident = duty.put("11:31:00")
    duty.put("11:40:05", "assign", ident, "PBOB", status="acknowledged")
    asking = client(peer)
    [found] = polled(asking)
    assert found == ticket(duty.hook(ident, "11:40:05.999", "PBOB"))
    before, after = duty.hook(ident, "11:40:05.712"), duty.hook(ident, "11:40:06.001")
    assert ticket(before).version < found.version < ticket(after).version  # type: ignore[operator]
    asking.close()


def test_of_a_second_with_several_writers_none_is_named(
    duty: PagerDutyRest, peer: PlatformHttp
) -> None:
    ident = duty.put("11:40:05", agent="PALICE")
    duty.put("11:40:05", "assign", ident, "PMALLORY")
    asking = client(peer)
    assert [one.updated_by for one in polled(asking)] == [""]
    duty.put("11:40:06", "acknowledge", ident, "PBOB")
    assert [one.updated_by for one in polled(asking)] == ["PBOB"]


def test_a_note_and_a_notification_are_no_change_and_hide_no_writer(
    duty: PagerDutyRest, peer: PlatformHttp
) -> None:
    ident = duty.put("11:40:05", agent="PMALLORY")
    for kind in ("annotate", "notify"):
        duty.put("11:40:06", kind, ident, "PSVCUSER")
    [found] = polled(client(peer))
    assert found == ticket(duty.hook(ident, "11:40:05.999", "PMALLORY"))


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 50])
def test_equal_times_over_a_page_border_lose_nothing(
    duty: PagerDutyRest, peer: PlatformHttp, limit: int
) -> None:
    idents = [duty.put(at) for at in (*(["10:01:00"] * 12), "10:01:01", "11:59:59", "11:00:30")]
    duty.put("09:00:00")
    asking = client(peer)
    assert sorted(walked(asking, "incident", asking.begin(START), limit)) == sorted(idents)


def test_a_second_that_is_not_over_is_left_for_the_next_poll(
    duty: PagerDutyRest, peer: PlatformHttp
) -> None:
    first, second = duty.put("11:59:59"), duty.put("12:00:00")
    asking = client(peer)
    page = asking.poll("incident", asking.begin(NOW), 10)
    assert ([one.ticket_id for one in page.records], page.more) == ([first], False)
    duty.now += timedelta(seconds=1)
    assert walked(asking, "incident", page.cursor, 10) == [first, second]


@pytest.mark.parametrize("at", ["11:59:59", "12:00:00"])
def test_an_incident_that_changes_while_it_is_read_comes_with_the_change(
    duty: PagerDutyRest, peer: PlatformHttp, at: str
) -> None:
    """Else it would stand under the version of a change that it does not show."""
    ident = duty.put("11:40:00")
    duty.now = NOW - timedelta(seconds=1)

    def closes_meanwhile(asked: Asked) -> Reply:
        if asked.path == f"/incidents/{ident}" and len(duty.log) == 1:
            duty.put(at, "resolve", ident, status="resolved")
        return duty(asked)

    peer.answer = closes_meanwhile
    asking = client(peer)
    page = asking.poll("incident", asking.begin(NOW - timedelta(minutes=30)), 10)
    assert (page.records, page.more) == ((), False)
    duty.now = NOW + timedelta(seconds=1)
    [again] = asking.poll("incident", page.cursor, 10).records
    assert ticket(again.body).state == "resolved"


def test_a_log_that_is_too_full_is_read_in_shorter_spans(
    duty: PagerDutyRest, peer: PlatformHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketgate_connectors.itsm.pagerduty.log.PAGE", 10)
    monkeypatch.setattr("ticketgate_connectors.itsm.pagerduty.log.OFFSET_MAX", 10)
    idents = [duty.put("11:31:00"), duty.put("11:32:30")]
    for second in range(60):
        duty.put(f"11:31:{second:02d}", "notify", idents[0])
    asking = client(peer)
    assert walked(asking, "incident", asking.begin(NOW - timedelta(minutes=27)), 10) == idents
    assert asking.fetch("incident", idents[0]) is None  # which change was its last is not known
    for _ in range(30):
        duty.put("11:59:30", "notify", idents[0])
    with pytest.raises(Refused, match="one second"):
        walked(asking, "incident", asking.begin(NOW - timedelta(minutes=1)), 10)


def test_the_log_is_read_page_after_page(duty: PagerDutyRest, peer: PlatformHttp) -> None:
    ident = duty.put("11:40:00")
    for _ in range(250):
        duty.put("11:40:00", "notify", ident)
    assert [one.id for one in polled(client(peer))] == [ident]


def test_an_incident_that_is_not_shown_is_passed_over(
    duty: PagerDutyRest, peer: PlatformHttp
) -> None:
    gone, there = duty.put("11:40:00"), duty.put("11:41:00")
    del duty.incidents[gone]
    assert [one.id for one in polled(client(peer))] == [there]


@pytest.mark.parametrize(
    "changes",
    [
        {"token": "", "password": "x"},
        {"mapping": mapping(text="conference_bridge.conference_url")},
        {"mapping": mapping(text="resolve_reason")},
    ],
)
def test_what_cannot_be_polled_is_refused(peer: PlatformHttp, changes: dict[str, Any]) -> None:
    asking = client(peer, **changes)
    with pytest.raises(Misconfigured):
        asking.poll("incident", asking.begin(START), 10)
    with pytest.raises(Misconfigured):
        asking.fetch("incident", "PINC001")
    assert peer.asked == []


def test_a_platform_that_does_not_tell_its_time_is_refused(peer: PlatformHttp) -> None:
    peer.faults = [Fault(reply=Reply({"log_entries": []}, headers={"Date": "noon"}))]
    asking = client(peer)
    with pytest.raises(Misconfigured, match="its time"):
        polled(asking)


@pytest.mark.parametrize("ident", ["", "../users"])
def test_a_log_that_names_no_incident_is_refused(
    duty: PagerDutyRest, peer: PlatformHttp, ident: str
) -> None:
    duty.put("11:40:00")
    duty.log[0]["incident"] = {"id": ident}
    with pytest.raises(Misconfigured):
        polled(client(peer))


def test_another_incident_than_the_one_asked_for_is_refused(
    duty: PagerDutyRest, peer: PlatformHttp
) -> None:
    ident = duty.put("11:40:00")
    duty.incidents[ident] = {**duty.incidents[ident], "id": "PINC999"}
    with pytest.raises(Misconfigured, match="another"):
        polled(client(peer))


# --- notes ----------------------------------------------------------------------------------------


def test_a_note_needs_somebody_who_writes_it(duty: PagerDutyRest, peer: PlatformHttp) -> None:
    ident = duty.put("11:40:00")
    with pytest.raises(Misconfigured, match="who writes"):
        client(peer, user="").comment("incident", ident, "told", "cmd_1")


# --- one incident by its id -----------------------------------------------------------------------


def test_one_that_is_not_there_or_was_just_changed_is_none(
    duty: PagerDutyRest, peer: PlatformHttp
) -> None:
    asking = client(peer)
    assert asking.fetch("incident", "PINC077") is None
    assert asking.fetch("incident", "../users") is None
    assert asking.fetch("incident", duty.put("12:00:00")) is None  # its second is not over
    ident = duty.put("11:40:00")
    assert asking.fetch("incident", ident) is not None
    duty.put("12:00:00", "assign", ident)
    assert asking.fetch("incident", ident) is None

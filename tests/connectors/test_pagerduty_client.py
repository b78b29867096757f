"""PagerDuty asked by us: incidents out of its log, and a note once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.connectors.pagerduty_rest import NOW, TOKEN, USER, PagerDutyRest
from tests.connectors.platform_http import Asked, Fault, PlatformHttp, Reply, serving

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
    Ticket,
    Unavailable,
)
from ticketgate_connectors.itsm.pagerduty import PAGERDUTY

START: Final = datetime(2026, 1, 1, 10, 0, 30, tzinfo=UTC)


def mapping(**paths: str | None) -> SourceMapping:
    return SourceMapping("pagerduty", {"incident": TableMapping(name="incident", map=paths)})


MAPPING: Final = mapping(opened_by="assignees.0")


@pytest.fixture
def duty() -> PagerDutyRest:
    return PagerDutyRest()


@pytest.fixture
def peer(duty: PagerDutyRest) -> Iterator[PlatformHttp]:
    with serving(duty) as platform:
        yield platform


def client(peer: PlatformHttp, **changes: Any) -> ItsmClient:  # noqa: ANN401 -- of any field
    said = {"user": USER, "token": TOKEN, "overlap": timedelta(minutes=2), "mapping": MAPPING}
    return PAGERDUTY.open(
        ItsmSettings(name="pagerduty", url=peer.url, **{**said, **changes}), GuardedHttp(1.0)
    )


def all_of(asking: ItsmClient, cursor: str, limit: int) -> list[str]:
    """Everything up to the end; a cursor that does not move on is a loop."""
    found: list[str] = []
    for _ in range(60):
        page = asking.poll("incident", cursor, limit)
        assert len(page.records) <= limit
        found += [one.ticket_id for one in page.records]
        if not page.more:
            return found
        assert page.cursor != cursor
        cursor = page.cursor
    raise AssertionError("pages without an end")


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
    assert PAGERDUTY.capabilities == {"poll", "comment"}
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
    assert sorted(all_of(asking, asking.begin(START), limit)) == sorted(idents)


def test_a_second_that_is_not_over_is_left_for_the_next_poll(
    duty: PagerDutyRest, peer: PlatformHttp
) -> None:
    first, second = duty.put("11:59:59"), duty.put("12:00:00")
    asking = client(peer)
    page = asking.poll("incident", asking.begin(NOW), 10)
    assert ([one.ticket_id for one in page.records], page.more) == ([first], False)
    duty.now += timedelta(seconds=1)
    assert all_of(asking, page.cursor, 10) == [first, second]


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
    monkeypatch.setattr("ticketgate_connectors.itsm.pagerduty.log.OFFSET_MAX", 100)
    idents = [duty.put("11:31:00"), duty.put("11:32:30")]
    for second in range(60):
        for _ in range(10):
            duty.put(f"11:31:{second:02d}", "notify", idents[0])
    asking = client(peer)
    assert all_of(asking, asking.begin(NOW - timedelta(minutes=27)), 10) == idents
    assert asking.fetch("incident", idents[0]) is None  # which change was its last is not known
    for _ in range(300):
        duty.put("11:59:30", "notify", idents[0])
    with pytest.raises(Refused, match="one second"):
        all_of(asking, asking.begin(NOW - timedelta(minutes=1)), 10)


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


@pytest.mark.parametrize("cursor", ["", "[1, 2]", '["2026-01-01T10:00:00Z"]', '["noon", ""]'])
def test_a_cursor_that_is_none_is_refused(peer: PlatformHttp, cursor: str) -> None:
    with pytest.raises(Misconfigured):
        client(peer).poll("incident", cursor, 10)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({}, 401), Denied),
        (Reply({}, 500), Unavailable),
        (Reply({"log_entries": []}, cut=True), Unavailable),
        (Reply([]), Misconfigured),
        (Reply({"log_entries": [{"created_at": "noon"}]}), Misconfigured),
        (Reply({"log_entries": []}, headers={"Date": "noon"}), Misconfigured),
        (Reply({}, 429, {"Retry-After": "3"}), Throttled),
        (None, Unavailable),
    ],
)
def test_a_page_that_fails_says_how(
    duty: PagerDutyRest, peer: PlatformHttp, reply: Reply | None, error: type[ConnectorError]
) -> None:
    duty.put("11:40:00")
    peer.faults = [Fault(reply=reply)]
    asking = client(peer)
    with pytest.raises(error) as told:
        polled(asking)
    assert type(told.value) is error
    assert TOKEN not in str(told.value)
    assert len(polled(asking)) == 1


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


def test_a_note_is_written_once_under_its_key(duty: PagerDutyRest, peer: PlatformHttp) -> None:
    ident = duty.put("11:40:00")
    asking = client(peer)
    asking.comment("incident", ident, "is given", "cmd_11")
    for _ in range(3):
        assert asking.comment("incident", ident, "was approved", "cmd_1") == "cmd_1"
    assert duty.written() == ["ticketgate cmd_11", "ticketgate cmd_1"]
    assert duty.notes[1]["content"].startswith("was approved\n")


@pytest.mark.parametrize("reply", [None, Reply({}, 502)])
def test_a_note_whose_answer_was_lost_is_there_once_after_the_next_try(
    duty: PagerDutyRest, peer: PlatformHttp, reply: Reply | None
) -> None:
    ident = duty.put("11:40:00")
    peer.faults = [Fault("POST", reply, applied=True)]
    asking = client(peer)
    with pytest.raises(OutcomeUnknown):
        asking.comment("incident", ident, "told", "cmd_1")
    asking.comment("incident", ident, "told", "cmd_1")
    assert duty.written() == ["ticketgate cmd_1"]


def test_a_note_that_is_not_shown_is_not_called_written(
    duty: PagerDutyRest, peer: PlatformHttp
) -> None:
    ident = duty.put("11:40:00")
    duty.blind = True
    with pytest.raises(Refused, match="not among"):
        client(peer).comment("incident", ident, "told", "cmd_1")


def test_a_note_that_cannot_be_read_back_is_unknown(
    duty: PagerDutyRest, peer: PlatformHttp
) -> None:
    ident = duty.put("11:40:00")
    gone = Reply({}, 503)
    peer.answer = lambda asked: gone if duty.notes and asked.method == "GET" else duty(asked)
    with pytest.raises(OutcomeUnknown, match="read back"):
        client(peer).comment("incident", ident, "told", "cmd_1")


def test_an_incident_that_is_not_there_gets_no_note(peer: PlatformHttp) -> None:
    for ident in ("PINC077", "../users", ""):
        with pytest.raises(NotFound):
            client(peer).comment("incident", ident, "told", "cmd_1")
    assert peer.count("POST") == 0


def test_a_note_needs_somebody_who_writes_it(duty: PagerDutyRest, peer: PlatformHttp) -> None:
    ident = duty.put("11:40:00")
    with pytest.raises(Misconfigured, match="who writes"):
        client(peer, user="").comment("incident", ident, "told", "cmd_1")


# --- one incident by its id -----------------------------------------------------------------------


def test_one_incident_is_as_the_poll_gives_it(duty: PagerDutyRest, peer: PlatformHttp) -> None:
    idents = [duty.put("11:40:00"), duty.put("11:41:00")]
    duty.put("11:42:00", "assign", idents[1], "PBOB")
    asking = client(peer)
    page = asking.poll("incident", asking.begin(NOW - timedelta(minutes=30)), 10)
    assert [asking.fetch("incident", one) for one in idents] == list(page.records)


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

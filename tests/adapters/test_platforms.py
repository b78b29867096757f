"""Sources that can be asked: a client of the source's kind, with its secrets, for one turn."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from typing_extensions import override

from ticketgate.adapters.config.platforms import ConfiguredPlatforms
from ticketgate.connector_api import (
    HttpAnswer,
    HttpClient,
    JsonValue,
    Misconfigured,
    SourceMapping,
    TableMapping,
)
from ticketgate.domain.settings import PollSettings, SourceSettings

TOKEN = "a token of this test only"
POLL = PollSettings(
    timedelta(minutes=1), "https://x.example.com", timedelta(minutes=2), token=TOKEN
)
MAPPING = SourceMapping("snow", {"incident": TableMapping("incident")})


class Recorded(HttpClient):
    """Answers nothing found, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    @override
    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: JsonValue = None,
        params: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        del method, json, params
        self.asked.append((url, headers or {}))
        return HttpAnswer(200, {}, b'{"result": []}')


def source(kind: str = "servicenow", poll: PollSettings | None = POLL) -> SourceSettings:
    return SourceSettings("snow", kind, (), frozenset(), MAPPING, poll=poll)


def test_a_client_asks_the_address_of_its_source_with_its_secret() -> None:
    http, polls = Recorded(), []

    def way_out(poll: PollSettings) -> HttpClient:
        polls.append(poll)
        return http

    with ConfiguredPlatforms({"snow": source()}, way_out).open("snow") as client:
        assert client.tables == ("incident",)
        assert not client.poll("incident", '["2026-01-01 10:00:00", "", ""]', 10).records
    ((url, headers),) = http.asked
    assert url == "https://x.example.com/api/now/table/incident"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert polls == [POLL]


@pytest.mark.parametrize(
    "sources",
    [{}, {"snow": source(poll=None)}, {"snow": source("generic")}, {"snow": source("none")}],
)
def test_a_source_that_cannot_be_asked_is_told(sources: dict[str, SourceSettings]) -> None:
    platforms = ConfiguredPlatforms(sources, lambda _poll: Recorded())
    with pytest.raises(Misconfigured, match="not configured"), platforms.open("snow"):
        pass

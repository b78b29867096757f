"""Jira Cloud asked by us: changes are found in any time zone, a comment is written once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.connectors.client_desk import opened
from tests.connectors.jira_cloud import LOGIN, TOKEN, USER, JiraCloud, JiraDesk
from tests.connectors.platform_http import PlatformHttp, serving

from ticketgate.connector_api import (
    ItsmClient,
    Ticket,
    read_json,
)
from ticketgate_connectors.itsm.jira import JIRA

MAPPING: Final = JiraDesk.settings["mapping"]
START: Final = datetime(2026, 1, 1, 10, 0, 30, tzinfo=UTC)


@pytest.fixture
def jira() -> JiraCloud:
    return JiraCloud()


@pytest.fixture
def peer(jira: JiraCloud) -> Iterator[PlatformHttp]:
    with serving(jira) as platform:
        yield platform


def client(peer: PlatformHttp, **changes: Any) -> ItsmClient:  # noqa: ANN401 -- of any field
    return opened(JiraDesk, peer, **{"overlap": timedelta(seconds=30), **changes})


def issues(jira: JiraCloud, *times: str) -> list[str]:
    return [jira.put(str(10001 + number), at) for number, at in enumerate(times)]


def only(asking: ItsmClient) -> Ticket:
    (polled,) = asking.poll("issue", asking.begin(START), 10).records
    ticket = JIRA.normalise(read_json(polled.body), MAPPING)
    assert isinstance(ticket, Ticket)
    return ticket


def hook(jira: JiraCloud, event: str, user: str) -> Ticket:
    """What Jira would have posted of its one issue."""
    (issue,) = jira.issues.values()
    shown = {name: issue[name] for name in ("id", "key", "fields")}
    body: dict[str, Any] = {
        "webhookEvent": event,
        "user": {"accountId": user},
        "issue": shown,
        "timestamp": 7,
    }
    ticket = JIRA.normalise(body, MAPPING)
    assert isinstance(ticket, Ticket)
    return ticket


# --- polling --------------------------------------------------------------------------------------


def test_times_are_asked_for_without_a_time_zone_and_by_whole_minutes(peer: PlatformHttp) -> None:
    asking = client(peer, overlap=timedelta(seconds=1))
    asking.poll("issue", asking.begin(START), 10)
    told = int(peer.asked[0].params["jql"].split()[2])
    assert told == int(datetime(2026, 1, 1, 10, 0, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize("said", [{"user": USER, "token": TOKEN}, {"user": "", "token": TOKEN}])
def test_a_token_is_a_password_of_its_user_or_stands_alone(
    peer: PlatformHttp, said: dict[str, str]
) -> None:
    asking = client(peer, password="", **said)
    assert not asking.poll("issue", asking.begin(START), 10).records
    expected = LOGIN if said["user"] else f"Bearer {TOKEN}"
    assert peer.asked[0].headers["authorization"] == expected


def test_an_issue_is_what_the_hook_of_its_creation_said(
    jira: JiraCloud, peer: PlatformHttp
) -> None:
    issues(jira, "10:01:00")
    assert only(client(peer)) == hook(jira, "jira:issue_created", "alice")


def test_and_what_the_hook_of_its_last_change_said(jira: JiraCloud, peer: PlatformHttp) -> None:
    (ident,) = issues(jira, "10:01:00")
    jira.put(ident, "10:02:00", customfield_10050={"value": "prod-root"})
    found = only(client(peer))
    assert found == hook(jira, "jira:issue_updated", "bob")
    assert (found.variable("customfield_10050"), found.updated_by) == ("prod-root", "bob")


# --- comments -------------------------------------------------------------------------------------


def test_a_project_without_customers_shows_each_comment(
    jira: JiraCloud, peer: PlatformHttp
) -> None:
    jira.project = "software"
    (ident,) = issues(jira, "10:01:00")
    assert client(peer).comment("issue", ident, "told [cmd_1]", "cmd_1") == "cmd_1"

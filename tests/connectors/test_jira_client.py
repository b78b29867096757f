"""Jira Cloud asked by us: changes are found in any time zone, a comment is written once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.connectors.jira_cloud import LOGIN, TOKEN, USER, JiraCloud
from tests.connectors.platform_http import Fault, PlatformHttp, Reply, serving

from ticketgate.adapters.http import GuardedHttp
from ticketgate.connector_api import (
    Conflict,
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
    TooLarge,
    Unavailable,
    read_json,
)
from ticketgate_connectors.itsm.jira import JIRA

MAPPING: Final = SourceMapping("jira-itsm", {"issue": TableMapping("issue")})
START: Final = datetime(2026, 1, 1, 10, 0, 30, tzinfo=UTC)


@pytest.fixture
def jira() -> JiraCloud:
    return JiraCloud()


@pytest.fixture
def peer(jira: JiraCloud) -> Iterator[PlatformHttp]:
    with serving(jira) as platform:
        yield platform


def client(peer: PlatformHttp, **changes: Any) -> ItsmClient:  # noqa: ANN401 -- of any field
    said = {"user": USER, "password": TOKEN, "overlap": timedelta(seconds=30), **changes}
    settings = ItsmSettings(name="jira-itsm", url=peer.url, mapping=MAPPING, **said)
    return JIRA.open(settings, GuardedHttp(1.0))


def all_of(asking: ItsmClient, cursor: str, limit: int) -> list[str]:
    """Everything up to the end; a cursor that does not move on is a loop."""
    found: list[str] = []
    for _ in range(20):
        page = asking.poll("issue", cursor, limit)
        found += [one.ticket_id for one in page.records]
        if not page.more:
            return found
        assert page.cursor != cursor
        cursor = page.cursor
    raise AssertionError("pages without an end")


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


def test_it_can_poll_and_comment(peer: PlatformHttp) -> None:
    assert JIRA.capabilities == {"poll", "comment"}
    assert client(peer).tables == ("issue",)


def test_what_was_changed_since_the_start_is_found_in_order(
    jira: JiraCloud, peer: PlatformHttp
) -> None:
    issues(jira, "09:59:59", "10:00:20", "10:00:10", "10:05:00")
    asking = client(peer)
    page = asking.poll("issue", asking.begin(START), 10)
    assert [one.ticket_id for one in page.records] == ["10003", "10002", "10004"]
    assert not page.more
    assert peer.asked[0].headers["authorization"] == LOGIN
    asking.close()


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


def test_the_next_poll_looks_again_at_the_overlap(jira: JiraCloud, peer: PlatformHttp) -> None:
    issues(jira, "10:01:00", "10:03:00", "10:05:20")
    asking = client(peer)
    cursor = asking.poll("issue", asking.begin(START), 10).cursor
    jira.put("10009", "10:04:50")  # the index was late
    assert all_of(asking, cursor, 10) == ["10009", "10003"]


def test_an_empty_page_leaves_the_cursor(peer: PlatformHttp) -> None:
    asking = client(peer)
    start = asking.begin(START)
    page = asking.poll("issue", start, 10)
    assert (page.cursor, page.more) == (start, False)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7])
def test_equal_times_over_a_page_border_lose_nothing(
    jira: JiraCloud, peer: PlatformHttp, limit: int
) -> None:
    made = issues(jira, *(["10:01:00"] * 5), "10:01:01", *(["10:01:02"] * 3))
    asking = client(peer)
    assert all_of(asking, asking.begin(START), limit) == made


def test_a_change_between_two_pages_loses_nothing(jira: JiraCloud, peer: PlatformHttp) -> None:
    made = issues(jira, "10:01:00", "10:02:00", "10:03:00", "10:04:00")
    asking = client(peer)
    page = asking.poll("issue", asking.begin(START), 2)
    jira.put(made[0], "10:05:00")
    assert all_of(asking, page.cursor, 2) == [made[2], made[3], made[0]]


def test_a_token_that_has_ended_begins_the_walk_anew(jira: JiraCloud, peer: PlatformHttp) -> None:
    made = issues(jira, "10:01:00", "10:02:00", "10:03:00")
    asking = client(peer)
    page = asking.poll("issue", asking.begin(START), 2)
    jira.ended = True
    assert [one.ticket_id for one in asking.poll("issue", page.cursor, 10).records] == made


# --- polling goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({}, 401), Denied),
        (Reply({}, 403), Denied),
        (Reply({}, 400), Misconfigured),
        (Reply({}, 410), Misconfigured),
        (Reply({}, 302, {"Location": "http://127.0.0.1:1/"}), Misconfigured),
        (Reply({}, 500), Unavailable),
        (Reply({"issues": []}, cut=True), Unavailable),
        (Reply([]), Misconfigured),
        (Reply({"issues": [7]}), Misconfigured),
        (Reply({"issues": [{"id": "1", "fields": {"updated": "yesterday"}}]}), Misconfigured),
        (Reply({"issues": [{"fields": {"updated": "2026-01-02T00:00:00Z"}}]}), Misconfigured),
        (Reply({"issues": [], "nextPageToken": 7}), Misconfigured),
        (None, Unavailable),
    ],
)
def test_a_page_that_fails_says_how(
    peer: PlatformHttp, reply: Reply | None, error: type[ConnectorError]
) -> None:
    peer.faults = [Fault(reply=reply)]
    asking = client(peer)
    with pytest.raises(error) as told:
        asking.poll("issue", asking.begin(START), 10)
    assert type(told.value) is error
    assert TOKEN not in str(told.value)
    assert asking.poll("issue", asking.begin(START), 10).records == ()


def test_a_platform_that_asks_to_wait_is_heard(peer: PlatformHttp) -> None:
    peer.faults = [Fault(reply=Reply({}, 429, {"Retry-After": "7"}))]
    asking = client(peer)
    with pytest.raises(Throttled) as told:
        asking.poll("issue", asking.begin(START), 10)
    assert told.value.retry_after == 7.0


def test_a_platform_that_does_not_heed_the_query_is_refused(
    jira: JiraCloud, peer: PlatformHttp
) -> None:
    issues(jira, "09:00:00", "10:02:00")
    jira.deaf = True
    asking = client(peer)
    with pytest.raises(Misconfigured, match="heed"):
        asking.poll("issue", asking.begin(START), 10)


def test_a_token_that_leads_nowhere_is_no_loop(jira: JiraCloud, peer: PlatformHttp) -> None:
    issues(jira, "10:01:00", "10:02:00")
    jira.stuck = True
    asking = client(peer)
    with pytest.raises(Misconfigured, match="same page"):
        all_of(asking, asking.begin(START), 1)


@pytest.mark.parametrize("cursor", ["", "{}", "[1]", "7", '["x","",0]', "[1,2,3]", '[1,"",true]'])
def test_a_cursor_that_cannot_be_read_is_told(peer: PlatformHttp, cursor: str) -> None:
    with pytest.raises(Misconfigured, match="cursor"):
        client(peer).poll("issue", cursor, 10)


# --- comments -------------------------------------------------------------------------------------


def test_an_internal_comment_is_written_once_under_its_key(
    jira: JiraCloud, peer: PlatformHttp
) -> None:
    (ident,) = issues(jira, "10:01:00")
    asking = client(peer)
    for _ in range(3):
        assert asking.comment("issue", ident, "approved\n\n[cmd_1]", "cmd_1") == "cmd_1"
    (written,) = jira.comments[ident]
    assert written["jsdPublic"] is False
    lines = [one["content"][0]["text"] for one in written["body"]["content"]]
    assert lines == ["approved", "[cmd_1]"]
    asking.comment("issue", ident, "is given [cmd_2]", "cmd_2")
    assert len(jira.comments[ident]) == peer.count("POST") == 2


def test_a_key_behind_a_page_of_comments_is_found(jira: JiraCloud, peer: PlatformHttp) -> None:
    (ident,) = issues(jira, "10:01:00")
    asking = client(peer)
    asking.comment("issue", ident, "told [cmd_1]", "cmd_1")
    jira.comments[ident] += [{"body": {}, "jsdPublic": True}] * 150
    asking.comment("issue", ident, "told [cmd_1]", "cmd_1")
    assert peer.count("POST") == 1


def test_more_comments_than_are_looked_through_get_none(
    jira: JiraCloud, peer: PlatformHttp
) -> None:
    (ident,) = issues(jira, "10:01:00")
    jira.comments[ident] = [{"body": {}}] * 5_000
    with pytest.raises(TooLarge):
        client(peer).comment("issue", ident, "told [cmd_1]", "cmd_1")
    assert peer.count("POST") == 0


@pytest.mark.parametrize("reply", [None, Reply({}, 500), Reply({}, 504)])
def test_a_comment_whose_answer_was_lost_is_there_once_after_the_next_try(
    jira: JiraCloud, peer: PlatformHttp, reply: Reply | None
) -> None:
    (ident,) = issues(jira, "10:01:00")
    peer.faults = [Fault("POST", reply, applied=True)]
    asking = client(peer)
    with pytest.raises(OutcomeUnknown):
        asking.comment("issue", ident, "told [cmd_1]", "cmd_1")
    asking.comment("issue", ident, "told [cmd_1]", "cmd_1")
    assert len(jira.comments[ident]) == 1


def test_a_comment_that_cannot_be_read_back_is_not_called_written(
    jira: JiraCloud, peer: PlatformHttp
) -> None:
    (ident,) = issues(jira, "10:01:00")
    asking = client(peer)
    jira.dull = True
    with pytest.raises(Refused, match="not among"):
        asking.comment("issue", ident, "told [cmd_1]", "cmd_1")
    issue, none = Reply(jira.issues[ident]), Reply({"comments": []})
    peer.faults = [Fault(reply=issue), Fault(reply=none), Fault(reply=Reply({}, 503))]
    with pytest.raises(OutcomeUnknown, match="read back"):
        asking.comment("issue", ident, "told [cmd_1]", "cmd_1")


def test_a_comment_that_customers_see_is_told(jira: JiraCloud, peer: PlatformHttp) -> None:
    (ident,) = issues(jira, "10:01:00")
    jira.public = True
    with pytest.raises(Refused, match="customers see it"):
        client(peer).comment("issue", ident, "told [cmd_1]", "cmd_1")


def test_a_project_without_customers_shows_each_comment(
    jira: JiraCloud, peer: PlatformHttp
) -> None:
    jira.project = "software"
    (ident,) = issues(jira, "10:01:00")
    assert client(peer).comment("issue", ident, "told [cmd_1]", "cmd_1") == "cmd_1"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({}, 401), Denied),
        (Reply({}, 400), Refused),
        (Reply({}, 409), Conflict),
        (Reply({}, 404), NotFound),
        (Reply({}, 429, {"Retry-After": "7"}), Throttled),
    ],
)
def test_a_comment_that_is_refused_says_how(
    jira: JiraCloud, peer: PlatformHttp, reply: Reply, error: type[ConnectorError]
) -> None:
    (ident,) = issues(jira, "10:01:00")
    peer.faults = [Fault("POST", reply)]
    with pytest.raises(error):
        client(peer).comment("issue", ident, "told [cmd_1]", "cmd_1")


def test_an_issue_that_is_not_there_gets_no_comment(peer: PlatformHttp) -> None:
    for name in ("10007", "../../myself", ""):
        with pytest.raises(NotFound):
            client(peer).comment("issue", name, "told [cmd_1]", "cmd_1")
    assert peer.count("POST") == 0


# --- one issue by its id --------------------------------------------------------------------------


def test_one_issue_is_as_the_poll_gives_it(jira: JiraCloud, peer: PlatformHttp) -> None:
    made = issues(jira, "10:01:00", "10:02:00")
    asking = client(peer)
    polled = asking.poll("issue", asking.begin(START), 10).records
    assert [asking.fetch("issue", one) for one in made] == list(polled)


def test_an_issue_that_is_not_shown_is_none_and_another_one_is_refused(
    jira: JiraCloud, peer: PlatformHttp
) -> None:
    asking = client(peer)
    assert asking.fetch("issue", "10007") is None
    before = len(peer.asked)
    assert asking.fetch("issue", "1/../../myself") is None
    assert len(peer.asked) == before
    issues(jira, "10:01:00")
    jira.deaf = True
    with pytest.raises(Misconfigured, match="another issue"):
        asking.fetch("issue", "10002")

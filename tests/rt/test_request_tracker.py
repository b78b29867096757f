"""A real Request Tracker 5: its scrip's hooks, what they lose, and comments that come back."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.stage import Stage
from tests.rt.instance import RequestTrackerServer, missing
from typing_extensions import override

from ticketgate.adapters.net.http import GuardedHttp
from ticketgate.cli.demo.world import World
from ticketgate.connector_api import (
    ItsmClient,
    ItsmSettings,
    Misconfigured,
    NotFound,
    SourceMapping,
    TableMapping,
)
from ticketgate.domain.tickets.polling import is_polled
from ticketgate.wiring.commands import new_secret
from ticketgate_connectors.itsm.request_tracker import REQUEST_TRACKER

pytestmark = [pytest.mark.rt, pytest.mark.slow]

SOURCE = """
  rt:
    kind: request_tracker
    scheme: standard_webhooks
    secrets: ["file:secrets/rt.whsec"]
    own_users: [svc-ticketgate, "{own}"]
    poll:
      every: 2s
      overlap: 2s
      url: "{url}"
      user: svc-ticketgate
      token: "file:secrets/rt.token"
    write_back: {{ comment: true }}
    tables:
      ticket:
        bound_to: requested_for
        states: {{ open: [new], live: [open], closed: [resolved], cancelled: [rejected, deleted] }}
        map: {{ reason: custom_fields.business_reason }}
"""
RULE = """classify:
  - id: asked-in-rt
    kind: privilege.elevate
    tier: high
    match: { ticket.table: ticket, ticket.category: General }
"""


class RtWorld(World):
    """The world, with a Request Tracker whose tickets the gateway reads."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        secret = f"whsec_{new_secret().replace('-', 'A').replace('_', 'B')}="
        hook = f"{self.url}/hooks/rt"
        self.rt = RequestTrackerServer(folder / "rt", hook, secret)
        self.put_secret("rt.whsec", secret)
        self.put_secret("rt.token", self.rt.seeded["token"])
        source = SOURCE.format(own=self.rt.seeded["svc-ticketgate"], url=self.rt.url)
        self.edit("ticketgate.yaml", r"(?m)^sources:\n", f"sources:{source}")
        self.edit("policy.yaml", r"(?m)^classify:\n", RULE)
        self.edit("policy.yaml", r"(?m)^      ticket.catalog_item\|contains: elevated\n", "")
        alice = f'    accounts:\n      rt: ["{self.rt.seeded["alice"]}"]\n      snow-prod: [62826'
        self.edit("directory.yaml", r"    accounts:\n      snow-prod: \[62826", alice)

    def put_secret(self, name: str, secret: str) -> None:
        path = self.config / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(secret)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.config / name
        text, count = re.subn(old, lambda _: new, path.read_text(), count=1)
        assert count == 1, old
        path.write_text(text)

    @override
    def stop(self) -> None:
        """Stop everything that was started here."""
        super().stop()
        self.rt.stop()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    if missing():
        pytest.skip(missing())
    made = Stage(RtWorld(tmp_path_factory.mktemp("rt")))
    try:
        made.world.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def rt(stage: Stage) -> RequestTrackerServer:
    assert isinstance(stage.world, RtWorld)
    return stage.world.rt


def states(stage: Stage, ticket: str) -> list[str]:
    found = stage.rows("SELECT state FROM request WHERE source = 'rt' AND ticket_id = ?", ticket)
    return [one["state"] for one in found]


def brought(stage: Stage, ticket: str) -> list[tuple[str, str]]:
    """(poll or hook, effect) of a ticket's deliveries, oldest first."""
    sql = "SELECT webhook_id, effect FROM delivery WHERE source = 'rt' AND ticket = ? ORDER BY seq"
    return [
        ("poll" if is_polled(one["webhook_id"]) else "hook", one["effect"])
        for one in stage.rows(sql, ticket)
    ]


def settled(stage: Stage, rt: RequestTrackerServer, ticket: str, comments: int) -> None:
    """The ticket was told, and a poll since then has found nothing that is new."""
    stage.wait("the comment", lambda: len(rt.comments(ticket)) == comments)
    stage.wait("rest", stage.at_rest)
    before = stage.rows("SELECT done_at FROM poll WHERE source = 'rt'")
    stage.wait(
        "a poll", lambda: stage.rows("SELECT done_at FROM poll WHERE source = 'rt'") != before
    )


def test_a_hook_of_the_scrip_opens_a_request_and_the_comment_comes_back_once(
    stage: Stage, rt: RequestTrackerServer
) -> None:
    ticket = rt.create()
    assert brought(stage, ticket)[0][0] == "hook"  # it was posted before RT answered
    stage.wait("the request", lambda: states(stage, ticket) == ["awaiting"])
    settled(stage, rt, ticket, 1)
    (comment,) = rt.comments(ticket)
    assert "was asked for and waits for approval until" in comment
    assert re.search(r"Evidence: gate\.example\.com/evidence#\d+, root [0-9a-f]{16}", comment)
    assert states(stage, ticket) == ["awaiting"]
    # Our own comment is a revision too; whoever brings it, and when, nothing comes of it.
    effects = {effect for _, effect in brought(stage, ticket)}
    assert effects <= {"identity", "duplicate", "stale"}


def test_what_the_poll_reads_is_what_the_scrip_says(stage: Stage, rt: RequestTrackerServer) -> None:
    """Else a hook that is late would be another record under the same version."""
    ticket = rt.create(duration="1h")
    rt.ask("alice", "PUT", f"/ticket/{ticket}", json={"Subject": "Elevated access, please"})
    mapping = SourceMapping("rt", {"ticket": TableMapping("ticket")})
    sql = (
        "SELECT body FROM delivery_body b JOIN delivery d ON b.seq = d.seq"
        " WHERE d.source = 'rt' AND webhook_id = ?"
    )
    asking = client(rt)
    assert asking.tables == ("ticket",)
    cursor = asking.begin(datetime.now(UTC) - timedelta(hours=1))
    posted: dict[str, Any] = {}
    polled: dict[str, Any] = {}

    def both_tell_a_transaction() -> bool:
        for one in asking.poll("ticket", cursor, 50).records:
            if one.ticket_id == ticket:
                polled.update(json.loads(one.body))
                rows = stage.rows(sql, f"rt-{ticket}-{polled['transaction']['id']}")
                posted.update(json.loads(rows[0]["body"]) if rows else {})
        return bool(posted)

    stage.wait("a transaction that both tell", both_tell_a_transaction)
    assert polled == posted
    told = [REQUEST_TRACKER.normalise(one, mapping) for one in (polled, posted)]
    assert told[0] == told[1]


def test_a_ticket_made_while_the_gateway_was_down_is_found_by_the_poll(
    stage: Stage, rt: RequestTrackerServer
) -> None:
    gateway = stage.world.gateway
    assert gateway is not None
    gateway.stop()
    ticket = rt.create()
    assert brought(stage, ticket) == []
    stage.world.start()
    stage.wait("the request", lambda: states(stage, ticket) == ["awaiting"])
    assert brought(stage, ticket)[0] == ("poll", "identity")
    settled(stage, rt, ticket, 1)


def client(rt: RequestTrackerServer, user: str = "svc-ticketgate") -> ItsmClient:
    mapping = SourceMapping("rt", {"ticket": TableMapping("ticket")})
    settings = ItsmSettings(
        "rt", rt.url, user, mapping, timedelta(minutes=2), token=rt.seeded["token"]
    )
    return REQUEST_TRACKER.open(settings, GuardedHttp(10.0))


def test_a_user_whose_time_zone_is_not_utc_is_refused(rt: RequestTrackerServer) -> None:
    asking = client(rt, "root")
    with pytest.raises(Misconfigured, match="time zone"):
        asking.poll("ticket", asking.begin(datetime.now(UTC)), 10)


def test_a_ticket_that_is_not_there_gets_no_comment(rt: RequestTrackerServer) -> None:
    with pytest.raises(NotFound):
        client(rt).comment("ticket", "9999", "text", "cmd_0")

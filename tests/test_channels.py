"""A whole gateway and a platform over HTTP: what hooks lose is found, and tickets are told."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs
from tests.connectors.platform_http import Fault, PlatformHttp, Reply, serving
from tests.connectors.servicenow_table_api import PASSWORD, TableApi
from tests.test_wiring import copied, is_whole, records, running, wait_until

from ticketgate.domain.tickets.delivery import VerifiedDelivery
from ticketgate.domain.tickets.polling import is_polled
from ticketgate.operations.intake.parked import parked_for
from ticketgate.wiring.gateway import Gateway

TICKET = "a" * 32
ALICE = "62826bf03710200044e0bfc8bcbe5df1"
VARIABLES = {"role": "prod-db-admin", "duration": "2h", "business_reason": "the billing tables"}


@pytest.fixture
def api() -> TableApi:
    names = ("incident", "sc_req_item", "sc_item_option_mtom")
    return TableApi({name: {} for name in names})


@pytest.fixture
def peer(api: TableApi) -> Iterator[PlatformHttp]:
    with serving(api) as platform:
        yield platform


@pytest.fixture
def folder(tmp_path: Path, peer: PlatformHttp) -> Path:
    """The shipped configuration; snow-prod is asked every second, and told."""
    made = copied(tmp_path / "config")
    secret = made / "secrets" / "snow.password"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD)
    path = made / "ticketgate.yaml"
    own = "    own_users: [svc-ticketgate]"
    assert own in path.read_text()
    poll = (
        f"    poll: {{ every: 1s, url: '{peer.url}', user: svc-ticketgate,"
        " password: 'file:secrets/snow.password' }\n    write_back: { comment: true }\n"
    )
    path.write_text(path.read_text().replace(own, poll + own, 1))
    return made


def change(api: TableApi, ahead: float = 0, **columns: str) -> dict[str, str]:
    """Alice's ticket is saved on the platform; no hook says so."""
    at = datetime.now(UTC) + timedelta(seconds=ahead)
    columns = {
        "number": "RITM0010001",
        "state": "2",
        "short_description": "Elevated access to the production database",
        "description": "",
        "priority": "4",
        "opened_by": ALICE,
        "opened_by_shown": "Alice Moreau",
        "requested_for": ALICE,
        "requested_for_shown": "Alice Moreau",
        "assigned_to": "",
        "assignment_group": "",
        "cat_item": "c" * 32,
        "cat_item_shown": "Elevated access",
        "cmdb_ci": "",
        "sys_updated_by": "alice.moreau",
        **columns,
    }
    for name, value in VARIABLES.items():
        api.tables["sc_item_option_mtom"][name] = {
            "sys_id": name,
            "request_item": TICKET,
            "sc_item_option.item_option_new.name": name,
            "sc_item_option.item_option_new.type": "6",
            "sc_item_option.value": value,
        }
    return api.put("sc_req_item", TICKET, f"{at:%Y-%m-%d %H:%M:%S}", **columns)


def hook(gateway: Gateway, row: dict[str, str]) -> str:
    """The hook of the revision arrives; its status."""
    shown = {
        name: {"value": value, "display_value": row.get(f"{name}_shown", value)}
        for name, value in row.items()
        if not name.endswith("_shown")
    }
    named = {one: {"value": said, "display_value": said} for one, said in VARIABLES.items()}
    body = json.dumps({"table": "sc_req_item", "record": {**shown, "variables": named}}).encode()
    ident = f"{TICKET}-{row['sys_mod_count']}"
    verified = VerifiedDelivery(
        "snow-prod", ident, body, sha256(body).hexdigest(), datetime.now(UTC)
    )
    return asyncio.run(gateway.receive(verified, None)).status


def conflict(gateway: Gateway, row: dict[str, str]) -> str:
    """The id of the hook of this revision comes again, with another body."""
    body = json.dumps({"table": "sc_req_item", "record": {"sys_id": TICKET, "state": "7"}}).encode()
    ident = f"{TICKET}-{row['sys_mod_count']}"
    digest = sha256(body).hexdigest()
    now = datetime.now(UTC)
    verified = VerifiedDelivery("snow-prod", ident, body, digest, now, id_covered=True)
    return asyncio.run(gateway.receive(verified, None)).status


def blocked(gateway: Gateway) -> bool:
    """Whether something parked stands in the way of a decision on the ticket."""
    with gateway.store.reading() as looking:
        return parked_for(looking, ("snow-prod", "sc_req_item", TICKET)) is not None


def deliveries(gateway: Gateway) -> list[tuple[str, str]]:
    """(poll or hook, effect), oldest first."""
    with gateway.store.reading() as looking:
        found = looking.deliveries.listed(None, 99)[::-1]
    return [("poll" if is_polled(one.webhook_id) else "hook", one.effect) for one in found]


def states(gateway: Gateway) -> list[str]:
    with gateway.store.reading() as looking:
        return [one.state.value for one in looking.requests.listed(None, 99)]


def polls(peer: PlatformHttp) -> int:
    return sum(one.path.endswith("/sc_req_item") for one in peer.asked)


def comments(folder: Path) -> list[dict[str, Any]]:
    sent = [one for one in records(folder) if one["type"] == "notification.sent"]
    return [one for one in sent if one["what"] == "comment"]


def test_a_ticket_whose_hook_was_lost_is_found_and_told_once_though_the_answer_was_lost(
    folder: Path, api: TableApi, peer: PlatformHttp
) -> None:
    peer.faults = [Fault("PATCH", applied=True)]
    with capture_logs(), running(folder) as gateway:
        change(api)
        wait_until(lambda: states(gateway) == ["awaiting"])
        wait_until(lambda: len(comments(folder)) == 1)
        (note,) = api.notes[TICKET]
        # Our own comment is a revision too, which the poll brings and nothing comes of.
        wait_until(lambda: deliveries(gateway) == [("poll", "identity")] * 2)
        before = polls(peer)
        wait_until(lambda: polls(peer) > before + 1)
        assert len(deliveries(gateway)) == 2
        assert states(gateway) == ["awaiting"]
        assert gateway.readiness()["polls"] == (True, "every source was asked in time")
        metrics = generate_latest(gateway.meters.registry).decode()
        assert 'ticketgate_poll_age_seconds{source="snow-prod"}' in metrics
    (opened,) = [one for one in records(folder) if one["type"] == "request.opened"]
    assert "was asked for and waits for approval" in note
    assert f"Evidence: gate.example.com/evidence#{opened['_seq']}, root " in note
    assert peer.count("PATCH") == len(api.notes[TICKET]) == 1
    assert is_whole(folder)


def test_a_ticket_that_both_bring_has_one_effect(
    folder: Path, api: TableApi, peer: PlatformHttp
) -> None:
    path = folder / "ticketgate.yaml"
    path.write_text(path.read_text().replace("comment: true", "comment: false"))
    with capture_logs(), running(folder) as gateway:
        row = change(api)
        assert hook(gateway, row) == "accepted"
        before = polls(peer)
        wait_until(lambda: polls(peer) > before + 2)
        wait_until(lambda: states(gateway) == ["awaiting"])
        by_one = [("hook", "identity")]
        assert deliveries(gateway) in (by_one, [("poll", "identity"), ("hook", "duplicate")])
        row = change(api, short_description="please, tonight")
        wait_until(lambda: deliveries(gateway)[-1] == ("poll", "identity"))
        assert hook(gateway, row) == "accepted"
        wait_until(lambda: deliveries(gateway)[-1] == ("hook", "duplicate"))
        assert states(gateway) == ["awaiting"]
    assert not api.notes


def test_a_delivery_whose_id_was_used_for_another_body_is_settled_by_asking_the_platform(
    folder: Path, api: TableApi, peer: PlatformHttp
) -> None:
    path = folder / "ticketgate.yaml"
    path.write_text(path.read_text().replace("comment: true", "comment: false"))
    with capture_logs(), running(folder) as gateway:
        row = change(api, ahead=-3600)  # no page holds it: it is asked for by its id
        assert hook(gateway, row) == "accepted"
        wait_until(lambda: states(gateway) == ["awaiting"])
        assert conflict(gateway, row) == "quarantined"
        assert deliveries(gateway)[-1][0] == "hook"
        wait_until(lambda: deliveries(gateway)[-1] == ("poll", "identity"))
        assert not blocked(gateway)
        assert states(gateway) == ["awaiting"]
        peer.answer = lambda _asked: Reply({}, 500)  # control: unasked, it stays in the way
        assert conflict(gateway, row | {"sys_mod_count": "77"}) == "accepted"
        wait_until(lambda: blocked(gateway))
    assert is_whole(folder)


def test_what_was_saved_while_the_gateway_was_down_is_found(folder: Path, api: TableApi) -> None:
    with capture_logs(), running(folder) as gateway:
        wait_until(lambda: bool(gateway.channels.ages()))
    change(api)
    with capture_logs(), running(folder) as gateway:
        wait_until(lambda: states(gateway) == ["awaiting"])


def test_a_source_that_cannot_be_asked_is_told_and_nothing_else_waits(
    folder: Path, api: TableApi, peer: PlatformHttp
) -> None:
    with capture_logs() as lines, running(folder) as gateway:
        wait_until(lambda: bool(gateway.channels.ages()))
        peer.answer = lambda _asked: Reply({}, 500)
        assert hook(gateway, change(api)) == "accepted"
        wait_until(lambda: states(gateway) == ["awaiting"])
        wait_until(lambda: not gateway.readiness()["polls"][0])
        assert gateway.readiness()["polls"][1].startswith("snow-prod (")
        assert gateway.readiness()["workers"][0]
        peer.answer = api
        wait_until(lambda: gateway.readiness()["polls"][0])
    told = {"event": "poll.failed", "source": "snow-prod", "code": "target_unavailable"}
    assert {**told, "log_level": "warning"} in lines


def test_without_poll_no_source_is_asked(tmp_path: Path) -> None:
    with running(copied(tmp_path / "config")) as gateway:
        assert gateway.readiness()["polls"] == (True, "no source is asked")
        assert not gateway.channels.ages()

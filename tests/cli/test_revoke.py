"""`revoke`: the kill switch, beside the running gateway, instead of it, and past a dead target."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.cli.terminal import Terminal
from tests.e2e.stage import Stage

from ticketgate.adapters.process.control_server import ControlServer
from ticketgate.cli.demo.snow import Record
from ticketgate.cli.demo.world import World
from ticketgate.domain.errors import StoreUnavailableError

pytestmark = pytest.mark.slow


@contextmanager
def held_by_alice(stage: Stage) -> Iterator[Record]:
    """A ticket of Alice's that has given her access."""
    with stage.asked() as record:
        stage.given(record)
        assert stage.world.in_group()
        yield record


@pytest.mark.parametrize("by", ["grant", "person", "ticket", "target"])
def test_access_is_gone_when_the_command_says_so(live: Stage, beside: Terminal, by: str) -> None:
    with held_by_alice(live) as record:
        grant = live.grant(record)["id"]
        names = {
            "grant": grant,
            "person": "alice",
            "ticket": record.columns["number"],
            "target": "corp-scim",
        }
        done = beside("revoke", f"--{by}", names[by], "--reason", "a stolen laptop")
        assert done.exit_code == 0, done.output
        assert "the running gateway has begun to revoke 1 grant" in done.stdout
        assert f"{grant} revoked: prod-db-admin of alice at corp-scim" in done.stdout
        assert not live.world.in_group()
        (record_,) = live.entries("operator.revoked")[-1:]
        assert record_["grants"] == [grant]
        assert re.fullmatch(r"os:\S+@\S+", record_["by"])
        assert "stolen laptop" not in json.dumps(live.entries())


def test_a_preview_changes_nothing(live: Stage, beside: Terminal) -> None:
    with held_by_alice(live) as record:
        size = len(live.entries())
        done = beside("revoke", "--person", "alice", "--reason", "drill", "--dry-run")
        assert done.exit_code == 0
        assert live.grant(record)["id"] in done.stdout
        assert "1 grant would be revoked; nothing was changed" in done.stdout
        assert live.world.in_group()
        since = {entry["type"] for entry in live.entries()[size:]}
        assert since <= {"notification.sent"}, "mail of what was before may still go out"


def test_access_that_stood_before_is_not_claimed_to_be_gone(live: Stage, beside: Terminal) -> None:
    with live.standing_access(), live.asked() as record:
        live.given(record)
        done = beside("revoke", "--person", "alice", "--reason", "drill")
        assert done.exit_code == 0
        assert "without effect: the access stood before, so it stays" in done.stdout
        assert live.world.in_group()


def test_access_that_another_grant_holds_stays_and_is_said_to(
    live: Stage, beside: Terminal
) -> None:
    with held_by_alice(live) as one, held_by_alice(live):
        done = beside("revoke", "--grant", live.grant(one)["id"], "--reason", "drill")
        assert done.exit_code == 0
        assert "released (another live grant holds the same access, so it stays)" in done.stdout
        assert live.world.in_group()


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_nothing_that_matches_is_a_no(
    live: Stage, beside: Terminal, terminal: Terminal, more: tuple[str, ...]
) -> None:
    for at in (beside, terminal):
        done = at("revoke", "--person", "mallory", "--reason", "drill", *more)
        assert done.exit_code == 1
        assert "no live grant matches" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "name exactly one of grant, person, ticket, target"),
        (("--grant", "x", "--person", "y"), "name exactly one of grant, person, ticket, target"),
        (("--grant", "x", "--reason", " "), "the reason is empty"),
    ],
)
def test_what_is_to_be_revoked_must_be_clear(
    terminal: Terminal, arguments: tuple[str, ...], reason: str
) -> None:
    done = terminal("revoke", "--reason", "drill", *arguments)
    assert done.exit_code == 2
    assert f"{reason} [usage]" in done.stderr


def test_a_socket_that_nobody_listens_on_is_no_gateway(terminal: Terminal) -> None:
    """A killed gateway leaves its socket file behind."""
    (terminal.folder / "data" / "control.sock").touch()
    assert terminal("revoke", "--person", "alice", "--reason", "drill").exit_code == 1


def test_a_socket_that_cannot_be_asked_is_told(terminal: Terminal) -> None:
    (terminal.folder / "data" / "control.sock").mkdir()
    terminal.edit("ticketgate.yaml", "data/ticketgate.db", f"{'d' * 120}/ticketgate.db")
    done = terminal("revoke", "--person", "alice", "--reason", "drill")
    assert done.exit_code == 3
    assert "[control]" in done.stderr


def test_what_the_gateway_refuses_is_told_in_its_words(terminal: Terminal) -> None:
    def refuse(actor: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        raise StoreUnavailableError(f"full, {actor}: {asked['reason']}", next_step="make room")

    gateway = ControlServer(terminal.folder / "data" / "control.sock", refuse)
    gateway.start()
    try:
        done = terminal("revoke", "--grant", "grt_1", "--reason", "drill")
    finally:
        gateway.stop()
    assert done.exit_code == 3
    assert re.search(r"full, os:\S+: drill \[store_unavailable\]\nnext: make room", done.stderr)


def test_without_a_gateway_the_command_does_it_itself(tmp_path: Path) -> None:
    """First with the target down: not confirmed, and said so; then with it back."""
    stage = Stage(World(tmp_path))
    try:
        _without_a_gateway(stage)
    finally:
        stage.close()


def _without_a_gateway(stage: Stage) -> None:
    world = stage.world
    world.start()
    record = world.snow.access_request()
    assert stage.tell(record) == "identity"
    stage.given(record)
    grant = stage.grant(record)["id"]
    assert world.gateway is not None
    world.gateway.stop()
    terminal = Terminal(world.config)
    world.point_at("http://127.0.0.1:9/v2")  # discard: nobody listens
    arguments = ("revoke", "--ticket", record.sys_id, "--reason", "drill")
    done = terminal(*arguments, "--wait", "1")
    assert done.exit_code == 3, done.output
    assert "no gateway runs; revoking 1 grant from here" in done.stdout
    assert f"not confirmed within 1 s: {grant} revoking" in done.stderr
    assert re.search(rf"… waiting, at most \d s more: {grant} revoking", done.stderr)
    assert "tried again for ever" in done.stderr
    assert world.in_group()
    again = terminal(*arguments, "--wait", "1")  # pushes what is being revoked already
    assert again.exit_code == 3
    assert "revoking 1 grant from here" in again.stdout
    world.point_at(world.scim.url)
    world.start()
    stage.wait("the revocation", lambda: stage.grant(record)["state"] == "revoked")
    assert not world.in_group()
    _and_confirms_it_itself(stage, terminal)


def _and_confirms_it_itself(stage: Stage, terminal: Terminal) -> None:
    world = stage.world
    record = world.snow.access_request()
    assert stage.tell(record) == "identity"
    stage.given(record)
    assert world.gateway is not None
    world.gateway.stop()  # which may end with a mail of its own
    mails = len(world.mailbox.mails)
    done = terminal("revoke", "--target", "corp-scim", "--reason", "drill")
    assert done.exit_code == 0, done.output
    assert f"{stage.grant(record)['id']} revoked: " in done.stdout
    assert not world.in_group()
    assert len(world.mailbox.mails) == mails
    assert terminal("evidence", "verify", "--require", "structure,semantics").exit_code == 0

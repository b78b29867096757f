"""The gateway as it is wired: it starts, is ready, stops, and goes on where it stopped."""

import asyncio
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

import pytest
from structlog.testing import capture_logs
from tests.contracts.fake_target import FakeTarget, of_groups, people
from tests.keys import SIGNING_KEY
from typing_extensions import override

from ticketgate.adapters.clock import read_machine
from ticketgate.adapters.process.instance_lock import InstanceLock
from ticketgate.connector_api import HttpAnswer, HttpClient, TargetConnector, TargetSettings
from ticketgate.domain.errors import ConfigurationError, StoreUnavailableError
from ticketgate.domain.evidence import Head, parse_entry
from ticketgate.domain.grants.command import Command, CommandKind, CommandState
from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.domain.tickets.delivery import VerifiedDelivery
from ticketgate.domain.timekeeping import Reading
from ticketgate.domain.verifying.verification import verify
from ticketgate.ports import Targets, Transaction
from ticketgate.wiring import commands, databases
from ticketgate.wiring.gateway import Gateway

CONFIG = Path(__file__).parent.parent / "config"
SECRETS = {
    "session.key": "a session key of this test only",
    "snow-prod.whsec": "whsec_dGhlIGhvb2sncyBrZXkgb2YgdGhpcyB0ZXN0IG9ubHk=",
    "scim.token": "a token of this test only, long",
    "smtp.password": "a password of this test only",
    "signing.key": SIGNING_KEY,
}
WAIT_SECONDS = 25.0
GROUP = "SG-PROD-DB-ADMIN"
BODY = b'{"table":"no_such_table","record":{}}'


class FatalError(BaseException):
    """What no operation may survive."""


class NoHttp(HttpClient):
    """A way out that must not be taken."""

    @override
    def request(self, method: str, url: str, **more: object) -> HttpAnswer:
        raise AssertionError(url)


class OneTarget(Targets):
    """Every target is the one in memory."""

    def __init__(self, target: FakeTarget) -> None:
        self._target = target

    @override
    def open(self, target: str) -> AbstractContextManager[TargetConnector]:
        return self._opened(target)

    @contextmanager
    def _opened(self, target: str) -> Iterator[TargetConnector]:
        yield self._target.open(TargetSettings(target, "", ""), NoHttp())


def copied(folder: Path) -> Path:
    """The shipped configuration with addresses on loopback and secrets of its own."""
    shutil.copytree(CONFIG, folder)
    (folder / "secrets").mkdir(mode=0o700)
    for name, secret in SECRETS.items():
        path = folder / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(secret)
    path = folder / "ticketgate.yaml"
    text = path.read_text()
    for pattern, value in (
        (r"(?m)^public_url: \S+", "public_url: http://127.0.0.1:8080"),
        (r"(?m)^    url: \S+", "    url: http://127.0.0.1:9/v2"),
        (r"(?m)^  smtp: \S+", "  smtp: 127.0.0.1:9\n  tls: false"),
        (r"(?m)^  user: .*\n  password: .*\n", ""),
    ):
        text, count = re.subn(pattern, value, text)
        assert count == 1, pattern
    path.write_text(text)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied(tmp_path / "config")


def built(folder: Path, **seams: Any) -> Gateway:  # noqa: ANN401 -- the seams of Gateway
    return Gateway(commands.load(folder, {}), **seams)


@contextmanager
def running(folder: Path, **seams: Any) -> Iterator[Gateway]:  # noqa: ANN401 -- as above
    gateway = built(folder, **seams)
    gateway.start()
    try:
        yield gateway
    finally:
        gateway.stop()


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < until
        threading.Event().wait(0.01)


def records(folder: Path) -> list[dict[str, Any]]:
    with commands.look(folder) as looking:
        entries = [entry for _, _, entry in looking.entries()]
    return [dict(parse_entry(entry)) for entry in entries if isinstance(entry, bytes)]


def is_whole(folder: Path) -> bool:
    with commands.look(folder) as looking:
        head: Head | None = looking.head()
        entries, disclosures = looking.entries(), looking.disclosures()
        report = verify(entries, disclosures, head, looking.origin, looking.tables())
    return not report.failing


def delivered(number: int = 1) -> VerifiedDelivery:
    return VerifiedDelivery(
        "snow-prod", f"msg_{number}", BODY, sha256(BODY).hexdigest(), datetime.now(UTC)
    )


# --- life ---------------------------------------------------------------------------------------


def test_a_gateway_starts_is_ready_and_stops(folder: Path) -> None:
    with running(folder) as gateway:
        wait_until(lambda: all(ok for ok, _ in gateway.readiness().values()))
        assert set(gateway.readiness()) == {
            *("writer", "disk", "outbox", "clock", "workers"),
            *("directory", "configuration", "restore", "anchors", "signing", "polls"),
            *("mode", "policy"),
        }
        data = folder / "data"
        assert data.stat().st_mode & 0o777 == 0o700
        assert (data / "control.sock").stat().st_mode & 0o777 == 0o660
        assert (data / "instance.lock").exists()
    assert not (data / "control.sock").exists()
    assert is_whole(folder)
    assert {thread.name for thread in threading.enumerate()}.isdisjoint(
        {"writer", "control", "housekeeping", "deliveries", "revokes", "wal-checkpoint"}
    )


def test_before_its_workers_run_a_gateway_is_not_ready(folder: Path) -> None:
    """The control of the one above: readiness can say no."""
    gateway = built(folder)
    gateway.store.start()
    well, told = gateway.readiness()["workers"]
    gateway.stop()
    assert not well
    assert "housekeeping" in told


def test_the_second_gateway_on_the_same_data_is_refused(folder: Path) -> None:
    with running(folder) as gateway:
        with pytest.raises(StoreUnavailableError) as told:
            built(folder)
        assert told.value.code == "locked"
        assert asyncio.run(gateway.receive(delivered(), None)).status == "accepted"
        assert commands.ask_gateway(folder, {"do": "nothing"}) is not None
    with running(folder):
        pass


def test_starting_again_goes_on_with_the_same_log(folder: Path) -> None:
    with running(folder):
        pass
    first = records(folder)
    with running(folder):
        pass
    then = records(folder)
    assert then[: len(first)] == first
    kinds = [record["type"] for record in then]
    assert kinds[0] == "log.opened"
    assert kinds.count("log.opened") == 1
    assert kinds.count("gateway.started") == 2
    assert [kinds.count(kind) for kind in ("settings.loaded", "policy.loaded")] == [1, 1]
    assert is_whole(folder)


def test_a_changed_policy_is_recorded_when_it_holds(folder: Path) -> None:
    with running(folder):
        pass
    policy = folder / "policy.yaml"
    policy.write_text(policy.read_text() + "\n# stricter\n")
    with running(folder):
        pass
    kinds = [record["type"] for record in records(folder)]
    assert [kinds.count(kind) for kind in ("settings.loaded", "policy.loaded")] == [1, 2]


def test_a_gateway_that_was_never_started_can_be_stopped(folder: Path) -> None:
    built(folder).stop()
    built(folder).stop()


def test_a_gateway_whose_writer_died_stops_and_lets_go(folder: Path) -> None:
    def die(tx: Transaction, now: datetime) -> NoReturn:
        raise FatalError

    gateway = built(folder)
    with capture_logs():
        gateway.start()
        [dying] = gateway.store.writer.futures([die])
        assert isinstance(dying.exception(WAIT_SECONDS), StoreUnavailableError)
        wait_until(lambda: not gateway.store.writer.alive)
        assert not gateway.readiness()["writer"][0]
        with pytest.raises(StoreUnavailableError):
            asyncio.run(gateway.receive(delivered(), None))
        gateway.stop()
    with running(folder) as again:
        assert asyncio.run(again.receive(delivered(), None)).status == "accepted"


def test_a_gateway_that_cannot_be_built_lets_go_of_all_it_took(tmp_path: Path) -> None:
    """A socket's path is at most 107 bytes (unix(7)), so a deep folder cannot have one."""
    folder = copied(tmp_path / ("deep" * 25) / "config")
    with pytest.raises(OSError, match="too long"):
        built(folder)
    InstanceLock(folder / "data" / "instance.lock").release()


def test_a_faulty_configuration_is_refused_before_anything_is_made(folder: Path) -> None:
    (folder / "policy.yaml").write_text("version: 1\nmode: enforse\n")
    with pytest.raises(ConfigurationError, match=r"policy\.yaml:2: mode"):
        built(folder)
    assert not (folder / "data").exists()


# --- the clock ----------------------------------------------------------------------------------


def machine_off_by(off: timedelta) -> Callable[[], Reading]:
    def look() -> Reading:
        found = read_machine()
        return replace(found, wall=found.wall + off)

    return look


def test_the_clock_is_kept_and_gone_on_from_when_the_wall_clock_was_set_back(
    folder: Path,
) -> None:
    with running(folder) as gateway:
        before = gateway.clock.now()
    with commands.look(folder) as looking:
        kept = looking.people.kept_clock()
    assert kept is not None
    assert kept.boot_id == read_machine().boot_id
    assert before <= kept.now
    with running(folder, machine=machine_off_by(timedelta(hours=-1))) as gateway:
        assert gateway.clock.now() >= kept.now
        assert gateway.readiness()["clock"] == (False, "the wall clock is off")
        assert gateway.store.write(lambda tx, _now: tx.disputed), "no rule approves anything"
        assert gateway.clock.now() - before < timedelta(seconds=60)
    with commands.look(folder) as looking:
        assert looking.people.kept_clock() == kept, "a disputed clock is not stored"
    stamps = [record["_ts"] for record in records(folder)]
    assert stamps == sorted(stamps)


# --- work ---------------------------------------------------------------------------------------


def test_a_delivery_is_stored_once_and_worked_off(folder: Path) -> None:
    async def deliver() -> list[str]:
        return [(await gateway.receive(delivered(), None)).status for _ in range(2)]

    with running(folder) as gateway:
        assert asyncio.run(deliver()) == ["accepted", "duplicate"]

        def worked_off() -> bool:
            with gateway.store.reading() as looking:
                return not looking.deliveries.waiting(1)

        wait_until(worked_off)
        with gateway.store.reading() as looking:
            [row] = looking.deliveries.listed(None, 9)
    assert (row.state, row.reason) == ("quarantined", "no_mapping")
    assert is_whole(folder)


def test_the_command_line_asks_the_running_gateway(folder: Path) -> None:
    asked = {"do": "revoke", "grant": "grt_none", "reason": "a test"}
    with running(folder):
        answer = commands.ask_gateway(folder, asked)
        refused = commands.ask_gateway(folder, {"do": "grant"})
    assert answer is not None
    assert "code" not in answer
    assert refused is not None
    assert refused["code"] == "usage"
    assert commands.ask_gateway(folder, asked) is None


def test_access_ends_on_time_while_the_directory_cannot_be_read(folder: Path) -> None:
    """Taking away needs nobody's name: a typo in directory.yaml must not keep access alive."""
    target = FakeTarget(people("alice"), of_groups(**{GROUP: ()}))
    [principal] = target.accounts
    target.groups[GROUP].add(principal)
    with (
        capture_logs(),
        running(folder, wrap_targets=lambda _: OneTarget(target)) as gateway,
    ):
        (folder / "directory.yaml").write_text("people: [\n")

        def granted(tx: Transaction, now: datetime) -> None:
            tx.grants.save(
                Grant(
                    "grt_1", 1, GrantState.ACTIVE, "req_1", "snow-prod", "sc_req_item", "9d38",
                    "prod-db-admin", "corp-scim", {"group": GROUP}, "alice", 1,
                    now, principal=principal, not_after=now + timedelta(milliseconds=200),
                )
            )  # fmt: skip

        gateway.store.write(granted)
        wait_until(lambda: not target.members(GROUP))

        def revoked() -> bool:
            with gateway.store.reading() as looking:
                found = looking.grants.get("grt_1")
            return found is not None and found.state is GrantState.REVOKED

        wait_until(revoked)


def test_open_intents_are_queued_again_at_the_start(folder: Path) -> None:
    """The call may have been made: it is observed at the target, never taken for undone."""
    with running(folder) as gateway:
        intended = Command(
            "cmd_1", CommandKind.MAIL_LINK, "lnk_1", "", CommandState.INTENDED, gateway.clock.now()
        )

        def left_open(tx: Transaction, now: datetime) -> None:
            tx.commands.add(intended)

        gateway.store.write(left_open)
    gateway = built(folder)
    gateway.store.start()
    with capture_logs() as lines:
        gateway.recover()
    with gateway.store.reading() as looking:
        found = looking.commands.get("cmd_1")
    gateway.stop()
    assert found is not None
    assert found.state is CommandState.QUEUED
    assert lines == [{"event": "intents.recovered", "count": 1, "log_level": "warning"}]


def test_a_fresh_configuration_gets_an_empty_store_that_a_gateway_takes(folder: Path) -> None:
    path = databases.create_store(folder)
    assert path == folder / "data" / "ticketgate.db"
    assert records(folder) == []
    with running(folder):
        pass
    assert is_whole(folder)


def test_sources_are_read_by_the_connector_that_they_name(folder: Path) -> None:
    configuration = commands.load(folder, {})
    source = commands.read_source(configuration, "snow-prod")
    assert source is not None
    assert source.connector.kind == "servicenow"
    assert source.own_users == {"svc-ticketgate"}
    assert commands.read_source(configuration, "jira") is None


def test_who_runs_this_is_named_for_the_record() -> None:
    assert re.fullmatch(r"os:[^@]+@.+", commands.this_user())
    assert abs(commands.wall_time() - datetime.now(UTC)) < timedelta(seconds=5)

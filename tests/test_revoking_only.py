"""A broken configuration never keeps access alive: the gateway then only takes away."""

import asyncio
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests
from structlog.testing import capture_logs
from tests.contracts.fake_target import FakeTarget, of_groups, people
from tests.test_wiring import GROUP, OneTarget, copied, delivered, running, wait_until

from ticketgate.domain.errors import ConfigurationError
from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.ports import Transaction
from ticketgate.wiring import commands
from ticketgate.wiring.gateway import Gateway

FAULTS = {
    "directory": ("directory.yaml", "people: [\n"),
    "policy": ("policy.yaml", "version: 1\nmode: enforse\n"),
}
WAIT_SECONDS = 25.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied(tmp_path / "config")


@pytest.fixture
def target() -> FakeTarget:
    """Alice is in the group."""
    made = FakeTarget(people("alice"), of_groups(**{GROUP: ()}))
    made.groups[GROUP].update(made.accounts)
    return made


def give(gateway: Gateway, target: FakeTarget, lasting: timedelta) -> None:
    """Note Alice's access as a live grant."""
    [principal] = target.accounts

    def granted(tx: Transaction, now: datetime) -> None:
        tx.grants.save(
            Grant(
                "grt_1", 1, GrantState.ACTIVE, "req_1", "snow-prod", "sc_req_item", "9d38",
                "prod-db-admin", "corp-scim", {"group": GROUP}, "alice", 1,
                now, principal=principal, not_after=now + lasting,
            )
        )  # fmt: skip

    gateway.store.write(granted)


def spoil(folder: Path, what: str) -> None:
    """Break a part of the configuration that taking away does not need."""
    if what in FAULTS:
        name, text = FAULTS[what]
        (folder / name).write_text(text)
        return
    path = folder / "ticketgate.yaml"
    path.write_text(path.read_text().replace("  from: ", "  frmo: "))


@pytest.mark.parametrize("what", ["directory", "policy", "mail"])
def test_access_ends_on_time_after_a_start_with_a_broken_configuration(
    folder: Path, target: FakeTarget, what: str
) -> None:
    seams = {"wrap_targets": lambda _: OneTarget(target)}
    with running(folder, **seams) as gateway:
        give(gateway, target, timedelta(milliseconds=300))
    assert target.members(GROUP)
    spoil(folder, what)
    configuration = commands.load_to_revoke(folder, {})
    assert configuration.faults
    with capture_logs():
        gateway = Gateway(configuration, wrap_targets=lambda _: OneTarget(target))
        gateway.start()
        try:
            wait_until(lambda: not target.members(GROUP))
            ok, said = gateway.readiness()["configuration"]
            answer = commands.ask_gateway(folder, {"do": "nothing"})
        finally:
            gateway.stop()
    assert not ok
    assert "only what takes away runs" in said
    assert answer is not None, "the kill switch answers"


def test_nothing_is_recorded_as_loaded_of_a_configuration_that_does_not_hold(
    folder: Path,
) -> None:
    with running(folder):
        pass
    with commands.look(folder) as seen:
        before = seen.people.loaded("policy"), seen.people.loaded("settings")
    spoil(folder, "policy")
    gateway = Gateway(commands.load_to_revoke(folder, {}))
    gateway.start()
    gateway.stop()
    with commands.look(folder) as seen:
        assert (seen.people.loaded("policy"), seen.people.loaded("settings")) == before


def test_a_target_that_cannot_be_read_does_not_stop_the_others(folder: Path) -> None:
    path = folder / "ticketgate.yaml"
    found = commands.load_to_revoke(folder, {}).settings.targets
    path.write_text(
        path.read_text().replace(
            "targets:\n", "targets:\n  other:\n    connector: scim\n    token: 7\n"
        )
    )
    with pytest.raises(ConfigurationError):
        commands.load(folder, {})
    assert commands.load_to_revoke(folder, {}).settings.targets == found != {}


def test_where_the_store_cannot_be_told_nothing_starts(folder: Path) -> None:
    (folder / "ticketgate.yaml").write_text("origin: [\n")
    with pytest.raises(ConfigurationError):
        commands.load_to_revoke(folder, {})


def test_a_sound_configuration_has_no_faults(folder: Path) -> None:
    assert commands.load_to_revoke(folder, {}).faults == ()


def test_a_directory_that_breaks_while_serving_is_told_at_once(folder: Path) -> None:
    with running(folder) as gateway:
        assert gateway.readiness()["directory"][0]
        spoil(folder, "directory")
        with capture_logs():
            assert not gateway.readiness()["directory"][0]
            assert asyncio.run(gateway.receive(delivered(), None)).status == "accepted"


# --- the command ---------------------------------------------------------------------------------


def answers(base: str) -> dict[str, tuple[int, str]]:
    """Status and code of each door."""
    found = {}
    for path in ("/hooks/snow-prod", "/sign-in", "/approve/x", "/readyz", "/healthz"):
        method = "POST" if "hooks" in path else "GET"
        reply = requests.request(
            method, base + path, json={} if method == "POST" else None, timeout=WAIT_SECONDS
        )
        found[f"{method} {path}"] = (reply.status_code, str(reply.json().get("code", "")))
    return found


def test_serve_goes_on_taking_away_and_ends_with_the_faults_code(
    folder: Path, target: FakeTarget
) -> None:
    with running(folder) as gateway:
        give(gateway, target, timedelta(hours=1))
    spoil(folder, "policy")
    command = [str(Path(sys.executable).with_name("ticketgate")), "--config", str(folder)]
    with subprocess.Popen(
        [*command, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True
    ) as one:
        assert one.stderr is not None
        said, asked = "", {}
        for line in one.stderr:
            said += line
            if "listens on" in line:
                asked = answers(f"http://{line.split()[-1]}")
                one.send_signal(signal.SIGTERM)
        assert one.wait(WAIT_SECONDS) == 2
    assert asked == {
        "POST /hooks/snow-prod": (503, "not_ready"),
        "GET /sign-in": (503, "not_ready"),
        "GET /approve/x": (503, "not_ready"),
        "GET /readyz": (503, "not_ready"),
        "GET /healthz": (200, ""),
    }
    assert "policy.yaml:2" in said
    assert "1 grant not ended, so it only takes away" in said


def test_serve_refuses_faults_while_nothing_is_to_be_taken_away(folder: Path) -> None:
    with running(folder):
        pass
    spoil(folder, "policy")
    command = [str(Path(sys.executable).with_name("ticketgate")), "--config", str(folder)]
    done = subprocess.run(
        [*command, "serve", "--port", "0"],
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT_SECONDS,
    )
    assert done.returncode == 2
    assert "listens on" not in done.stderr

"""The policy is reloaded while the gateway runs: whole or not at all, and everywhere at once."""

import asyncio
import json
import signal
import socket
import sys
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from prometheus_client import generate_latest
from structlog.testing import capture_logs
from tests.test_wiring import copied, is_whole, records, running, wait_until

from ticketgate.cli.demo.servers import Process
from ticketgate.cli.demo.snow import Snow
from ticketgate.cli.main import main
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.tickets.delivery import VerifiedDelivery
from ticketgate.wiring import commands
from ticketgate.wiring.gateway import Gateway


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied(tmp_path / "config")


def edit(folder: Path, *edits: tuple[str, str], name: str = "policy.yaml") -> None:
    """Replace texts of a file at once, as editors and deployments do."""
    path = folder / name
    text = path.read_text()
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.replace(path)


def loaded(folder: Path) -> list[dict[str, Any]]:
    return [one for one in records(folder) if one["type"] == "policy.loaded"]


def counted(gateway: Gateway, outcome: str) -> bool:
    line = f'ticketgate_policy_reloads_total{{outcome="{outcome}"}} 1.0'
    return line in generate_latest(gateway.meters.registry).decode()


def asking(snow: Snow) -> VerifiedDelivery:
    """A ticket of Alice's that asks for access."""
    record = snow.access_request()
    body = json.dumps(record.payload()).encode()
    digest = sha256(body).hexdigest()
    return VerifiedDelivery("snow-prod", record.sys_id, body, digest, datetime.now(UTC))


def waiting(gateway: Gateway) -> bool:
    with gateway.store.reading() as looking:
        return bool(looking.deliveries.waiting(1))


def named_wrongly(found: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The records that name another policy than the one that was in force."""
    wrong, now = [], ""
    for one in found:
        if one["type"] == "policy.loaded":
            now = one["digest"]
        elif one.get("policy", now) != now:
            wrong.append(one)
    return wrong


TIGHTER = ("decide_within: 8h", "decide_within: 4h")
BROKEN = (
    ("decide_within: 8h", "decide_within: soon"),
    ("owner: person:carol", "owner: person:nobody"),
)


def test_another_policy_takes_its_place(folder: Path) -> None:
    with running(folder) as gateway:
        before = gateway.in_force.now
        edit(folder, TIGHTER)
        told = commands.ask_gateway(folder, {"do": "reload"})
        assert told is not None
        assert (told["difference"], told["before"]) == ("tightened", before.digest)
        assert told["policy"] == gateway.in_force.now.digest != before.digest
        assert "ticketgate.yaml" in told["not_reloaded"]
        assert counted(gateway, "loaded")
        assert told["policy"][:12] in gateway.readiness()["policy"][1]
    assert [one["digest"] for one in loaded(folder)] == [before.digest, told["policy"]]
    assert loaded(folder)[-1]["difference"] == "tightened"
    assert is_whole(folder)
    with running(folder):
        pass
    assert len(loaded(folder)) == 2, "a start finds that it holds already"


def test_the_same_policy_is_no_news(folder: Path) -> None:
    with running(folder) as gateway:
        told = gateway.reloader.reload()
        assert told["policy"] == told["before"]
        assert counted(gateway, "same")
    assert len(loaded(folder)) == 1


def test_a_broken_file_leaves_the_old_policy_and_is_loud(folder: Path) -> None:
    with running(folder) as gateway:
        before = gateway.in_force.now
        edit(
            folder,
            ("decide_within: 8h", "decide_within: soon"),
            ("owner: person:carol", "owner: person:nobody"),
        )
        with capture_logs() as logs:
            answer = commands.ask_gateway(folder, {"do": "reload"})
        assert answer is not None
        assert answer["code"] == "configuration"
        lines = answer["reason"].splitlines()
        assert len(lines) >= 2
        assert all("policy.yaml:" in line for line in lines)
        assert {
            "event": "policy.not_reloaded",
            "code": "configuration",
            "log_level": "warning",
        } in logs
        well, text = gateway.readiness()["policy"]
        assert well
        assert "policy.yaml:" in text
        assert "soon" not in text, "by place: a text may hold a secret"
        assert counted(gateway, "configuration")
        assert gateway.in_force.now is before
        edit(
            folder,
            ("decide_within: soon", "decide_within: 8h"),
            ("owner: person:nobody", "owner: person:carol"),
        )
        gateway.reloader.reload()
        assert "refused" not in gateway.readiness()["policy"][1]
    assert len(loaded(folder)) == 1


@pytest.mark.parametrize(
    ("name", "edits"),
    [
        ("policy.yaml", ("mode: enforce", "mode: shadow")),
        ("ticketgate.yaml", ("corp-scim", "corp-scim")),
    ],
)
def test_what_needs_a_start_is_refused(folder: Path, name: str, edits: tuple[str, str]) -> None:
    with running(folder) as gateway:
        before = gateway.in_force.now
        edit(folder, edits, name=name)
        if name == "ticketgate.yaml":
            with (folder / name).open("a") as file:
                file.write("# another one\n")
        with pytest.raises(TicketgateError) as told:
            gateway.reloader.reload()
        assert told.value.code == "restart_needed"
        assert "start the gateway anew" in told.value.next_step
        assert "restart_needed" in gateway.readiness()["policy"][1]
        assert gateway.in_force.now is before
    assert len(loaded(folder)) == 1


def test_a_gateway_that_only_takes_away_reloads_nothing(folder: Path) -> None:
    with running(folder):
        pass
    edit(folder, ("decide_within: 8h", "decide_within: soon"))
    gateway = Gateway(commands.load_to_revoke(folder, {}))
    gateway.start()
    try:
        edit(folder, ("decide_within: soon", "decide_within: 8h"))
        with pytest.raises(TicketgateError) as told:
            gateway.reloader.reload()
        assert told.value.code == "restart_needed"
    finally:
        gateway.stop()


def test_only_the_gateways_own_account_may_ask(folder: Path) -> None:
    with running(folder) as gateway:
        with pytest.raises(TicketgateError) as told:
            gateway.carry_out("os:65534@elsewhere", {"do": "reload"})
        assert told.value.code == "not_allowed"


def test_each_record_names_the_policy_that_was_in_force(folder: Path) -> None:
    """A race: tickets are classified, and requests opened, while the policy changes."""
    tickets, reloads = 60, 12
    with running(folder) as gateway:
        failed: list[BaseException] = []

        def send() -> None:
            try:
                snow = Snow("", "")
                for _ in range(tickets):
                    asyncio.run(gateway.receive(asking(snow), None))
            except BaseException as fault:  # noqa: BLE001 -- told by the test
                failed.append(fault)

        sender = threading.Thread(target=send)
        sender.start()
        for turn in range(reloads):
            edit(folder, *([TIGHTER] if turn % 2 == 0 else [TIGHTER[::-1]]))
            gateway.reloader.reload()
        sender.join()
        wait_until(lambda: not waiting(gateway))
    assert not failed
    found = records(folder)
    assert named_wrongly(found) == []
    classified = [one for one in found if one.get("on") == "ticket" and "policy" in one]
    assert len(classified) >= tickets
    assert len({one["policy"] for one in classified}) == 2, "both policies decided"
    assert is_whole(folder)
    strays = [dict(one) for one in found]
    next(one for one in strays if "policy" in one)["policy"] = "0" * 64
    assert named_wrongly(strays), "the control: a wrong digest is seen"


def test_a_served_process_reloads_at_a_hangup(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = str(Path(sys.executable).with_name("ticketgate"))
    served = Process(
        [program, "--config", str(folder), "serve", "--port", str(port)],
        folder.parent / "gateway.log",
    )
    try:
        served.wait_ready(f"http://127.0.0.1:{port}/readyz")
        edit(folder, TIGHTER)
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(loaded(folder)) == 2)
        edit(folder, ("decide_within: 4h", "decide_within: soon"))
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: '"policy.not_reloaded"' in served.log.read_text())
        served.check_alive()
    finally:
        status = served.stop()
    assert status == 0
    assert loaded(folder)[-1]["difference"] == "tightened"
    assert is_whole(folder)


def test_the_command_tells_what_was_done_and_each_fault(folder: Path) -> None:
    def command(*more: str) -> Result:
        return CliRunner().invoke(main, ["--config", str(folder), "policy", "reload", *more])

    none = command()
    assert (none.exit_code, "no gateway runs" in none.output) == (3, True)
    with capture_logs(), running(folder):
        edit(folder, TIGHTER)
        assert "(tightened)" in command().output
        assert "in force already" in command().output
        assert json.loads(command("--json").output)["difference"] == "none"
        edit(folder, ("decide_within: 4h", "decide_within: soon"))
        faulty = command()
    assert faulty.exit_code == 2
    assert "policy.yaml:" in faulty.output
    assert "the old policy holds" in faulty.output

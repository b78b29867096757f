"""`keys new` and `keys rotate`, with a running gateway and without."""

from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.e2e.stage import Stage

from ticketgate.adapters.keys.signing_keys import read_keys
from ticketgate.domain.log.note import parse_vkey
from ticketgate.wiring.commands import load
from ticketgate.wiring.gateway import Gateway

ORIGIN = "gate.example.com/evidence"


def key_file(terminal: Terminal) -> Path:
    return terminal.folder / "secrets" / "signing.key"


def vkeys(terminal: Terminal) -> list[str]:
    return [one["vkey"] for one in terminal.json("keys", "show")]


def test_the_first_key_is_written_for_its_owner_alone_and_never_over_another(
    terminal: Terminal,
) -> None:
    before = key_file(terminal).read_bytes()
    done = terminal("keys", "new")
    assert done.exit_code == 2
    assert "nothing is overwritten" in done.stderr
    assert key_file(terminal).read_bytes() == before
    key_file(terminal).unlink()
    done = terminal("keys", "new")
    assert done.exit_code == 0, done.output
    assert not done.stderr
    assert key_file(terminal).stat().st_mode & 0o777 == 0o600
    assert key_file(terminal).read_bytes() != before
    (key,) = read_keys(key_file(terminal), ORIGIN)
    assert "PRIVATE" not in done.output
    assert vkeys(terminal) == [key.public.text]


def test_a_key_of_a_log_that_was_signed_is_replaced_only_when_it_is_said_to_be_lost(
    terminal: Terminal,
) -> None:
    memory = terminal.folder / "data" / "checkpoints"
    memory.mkdir()
    (memory / "latest").touch()
    key_file(terminal).unlink()
    done = terminal("keys", "new")
    assert done.exit_code == 2
    assert "say --lost: auditors then must be told the new key by another way" in done.stderr
    assert not key_file(terminal).exists()
    done = terminal("keys", "new", "--lost")
    assert done.exit_code == 0, done.output
    assert "no old key has vouched for it" in done.stderr
    assert "`end` line" in done.stderr
    assert key_file(terminal).stat().st_mode & 0o777 == 0o600
    assert terminal("keys", "new", "--lost").exit_code == 2


def test_a_place_for_the_key_must_be_told(terminal: Terminal) -> None:
    terminal.edit("ticketgate.yaml", "signing_key: file:secrets/signing.key", "signing_key: x")
    done = terminal("keys", "new")
    assert done.exit_code == 2
    assert "signing_key: file:" in done.stderr


def test_without_a_gateway_the_command_rotates_and_ends_itself(terminal: Terminal) -> None:
    (old,) = vkeys(terminal)
    done = terminal("keys", "rotate")
    assert done.exit_code == 0, done.output
    (line,) = [one for one in done.stdout.splitlines() if one.startswith("log ")]
    new = line.removeprefix("log ")
    assert parse_vkey(new).name == ORIGIN
    assert "both keys sign from here on" in done.stdout
    assert "trust files" in done.stderr
    assert vkeys(terminal) == [new, old]
    assert terminal("keys", "rotate").exit_code == 2
    done = terminal("keys", "rotate", "--end")
    assert done.exit_code == 0, done.output
    assert f"ended {old}\n" in done.stdout
    assert vkeys(terminal) == [new]
    done = terminal("keys", "rotate", "--end")
    assert done.exit_code == 2
    assert "the last one never ends [usage]" in done.stderr
    verified = terminal("evidence", "verify")
    assert verified.exit_code == 0, verified.output


def test_a_gateway_that_lost_its_socket_is_not_rotated_behind_its_back(terminal: Terminal) -> None:
    gateway = Gateway(load(terminal.folder, {}))
    try:
        (terminal.folder / "data" / "control.sock").unlink()
        done = terminal("keys", "rotate")
        assert done.exit_code == 3
        assert "[locked]" in done.stderr
    finally:
        (terminal.folder / "data" / "control.sock").touch()
        gateway.stop()


@pytest.mark.slow
def test_the_running_gateway_rotates_without_a_restart(live: Stage, beside: Terminal) -> None:
    (old,) = vkeys(beside)
    done = beside("keys", "rotate")
    assert done.exit_code == 0, done.output
    (rotated,) = live.entries("key.rotated")
    assert (rotated["old"], rotated["new"]) == (old, done.stdout.split()[1])
    done = beside("keys", "rotate", "--end")
    assert done.exit_code == 0, done.output
    assert vkeys(beside) == [rotated["new"]]
    (ended,) = live.entries("key.ended")
    assert ended["key"] == old
    done = beside("keys", "rotate", "--end")
    assert done.exit_code == 2
    assert "only one key signs" in done.stderr

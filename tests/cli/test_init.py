"""`init`: a configuration that is whole, private where it must be, and overwrites nothing."""

import os
import stat
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal

from ticketgate.cli.shipped import NAMES


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_what_init_writes_passes_the_check(terminal: Terminal) -> None:
    assert terminal("check").exit_code == 0
    assert "# " in (terminal.folder / "policy.yaml").read_text()


def test_secrets_and_data_are_for_the_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert Terminal(tmp_path)("init", str(tmp_path / "gate")).exit_code == 0
    finally:
        os.umask(before)
    assert mode(tmp_path / "gate" / "secrets") == 0o700
    assert mode(tmp_path / "gate" / "data") == 0o700
    for name in NAMES:
        assert mode(tmp_path / "gate" / "secrets" / name) == 0o600


def test_two_deployments_share_no_secret(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert Terminal(tmp_path)("init", str(tmp_path / name)).exit_code == 0
    secrets = [path.read_text() for path in tmp_path.glob("*/secrets/*")]
    assert len(set(secrets)) == len(secrets) == 2 * (len(NAMES) + 1)  # and the signing key


def test_init_says_what_comes_next(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "gate"
    said = Terminal(tmp_path)("init", str(folder)).stdout
    assert f"{folder}/secrets/snow-prod.whsec" in said
    assert f"ticketgate --config {folder} check" in said
    assert "signing key" in said
    assert "anchor" in said
    for name in ("session.key", "snow-prod.whsec"):
        assert (folder / "secrets" / name).read_text().strip() not in said


@pytest.mark.parametrize("there", ["ticketgate.yaml", "notes.txt", "secrets"])
def test_init_never_overwrites(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    done = Terminal(tmp_path)("init", str(tmp_path))
    assert done.exit_code == 2
    assert "is not empty; nothing is overwritten" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


def test_a_fresh_database_is_there_and_empty(terminal: Terminal) -> None:
    """It is bound to no origin yet, so `origin` can still be chosen."""
    assert (terminal.folder / "data" / "ticketgate.db").is_file()
    terminal.edit("ticketgate.yaml", "origin: gate.example.com/evidence", "origin: acme/gate")
    assert terminal("requests", "list").stdout == "no requests\n"
    done = terminal("evidence", "verify", "--require", "structure")
    assert done.exit_code == 3
    assert "the log is not opened yet" in done.stderr


def test_the_sample_ticket_is_an_identity_event_of_the_configuration_beside_it(
    terminal: Terminal,
) -> None:
    sample = terminal.folder / "sample-ticket.json"
    found = terminal.json("explain", str(sample), "--source", "snow-prod")
    assert found["verdict"] == "identity"


@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_folder_that_was_never_made_is_told_how_to_be(tmp_path: Path, command: str) -> None:
    done = Terminal(tmp_path)(command)
    assert done.exit_code == 2
    assert "ticketgate init DIR" in done.stderr

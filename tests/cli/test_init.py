"""`init`: a configuration that is whole, private where it must be, and overwrites nothing."""

import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal

from ticketgate.cli.shipped import NAMES
from ticketgate.domain.settings import FolderSettings, Settings
from ticketgate.wiring import commands


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


def settings_of(folder: Path) -> Settings:
    return commands.load(folder, {}).settings


def test_an_anchor_that_is_named_stands_in_the_settings(tmp_path: Path) -> None:
    worm = tmp_path / "it's worm # 1"
    worm.mkdir()
    said = Terminal(tmp_path)("init", str(tmp_path / "gate"), "--anchor", str(worm)).stdout
    assert f"signed checkpoints are copied to {worm}." in said
    assert "ANCHORED: none" not in said
    assert "not there yet" not in said
    assert settings_of(tmp_path / "gate").anchoring.anchors == (FolderSettings("file", str(worm)),)
    assert Terminal(tmp_path / "gate")("check").exit_code == 0


def test_an_anchor_that_is_not_there_yet_is_told_and_a_relative_one_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = Terminal(tmp_path)("init", "gate", "--anchor", "worm").stdout
    assert f"{tmp_path}/worm is not there yet" in said
    (anchor,) = settings_of(tmp_path / "gate").anchoring.anchors
    assert anchor == FolderSettings("file", str(tmp_path / "worm"))


@pytest.mark.parametrize("words", [(), ("--anchor", ""), ("--anchor", " ")], ids=range(3))
def test_without_an_anchor_it_says_what_that_costs_and_what_to_do(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    said = Terminal(tmp_path)("init", str(tmp_path / "gate"), *words).stdout
    assert "ANCHORED: none" in said
    assert "`anchors:` in" in said
    assert settings_of(tmp_path / "gate").anchoring.anchors == ()


@pytest.mark.parametrize("anchor", ["gate", "gate/data/copies", "a\nb"])
def test_a_place_beside_what_it_vouches_for_is_no_anchor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anchor: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = Terminal(tmp_path)("init", "gate", "--anchor", anchor)
    assert done.exit_code == 2
    assert "is no place for an anchor" in done.stderr
    assert not (tmp_path / "gate").exists()


@pytest.mark.parametrize("origin", ["acme.example/gate", "gate's-log", "&x", "12"])
def test_an_origin_that_is_named_is_that_of_the_settings_and_of_the_key(
    tmp_path: Path, origin: str
) -> None:
    folder = tmp_path / "gate"
    done = Terminal(tmp_path)("init", str(folder), "--origin", origin)
    assert f"the evidence log is {origin}" in done.stdout
    assert settings_of(folder).origin == origin
    assert [key.name for key in commands.public_keys(folder)] == [origin]
    assert Terminal(folder)("check").exit_code == 0


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "a#b", "é", "x" * 201, "a\tb"])
def test_an_origin_that_cannot_name_a_log_is_refused_before_anything_is_written(
    tmp_path: Path, origin: str
) -> None:
    done = Terminal(tmp_path)("init", str(tmp_path / "gate"), "--origin", origin)
    assert done.exit_code == 2
    assert "is no name of a log" in done.stderr
    assert not (tmp_path / "gate").exists()


@pytest.mark.parametrize("typed", ["", "worm"])
def test_on_a_terminal_it_asks_for_an_anchor(tmp_path: Path, typed: str) -> None:
    ours, theirs = pty.openpty()
    command = "from ticketgate.cli.main import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", command, "init", str(tmp_path / "gate")],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as asking:
        os.close(theirs)
        os.write(ours, (f"{tmp_path}/worm\n" if typed else "\n").encode())
        said, asked = asking.communicate(timeout=60)
    os.close(ours)
    assert asking.returncode == 0
    assert "Anchor: a folder outside this host" in asked
    anchors = [one.name for one in settings_of(tmp_path / "gate").anchoring.anchors]
    assert anchors == (["file"] if typed else [])
    assert ("ANCHORED: none" in said) == (not typed)


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

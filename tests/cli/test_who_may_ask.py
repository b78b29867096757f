"""Every command, and every word of the control socket: who may; a stranger changes nothing.

The commands are those of the command tree itself: one without a row here fails. Each is run beside
a gateway that knows the caller as a stranger, so it may look, take away, and nothing else.
"""

import json
import socket
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, cast

import click
import pytest
from tests.cli.terminal import Terminal
from tests.cli.test_surface_import import RULE

from ticketgate.adapters.process.control import CONTROL_NAME, actor_name
from ticketgate.adapters.process.control_server import ControlServer
from ticketgate.cli.main import main
from ticketgate.domain.errors import TicketgateError
from ticketgate.operations.people.rights import RIGHTS, Who, word_of
from ticketgate.wiring.asking import answered

STRANGER: Final = f"os:4242@{socket.gethostname()}"
OWNERS: Final = {actor_name(990), actor_name(0)}
WHY: Final = ("--reason", "somebody has left")

# What a command asks of the running gateway, with arguments that are in order. Those without a word
# look at files that the account must be able to read, or write files of the caller's own.
ASKS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "check": ("", ()),
    "classify eval": ("", ("--labels", "{none}")),
    "classify train": ("", ("--labels", "{none}", "--out", "{new}")),
    "connectors check": ("", ("nobody",)),
    "connectors list": ("", ()),
    "deliveries list": ("", ()),
    "deliveries show": ("", ("dlv_1",)),
    "evidence checkpoint": ("checkpoint", ()),
    "evidence decisions": ("", ()),
    "evidence erase": ("erase", ("--person", "alice", *WHY)),
    "evidence export": ("checkpoint", ("{new}",)),
    "evidence privacy": ("", ()),
    "evidence proof": ("checkpoint", ("0",)),
    "evidence prune": ("prune", ("--older-than", "1", *WHY)),
    "evidence replay": ("", ()),
    "evidence show": ("", ("0",)),
    "evidence verify": ("", ()),
    "exceptions list": ("", ()),
    "exceptions show": ("", ("exc_1",)),
    "explain": ("", ("{none}", "--source", "snow-prod")),
    "grants list": ("", ()),
    "grants show": ("", ("grt_1",)),
    "keys new": ("", ()),
    "keys rotate": ("rotate_key", ()),
    "keys rotate --end": ("end_key", ()),
    "keys show": ("", ()),
    "notify list": ("", ()),
    "notify test": ("", ("nobody",)),
    "policy backtest": ("", ("{policy}",)),
    "policy diff": ("", ("{policy}",)),
    "policy kinds": ("", ()),
    "policy reload": ("reload", ()),
    "policy schema": ("", ()),
    "policy test": ("", ()),
    "requests list": ("", ()),
    "requests load": ("", ()),
    "requests show": ("", ("req_1",)),
    "revoke": ("revoke", ("--person", "alice", *WHY, "--wait", "0")),
    "signals": ("", ()),
    "surface import": ("surface", ("{export}", "--source", "snow-prod", "--record")),
    "surface list": ("", ()),
    "surface show": ("", ("x",)),
    "triage export": ("", ("--out", "{new}")),
    "triage list": ("", ()),
    "triage show": ("", ("tkt_1",)),
}
BEGIN: Final = {"demo", "init", "serve"}  # a gateway of the caller's own, beside none
UNASKED: Final = {"exported", "pruning"}  # what an export, and a wait, ask afterwards


def leaves(command: click.Command, *path: str) -> Iterator[str]:
    """Every command that is no group, by its words."""
    if not isinstance(command, click.Group):
        yield " ".join(path)
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from leaves(found, *path, name)


def without_a_row() -> set[str]:
    """Commands of which this table says nothing, and rows of no command."""
    return {*leaves(main)} ^ ({one.partition(" --")[0] for one in ASKS} | BEGIN)


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    assert without_a_row() == set()


def test_a_command_that_comes_new_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "list_commands", lambda _: ["grants", "give"])
    monkeypatch.setattr(
        main, "get_command", lambda _, name: click.Command(name) if name == "give" else None
    )
    with pytest.raises(AssertionError):
        without_a_row()
    monkeypatch.setattr(main, "list_commands", lambda _: ["give"])
    assert "give" in without_a_row()


def test_every_word_of_the_socket_is_one_of_a_command() -> None:
    assert {word for word, _ in ASKS.values() if word} | UNASKED == set(RIGHTS)


def content(folder: Path) -> str:
    """A digest of every file of the configuration and the store; a look makes SQLite's own."""
    told = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.endswith("-shm") and path.stat().st_size:
            told.update(f"{path}\n".encode() + path.read_bytes())
    return told.hexdigest()


@pytest.fixture
def asked(terminal: Terminal) -> Iterator[list[str]]:
    """The words that a gateway beside the terminal was asked; the caller is a stranger to it."""
    words: list[str] = []

    def handle(_: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        words.append(str(request["do"]))
        word_of(STRANGER, request, OWNERS)
        return {"revoked": []}

    (data,) = {one.parent for one in terminal.folder.rglob("*.db")}
    server = ControlServer(data / CONTROL_NAME, handle)
    server.start()
    yield words
    server.stop()


@pytest.mark.parametrize("row", ASKS)
def test_a_stranger_asks_for_what_the_table_says_and_changes_nothing(
    terminal: Terminal, asked: list[str], tmp_path: Path, row: str
) -> None:
    word, arguments = ASKS[row]
    export = tmp_path / "rules.json"
    export.write_text(json.dumps({"result": [RULE]}))
    places = {
        "none": str(tmp_path / "none.json"),
        "new": str(tmp_path / "new"),
        "policy": str(terminal.folder / "policy.yaml"),
        "export": str(export),
    }
    before = content(terminal.folder)
    done = terminal(*row.split(), *(one.format(**places) for one in arguments))
    assert [one for one in asked if one in RIGHTS] == [word] * bool(word), done.output
    if word and RIGHTS[word] is Who.OWNER:
        assert done.exit_code != 0
        assert "own account" in done.output
    assert content(terminal.folder) == before


class Untouched:
    """What a word is carried out with; touching it fails."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- never answers
        raise AssertionError(f"touched: {name}")


@pytest.mark.parametrize("word", RIGHTS)
def test_a_word_that_is_not_for_a_stranger_touches_nothing(word: str) -> None:
    parts = cast("Any", [Untouched()] * 4)
    request = {"do": word, "reason": "x", "person": "alice", "rows": []}
    if RIGHTS[word] is Who.OWNER:
        with pytest.raises(TicketgateError) as told:
            answered(STRANGER, request, *parts)
        assert told.value.code == "not_allowed"
    else:  # it goes on to whoever carries it out
        with pytest.raises(AssertionError, match="touched"):
            answered(STRANGER, request, *parts)


@pytest.mark.parametrize("word", ["approve", "decide", "grant", "give", "vouch", "invoke", ""])
def test_no_word_gives_anything_to_anybody(word: str) -> None:
    for actor in (STRANGER, *OWNERS):
        with pytest.raises(TicketgateError) as told:
            word_of(actor, {"do": word}, OWNERS)
        assert told.value.code == "usage"

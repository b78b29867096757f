"""`keys`: the verifier keys, and nothing secret."""

from tests.cli.terminal import Terminal
from tests.keys import ORIGIN, key_of

from ticketgate.domain.note import parse_vkey


def test_the_verifier_keys_are_shown_and_the_first_is_the_current_one(terminal: Terminal) -> None:
    path = terminal.folder / "secrets" / "signing.key"
    path.write_text(f"{key_of('alice').text}\n{key_of('bob').text}\n")
    done = terminal("keys", "show")
    assert done.exit_code == 0, done.output
    first, second = done.stdout.splitlines()
    assert first == f"{key_of('alice').public.text}  current"
    assert second.startswith(f"{key_of('bob').public.text}  signs too")
    assert "PRIVATE" not in done.output
    found = terminal.json("keys", "show")
    assert [one["current"] for one in found] == [True, False]
    assert [parse_vkey(one["vkey"]).name for one in found] == [ORIGIN, ORIGIN]


def test_keys_that_others_can_read_are_not_shown(terminal: Terminal) -> None:
    (terminal.folder / "secrets" / "signing.key").chmod(0o644)
    done = terminal("keys", "show")
    assert done.exit_code == 2
    assert "can be read by others" in done.stderr
    assert "+" not in done.stdout

"""`keys`: the verifier keys, and nothing secret."""

from tests.cli.terminal import Terminal
from tests.keys import ORIGIN, key_of

from ticketgate.domain.log.note import parse_vkey
from ticketgate.domain.log.trust import parse_trust


def test_the_verifier_keys_are_shown_and_the_first_is_the_current_one(terminal: Terminal) -> None:
    path = terminal.folder / "secrets" / "signing.key"
    path.write_text(f"{key_of('alice').text}\n{key_of('bob').text}\n")
    done = terminal("keys", "show")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "# current",
        f"log {key_of('alice').public.text}",
        "# signs too, while keys rotate",
        f"log {key_of('bob').public.text}",
        "quorum none",
    ]
    trust = parse_trust(done.stdout_bytes)
    assert [one.key for one in trust.logs] == [key_of("alice").public, key_of("bob").public]
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

"""`notify`: receivers are listed without their addresses, and one is sent a test."""

import json

import pytest
from tests.adapters.http_peer import OK, peer
from tests.cli.terminal import Terminal

from ticketgate.domain.schemes.standard_webhooks import secret_key

SECRET = "whsec_dGhlIGhvb2sncyBrZXkgb2YgdGhpcyB0ZXN0IG9ubHk="


def listen(terminal: Terminal, url: str) -> None:
    """The configuration has the receiver `siem` at this address."""
    for name, text in (("siem.url", url), ("siem.whsec", SECRET)):
        path = terminal.folder / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(text)
    path = terminal.folder / "ticketgate.yaml"
    path.write_text(
        path.read_text() + "\nnotify:\n  - { name: siem, kind: webhook, events: [denied, approved],"
        " url: file:secrets/siem.url, secret: file:secrets/siem.whsec }\n"
    )


def test_receivers_are_listed_without_addresses(terminal: Terminal) -> None:
    assert "no receivers" in terminal("notify", "list").output
    listen(terminal, "https://siem.example.com/secret")
    done = terminal("notify", "list")
    assert "siem" in done.output
    assert "approved, denied" in done.output
    assert "secret" not in done.output
    assert terminal.json("notify", "list") == [
        {"name": "siem", "kind": "webhook", "events": ["approved", "denied"]}
    ]


def test_a_test_is_sent_signed_and_what_came_back_is_said(terminal: Terminal) -> None:
    with peer(OK) as one:
        listen(terminal, one.url)
        done = terminal("notify", "test", "siem")
        (raw,) = one.asked
    assert done.exit_code == 0, done.output
    assert done.output == "sent; siem answered 200: {}\n"
    body = json.loads(raw.partition(b"\r\n\r\n")[2])
    assert (body["type"], body["request"]) == ("test", "")
    assert b"webhook-signature: v1," in raw
    assert secret_key(SECRET) not in raw


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (b"HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n", 1, "answered 401 [receiver_refused]"),
        (b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n", 3, "answered 503 [target_unavailable]"),
        (b"", 3, "[outcome_unknown]"),
    ],
    ids=["refused", "away", "silent"],
)
def test_what_did_not_go_ends_with_a_code(
    terminal: Terminal, answer: bytes, code: int, says: str
) -> None:
    with peer(answer) as one:
        listen(terminal, one.url)
        done = terminal("notify", "test", "siem")
    assert (done.exit_code, says in done.output) == (code, True), done.output


def test_a_receiver_that_the_settings_do_not_name_is_usage(terminal: Terminal) -> None:
    done = terminal("notify", "test", "nobody")
    assert done.exit_code == 2
    assert "it has: none" in done.output
    assert "list it under `notify`" in done.output

"""The client of witnesses: only what its key made is believed, and a contradiction is loud."""

import socket
import time
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adapters.anchored_log import AT, Log, code_of
from tests.adapters.http_peer import OK, peer
from tests.adapters.witness_server import WitnessServer, witnessing
from tests.domain.signing import Signer, witness
from tests.keys import ORIGIN, key_of

from ticketgate.adapters.anchors.anchor_http import way_out
from ticketgate.adapters.anchors.witness import Witness
from ticketgate.adapters.net.http import ANSWER_BYTES_MAX
from ticketgate.domain.log.anchor import CONTRADICTIONS, AnchorError, AnchorKind
from ticketgate.domain.log.checkpoint import cosigned_at
from ticketgate.domain.log.note import LOG_KEY, SignatureLine, VerifierKey
from ticketgate.domain.settings import WitnessSettings

LOG: Final = Log(13)
MINE: Final = witness("w.example")
OURS: Final = key_of("alice").public


def client(url: str, key: VerifierKey = MINE.key, *, seconds: float = 5.0) -> Witness:
    return Witness(WitnessSettings("w1", key, url.rstrip("/")), way_out("", seconds))


def of(server: WitnessServer) -> Witness:
    return client(server.url, server.signer.key)


def told(status: int, body: bytes, kind: str = "text/plain") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def lines(*made: SignatureLine) -> bytes:
    return told(200, "".join(line.text for line in made).encode())


def good(log: Log = LOG, at: int = AT) -> SignatureLine:
    return MINE.cosign(log.checkpoint().text, at)


def test_a_cosignature_that_its_key_made_is_what_comes_back() -> None:
    with witnessing(OURS) as server:
        one = of(server)
        vouched = one.vouch(LOG.asked(5))
        again = one.vouch(LOG.asked(known=5))
    assert (one.kind, one.name) == (AnchorKind.WITNESS, "w1")
    for found, size in ((vouched, 5), (again, 13)):
        (line,) = found.lines
        text = LOG.checkpoint(size).text
        assert cosigned_at(text, line, server.signer.key, lambda *_: True)
        assert found.token is None
    assert [path for path, _ in server.asked] == ["/add-checkpoint"] * 2
    assert server.asked[0][1] == b"old 0\n\n" + LOG.note(5)
    assert server.asked[1][1].startswith(b"old 5\n")


def test_a_witness_that_saw_another_size_is_asked_once_more_from_that_size() -> None:
    with witnessing(OURS) as server:
        server.seen[ORIGIN] = LOG.checkpoint(8)
        assert of(server).vouch(LOG.asked(known=5)).lines
    assert [body.split(b"\n")[0] for _, body in server.asked] == [b"old 5", b"old 8"]


def test_what_it_is_said_to_know_may_be_larger_than_what_is_asked() -> None:
    """After a declared restore: the row of the anchor is of the lost tree."""
    with witnessing(OURS) as server:
        assert of(server).vouch(LOG.asked(known=99)).lines
    assert server.asked[0][1].startswith(b"old 0\n")


def test_a_witness_that_saw_more_than_was_ever_signed_is_ahead() -> None:
    with witnessing(OURS) as server:
        server.seen[ORIGIN] = Log(14).checkpoint()
        assert code_of(of(server), LOG.asked(known=13)) == "witness_ahead"
    assert len(server.asked) == 1


def test_a_witness_that_somebody_else_brought_a_newer_checkpoint_is_no_contradiction() -> None:
    with witnessing(OURS) as server:
        server.seen[ORIGIN] = LOG.checkpoint(13)
        assert code_of(of(server), LOG.asked(9)) == "witness_newer"
    assert "witness_newer" not in CONTRADICTIONS


def test_a_size_that_moves_between_two_requests_is_no_contradiction() -> None:
    answers = [told(409, size, "text/x.tlog.size") for size in (b"7\n", b"9\n")]
    with peer(lambda line: line.sendall(answers.pop(0))) as one:
        assert code_of(client(one.url), LOG.asked()) == "witness_newer"
    assert len(one.asked) == 2


@pytest.mark.parametrize(("size", "code"), [(8, "witness_inconsistent"), (13, "witness_conflict")])
def test_another_history_is_refused_and_told(size: int, code: str) -> None:
    with witnessing(OURS) as server:
        server.seen[ORIGIN] = Log(size, "other").checkpoint()
        assert code_of(of(server), LOG.asked(known=size)) == code
        assert code in CONTRADICTIONS
        assert server.seen[ORIGIN].root == Log(size, "other").checkpoint().root


def test_a_witness_that_does_not_know_the_log_or_its_key_is_told_apart() -> None:
    with witnessing(key_of("alice", "other.example/log").public) as server:
        assert code_of(of(server), LOG.asked()) == "witness_log_unknown"
    with witnessing(key_of("mallory").public) as server:
        assert code_of(of(server), LOG.asked()) == "witness_key_unknown"


def forged(signer: Signer = MINE) -> SignatureLine:
    """By the right name and key id, and by another key."""
    made = witness("mallory.example").cosign(LOG.checkpoint().text, AT)
    return SignatureLine(signer.key.name, signer.key.id, made.signature)


OTHER: Final = witness("other.example")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lines(forged()), "witness_bad_cosignature"),
        (lines(good(), forged()), "witness_bad_cosignature"),
        (lines(good(at=AT + 301)), "witness_bad_cosignature"),
        (lines(good(Log(12))), "witness_bad_cosignature"),
        (lines(SignatureLine("w.example", MINE.key.id, b"x" * 64)), "witness_bad_cosignature"),
        (lines(OTHER.cosign(LOG.checkpoint().text, AT)), "witness_no_cosignature"),
        (lines(SignatureLine("w.example", b"abcd", good().signature)), "witness_no_cosignature"),
        (told(200, b""), "anchor_answer"),
        (told(200, good().text.encode()[:-1]), "anchor_answer"),
        (told(200, b"\xff\n"), "anchor_answer"),
        (told(200, good().text.encode() * 65), "anchor_answer"),
        (told(200, b"<html>hello</html>\n"), "anchor_answer"),
        (told(400, b"no\n"), "anchor_answer"),
        (told(302, b""), "anchor_answer"),
        (told(200, b"x" * (ANSWER_BYTES_MAX + 1)), "anchor_answer"),
        (told(429, b""), "anchor_unreachable"),
        (told(500, b""), "anchor_unreachable"),
        (told(503, b""), "anchor_unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx", "anchor_unreachable"),
        (told(409, b"13\n"), "witness_conflict"),
        (told(409, b"013\n", "text/x.tlog.size"), "witness_conflict"),
        (told(409, b"0\n", "text/x.tlog.size"), "witness_conflict"),
    ],
)
def test_an_answer_that_is_not_what_was_asked_for_is_refused(answer: bytes, code: str) -> None:
    with peer(answer) as one:
        assert code_of(client(one.url), LOG.asked()) == code
    assert len(one.asked) == 1


def test_lines_of_unknown_keys_beside_a_good_one_are_left_out() -> None:
    text = LOG.checkpoint().text
    log_line = SignatureLine(ORIGIN, VerifierKey(ORIGIN, LOG_KEY, b"k" * 32).id, b"s" * 64)
    with peer(lines(OTHER.cosign(text, AT), good(), log_line)) as one:
        assert client(one.url).vouch(LOG.asked()).lines == (good(),)


def test_a_redirect_is_not_followed() -> None:
    with peer(OK) as elsewhere:
        moved = f"HTTP/1.1 308 X\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n"
        with peer(moved.encode()) as one:
            assert code_of(client(one.url), LOG.asked()) == "anchor_answer"
    assert elsewhere.asked == []


def test_a_witness_that_drips_is_left_after_the_deadline() -> None:
    def drip(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
        while True:
            line.sendall(b"x")
            line.settimeout(0.05)
            try:
                if not line.recv(1):
                    return
            except TimeoutError:
                continue

    with peer(drip) as one:
        began = time.monotonic()
        assert code_of(client(one.url, seconds=0.3), LOG.asked()) == "anchor_unreachable"
    assert time.monotonic() - began < 3


def test_a_witness_that_is_away_or_may_not_be_called_is_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert code_of(client(f"http://127.0.0.1:{port}"), LOG.asked()) == "anchor_unreachable"
    assert code_of(client("https://10.0.0.1"), LOG.asked()) == "anchor_address"


def test_what_it_cosigned_before_the_gateway_ended_is_not_asked_for_again() -> None:
    with peer(OK) as one:
        assert client(one.url).vouch(LOG.asked(None, good())).lines == (good(),)
        assert code_of(client(one.url), LOG.asked(None, forged())) == "anchor_answer"
    assert len(one.asked) == 1


@settings(max_examples=60)
@given(
    status=st.sampled_from([200, 409, 422]),
    body=st.one_of(st.binary(max_size=200), st.text(max_size=80).map(str.encode)),
)
def test_whatever_it_answers_only_errors_of_ours_leave(status: int, body: bytes) -> None:
    with peer(told(status, body, "text/x.tlog.size")) as one, pytest.raises(AnchorError):
        client(one.url).vouch(LOG.asked())

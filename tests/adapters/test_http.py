"""The guarded way out, against sockets that behave as badly as sockets can."""

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.adapters.http_peer import OK, Peer, Serve, certificate_in, peer

from ticketgate.adapters.net.http import (
    ANSWER_BYTES_MAX,
    Address,
    GuardedHttp,
    networks,
    resolve,
)
from ticketgate.connector_api import (
    HttpAnswer,
    OutcomeUnknown,
    Refused,
    Unavailable,
)

SECRET: Final = "a-token-that-no-message-may-hold"
DEADLINE_SECONDS: Final = 0.4
SLACK_SECONDS: Final = 2.0  # of a busy machine


def http(*, seconds: float = 5.0, **more: object) -> GuardedHttp:
    return GuardedHttp(seconds, **more)  # type: ignore[arg-type]  # passed on as given


def names(**known: list[str]) -> Callable[[str], list[Address]]:
    """A name service that knows these hosts (`_` stands for a dot)."""
    return lambda host: [ip_address(text) for text in known[host.replace(".", "_")]]


def got(url: str, client: GuardedHttp | None = None) -> HttpAnswer:
    return (client or http()).request("GET", url)


def test_an_answer_comes_whole_with_lower_case_names() -> None:
    with peer(b'HTTP/1.1 404 No\r\nETag: W/"1"\r\nContent-Length: 4\r\n\r\nbody') as one:
        answer = http().request(
            "PATCH", one.url + "x", headers={"X-A": "b"}, json={"a": 1}, params={"q": "c d&"}
        )
    assert (answer.status, answer.body) == (404, b"body")
    assert answer.headers["etag"] == 'W/"1"'
    head, _, body = one.asked[0].partition(b"\r\n\r\n")
    assert head.startswith(b"PATCH /x?q=c+d%26 HTTP/1.1\r\n")
    assert b"\r\nX-A: b" in head
    assert b"\r\nConnection: close" in head
    assert json.loads(body) == {"a": 1}


def test_an_answer_in_chunks_is_whole() -> None:
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    with peer(chunks) as one:
        assert got(one.url).body == b"{}"


def test_a_redirect_is_told_and_not_followed() -> None:
    with peer(OK) as elsewhere:
        moved = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n"
        with peer(moved.encode()) as one:
            assert got(one.url).status == 302
    assert elsewhere.asked == []


def test_proxies_and_logins_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login alice password {SECRET}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with peer(OK) as one, peer(OK) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("no_proxy", "")
        assert got(one.url).status == 200
    assert proxy.asked == []
    assert b"authorization" not in one.asked[0].lower()


def test_nobody_listening_is_unavailable() -> None:
    with peer(OK) as one:
        pass
    with pytest.raises(Unavailable):
        got(one.url)


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    """Only 127.0.0.1 listens; the name has 127.0.0.2 as well."""
    client = http(
        allowed=networks("127.0.0.0/8"),
        resolver=names(idp_example_com=["127.0.0.2", "127.0.0.1"]),
    )
    with peer(OK) as one:
        assert got(f"http://idp.example.com:{one.port}/", client).status == 200


@pytest.mark.parametrize("host", ["a..b", "x" * 64])
def test_a_name_without_an_address_is_unavailable(host: str) -> None:
    with pytest.raises(Unavailable):
        got(f"https://{host}/")


def drip(head: bytes, drop: bytes) -> Serve:
    """Sends the head, then drops far apart, as long as somebody listens."""

    def serve(line: socket.socket) -> None:
        line.sendall(head)
        until = time.monotonic() + DEADLINE_SECONDS + SLACK_SECONDS
        line.settimeout(DEADLINE_SECONDS / 8)
        while time.monotonic() < until:
            line.sendall(drop)
            try:
                if line.recv(1) == b"":
                    return
            except TimeoutError:
                continue

    return serve


def silence(line: socket.socket) -> None:
    """Answers nothing until the client goes."""
    line.settimeout(DEADLINE_SECONDS + SLACK_SECONDS)
    line.recv(1)


@pytest.mark.parametrize(
    "serve",
    [
        pytest.param(silence, id="silence"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), id="headers that drip"),
        pytest.param(
            drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"), id="a body that drips"
        ),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x"), id="a body without an end"),
    ],
)
def test_no_answer_holds_us_past_the_deadline(serve: Serve) -> None:
    with peer(serve) as one:
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            got(one.url, http(seconds=DEADLINE_SECONDS))
        assert time.monotonic() - began < DEADLINE_SECONDS + SLACK_SECONDS


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nETa",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
    ],
)
def test_half_an_answer_is_an_unknown_outcome(answer: bytes) -> None:
    with peer(answer) as one, pytest.raises(OutcomeUnknown):
        got(one.url)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(answer=st.binary(max_size=200), framed=st.booleans())
def test_only_our_errors_leave(hostile: Peer, answer: bytes, framed: bool) -> None:  # noqa: FBT001 -- drawn
    hostile.serve = lambda line: line.sendall((b"HTTP/1.1 " if framed else b"") + answer)
    with suppress(OutcomeUnknown, Refused):
        got(hostile.url)


@pytest.fixture
def hostile() -> Iterator[Peer]:
    with peer(b"") as one:
        yield one


@pytest.mark.parametrize("length", [b"Content-Length: %d\r\n" % (ANSWER_BYTES_MAX + 1), b""])
def test_an_answer_over_the_cap_is_refused(length: bytes) -> None:
    body = b"x" * (ANSWER_BYTES_MAX + 1)
    with peer(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + body) as one:
        with pytest.raises(Refused, match="over 1048576 bytes"):
            got(one.url)
        one.serve = lambda line: line.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + body[1:])
        assert len(got(one.url).body) == ANSWER_BYTES_MAX


def test_a_compressed_answer_is_refused() -> None:
    """It was not asked for, and a small one can be a large one."""
    packed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"
    with peer(packed) as one, pytest.raises(Refused):
        got(one.url)
    assert b"accept-encoding: identity" in one.asked[0].lower()


def test_a_name_is_resolved_once_so_a_second_answer_changes_nothing() -> None:
    """Rebinding: the second answer would lead to the metadata service."""
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    client = http(
        allowed=networks("127.0.0.0/8"),
        resolver=lambda _: [ip_address(text) for text in answers.pop(0)],
    )
    with peer(OK) as one:
        assert got(f"http://idp.example.com:{one.port}/", client).status == 200
    assert len(answers) == 1


def test_a_header_that_cannot_be_sent_is_refused_without_its_text() -> None:
    with peer(OK) as one, pytest.raises(Refused) as told:
        http().request("GET", one.url, headers={"Authorization": f"Bearer {SECRET}\r\nX: y"})
    assert told.value.__suppress_context__
    assert SECRET not in f"{told.value!r}"
    assert one.asked == []


def test_the_machines_own_resolver_is_the_default() -> None:
    assert all(address.is_loopback for address in resolve("localhost"))
    with peer(OK) as one:
        assert got(f"http://localhost:{one.port}/").status == 200


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls_peer(certificate: tuple[Path, Path]) -> Iterator[Peer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    with peer(OK, context) as one:
        yield one


def test_https_is_spoken_to_a_certificate_that_is_known(
    tls_peer: Peer, certificate: tuple[Path, Path]
) -> None:
    client = http(ca_file=str(certificate[0]))
    assert got(f"https://localhost:{tls_peer.port}/", client).body == b"{}"


def test_nothing_is_sent_to_a_certificate_of_somebody_else(
    tls_peer: Peer, certificate: tuple[Path, Path]
) -> None:
    stranger = http()
    misnamed = http(
        ca_file=str(certificate[0]),
        allowed=networks("127.0.0.0/8"),
        resolver=names(idp_example_com=["127.0.0.1"]),
    )
    with pytest.raises(Unavailable):
        got(f"https://localhost:{tls_peer.port}/", stranger)
    with pytest.raises(Unavailable):
        got(f"https://idp.example.com:{tls_peer.port}/", misnamed)
    assert tls_peer.asked == []


def test_a_handshake_that_never_ends_is_unavailable_at_the_deadline() -> None:
    """The peer reads for an HTTP head, and waits."""
    with peer(silence) as one:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            got(f"https://127.0.0.1:{one.port}/", http(seconds=DEADLINE_SECONDS))
        assert time.monotonic() - began < DEADLINE_SECONDS + SLACK_SECONDS


def test_a_deadline_that_is_over_sends_nothing() -> None:
    with peer(OK) as one, pytest.raises(Unavailable):
        got(one.url, http(seconds=1e-9))
    assert one.asked == []


def test_a_deadline_of_nothing_is_refused() -> None:
    with pytest.raises(Refused):
        got("http://127.0.0.1:9/", http(seconds=0.0))

"""The protocol guard over raw sockets, each limit made short. uvicorn alone keeps none of them."""

import asyncio
import json
import time
from collections.abc import Iterator

import pytest
from tests.web.wire import Running, connect, read_all, read_reply, request, running, until

from ticketgate.web.guard import BODY_WHOLE, GuardLimits
from ticketgate.web.problems import Answer as WholeAnswer
from ticketgate.web.problems import Message, Receive, Send, send_answer

LIMITS = GuardLimits(
    head_seconds_max=0.4,
    idle_seconds_max=1,
    write_stall_seconds_max=0.4,
    head_bytes_max=4_096,
    headers_max=10,
    url_bytes_max=256,
    connections_max=20,
)
BIG_BYTES = 8_000_000  # more than the kernel keeps for a reader on loopback
GET = b"GET / HTTP/1.1\r\nhost: a\r\n"


class Echo:
    """Says whether the body came whole; `/big` answers large, `/slow` waits to be released."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.seen: list[str] = []
        self.left: list[str] = []
        self.loop: asyncio.AbstractEventLoop | None = None

    def let_go(self) -> None:
        """Let `/slow` answer; called from the test's thread."""
        assert self.loop is not None
        self.loop.call_soon_threadsafe(self.release.set)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            self.loop = asyncio.get_running_loop()
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.seen.append(scope["path"])
        whole = BODY_WHOLE in scope["state"]
        if scope["path"] == "/slow":
            await self.release.wait()
        if scope["path"] == "/stream":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(BIG_BYTES // 100_000):
                part = b"x" * 100_000
                await send({"type": "http.response.body", "body": part, "more_body": True})
            self.left.append(scope["path"])
            return
        body = b"x" * BIG_BYTES if scope["path"] == "/big" else str(whole).encode()
        headers = ((b"content-length", str(len(body)).encode()),)
        await send_answer(send, WholeAnswer(200, headers, body))
        self.left.append(scope["path"])


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Echo, Running]]:
    echo = Echo()
    with running(echo, LIMITS) as run:
        yield echo, run


@pytest.fixture
def echo(server: tuple[Echo, Running]) -> Echo:
    echo, _ = server
    echo.release, echo.seen, echo.left = asyncio.Event(), [], []
    return echo


@pytest.fixture
def run(server: tuple[Echo, Running]) -> Running:
    return server[1]


@pytest.fixture
def port(run: Running, echo: Echo) -> int:
    return run.port


def code(reply: bytes) -> str:
    told: str = json.loads(reply.partition(b"\r\n\r\n")[2])["code"]
    return told


def test_a_half_sent_head_is_closed_at_its_deadline(port: int) -> None:
    began = time.monotonic()  # the deadline runs from the moment that the server takes the call
    with connect(port) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nhost:")
        answer = read_all(sock)
        assert time.monotonic() - began >= 0.4
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"content-type: application/problem+json\r\n" in answer
    assert b"connection: close\r\n" in answer
    assert code(answer) == "too_slow"


def test_a_head_that_drips_is_closed_too(port: int) -> None:
    with connect(port) as sock:
        sock.settimeout(0.05)
        answer, end = b"", time.monotonic() + 2
        sock.sendall(b"GET / HTTP/1.1\r\nx: ")
        while not answer and time.monotonic() < end:
            sock.sendall(b"x")
            try:
                answer = sock.recv(65_536)
            except TimeoutError:
                continue
    assert code(answer) == "too_slow"


def test_a_connection_that_says_nothing_is_closed(port: int) -> None:
    with connect(port) as sock:
        assert code(read_all(sock)) == "too_slow"


def test_an_idle_connection_is_closed_without_a_word(port: int) -> None:
    with connect(port) as sock:
        sock.sendall(GET + b"\r\n")
        assert read_reply(sock).status == 200
        began = time.monotonic()
        assert read_all(sock) == b""
        assert time.monotonic() - began > 0.5


def test_the_head_of_a_later_request_has_the_same_deadline(port: int) -> None:
    with connect(port) as sock:
        sock.sendall(GET + b"\r\n")
        assert read_reply(sock).status == 200
        sock.sendall(b"GET")
        assert code(read_all(sock)) == "too_slow"


def test_a_request_under_way_is_not_closed_by_the_head_deadline(port: int, echo: Echo) -> None:
    with connect(port) as sock:
        sock.sendall(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n")
        sock.settimeout(LIMITS.head_seconds_max * 2)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        echo.let_go()
        sock.settimeout(5)
        assert read_reply(sock).status == 200


@pytest.mark.parametrize(
    "head",
    [
        b"GET /big HTTP/1.1\r\nhost: a\r\n",
        b"GET /big HTTP/1.1\r\nhost: a\r\nconnection: close\r\n",
        b"GET /stream HTTP/1.1\r\nhost: a\r\n",
    ],
    ids=["whole answer", "whole answer, closing", "streamed answer"],
)
def test_a_reader_that_stops_is_cut_off_and_its_connection_let_go(
    run: Running, echo: Echo, head: bytes
) -> None:
    until(lambda: run.connections == 0)
    with connect(run.port) as sock:
        sock.sendall(head + b"\r\n")
        until(lambda: bool(echo.seen))
        until(lambda: run.connections == 0)
        until(lambda: len(echo.left) == 1)
        assert len(read_all(sock)) < BIG_BYTES


def test_a_reader_that_reads_gets_all(port: int) -> None:
    with connect(port) as sock:
        sock.sendall(b"GET /big HTTP/1.1\r\nhost: a\r\n\r\n")
        assert len(read_reply(sock).body) == BIG_BYTES


@pytest.mark.parametrize(
    ("head", "status", "why"),
    [
        (GET + b"x: y\r\n" * 10, 431, "head_too_large"),
        (GET + b"x: " + b"y" * 4_096 + b"\r\n", 431, "head_too_large"),
        (GET + b"x: " + b"y" * 5_000, 431, "head_too_large"),
        (b"GET /" + b"u" * 256 + b" HTTP/1.1\r\nhost: a\r\n", 414, "url_too_long"),
        (b"GET / HTTP/1.1\r\nhost: a\r\n folded\r\n", 400, "malformed_request"),
        (b"GET / HTTP/1.1\r\nhost : a\r\n", 400, "malformed_request"),
        (b"GET / HTTP/1.1\r\n\xff\xfe\r\n", 400, "malformed_request"),
        (b"CONNECT a:443 HTTP/1.1\r\nhost: a\r\n", 400, "malformed_request"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n", 400, "malformed_request"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "malformed_request"),
        (GET + b"content-length: 1\r\ncontent-length: 1\r\n", 400, "malformed_request"),
        (GET + b"content-length: 3,3\r\n", 400, "malformed_request"),
        (GET + b"content-length: +3\r\n", 400, "malformed_request"),
        (
            GET + b"content-length: 3\r\ntransfer-encoding: chunked\r\n",
            400,
            "malformed_request",
        ),
    ],
)
def test_a_head_over_a_limit_or_malformed_is_refused_and_closed(
    port: int, echo: Echo, head: bytes, status: int, why: str
) -> None:
    with connect(port) as sock:
        sock.sendall(head + b"\r\n")
        answer = read_all(sock)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert code(answer) == why
    assert echo.seen == []


def test_a_head_within_every_limit_is_served(port: int) -> None:
    head = b"GET /" + b"u" * 255 + b" HTTP/1.1\r\nhost: a\r\n" + b"x: y\r\n" * 7
    head += b"content-length: 5000\r\n"
    padding = 4_096 - len(head) - len(b"big: \r\n") + len(b"GET  HTTP/1.1\r\n")
    with connect(port) as sock:
        sock.sendall(head + b"big: " + b"y" * padding + b"\r\n\r\n" + b"z" * 5_000)
        assert read_reply(sock).status == 200


def test_the_app_learns_whether_a_body_came_whole(port: int) -> None:
    with connect(port) as sock:
        sock.sendall(request())
        assert read_reply(sock).body == b"True"
    with connect(port) as sock:
        sock.sendall(request()[:-1])
        assert read_reply(sock).body == b"False"
        sock.sendall(request()[-1:] + request())
        assert read_reply(sock).body == b"True"


def test_what_follows_an_upgrade_is_not_read(port: int, echo: Echo) -> None:
    upgrade = GET + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n"
    with connect(port) as sock:
        sock.sendall(upgrade + b"GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n")
        answer = read_all(sock)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close\r\n" in answer
    assert echo.seen == ["/"]


def test_garbage_behind_a_request_does_not_spoil_its_answer(port: int, echo: Echo) -> None:
    with connect(port) as sock:
        sock.sendall(GET + b"\r\n\x00\x00\x00\x00")
        answer = read_all(sock)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.count(b"HTTP/1.1") == 1
    assert echo.seen == ["/"]


def test_a_head_that_grows_behind_a_request_under_way_is_not_kept(port: int, echo: Echo) -> None:
    with connect(port) as sock:
        sock.sendall(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n")
        until(lambda: echo.seen == ["/slow"])
        sock.sendall(GET + b"x: ")
        for _ in range(3):
            sock.sendall(b"y" * 4_096)
        with connect(port) as other:  # once this is answered, the above has been read
            other.sendall(GET + b"\r\n")
            assert read_reply(other).status == 200
        sock.sendall(b"\r\n\r\n" + GET + b"\r\n")
        with connect(port) as other:
            other.sendall(GET + b"\r\n")
            assert read_reply(other).status == 200
        echo.let_go()
        answer = read_all(sock)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1") == 1
    assert echo.seen == ["/slow", "/", "/"]


def test_one_connection_too_many_is_503_and_the_others_go_on(run: Running, port: int) -> None:
    until(lambda: run.connections == 0)
    socks = [connect(port) for _ in range(LIMITS.connections_max)]
    try:
        socks[-1].sendall(GET + b"\r\n")
        assert read_reply(socks[-1]).status == 200
        with connect(port) as sock:
            answer = read_all(sock)
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: 5\r\n" in answer
            assert code(answer) == "too_many_connections"
        socks[-1].sendall(GET + b"\r\n")
        assert read_reply(socks[-1]).status == 200
    finally:
        for sock in socks:
            sock.close()

"""The bridge to Flask: what an application sees, and that a broken answer never looks whole."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from http.client import IncompleteRead
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import flask
import pytest
from tests.web.wire import (
    Door,
    Reply,
    ask,
    connect,
    front,
    read_all,
    read_reply,
    request,
    running,
    until,
)

from ticketgate.web.guard import GuardLimits
from ticketgate.web.wsgi_bridge import CHUNK_BYTES, WsgiBridge

GET = b"GET /%b HTTP/1.1\r\nhost: evil.example\r\n%b\r\n"


class Pages:
    """A WSGI application that does what each test says, and keeps what it saw."""

    def __init__(self) -> None:
        self.environ: WSGIEnvironment = {}
        self.act: Callable[[StartResponse], Iterable[bytes]] = self.answer

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        self.environ = environ
        return self.act(start)

    def answer(self, start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
        return [b"ok"]


class Stream:
    """Chunks without end, until somebody closes it."""

    def __init__(self) -> None:
        self.chunks = 0
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.chunks += 1
            yield b"x" * CHUNK_BYTES

    def close(self) -> None:
        self.closed.set()


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Pages, int]]:
    pages = Pages()
    with running(front(Door(), pages, public_url="https://gate.example.com:8443")) as run:
        yield pages, run.port


@pytest.fixture
def pages(server: tuple[Pages, int]) -> Pages:
    pages = server[0]
    pages.act = pages.answer
    return pages


@pytest.fixture
def port(server: tuple[Pages, int], pages: Pages) -> int:
    return server[1]


def get(port: int, headers: bytes = b"", path: bytes = b"", method: str = "GET") -> Reply:
    return ask(port, (GET % (path, headers)).replace(b"GET", method.encode(), 1), method)


def test_an_application_sees_the_request_as_pep_3333_says(port: int, pages: Pages) -> None:
    data = request(
        "/caf%C3%A9?q=%2F", {"content-type": "text/plain", "x-trace-id": "7"}, b"decision=approve"
    )
    assert ask(port, data).body == b"ok"
    seen = pages.environ
    assert seen["REQUEST_METHOD"] == "POST"
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/café"
    assert seen["QUERY_STRING"] == "q=%2F"
    assert seen["CONTENT_TYPE"] == "text/plain"
    assert seen["CONTENT_LENGTH"] == "16"
    assert seen["HTTP_X_TRACE_ID"] == "7"
    assert seen["REMOTE_ADDR"] == "127.0.0.1"
    assert seen["wsgi.input"].read() == b"decision=approve"


def test_links_are_built_from_the_public_url_whatever_host_is_sent(port: int, pages: Pages) -> None:
    get(port, b"x-forwarded-host: evil.example\r\nx-forwarded-proto: http\r\n")
    seen = pages.environ
    assert seen["wsgi.url_scheme"] == "https"
    assert (seen["SERVER_NAME"], seen["SERVER_PORT"]) == ("gate.example.com", "8443")
    assert flask.Request(seen).host_url == "https://gate.example.com:8443/"


@pytest.mark.parametrize(("scheme", "port_text"), [("http", "80"), ("https", "443")])
def test_a_public_url_without_a_port_has_its_scheme_s(scheme: str, port_text: str) -> None:
    bridge = WsgiBridge(Pages(), f"{scheme}://gate.example.com")
    assert bridge._fixed["SERVER_PORT"] == port_text
    bridge.close()


def test_a_header_spelt_with_underscores_does_not_pass_for_the_real_one(
    port: int, pages: Pages
) -> None:
    get(port, b"X_Forwarded_For: 10.0.0.1\r\nx-forwarded-for: 192.0.2.7\r\n")
    assert pages.environ["HTTP_X_FORWARDED_FOR"] == "192.0.2.7"


def test_two_cookie_headers_are_one_list_of_cookies(port: int, pages: Pages) -> None:
    get(port, b"cookie: a=1\r\ncookie: b=2\r\naccept: x\r\naccept: y\r\n")
    assert pages.environ["HTTP_COOKIE"] == "a=1; b=2"
    assert pages.environ["HTTP_ACCEPT"] == "x, y"


def test_answers_keep_their_status_and_headers(port: int, pages: Pages) -> None:
    def act(start: StartResponse) -> Iterable[bytes]:
        start(
            "303 See Other", [("Location", "/done"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
        )
        return []

    pages.act = act
    with connect(port) as sock:
        sock.sendall(GET % (b"", b"connection: close\r\n"))
        answer = read_all(sock)
    assert answer.startswith(b"HTTP/1.1 303 ")
    assert b"location: /done\r\n" in answer
    assert b"set-cookie: a=1\r\nset-cookie: b=2\r\n" in answer


def test_a_head_request_gets_no_body(port: int) -> None:
    reply = get(port, method="HEAD")
    assert (reply.status, reply.headers["content-length"], reply.body) == (200, "2", b"")


def test_an_old_application_may_write(port: int, pages: Pages) -> None:
    def act(start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [])(b"written ")
        return [b"and returned"]

    pages.act = act
    assert get(port).body == b"written and returned"


def test_an_answer_of_many_chunks_arrives_whole(port: int, pages: Pages) -> None:
    def act(start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [])
        return (b"%06d\n" % number for number in range(100_000))

    pages.act = act
    assert get(port).body == b"".join(b"%06d\n" % number for number in range(100_000))


def test_a_failure_before_the_answer_is_a_problem(port: int, pages: Pages) -> None:
    def act(start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [])
        yield b"a little"
        raise RuntimeError("a bug")

    pages.act = act
    reply = get(port)
    assert reply.status == 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert b'"internal"' in reply.body


def test_an_application_without_a_head_is_a_problem(port: int, pages: Pages) -> None:
    pages.act = lambda _: [b"body"]
    assert get(port).status == 500


@pytest.mark.parametrize("length", [[], [("Content-Length", str(CHUNK_BYTES * 9))]])
def test_a_failure_mid_stream_cuts_the_connection(
    port: int, pages: Pages, length: list[tuple[str, str]]
) -> None:
    def act(start: StartResponse) -> Iterable[bytes]:
        start("200 OK", length)
        yield b"x" * (CHUNK_BYTES + 1)
        raise RuntimeError("a bug")

    pages.act = act
    with connect(port) as sock:
        sock.sendall(GET % (b"", b""))
        with pytest.raises(IncompleteRead):
            read_reply(sock)


def test_an_answer_shorter_than_it_says_cuts_the_connection(port: int, pages: Pages) -> None:
    def act(start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [("Content-Length", "10")])
        return [b"short"]

    pages.act = act
    with pytest.raises(IncompleteRead):
        get(port)


def test_an_error_raised_anew_after_the_head_cuts_the_connection(port: int, pages: Pages) -> None:
    def act(start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [])
        yield b"x" * (CHUNK_BYTES + 1)
        fault = RuntimeError("a bug")
        start("500 Oops", [], (RuntimeError, fault, None))  # type: ignore[arg-type] # no traceback
        yield b"never"

    pages.act = act
    with pytest.raises(IncompleteRead):
        get(port)


def test_an_error_before_the_head_may_change_it(port: int, pages: Pages) -> None:
    def act(start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [])
        start("418 Teapot", [], (None, None, None))
        return [b"short and stout"]

    pages.act = act
    assert get(port).status == 418


def test_a_client_that_leaves_ends_the_stream_and_closes_it(port: int, pages: Pages) -> None:
    stream = Stream()

    def act(start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [])
        return stream

    pages.act = act
    with connect(port) as sock:
        sock.sendall(GET % (b"", b""))
        sock.recv(CHUNK_BYTES)
    assert stream.closed.wait(10)


def test_a_stream_that_nobody_reads_does_not_hold_up_the_shutdown() -> None:
    stream = Stream()

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [])
        return stream

    patient = GuardLimits(write_stall_seconds_max=60)
    with ExitStack() as clients, running(front(Door(), app), patient) as run:
        run.server.config.timeout_graceful_shutdown = 1
        sock = clients.enter_context(connect(run.port))
        sock.sendall(GET % (b"", b""))
        until(lambda: stream.chunks > 1)
    assert stream.closed.is_set()


def test_whoever_leaves_while_waiting_for_a_thread_costs_no_work() -> None:
    entered, release, paths = threading.Semaphore(0), threading.Event(), []

    def app(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        paths.append(environ["PATH_INFO"])
        entered.release()
        release.wait(10)
        start("200 OK", [])
        return [b"ok"]

    with running(front(Door(), app)) as run:
        port = run.port
        holders = [connect(port) for _ in range(8)]
        for sock in holders:
            sock.sendall(GET % (b"held", b""))
            assert entered.acquire(timeout=10)
        with connect(port) as sock:
            sock.sendall(GET % (b"left", b""))
            assert get_healthy_enough(port)
        assert get_healthy_enough(port)
        release.set()
        for sock in holders:
            assert read_reply(sock).status == 200
            sock.close()
        until(lambda: get(port).status == 200)
    assert "/left" not in paths


def get_healthy_enough(port: int) -> bool:
    """The loop has read everything sent before this answer."""
    return ask(port, request(body=None)).status == 411

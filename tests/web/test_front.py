"""The front on a real server: what HTTP should not carry, slow senders, the way to each door."""

import gzip
import json
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPException
from statistics import median
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.web.wire import (
    BODY,
    SOURCE,
    Door,
    Reply,
    ask,
    connect,
    front,
    read_reply,
    request,
    running,
    signed,
    until,
)

from ticketgate.web.front import FrontLimits
from ticketgate.web.guard import GuardLimits

LIMITS = FrontLimits(body_seconds_max=0.5, linger_seconds_max=0.2)
HOOK = f"/hooks/{SOURCE}"
SLOW_SENDERS = 200
FORM = {"content-type": "application/x-www-form-urlencoded"}


def pages(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Say which page, and how long the body was."""
    text = f"{environ['PATH_INFO']} {len(environ['wsgi.input'].read())}".encode()
    start("200 OK", [("Content-Length", str(len(text)))])
    return [text]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Door, int]]:
    door = Door()
    with running(front(door, pages, LIMITS), GuardLimits(head_seconds_max=1)) as run:
        yield door, run.port


@pytest.fixture
def door(server: tuple[Door, int]) -> Door:
    door = server[0]
    door.inbox.kept.clear()
    door.inbox.down = door.inbox.broken = False
    door.refused.clear()
    return door


@pytest.fixture
def port(server: tuple[Door, int], door: Door) -> int:
    return server[1]


def code(reply: Reply) -> str:
    assert reply.headers["content-type"] == "application/problem+json"
    told: str = json.loads(reply.body)["code"]
    return told


def test_a_signed_hook_goes_to_the_intake(port: int, door: Door) -> None:
    reply = ask(port, request(headers=signed()))
    assert (reply.status, json.loads(reply.body)["status"]) == (202, "accepted")
    assert [verified.body for verified, _ in door.inbox.kept] == [BODY]


def test_a_hook_body_in_pieces_arrives_whole(port: int, door: Door) -> None:
    body = b'"' + b"x" * 1_000_000 + b'"'
    assert ask(port, request(headers=signed(body), body=body)).status == 202
    assert [len(verified.body) for verified, _ in door.inbox.kept] == [len(body)]


def test_everything_else_goes_to_the_pages(port: int) -> None:
    assert ask(port, request("/approve/x", FORM, b"a=b")).body == b"/approve/x 3"
    assert ask(port, request("/hooks", body=None, method="GET"), "GET").body == b"/hooks 0"
    assert ask(port, request("/", {"content-length": "0"}, None)).body == b"/ 0"


def test_one_connection_serves_both_doors_again_and_again(port: int) -> None:
    with connect(port) as sock:
        for _ in range(3):
            sock.sendall(request(headers=signed()))
            assert read_reply(sock).status == 202
            sock.sendall(request("/page", body=None, method="GET"))
            assert read_reply(sock, "GET").body == b"/page 0"


def test_a_forged_hook_is_refused_and_the_connection_goes_on(port: int, door: Door) -> None:
    with connect(port) as sock:
        sock.sendall(request(headers=signed() | {"webhook-id": "msg_2"}))
        assert code(read_reply(sock)) == "signature_mismatch"
        sock.sendall(request(headers=signed()))
        assert read_reply(sock).status == 202
    assert door.refused == [(SOURCE, "signature_mismatch")]


TWICE_HOST = request(headers=signed()).replace(b"\r\n", b"\r\nhost: b\r\n", 1)
TWICE_ID = request(headers=signed()).replace(b"\r\n", b"\r\nwebhook-id: msg_1\r\n", 1)


@pytest.mark.parametrize(
    ("data", "status", "why"),
    [
        (request(headers=signed() | {"host": ""}), 400, "host"),
        (TWICE_HOST, 400, "host"),
        (request(headers=signed() | {"host": "a b"}), 400, "host"),
        (TWICE_ID, 400, "doubled_header"),
        (request(headers=signed() | {"content-length": ""}), 411, "no_length"),
        (request(headers={"content-length": "", "transfer-encoding": "chunked"}), 411, "no_length"),
        (
            request(headers={"content-length": "", "transfer-encoding": "gzip"}),
            501,
            "transfer_encoding",
        ),
        (
            request(headers={"content-length": "", "transfer-encoding": "gzip, chunked"}),
            501,
            "transfer_encoding",
        ),
        (request(headers={"content-length": str(1 << 70)}), 400, "malformed_request"),
        (request(headers={"content-length": str(10**18)}), 400, "content_length"),
        (request(headers={"content-length": "10000000"}), 413, "too_large"),
        (request(headers={"content-encoding": "gzip"}), 415, "content_encoding"),
        (request(headers={"content-type": ""}), 415, "content_type"),
        (request(headers={"content-type": "text/plain"}), 415, "content_type"),
        (request("/hooks/"), 400, "path"),
        (request(f"{HOOK}/more"), 400, "path"),
        (request("/hooks/%73now-prod", signed()), 400, "path"),
        (request("/hooks/../hooks/x"), 400, "path"),
        (request("/hooks/%00"), 400, "path"),
        (request("/hooks/%ff"), 400, "path"),
        (request(f"{HOOK}?token=1", body=None, method="GET"), 405, "method_not_allowed"),
        (request(f"{HOOK}?crc_token=1", method="GET"), 405, "method_not_allowed"),
        (request("/hooks/?crc_token=1", body=None, method="GET"), 400, "path"),
        (request(HOOK, method="PUT"), 405, "method_not_allowed"),
    ],
)
def test_what_http_should_not_carry_is_refused_before_anything_is_stored(
    port: int, door: Door, data: bytes, status: int, why: str
) -> None:
    reply = ask(port, data)
    assert (reply.status, code(reply)) == (status, why)
    assert reply.headers["connection"] == "close"
    assert door.inbox.kept == []
    if why != "malformed_request":  # the parser's own refusals come before there is a door
        assert [counted for _, counted in door.refused] == [why]


@pytest.mark.parametrize(
    ("data", "status", "why"),
    [
        (request("/", FORM | {"host": ""}), 400, "host"),
        (request("/", FORM | {"content-length": ""}), 411, "no_length"),
        (request("/", {"content-length": "", "transfer-encoding": "chunked"}), 411, "no_length"),
        (request("/", FORM | {"content-length": "65537"}), 413, "too_large"),
        (request("/", {"content-encoding": "br"}), 415, "content_encoding"),
        (request("/a/../b", body=None, method="GET"), 400, "path"),
    ],
)
def test_pages_refuse_the_same_and_count_nothing(
    port: int, door: Door, data: bytes, status: int, why: str
) -> None:
    reply = ask(port, data)
    assert (reply.status, code(reply)) == (status, why)
    assert door.refused == []


def test_only_post_is_allowed_on_hooks(port: int) -> None:
    assert ask(port, request(HOOK, body=None, method="GET"), "GET").headers["allow"] == "POST"


def test_a_json_type_may_have_parameters_and_any_case(port: int) -> None:
    odd = {"content-type": "Application/JSON ; charset=utf-8"}
    assert ask(port, request(headers=signed() | odd)).status == 202


def test_a_compressed_body_is_never_unpacked(port: int, door: Door) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    reply = ask(port, request(headers={"content-encoding": "gzip"}, body=bomb))
    assert (reply.status, code(reply)) == (415, "content_encoding")
    assert door.inbox.kept == []


def test_ten_megabytes_are_refused_without_being_read(port: int, door: Door) -> None:
    body = b"x" * 10_000_000
    with connect(port) as sock:
        sock.settimeout(5)
        with suppress(ConnectionError, TimeoutError):
            sock.sendall(request(body=body))
        reply = read_reply(sock)
        assert (reply.status, code(reply)) == (413, "too_large")
    assert door.refused == [(SOURCE, "too_large")]


def test_of_an_endless_body_no_more_than_the_cap_is_read(port: int) -> None:
    with connect(port) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        sock.sendall(request(headers={"content-length": "999999999"}, body=b""))
        sent = 0
        with suppress(ConnectionError):
            while True:
                sent += sock.send(b"x" * 65_536)
    assert sent < 16_000_000  # the cap, and what the kernel had taken before the close


def test_a_chunked_body_is_refused_however_long_it_is(port: int, door: Door) -> None:
    head = request(headers={"content-length": "", "transfer-encoding": "chunked"}, body=None)
    with connect(port) as sock:
        sock.sendall(head)
        reply = read_reply(sock)
        with suppress(ConnectionError):
            for _ in range(100):
                sock.sendall(b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n")
    assert (reply.status, code(reply)) == (411, "no_length")
    assert door.inbox.kept == []


@pytest.mark.parametrize("target", [HOOK, "/approve/x"])
def test_a_body_that_drips_is_late(port: int, door: Door, target: str) -> None:
    with connect(port) as sock:
        sock.settimeout(0.05)
        began, answer = time.monotonic(), b""
        sock.sendall(request(target, {"content-length": "60000"}, b""))
        while not answer and time.monotonic() - began < 5:
            sock.sendall(b"x")
            with suppress(TimeoutError):
                answer = sock.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert door.inbox.kept == []


def test_a_sender_that_leaves_midway_is_no_delivery(port: int, door: Door) -> None:
    for target in (HOOK, "/approve/x"):
        with connect(port) as sock:
            sock.sendall(request(target, signed())[:-1])
    assert ask(port, request(headers=signed())).status == 202
    assert len(door.inbox.kept) == 1
    assert door.refused == []


@pytest.mark.parametrize("target", [HOOK, "/approve/x"])
def test_two_hundred_dripping_bodies_delay_nobody(target: str) -> None:
    door = Door()
    limits = FrontLimits(body_seconds_max=30)
    with running(front(door, pages, limits)) as run, ExitStack() as slow:
        socks = [slow.enter_context(connect(run.port)) for _ in range(SLOW_SENDERS)]
        for sock in socks:
            sock.sendall(request(target, {"content-length": "1000"}, b"x"))
        until(lambda: run.connections == SLOW_SENDERS)
        waits = []
        for _ in range(5):
            for sock in socks:
                sock.sendall(b"x")
            began = time.monotonic()
            assert ask(run.port, request(headers=signed())).status == 202
            assert ask(run.port, request("/approve/x", FORM, b"a=b")).status == 200
            waits.append(time.monotonic() - began)
        assert median(waits) < 1
        until(lambda: len(run.server.server_state.tasks) == SLOW_SENDERS)  # all still dripping
    assert len(door.inbox.kept) == 5


def test_a_store_that_is_down_is_503_with_retry_after(port: int, door: Door) -> None:
    door.inbox.down = True
    reply = ask(port, request(headers=signed()))
    assert (reply.status, code(reply)) == (503, "store_unavailable")
    assert reply.headers["retry-after"] == "5"


def test_a_bug_behind_the_intake_is_a_problem_and_spoils_nothing(port: int, door: Door) -> None:
    door.inbox.broken = True
    reply = ask(port, request(headers=signed()))
    assert (reply.status, code(reply)) == (500, "internal")
    door.inbox.broken = False
    assert ask(port, request(headers=signed())).status == 202


HEADERS = [
    b"host: a",
    b"host:",
    b"content-length: 5",
    b"content-length: -1",
    b"transfer-encoding: x",
]
HEADERS += [b"content-type: application/json", b"webhook-id: a", b"webhook-timestamp: 1", b": y"]
HEADERS += [b"webhook-signature: v1,AAAA", b"connection: upgrade", b"upgrade: h2c", b"expect: x"]
HEADERS += [b"expect: 100-continue", b"content-encoding: gzip", b"a\x00b: c", b"x: \xff", b""]
LINES = [b"POST /hooks/snow-prod HTTP/1.1", b"POST /hooks/x HTTP/1.0", b"GET /hooks/ HTTP/1.1"]
LINES += [
    b"POST http://evil/hooks/snow-prod HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
    b"BREW /pot HTTP/1.1",
]
LINES += [b"POST //hooks/snow-prod HTTP/1.1", b"PUT /hooks/%zz HTTP/1.1", b"CONNECT a:1 HTTP/1.1"]
HALF_REQUESTS = st.builds(
    lambda line, headers, body: b"\r\n".join([line, *headers, b"", body]),
    st.sampled_from(LINES),
    st.lists(st.sampled_from(HEADERS), max_size=8),
    st.binary(max_size=40),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(min_size=1, max_size=200), HALF_REQUESTS))
def test_no_garbage_is_our_fault_or_reaches_the_store(port: int, door: Door, data: bytes) -> None:
    with connect(port) as sock:
        sock.settimeout(0.03)  # half a request gets no answer soon, and need not
        sock.sendall(data)
        answer = b""
        with suppress(TimeoutError, ConnectionError):
            while piece := sock.recv(65_536):
                answer += piece
    statuses = [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert all(status < 500 or status == 501 for status in statuses)
    assert door.inbox.kept == []


def test_a_good_request_is_answered_after_garbage(port: int) -> None:
    for data in (b"\x00", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 100):
        with suppress(HTTPException, ConnectionError):
            ask(port, data)
    assert ask(port, request(headers=signed())).status == 202

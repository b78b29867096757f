"""Much that is hostile: a hundred thousand deliveries in process, five thousand over sockets.

Seeded, so that a failure can be played again. Among them are deliveries that must be taken, so that
a door that lets nobody in would fail too.
"""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from tests.domain.schemes.senders import SENDERS
from tests.web.doors import BODY, NAMES, fields_of, hostile, open_door
from tests.web.wire import Door, Reply, connect, nothing, read_reply, request, running

from ticketgate.web.front import Front
from ticketgate.web.wsgi_bridge import WsgiBridge

pytestmark = pytest.mark.untraced

IN_PROCESS = 100_000
OVER_SOCKETS = 5_000
GOOD_EVERY = 1_000
MANGLED_EVERY = 10
PER_CONNECTION = 100
SEED = 20260301


def good(number: int) -> tuple[str, dict[str, str]]:
    """The source and headers of a delivery that must be taken."""
    name = list(SENDERS)[number % len(SENDERS)]
    return NAMES[name], SENDERS[name].headers(BODY, source=NAMES[name])


def test_a_hundred_thousand_hostile_deliveries_store_nothing_and_break_nothing() -> None:
    door = Door()
    intake = open_door(door)
    statuses: Counter[int] = Counter()

    async def run() -> None:
        for number, (source, headers, body) in enumerate(hostile(SEED, IN_PROCESS)):
            answer = await intake.post(source, fields_of(headers), body)
            statuses[answer.status] += 1
            if number % GOOD_EVERY == 0:
                name, sent = good(number // GOOD_EVERY)
                assert (await intake.post(name, fields_of(sent), BODY)).status == 202

    asyncio.run(run())
    assert statuses.keys() == {400, 401}
    assert statuses.total() == IN_PROCESS == len(door.refused)
    assert len(door.inbox.kept) == IN_PROCESS // GOOD_EVERY
    assert {verified.source for verified, _ in door.inbox.kept} == set(NAMES.values())
    told = Counter(code for _, code in door.refused)
    assert told.keys() == {
        "signature_header",
        "signature_mismatch",
        "signature_missing",
        "timestamp_header",
        "timestamp_outside_tolerance",
    }
    assert min(told.values()) > 20  # each refusal is met, none by chance only


# --- over sockets --------------------------------------------------------------------------------


def lines(headers: dict[str, str]) -> Iterator[bytes]:
    """Header lines as bytes; what HTTP itself ends a line or a head with is left out."""
    for name, value in headers.items():
        text = value.translate({0: None, 10: None, 13: None})
        yield f"{name}: ".encode() + text.encode("latin-1") + b"\r\n"


def raw(source: str, headers: dict[str, str], body: bytes) -> bytes:
    """A request whose headers need not be ASCII."""
    head, _, rest = request(f"/hooks/{source}", body=body).partition(b"\r\n")
    return head + b"\r\n" + b"".join(lines(headers)) + rest


def mangled(rnd: random.Random, data: bytes) -> bytes:
    """The request with a few bytes of it changed, cut out, or put in twice."""
    whole = bytearray(data)
    for _ in range(rnd.randrange(1, 4)):
        at = rnd.randrange(len(whole))
        end = min(len(whole), at + rnd.randrange(1, 9))
        what = rnd.randrange(3)
        if what == 0:
            whole[at:end] = rnd.randbytes(end - at)
        elif what == 1 and end - at < len(whole):
            del whole[at:end]
        else:
            whole[at:at] = whole[at:end]
    return bytes(whole)


def exchange(sock: socket.socket, data: bytes) -> Reply | None:
    """The answer; None when the server had nothing to answer and the line ended."""
    with suppress(ConnectionError):
        sock.sendall(data)
        return read_reply(sock)
    return None


def alone(port: int, data: bytes) -> Reply | None:
    """One request, and the end of what is sent: half of one is then just a line that ended."""
    with connect(port) as sock, suppress(ConnectionError):
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return read_reply(sock)
    return None


def no_page(_environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Pages, where a mangled request line leads now and then."""
    start("404 Not Found", [("content-type", "text/plain")])
    return [b"nothing here"]


def test_five_thousand_hostile_requests_over_sockets_meet_no_fault_of_ours() -> None:
    door, rnd = Door(), random.Random(SEED)  # noqa: S311 -- to be played again
    statuses: Counter[int] = Counter()
    bridge = WsgiBridge(no_page, "https://gate.example.com")
    with running(Front(open_door(door), bridge, nothing, nothing)) as server:
        sock = connect(server.port)
        for number, (source, headers, body) in enumerate(hostile(SEED + 1, OVER_SOCKETS)):
            data = raw(source, headers, body)
            if number % MANGLED_EVERY == 0:
                answer = alone(server.port, mangled(rnd, data))
            else:
                answer = exchange(sock, data)
            if answer is not None:
                statuses[answer.status] += 1
                assert answer.status < 500, answer.body
            if number % MANGLED_EVERY and (
                answer is None
                or answer.headers.get("connection") == "close"
                or number % PER_CONNECTION == 1
            ):
                sock.close()
                sock = connect(server.port)
        sock.close()
        assert door.inbox.kept == []
        for number in range(len(SENDERS)):  # and the door still works
            source, sent = good(number)
            with connect(server.port) as fresh:
                answer = exchange(fresh, raw(source, sent, BODY))
            assert answer is not None
            assert answer.status == 202
    assert len(door.inbox.kept) == len(SENDERS)
    assert statuses[401] + statuses[400] > OVER_SOCKETS * 0.9

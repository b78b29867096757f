"""Running and leaving: the port, the lifespan, the exit status."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.web.wire import ask, connect, request

from ticketgate.web.guard import GuardLimits
from ticketgate.web.server import listen, serve

GATE = """
import sys
from ticketgate.domain.errors import TicketgateError
from ticketgate.web.front import Front
from ticketgate.web.guard import GuardLimits
from ticketgate.web.intake import Intake
from ticketgate.web.server import serve
from ticketgate.web.wsgi_bridge import WsgiBridge

def pages(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

async def start():
    print("start", flush=True)
    if "refuse" in sys.argv:
        raise TicketgateError("another gateway holds the lock")
    if "break" in sys.argv:
        raise RuntimeError("a bug")

async def stop():
    print("stop", flush=True)

front = Front(
    Intake({}, None, None, lambda *_: None), WsgiBridge(pages, "http://localhost"), start, stop
)
sys.exit(serve(front, "127.0.0.1", 0, GuardLimits(), lambda port: print(port, flush=True)))
"""


def gate(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", GATE, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent,
    )


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_serves_and_leaves_quietly_when_asked(sign: signal.Signals) -> None:
    with gate() as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "start\n"
        port = int(process.stdout.readline())
        assert ask(port, request("/", body=None, method="GET"), "GET").body == b"ok"
        with connect(port) as idle:
            process.send_signal(sign)
            out, err = process.communicate(timeout=10)
            assert idle.recv(1) == b""
    assert (out, err, process.returncode) == ("stop\n", "", 0)


def test_a_start_that_is_refused_says_why_and_exits_with_3() -> None:
    with gate("refuse") as process:
        out, err = process.communicate(timeout=10)
    assert (out, process.returncode) == ("start\n", 3)
    assert "another gateway holds the lock" in err
    assert "Traceback" not in err


def test_a_start_that_breaks_is_traced_and_exits_with_3() -> None:
    with gate("break") as process:
        out, err = process.communicate(timeout=10)
    assert (out, process.returncode) == ("start\n", 3)
    assert "RuntimeError: a bug" in err


async def never(*_: object) -> None:
    raise AssertionError("nothing is started on a port that is taken")


def test_a_taken_port_is_told_before_anything_starts() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            serve(never, "127.0.0.1", port, GuardLimits(), lambda _: None)


def test_an_ipv6_host_is_listened_on() -> None:
    with listen("::1", 0) as listener:
        assert listener.family == socket.AF_INET6

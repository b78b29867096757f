"""A small HTTP proxy that stands before a SCIM server and lies to order, for tests only.

In process: `with ScimProxy(upstream) as proxy: proxy.set_mode(Mode.DROP)`.
As a program: `python tests/contracts/scim_proxy.py --port P --upstream URL --control-port C`
(0 picks a free port; one line on standard output says both). Control over HTTP:
`PUT /MODE` (such as `PUT /drop` or `PUT /delay?seconds=2`), `GET /` for the mode and counts.
"""

import argparse
import http.client
import json
import socket
import struct
import sys
import threading
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

UPSTREAM_SECONDS: Final = 10.0
_HOP: Final = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive"})
_AT_ONCE: Final = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


class Mode(StrEnum):
    """What happens. All but `DOWN` and `DELAY` are about PATCH only; reads go through."""

    PASS = "pass"
    DOWN = "down"  # nobody listens
    DELAY = "delay"  # everything is forwarded, and answered `seconds` later
    DROP = "drop"  # 204, and not forwarded
    IGNORE = "ignore"  # 200 with the unchanged resource, and not forwarded
    LOSE = "lose"  # not forwarded, the connection is reset
    RESET = "reset"  # forwarded, then the connection is reset without an answer
    THROTTLE = "throttle"  # 429 with Retry-After
    ERROR = "error"  # 503, and not forwarded
    ERROR_APPLIED = "error_applied"  # forwarded, then 503


class ScimProxy:
    """The proxy; `port` and `url` stay the same while it is down."""

    def __init__(self, upstream: str, port: int = 0) -> None:
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname or "", parts.port or 80)
        self.prefix = parts.path.rstrip("/")
        self.mode = Mode.PASS
        self.seconds = 0.0
        self.patches = 0
        self.requests = 0
        self.changed = threading.Event()  # set while delays are cut short
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.port = port

    @property
    def url(self) -> str:
        """What clients use in place of the upstream's address."""
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        self.changed.set()
        self._stop()

    def set_mode(self, mode: Mode, seconds: float = 0.0) -> None:
        """Change what happens from the next request on."""
        with self._lock:
            self.changed.set()
            self.mode, self.seconds = mode, seconds
            if mode is Mode.DOWN:
                self._stop()
            else:
                self._listen()
            self.changed.clear()

    def counted(self, method: str) -> Mode:
        """Count a request; returns the mode it meets."""
        self.requests += 1
        self.patches += method == "PATCH"
        return self.mode

    def forward(self, asked: "_Handler", body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Send a request on and read its whole answer."""
        line = http.client.HTTPConnection(*self.upstream, timeout=UPSTREAM_SECONDS)
        try:
            headers = {k: v for k, v in asked.headers.items() if k.lower() not in _HOP}
            line.request(asked.command, asked.path, body or None, headers)
            answer = line.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            line.close()

    def _listen(self) -> None:
        if self._server is None:
            self._server = _Server(("127.0.0.1", self.port), _Handler, self)
            self.port = self._server.server_address[1]
            self._thread = threading.Thread(
                target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
            )
            self._thread.start()

    def _stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(
        self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], proxy: ScimProxy
    ) -> None:
        self.proxy = proxy
        super().__init__(address, handler)

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is part of the game."""


class _Quiet(BaseHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


class _Handler(_Quiet):
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        mode = proxy.counted(self.command)
        if mode is Mode.DELAY:
            answer = proxy.forward(self, body)
            proxy.changed.wait(proxy.seconds)
            self.reply(*answer)
        elif self.command != "PATCH" or mode is Mode.PASS:
            self.reply(*proxy.forward(self, body))
        else:
            self._lie(mode, body)

    def _lie(self, mode: Mode, body: bytes) -> None:
        if mode in {Mode.RESET, Mode.ERROR_APPLIED}:
            self.server.proxy.forward(self, body)
        if mode is Mode.DROP:
            self.reply(204, [], b"")
        elif mode is Mode.IGNORE:
            self.command = "GET"
            self.reply(*self.server.proxy.forward(self, b""))
        elif mode is Mode.THROTTLE:
            self.reply(429, [("Retry-After", "7")], b"")
        elif mode in {Mode.ERROR, Mode.ERROR_APPLIED}:
            self.reply(503, [], b"")
        else:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self.connection.close()


class _Control(_Quiet):
    server: _Server

    def do_GET(self) -> None:
        self._told(200)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        seconds = float(parse_qs(parts.query).get("seconds", ["0"])[0])
        try:
            mode = Mode(parts.path.strip("/"))
        except ValueError:
            self._told(404)
            return
        self.server.proxy.set_mode(mode, seconds)
        self._told(200)

    def _told(self, status: int) -> None:
        proxy = self.server.proxy
        told = {
            "mode": proxy.mode,
            "seconds": proxy.seconds,
            "requests": proxy.requests,
            "patches": proxy.patches,
            "modes": [str(mode) for mode in Mode],
        }
        self.reply(status, [("Content-Type", "application/json")], json.dumps(told).encode())


def main() -> None:
    """Run until ended."""
    parser = argparse.ArgumentParser(description="A SCIM proxy that lies to order.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--control-port", type=int, default=0)
    asked = parser.parse_args()
    with ScimProxy(asked.upstream, asked.port) as proxy:
        control = _Server(("127.0.0.1", asked.control_port), _Control, proxy)
        sys.stdout.write(
            f"proxy {proxy.url} control http://127.0.0.1:{control.server_address[1]}\n"
        )
        sys.stdout.flush()
        try:
            control.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            sys.stdout.write("ended\n")
        finally:
            control.server_close()


if __name__ == "__main__":
    main()

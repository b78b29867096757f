"""A small HTTP server in the place of a ticket platform, which can fail to order."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `cut`: only half of its body is sent, as if that were all."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass
class Fault:
    """What the next request that it is meant for meets, once.

    With `applied` the platform does as it was asked, and the answer is lost or another one.
    `behind` so many requests of its method that meet nothing.
    """

    method: str = "GET"
    reply: Reply | None = None  # None: no answer at all
    applied: bool = False
    behind: int = 0


class PlatformHttp:
    """Serves `answer` on a port of its own; `faults` are met in order."""

    def __init__(self, answer: Callable[[Asked], Reply]) -> None:
        self.answer = answer
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            @override
            def log_message(self, *_: object) -> None:
                """Quiet."""

            def _take(self) -> None:
                parts = urlsplit(self.path)
                size = int(self.headers.get("Content-Length", "0"))
                raw = self.rfile.read(size)
                asked = Asked(
                    self.command,
                    parts.path,
                    dict(parse_qsl(parts.query, keep_blank_values=True)),
                    {name.lower(): value for name, value in self.headers.items()},
                    json.loads(raw) if raw else None,
                )
                self._send(platform.take(asked))

            def _send(self, reply: Reply | None) -> None:
                self.close_connection = True
                if reply is None:
                    return
                body = json.dumps(reply.body).encode()
                if reply.cut:
                    body = body[: len(body) // 2]
                self.send_response_only(reply.status)
                if "Date" not in reply.headers:
                    self.send_header("Date", self.date_time_string())
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_PUT = _take  # noqa: N815 -- as the library calls them

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))

    def take(self, asked: Asked) -> Reply | None:
        """What is answered; None for nothing."""
        self.asked.append(asked)
        fault = self.faults[0] if self.faults else None
        if fault is not None and fault.method == asked.method:
            if fault.behind:
                fault.behind -= 1
                return self.answer(asked)
            self.faults.pop(0)
            if fault.applied:
                self.answer(asked)
            return fault.reply
        return self.answer(asked)

    def count(self, method: str) -> int:
        """How many requests of this method came."""
        return sum(one.method == method for one in self.asked)


@contextmanager
def serving(answer: Callable[[Asked], Reply]) -> Iterator[PlatformHttp]:
    """The platform while the block runs."""
    platform = PlatformHttp(answer)
    platform.thread.start()
    try:
        yield platform
    finally:
        platform.server.shutdown()
        platform.thread.join()
        platform.server.server_close()

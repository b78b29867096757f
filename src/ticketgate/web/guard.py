"""The protocol guard: what a connection may cost before, between and after requests.

uvicorn by itself never closes a half-sent head, a connection that says nothing, or one whose
reader has stopped. This subclasses its internals: the version is pinned in the lock, and
`tests/web/test_guard.py` proves each limit over raw sockets.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, NoReturn

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from ticketgate.web.problems import refusal

BODY_WHOLE: Final = "ticketgate.body_whole"  # key of the scope's state: nothing more will come
_LINE_BYTES: Final = 4  # of a header, besides its name and value: ": " and CRLF
_WATCHES_PER_LIMIT: Final = 5  # so a deadline is kept to within a fifth of the shortest


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """Limits of a connection.

    A head must be complete `head_seconds_max` after the connection or its first byte; between
    requests a connection may idle for `idle_seconds_max`; a reader must empty what waits for it
    within `write_stall_seconds_max`. Past `connections_max` a connection gets 503.
    """

    head_seconds_max: float = 5.0
    idle_seconds_max: int = 15
    write_stall_seconds_max: float = 10.0
    head_bytes_max: int = 32_768
    headers_max: int = 100
    url_bytes_max: int = 8_192
    connections_max: int = 800  # a plain user may open 1,024 descriptors


class _HeadTooLargeError(Exception):
    """Stops the parser; never leaves it."""


class Guard(HttpToolsProtocol):
    """One connection under `limits`; a subclass from `guarded` carries others."""

    limits = GuardLimits()
    _awaits_head_since: float | None = None  # None: a request is under way, or the line is idle
    _flowed_at = 0.0  # when the write buffer was last seen empty, or emptied
    _head_open = True  # the parser is within a head, or before one
    _head_fed_bytes = 0
    _deaf = False  # nothing more is read from this connection
    _fault = "malformed_request"
    _watcher: asyncio.TimerHandle

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn does: a stream always has a Transport
        super().connection_made(transport)
        self.timeout_keep_alive = self.limits.idle_seconds_max
        self._awaits_head_since = self._flowed_at = self.loop.time()
        if len(self.connections) > self.limits.connections_max:
            self._turn_away("too_many_connections")
        self._watch()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._watcher.cancel()
        super().connection_lost(exc)

    @override
    def resume_writing(self) -> None:
        self._flowed_at = self.loop.time()
        super().resume_writing()

    @override
    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if self._awaits_head_since is None and not self._busy():
            self._awaits_head_since = self.loop.time()
        if self._head_open:
            self._head_fed_bytes += len(data)
        super().data_received(data)
        if self._head_open and self._head_fed_bytes > self.limits.head_bytes_max:
            self._turn_away("head_too_large")

    @override
    def on_headers_complete(self) -> None:
        self._check_head()
        self._awaits_head_since = None
        self._head_open = False
        self._head_fed_bytes = 0
        super().on_headers_complete()

    @override
    def on_message_complete(self) -> None:
        self._head_open = True
        self.scope["state"][BODY_WHOLE] = True
        super().on_message_complete()

    @override
    def send_400_response(self, msg: str) -> None:
        self._turn_away(self._fault)

    @override
    def _unsupported_upgrade_warning(self) -> None:
        # What follows would not be HTTP: answer this one request, and read no further.
        self._turn_away("malformed_request")

    def _busy(self) -> bool:
        # uvicorn says that there is always a cycle; before the first head there is none.
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]

    def _check_head(self) -> None:
        limits = self.limits
        if len(self.url) > limits.url_bytes_max:
            self._stop("url_too_long")
        if len(self.headers) > limits.headers_max:
            self._stop("head_too_large")
        if self._head_fed_bytes > limits.head_bytes_max:  # but a body may be part of that
            lines = sum(len(name) + len(value) + _LINE_BYTES for name, value in self.headers)
            if len(self.url) + lines > limits.head_bytes_max:
                self._stop("head_too_large")

    def _stop(self, code: str) -> NoReturn:
        self._fault = code
        raise _HeadTooLargeError

    def _turn_away(self, code: str) -> None:
        """Read no more; refuse with `code`, or let an answer under way be the last."""
        self._deaf = True
        if self._busy():
            self.cycle.keep_alive = False
            return
        if self.transport.is_closing():
            return
        answer = refusal(code, ((b"connection", b"close"),))
        lines = [b"%b: %b\r\n" % header for header in answer.headers]
        self.transport.write(b"".join([STATUS_LINE[answer.status], *lines, b"\r\n", answer.body]))
        self.transport.close()

    def _watch(self) -> None:
        """Look at the clock a few times per limit: cheaper than a timer per request."""
        limits, now = self.limits, self.loop.time()
        if not self.transport.get_write_buffer_size():
            self._flowed_at = now
        if now - self._flowed_at > limits.write_stall_seconds_max:
            self.transport.abort()
            return
        since = self._awaits_head_since
        if since is not None and now - since > limits.head_seconds_max:
            self._awaits_head_since = None
            self._turn_away("too_slow")
        shortest = min(limits.head_seconds_max, limits.write_stall_seconds_max)
        self._watcher = self.loop.call_later(shortest / _WATCHES_PER_LIMIT, self._watch)


def guarded(limits: GuardLimits) -> type[Guard]:
    """The guard under `limits`, as uvicorn wants it: a class."""
    return type("Guarded", (Guard,), {"limits": limits})

"""The bridge to Flask: a complete body in, a thread of the pool, an answer out.

No thread ever waits for a sender. A client that leaves stops the application at its next chunk;
an application that fails mid-stream cuts the connection, so that a truncated answer never
looks complete.
"""

import asyncio
import sys
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit
from wsgiref.types import WSGIApplication

from ticketgate.web.problems import Message, Receive, Send, refusal, send_answer

CHUNK_BYTES: Final = 65_536  # an answer up to this size crosses from its thread in one step
THREADS_MAX: Final = 8
_PORTS: Final = {"http": 80, "https": 443}
_PLAIN: Final = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class WsgiBridge:
    """Runs a WSGI application (PEP 3333) in threads. Links are built from `public_url` alone."""

    def __init__(
        self, app: WSGIApplication, public_url: str, threads_max: int = THREADS_MAX
    ) -> None:
        self._app = app
        url = urlsplit(public_url)
        self._fixed: dict[str, Any] = {
            "SCRIPT_NAME": "",
            "SERVER_NAME": url.hostname or "",
            "SERVER_PORT": str(url.port or _PORTS[url.scheme]),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": url.netloc,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": url.scheme,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
        }
        self._pool = ThreadPoolExecutor(threads_max, thread_name_prefix="page")

    async def __call__(self, scope: Message, body: bytes, receive: Receive, send: Send) -> None:
        """Answer one request. What the application raises is answered 500, or cuts, and leaves."""
        loop = asyncio.get_running_loop()
        exchange = _Exchange(self._app, self._environ(scope, body), send, loop)
        watch = loop.create_task(exchange.watch(receive))
        try:
            await loop.run_in_executor(self._pool, exchange.work)
            await exchange.push(more_body=False)
        except Exception:
            if not exchange.started:
                await send_answer(send, refusal("internal"))
            raise
        finally:
            watch.cancel()
            exchange.leave()

    def close(self) -> None:
        """Wait for the pages under way and end the threads."""
        self._pool.shutdown()

    def _environ(self, scope: Message, body: bytes) -> dict[str, Any]:
        environ = {
            **self._fixed,
            "REQUEST_METHOD": scope["method"],
            "PATH_INFO": scope["path"].encode().decode("latin-1"),
            "QUERY_STRING": scope["query_string"].decode("latin-1"),
            "REMOTE_ADDR": scope["client"][0] if scope.get("client") else "",
            "wsgi.input": BytesIO(body),
        }
        for name, value in scope["headers"]:
            if b"_" in name or name == b"host":  # X_Forwarded_For would pass for X-Forwarded-For
                continue
            key = _PLAIN.get(name) or "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
            text = value.decode("latin-1")
            joint = "; " if name == b"cookie" else ", "
            environ[key] = environ[key] + joint + text if key in environ else text
        return environ


class _Exchange:
    """One request at the application: `work` runs in a thread, everything else in the loop."""

    def __init__(
        self,
        app: WSGIApplication,
        environ: dict[str, Any],
        send: Send,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.gone = False
        self.started = False
        self._app, self._environ, self._send, self._loop = app, environ, send, loop
        self._head: Message | None = None
        self._pending: list[bytes] = []
        self._pushing: Future[None] | None = None

    def work(self) -> None:
        """Run the application; what is over a chunk goes out as it is made."""
        if self.gone:
            return
        result = self._app(self._environ, self._start_response)
        try:
            self._drain(result)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    async def push(self, *, more_body: bool) -> None:
        """Send what is pending, unless nobody waits for it."""
        if self.gone:
            return
        if not self.started:
            if self._head is None:
                raise RuntimeError("the application sent a body before its head")
            self.started = True
            await self._send(self._head)
        body = b"".join(self._pending)
        self._pending.clear()
        await self._send({"type": "http.response.body", "body": body, "more_body": more_body})

    async def watch(self, receive: Receive) -> None:
        """Note when the client leaves."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone = True

    def leave(self) -> None:
        """Let go of the thread, also when it waits for a reader and the gateway shuts down."""
        self.gone = True
        if self._pushing is not None:
            self._pushing.cancel()

    def _drain(self, result: Iterable[bytes]) -> None:
        size = 0
        for chunk in result:
            if self.gone:
                return
            self._pending.append(chunk)
            size += len(chunk)
            if size > CHUNK_BYTES:
                push = self.push(more_body=True)
                self._pushing = asyncio.run_coroutine_threadsafe(push, self._loop)
                self._pushing.result()
                size = 0

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None, /
    ) -> Any:  # noqa: ANN401 -- PEP 3333's write(), whose result nobody reads
        if exc_info is not None and exc_info[1] is not None and self.started:
            raise exc_info[1]
        self._head = {
            "type": "http.response.start",
            "status": int(status[:3]),
            "headers": [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers],
        }
        return self._pending.append

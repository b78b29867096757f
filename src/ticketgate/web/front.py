"""The front: two doors on one port. Machines go to the intake, people to Flask.

Each body is read here, asynchronously, with a cap and a deadline, so that a slow sender costs a
descriptor and never a thread. What HTTP should not carry is refused before anything is read.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.schemes.table import PROOF_HEADERS
from ticketgate.web.guard import BODY_WHOLE
from ticketgate.web.intake import Intake
from ticketgate.web.problems import Answer, Message, Receive, Send, refusal, send_answer
from ticketgate.web.wsgi_bridge import WsgiBridge

_HOOKS: Final = "/hooks"
_CHALLENGE: Final = b"crc_token="
_HOST: Final = re.compile(rb"[0-9A-Za-z.\-_:\[\]]{1,255}")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f\\\\\ufffd]|/\\.{1,2}(?:/|$)")
_LENGTH_DIGITS_MAX: Final = 18
_BODILESS: Final = frozenset({"GET", "HEAD", "OPTIONS", "DELETE", "TRACE"})
_ONCE: Final = {  # headers that count only once -> what a second one is
    b"host": "host",
    b"content-length": "content_length",
    **dict.fromkeys(
        [
            b"transfer-encoding",
            b"content-type",
            b"content-encoding",
            *(name.encode() for name in PROOF_HEADERS),
        ],
        "doubled_header",
    ),
}

Fields = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class FrontLimits:
    """How large a body may be and how long it may take.

    After a refusal at most a body's cap is read away, and for `linger_seconds_max`: closing at
    once would make some senders lose the answer.
    """

    hook_body_bytes_max: int = 1_048_576
    page_body_bytes_max: int = 65_536
    body_seconds_max: float = 10.0
    linger_seconds_max: float = 1.0


class _RefusedError(TicketgateError):
    """The request is refused with its code."""


class _ClientLeftError(Exception):
    """The client closed before its request was complete."""


class Front:
    """The ASGI application. `start` runs before the first request, `stop` after the last."""

    def __init__(
        self,
        intake: Intake,
        pages: WsgiBridge,
        start: Callable[[], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
        limits: FrontLimits = FrontLimits(),
    ) -> None:
        self._intake = intake
        self._pages = pages
        self._start = start
        self._stop = stop
        self._limits = limits

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """ASGI 3: one request, or the lifespan."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["path"].startswith(_HOOKS + "/"):
            await self._hook(scope, receive, send)
        else:
            await self._page(scope, receive, send)

    async def _hook(self, scope: Message, receive: Receive, send: Send) -> None:
        source, cap = scope["path"][len(_HOOKS) + 1 :], self._limits.hook_body_bytes_max
        try:
            fields = _fields(scope)
            length = _length(fields, scope["method"], cap)
            if _is_challenge(scope, source, length):
                token = scope["query_string"].removeprefix(_CHALLENGE)
                await send_answer(send, self._intake.challenge(source, token))
                return
            _check_hook(scope, source, fields)
            body = await self._body(scope, receive, length)
        except _RefusedError as fault:
            answer = self._intake.refuse(source, fault.code)
            if fault.code == "method_not_allowed":
                answer = replace(answer, headers=(*answer.headers, (b"allow", b"POST")))
            await self._turn_away(answer, cap, receive, send)
        except _ClientLeftError:
            return
        else:
            try:
                answer = await self._intake.post(source, fields, body)
            except Exception:
                await send_answer(send, refusal("internal"))
                raise
            await send_answer(send, answer)

    async def _page(self, scope: Message, receive: Receive, send: Send) -> None:
        cap = self._limits.page_body_bytes_max
        try:
            length = _length(_fields(scope), scope["method"], cap)
            body = await self._body(scope, receive, length)
        except _RefusedError as fault:
            await self._turn_away(refusal(fault.code), cap, receive, send)
        except _ClientLeftError:
            return
        else:
            await self._pages(scope, body, receive, send)

    async def _body(self, scope: Message, receive: Receive, length: int) -> bytes:
        """The whole body of `length` bytes, which is within the cap."""
        if length == 0:
            return b""
        if BODY_WHOLE in scope.get("state", ()):  # it came with the head: no deadline to set up
            body = _part(await receive())
        else:
            body = b""
            try:
                async with asyncio.timeout(self._limits.body_seconds_max):
                    while len(body) < length:
                        body += _part(await receive())
            except TimeoutError:
                raise _RefusedError("the body is late", code="too_slow") from None
        if len(body) != length:
            raise _RefusedError("the body is not as long as it says", code="content_length")
        return body

    async def _turn_away(self, answer: Answer, cap: int, receive: Receive, send: Send) -> None:
        """Answer, and read away what is under way, within limits, so that it is not lost."""
        last = replace(answer, headers=(*answer.headers, (b"connection", b"close")))
        await send_answer(send, last, more_body=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.linger_seconds_max):
                more = True
                while more and cap > 0:
                    message = await receive()
                    more, cap = message.get("more_body", False), cap - len(message.get("body", b""))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self._start()
        except TicketgateError as fault:
            await send({"type": "lifespan.startup.failed", "message": fault.reason})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.to_thread(self._pages.close)  # a page may need the loop to end
        await self._stop()
        await send({"type": "lifespan.shutdown.complete"})


def _fields(scope: Message) -> Fields:
    """The headers by name; equal names are joined (RFC 9110 §5.3), unless only one may be."""
    fields: Fields = {}
    for name, value in scope["headers"]:
        if name not in fields:
            fields[name] = value
        elif name in _ONCE:
            raise _RefusedError("came twice", code=_ONCE[name])
        else:
            fields[name] += b", " + value
    if _HOST.fullmatch(fields.get(b"host", b"")) is None:
        raise _RefusedError("no valid Host", code="host")
    if _CONTROL.search(scope["path"]) is not None:
        raise _RefusedError("control characters or dot segments", code="path")
    return fields


def _length(fields: Mapping[bytes, bytes], method: str, cap: int) -> int:
    """The length of the body that follows, within `cap`."""
    coding, text = fields.get(b"transfer-encoding"), fields.get(b"content-length")
    if coding is not None:
        code = "no_length" if coding.strip().lower() == b"chunked" else "transfer_encoding"
        raise _RefusedError("Transfer-Encoding", code=code)
    if b"content-encoding" in fields:
        raise _RefusedError("Content-Encoding", code="content_encoding")
    if text is None:
        if method in _BODILESS:
            return 0
        raise _RefusedError("no Content-Length", code="no_length")
    if not text.isdigit() or len(text) > _LENGTH_DIGITS_MAX:
        raise _RefusedError("Content-Length is no number", code="content_length")
    if int(text) > cap:
        raise _RefusedError("over the cap", code="too_large")
    return int(text)


def _is_challenge(scope: Message, source: str, length: int) -> bool:
    """Whether it is GLPI's question, the one GET that a hook answers."""
    if scope["method"] != "GET" or not scope["query_string"].startswith(_CHALLENGE) or length:
        return False
    _check_source(scope, source)
    return True


def _check_source(scope: Message, source: str) -> None:
    if not source or "/" in source or len(scope["raw_path"]) != len(scope["path"]):
        raise _RefusedError("no source, or not spelt plainly", code="path")


def _check_hook(scope: Message, source: str, fields: Mapping[bytes, bytes]) -> None:
    if scope["method"] != "POST":
        raise _RefusedError("not a POST", code="method_not_allowed")
    _check_source(scope, source)
    kind = fields.get(b"content-type", b"").partition(b";")[0]
    if kind.strip().lower() != b"application/json":
        raise _RefusedError("not JSON", code="content_type")


def _part(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise _ClientLeftError
    part: bytes = message.get("body", b"")
    return part

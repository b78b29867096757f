"""The front without the guard or the parser: it leans on neither."""

import asyncio
import json

import pytest
from tests.web.wire import BODY, SOURCE, Door, front, nowhere, signed

from ticketgate.web.front import FrontLimits
from ticketgate.web.problems import Message

LIMITS = FrontLimits(body_seconds_max=0.2, linger_seconds_max=0.05)
HOOK = f"/hooks/{SOURCE}"


def in_process(
    headers: list[tuple[bytes, bytes]],
    events: list[Message],
    path: str = HOOK,
    limits: FrontLimits = LIMITS,
) -> tuple[Door, list[Message]]:
    """What the front sends for one request given as ASGI events; then nothing more comes."""
    door, sent, waiting = Door(), list[Message](), list(events)
    app = front(door, nowhere, limits)

    async def receive() -> Message:
        return waiting.pop(0) if waiting else await asyncio.Future()

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Message = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"a"), (b"content-type", b"application/json"), *headers],
    }
    asyncio.run(app(scope, receive, send))
    app._pages.close()
    return door, sent


def part(body: bytes, *, more_body: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more_body}


SIGNED = [(name.encode(), value.encode()) for name, value in signed().items()]
LENGTH = (b"content-length", str(len(BODY)).encode())


def test_a_body_that_comes_in_parts_is_put_together() -> None:
    parts = [part(BODY[:7], more_body=True), part(BODY[7:], more_body=False)]
    door, sent = in_process([*SIGNED, LENGTH], parts)
    assert sent[0]["status"] == 202
    assert [verified.body for verified, _ in door.inbox.kept] == [BODY]


@pytest.mark.parametrize(
    ("headers", "events", "status", "why"),
    [
        ([(b"content-length", b"3,3")], [], 400, "content_length"),
        ([(b"content-length", b"3"), (b"content-length", b"3")], [], 400, "content_length"),
        ([(b"content-length", b"1")], [part(BODY, more_body=False)], 400, "content_length"),
        ([(b"transfer-encoding", b"Chunked ")], [], 411, "no_length"),
        ([LENGTH], [], 408, "too_slow"),
    ],
)
def test_framing_is_checked_without_the_parser_too(
    headers: list[tuple[bytes, bytes]], events: list[Message], status: int, why: str
) -> None:
    door, sent = in_process(headers, events)
    assert (sent[0]["status"], json.loads(sent[1]["body"])["code"]) == (status, why)
    assert sent[-1]["more_body"] is False
    assert door.inbox.kept == []


def test_after_a_refusal_no_more_than_the_cap_is_read_away() -> None:
    limits = FrontLimits(hook_body_bytes_max=10, linger_seconds_max=10)
    flood = [part(b"x" * 6, more_body=True) for _ in range(9)]
    _, sent = in_process([(b"content-length", b"11")], flood, limits=limits)
    assert sent[0]["status"] == 413
    assert len(flood) == 9


def test_headers_that_may_come_twice_are_joined() -> None:
    twice = [(b"x-trace", b"1"), (b"x-trace", b"2")]
    door, sent = in_process([*SIGNED, LENGTH, *twice], [part(BODY, more_body=False)])
    assert sent[0]["status"] == 202
    assert len(door.inbox.kept) == 1

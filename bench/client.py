"""Our own HTTP client: raw sockets on uvloop, one request at a time on each connection."""

import asyncio
import statistics
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

TICK_SECONDS: Final = 0.002
LOOK_SECONDS: Final = 0.1
PATIENCE_SECONDS: Final = 20.0


class ExhaustedError(Exception):
    """The server was faster than the requests that were signed for it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run of a client saw. `answers` are all answers, `refused` those that are not 2xx.

    `broken` counts what got no answer; what was under way at the end is in neither.
    """

    answers: int
    seconds: float
    refused: int
    broken: int
    p50_milliseconds: float
    p99_milliseconds: float

    @property
    def per_second(self) -> float:
        """Good answers per second."""
        return (self.answers - self.refused) / self.seconds


def percentile(values: list[float], hundredth: int) -> float:
    """The value that `hundredth` per cent do not exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[hundredth - 1]


class _Connection(asyncio.Protocol):
    """Sends a request, and gives its answer (status and body) to `answered`."""

    def __init__(self, answered: Callable[["_Connection", int, bytes], None]) -> None:
        self._answered = answered
        self._unread = b""
        self.since = 0.0
        self.lost = False

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # a stream always has a Transport
        self._transport = transport

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    def ask(self, request: bytes, since: float) -> None:
        """Send; `since` is when it was due."""
        self.since = since
        self._transport.write(request)

    @override
    def data_received(self, data: bytes) -> None:
        self._unread += data
        head, found, body = self._unread.partition(b"\r\n\r\n")
        if not found:
            return
        length = head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
        if len(body) >= int(length):
            self._unread = b""
            self._answered(self, int(head[9:12]), body)

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()


class _Client:
    """What was answered, on some connections."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.connections: list[_Connection] = []
        self.milliseconds: list[float] = []
        self.bodies: list[bytes] = []
        self.refused = 0

    async def connect(self, port: int, count: int) -> None:
        """Open the connections."""
        for _ in range(count):
            _, connection = await self.loop.create_connection(
                lambda: _Connection(self.answered), "127.0.0.1", port
            )
            self.connections.append(connection)

    def answered(self, connection: _Connection, status: int, body: bytes) -> None:
        """Note an answer."""
        self.milliseconds.append((self.loop.time() - connection.since) * 1e3)
        if status // 100 == 2:
            self.bodies.append(body)
        else:
            self.refused += 1

    def sample(self, seconds: float) -> Sample:
        """What there is to say of it."""
        for connection in self.connections:
            connection.close()
        return Sample(
            answers=len(self.milliseconds),
            seconds=seconds,
            refused=self.refused,
            broken=sum(connection.lost for connection in self.connections),
            p50_milliseconds=percentile(self.milliseconds, 50),
            p99_milliseconds=percentile(self.milliseconds, 99),
        )


async def press_ourselves(
    port: int, requests: Iterator[bytes], clients: int, seconds: float
) -> Sample:
    """As `load.press`, by this client."""
    client = _Press(requests)
    await client.connect(port, clients)
    began = client.loop.time()
    for connection in client.connections:
        client.next_on(connection)
    await asyncio.sleep(seconds)
    if client.exhausted:
        raise ExhaustedError
    return client.sample(client.loop.time() - began)


class _Press(_Client):
    """Asks again as soon as it is answered."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        super().__init__()
        self._requests = requests
        self.exhausted = False

    def next_on(self, connection: _Connection) -> None:
        """Send the next request."""
        request = next(self._requests, None)
        if request is None:
            self.exhausted = True
        else:
            connection.ask(request, self.loop.time())

    @override
    def answered(self, connection: _Connection, status: int, body: bytes) -> None:
        super().answered(connection, status, body)
        self.next_on(connection)


@dataclass(frozen=True, slots=True)
class Fed:
    """A feed at a steady rate: latencies count from when a request was due.

    `bodies` are the good answers.
    """

    sample: Sample
    bodies: list[bytes]


async def feed(
    port: int,
    requests: Iterator[bytes],
    per_second: float,
    connections: int,
    look: Callable[[float, int], None],
) -> Fed:
    """Send every request at its time, whether or not the ones before are answered.

    A request for which no connection is free waits, and its wait counts. `look(seconds since the
    beginning, how many are due and not answered)` is called about ten times a second.
    """
    client = _Feed(requests, per_second)
    await client.connect(port, connections)
    await client.run(look)
    return Fed(client.sample(client.fed_seconds), client.bodies)


class _Feed(_Client):
    """Sends at a steady rate."""

    def __init__(self, requests: Iterator[bytes], per_second: float) -> None:
        super().__init__()
        self._requests = requests
        self._per_second = per_second
        self._free: deque[_Connection] = deque()
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._due = 0
        self._all_answered = asyncio.Event()
        self.fed_seconds = 0.0

    async def run(self, look: Callable[[float, int], None]) -> None:
        """Feed until there are no more requests, then wait for the last answers."""
        self._free.extend(self.connections)
        began = self.loop.time()
        looked = 0.0
        while self._take(began):
            elapsed = self.loop.time() - began
            if elapsed - looked >= LOOK_SECONDS:
                looked = elapsed
                look(elapsed, self.unanswered)
            await asyncio.sleep(TICK_SECONDS)
        self.fed_seconds = self.loop.time() - began
        if not self.unanswered:
            self._all_answered.set()
        with suppress(TimeoutError):  # what is still unanswered then is lost, and is told so
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._all_answered.wait()

    @property
    def unanswered(self) -> int:
        """How many requests were due and have no answer."""
        return self._due - len(self.milliseconds)

    def _take(self, began: float) -> bool:
        """Send what is due by now; False when there is nothing left."""
        while (since := began + self._due / self._per_second) <= self.loop.time():
            request = next(self._requests, None)
            if request is None:
                return False
            self._due += 1
            self._waiting.append((request, since))
            self._send()
        return True

    def _send(self) -> None:
        while self._free and self._waiting:
            self._free.popleft().ask(*self._waiting.popleft())

    @override
    def answered(self, connection: _Connection, status: int, body: bytes) -> None:
        super().answered(connection, status, body)
        self._free.append(connection)
        self._send()
        if self.fed_seconds and not self.unanswered:
            self._all_answered.set()

"""Raw sockets against a real server on loopback: what the door tests share."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from standardwebhooks import Webhook

from ticketgate.domain.errors import StoreUnavailableError
from ticketgate.domain.evidence import EvidenceRef
from ticketgate.domain.requests.velocity import Rate
from ticketgate.domain.tickets.delivery import VerifiedDelivery
from ticketgate.domain.tickets.receipt import Receipt
from ticketgate.web.front import Front, FrontLimits
from ticketgate.web.guard import GuardLimits
from ticketgate.web.intake import Intake, SourceKeys
from ticketgate.web.server import AsgiApp, Server, build, listen
from ticketgate.web.wsgi_bridge import WsgiBridge

SOURCE = "snow-prod"
SECRET = b"a secret of at least 24 bytes"
OLD_SECRET = b"the one before, while rotating"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BODY = b'{"sys_id": "9d385017c611228701d22104cc95c371"}'
PATIENCE_SECONDS = 10.0  # how long a test waits before it says no


@dataclass
class Inbox:
    """Stands in for the store: keeps what it takes, finds duplicates, can be down or broken."""

    kept: list[tuple[VerifiedDelivery, str | None]] = field(default_factory=list)
    down: bool = False
    broken: bool = False

    async def receive(self, verified: VerifiedDelivery, quarantine: str | None) -> Receipt:
        """Keep it, unless the store is down (StoreUnavailableError) or has a bug."""
        if self.down:
            raise StoreUnavailableError("the disk is full")
        if self.broken:
            raise RuntimeError("a bug")
        known = any(one.webhook_id == verified.webhook_id for one, _ in self.kept)
        self.kept.append((verified, quarantine))
        index = len(self.kept) - 1
        ref = EvidenceRef("gate.example.com/evidence", index, f"{index:064x}")
        if quarantine is not None:
            return Receipt(f"d-{index}", "quarantined", ref)
        return Receipt(f"d-{index}", "duplicate" if known else "accepted", ref)


@dataclass
class Door:
    """The intake with what it told its surroundings."""

    inbox: Inbox = field(default_factory=Inbox)
    refused: list[tuple[str, str]] = field(default_factory=list)
    now: datetime = NOW
    limits: dict[str, Rate] = field(default_factory=dict)
    steady: datetime = NOW

    def intake(self) -> Intake:
        """An intake with one source that has two secrets."""
        keys = {SOURCE: SourceKeys((SECRET, OLD_SECRET))}
        return Intake(
            keys,
            self.inbox.receive,
            lambda: self.now,
            lambda source, code: self.refused.append((source, code)),
            limits=self.limits,
            clock=lambda: self.steady,
        )


def signed(
    body: bytes = BODY, *, ident: str = "msg_1", age_seconds: int = 0, secret: bytes = SECRET
) -> dict[str, str]:
    """The headers that the reference library signs `body` with."""
    moment = NOW - timedelta(seconds=age_seconds)
    text = Webhook(secret).sign(ident, moment, body.decode())
    stamp = str(int(moment.timestamp()))
    return {"webhook-id": ident, "webhook-timestamp": stamp, "webhook-signature": text}


def request(
    target: str = f"/hooks/{SOURCE}",
    headers: dict[str, str] | None = None,
    body: bytes | None = BODY,
    method: str = "POST",
) -> bytes:
    """The bytes of a request; `headers` replace or, when empty, remove the usual ones."""
    usual = {"host": "gate.example.com", "content-type": "application/json"}
    if body is not None:
        usual["content-length"] = str(len(body))
    lines = [f"{name}: {value}" for name, value in (usual | (headers or {})).items() if value]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode() + (body or b"")


@dataclass(frozen=True)
class Reply:
    """An answer as a client reads it."""

    status: int
    headers: dict[str, str]
    body: bytes


def connect(port: int) -> socket.socket:
    """A connection to the server."""
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)


def read_reply(sock: socket.socket, method: str = "POST") -> Reply:
    """The next answer on `sock`."""
    answer = HTTPResponse(sock, method=method)
    answer.begin()
    body = answer.read()
    answer.close()
    return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, body)


def ask(port: int, data: bytes, method: str = "POST") -> Reply:
    """One request on a connection of its own; a server that stops reading is no fault."""
    with connect(port) as sock:
        with suppress(ConnectionError):
            sock.sendall(data)
        return read_reply(sock, method)


def read_all(sock: socket.socket) -> bytes:
    """Everything until the server closes; a reset ends it too."""
    parts = []
    with suppress(ConnectionError):
        while part := sock.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def until(holds: Callable[[], bool]) -> None:
    """Wait, within patience, until `holds`."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        threading.Event().wait(0.01)


@dataclass(frozen=True)
class Running:
    """A server in a thread of this process."""

    port: int
    server: Server

    @property
    def connections(self) -> int:
        """How many connections it holds."""
        return len(self.server.server_state.connections)


@contextmanager
def running(app: AsgiApp, limits: GuardLimits | None = None) -> Iterator[Running]:
    """A real server with the guard, in a thread."""
    ports: list[int] = []
    listener = listen("127.0.0.1", 0)
    server = build(app, limits or GuardLimits(), ports.append)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        until(lambda: bool(ports) or not thread.is_alive())
        yield Running(ports[0], server)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def nowhere(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Pages that nobody may reach."""
    raise AssertionError(environ["PATH_INFO"])


async def nothing() -> None:
    """Starts or stops nothing."""


def front(
    door: Door,
    pages: WSGIApplication,
    limits: FrontLimits | None = None,
    public_url: str = "https://gate.example.com",
) -> Front:
    """The front over `door` and `pages`."""
    bridge = WsgiBridge(pages, public_url)
    return Front(door.intake(), bridge, nothing, nothing, limits or FrontLimits())

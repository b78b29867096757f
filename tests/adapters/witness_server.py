"""A C2SP witness of the tests' own, over HTTP on loopback; it verifies as the document says."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.adapters.anchored_log import AT, NOW
from tests.domain.signing import Signer, verify, witness
from typing_extensions import override

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.log.checkpoint import Checkpoint, check_signatures, parse_checkpoint
from ticketgate.domain.log.note import VerifierKey, unb64
from ticketgate.domain.log.proof import roots_of_consistency

Answer = tuple[int, str, bytes]  # status, content type, body


class WitnessServer:
    """What it has seen of each log; `keys` are the logs that it knows."""

    def __init__(self, *keys: VerifierKey, name: str = "w.example") -> None:
        self.signer: Signer = witness(name)
        self.keys = {key.name: key for key in keys}
        self.seen: dict[str, Checkpoint] = {}
        self.asked: list[tuple[str, bytes]] = []  # (path, body)
        self.url = ""

    def answer(self, body: bytes) -> Answer:
        """c2sp.org/tlog-witness, "add-checkpoint", check by check."""
        head, _, note = body.partition(b"\n\n")
        first, *lines = head.decode().split("\n")
        old = int(first.removeprefix("old "))
        signed = parse_checkpoint(note)
        now = signed.checkpoint
        key = self.keys.get(now.origin)
        if key is None:
            return _plain(404)
        if not check_signatures(signed.note, [key], verify, NOW).keys:
            return _plain(403)
        if old > now.size:
            return _plain(400)
        before = self.seen.get(now.origin, Checkpoint(now.origin, 0, b""))
        if old != before.size or (old == now.size and before.root != now.root):
            return 409, "text/x.tlog.size", f"{before.size}\n".encode()
        if not _goes_on(before, now, lines):
            return _plain(422)
        self.seen[now.origin] = now
        line = self.signer.cosign(now.text, AT)
        return 200, "text/plain", line.text.encode()


def _goes_on(before: Checkpoint, now: Checkpoint, lines: list[str]) -> bool:
    if before.size == 0:
        return not lines
    proof = [unb64(line) for line in lines]
    try:
        roots = roots_of_consistency(before.size, now.size, proof, before.root)
    except EvidenceError:
        return False
    return roots == (before.root, now.root)


def _plain(status: int) -> Answer:
    return status, "text/plain", b"no\n"


@contextmanager
def witnessing(*keys: VerifierKey) -> Iterator[WitnessServer]:
    """A running witness that knows these logs."""
    one = WitnessServer(*keys)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            one.asked.append((self.path, body))
            status, kind, answer = one.answer(body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            return

    with served(Handler) as url:
        one.url = url
        yield one


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server of this handler on a free port of loopback; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

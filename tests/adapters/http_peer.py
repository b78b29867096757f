"""A socket that answers as badly as it is told to, and a certificate for it."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Serve = Callable[[socket.socket], None]


class Peer:
    """Takes connections one after another, reads the request and then does as it is told."""

    def __init__(self, serve: Serve, context: ssl.SSLContext | None = None) -> None:
        self.serve, self.context = serve, context
        self.asked: list[bytes] = []
        self.done = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        while not self.done.is_set():
            connection, _ = self.listener.accept()
            with connection:
                if not self.done.is_set():
                    self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        try:
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                self.asked.append(_request(connection))
                self.serve(connection)
        except OSError:
            return  # the client went away

    def stop(self) -> None:
        self.done.set()
        socket.create_connection(("127.0.0.1", self.port)).close()
        self.thread.join()
        self.listener.close()


def _request(connection: socket.socket) -> bytes:
    """The request as sent. Raises ConnectionError: it ended before its end."""
    read = b""
    while not _is_whole(read):
        some = connection.recv(65536)
        if not some:
            raise ConnectionError
        read += some
    return read


def _is_whole(read: bytes) -> bool:
    head, end, body = read.partition(b"\r\n\r\n")
    sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(end) and len(body) >= sum(int(line.split(b":")[1]) for line in sizes)


@contextmanager
def peer(serve: Serve | bytes, context: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """A peer that answers with these bytes, or as the function does."""
    told = (lambda line: line.sendall(serve)) if isinstance(serve, bytes) else serve
    one = Peer(told, context)
    try:
        yield one
    finally:
        one.stop()


def certificate_in(folder: Path) -> tuple[Path, Path]:
    """A new certificate for `localhost` and its key; skips the test where it cannot be made."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("the openssl program is not installed")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key

"""The gateway's end of the control socket (adapters/process/control.py): it listens and answers."""

import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import structlog

from ticketgate.adapters.process.control import LINE_BYTES_MAX, READ_SECONDS, actor_name, read_line
from ticketgate.domain import strict_json
from ticketgate.domain.errors import StrictJsonError, TicketgateError

AT_ONCE: Final = 8  # connections; who asks for what takes long is told `busy` by the second
STOP_SECONDS: Final = 10.0
_LOG: Final = structlog.get_logger("ticketgate.control")
_CREDENTIALS: Final = struct.Struct("3i")  # pid, uid, gid (unix(7), SO_PEERCRED)

Handle = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]  # (actor, request) -> answer


class ControlServer:
    """Answers on the socket, a few connections at a time; each has `read_seconds` to ask.

    What takes long for one holds up no other: taking access away waits for nothing.
    """

    def __init__(self, path: Path, handle: Handle, read_seconds: float = READ_SECONDS) -> None:
        """Listen; a socket file left by a dead gateway is replaced (the instance lock is ours)."""
        self._read_seconds = read_seconds
        path.unlink(missing_ok=True)
        self._path = path
        self._handle = handle
        self._socket = socket.socket(socket.AF_UNIX)
        before = os.umask(0o117)
        try:
            self._socket.bind(str(path))
            self._socket.listen()
        except OSError:
            self._socket.close()
            raise
        finally:
            os.umask(before)
        self._places = threading.Semaphore(AT_ONCE)
        self._answering: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more, wait a little for what is being answered; remove the socket file.

        What takes longer ends with the store, between two of its transactions.
        """
        self._path.unlink(missing_ok=True)
        self._socket.shutdown(socket.SHUT_RDWR)
        if self._thread.is_alive():
            self._thread.join()
        until = time.monotonic() + STOP_SECONDS
        for thread in self._answering:
            thread.join(max(until - time.monotonic(), 0.0))
        self._socket.close()

    def _run(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return  # the socket was shut down
            self._places.acquire()
            thread = threading.Thread(target=self._serve, args=(peer,), name="asked", daemon=True)
            self._answering = [one for one in self._answering if one.is_alive()]
            thread.start()
            self._answering.append(thread)

    def _serve(self, peer: socket.socket) -> None:
        try:
            # The asker may leave or be too slow; what it asked in time is done.
            with peer, suppress(OSError):
                answer = json.dumps(self._answer(peer)).encode()
                peer.settimeout(self._read_seconds)
                peer.sendall(answer + b"\n")
        finally:
            self._places.release()

    def _answer(self, peer: socket.socket) -> Mapping[str, Any]:
        packed = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, uid, _ = _CREDENTIALS.unpack(packed)
        try:
            return self._handle(
                actor_name(uid), _request(read_line(peer, self._read_seconds, LINE_BYTES_MAX))
            )
        except TicketgateError as fault:
            return {"code": fault.code, "reason": fault.reason, "next_step": fault.next_step}
        except OSError:
            raise
        except Exception as fault:  # noqa: BLE001 -- a fault of ours must not end the kill switch
            _LOG.error("control.failed", error=type(fault).__name__)
            return {"code": "error", "reason": "the gateway failed; see its log", "next_step": ""}


def _request(line: bytes) -> Mapping[str, Any]:
    asked = strict_json.read(line)
    if not isinstance(asked, Mapping):
        raise StrictJsonError("a request is an object")
    return asked

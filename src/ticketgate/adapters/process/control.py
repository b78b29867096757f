"""The control socket: commands that write go to the running gateway; the peer's uid is the actor.

`data/control.sock`, mode 0660. One JSON line in, one JSON line out. Here a command asks; the
gateway answers in adapters/process/control_server.py.
"""

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ticketgate.domain import strict_json
from ticketgate.domain.errors import TicketgateError

CONTROL_NAME: Final = "control.sock"  # in the folder of the store
LINE_BYTES_MAX: Final = 65_536
ANSWER_BYTES_MAX: Final = 1 << 22  # the ids of 100,000 grants
READ_SECONDS: Final = 5.0


def actor_name(uid: int) -> str:
    """`os:uid@host`: the number, since a login name is personal and this goes into evidence."""
    return f"os:{uid}@{socket.gethostname()}"


def read_line(peer: socket.socket, seconds: float, bytes_max: int) -> bytes:
    """What the peer sends up to the end of a line, all of it within `seconds` (TimeoutError)."""
    received = b""
    until = time.monotonic() + seconds
    while not received.endswith(b"\n") and len(received) < bytes_max:
        peer.settimeout(max(until - time.monotonic(), 0.001))
        part = peer.recv(LINE_BYTES_MAX)
        if not part:
            break
        received += part
    return received.rstrip(b"\n")


def ask(
    path: Path, request: Mapping[str, Any], seconds: float = READ_SECONDS
) -> Mapping[str, Any] | None:
    """The running gateway's answer within so many seconds; None when none is running."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(READ_SECONDS)
        try:
            peer.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        peer.sendall(json.dumps(request).encode() + b"\n")
        answer = strict_json.read(read_line(peer, seconds, ANSWER_BYTES_MAX))
    if not isinstance(answer, Mapping):
        raise TicketgateError("the gateway's answer is not an object", code="control")
    return answer

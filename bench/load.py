"""The load: signed ServiceNow deliveries, and the clients that send them.

`wrk` sends as fast as it is answered. Where it is not installed our own client does, which costs
more of the machine it shares with the server, so its ratios are not those of `wrk`.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop
from client import ExhaustedError, Sample, press_ourselves

from ticketgate.domain.schemes.standard_webhooks import sign

WRK: Final = shutil.which("wrk")
SCRIPT: Final = Path(__file__).with_name("requests.lua")
SOURCE: Final = "snow-prod"
BODY_BYTES: Final = 1_500
IDENTITY_EVERY: Final = 3  # one ticket in three asks for access


@dataclass(frozen=True, slots=True)
class Load:
    """`count` signed requests of `size` bytes each, one after the other in `path`."""

    path: Path
    size: int
    count: int

    def requests(self, *, again: bool = False) -> Iterator[bytes]:
        """Every request, in order; `again` and again when asked for."""
        with self.path.open("rb") as file:
            while request := file.read(self.size):
                yield request
                if again and file.tell() == self.count * self.size:
                    file.seek(0)


# --- deliveries ----------------------------------------------------------------------------------


def body_of(number: int, series: int) -> tuple[str, bytes]:
    """(webhook id, body): a ticket nobody has sent before; every third asks for access."""
    sys_id = f"{series:08x}{number:024x}"
    ticket = {
        "sys_class_name": "incident",
        "sys_id": sys_id,
        "number": f"INC{number:010d}",
        "sys_mod_count": "0",
        "sys_updated_by": "alice.moreau",
        "state": "1",
        "priority": "3",
        "short_description": "The printer on the third floor is out of toner",
        "opened_by": "62826bf03710200044e0bfc8bcbe5df1",
        "caller_id": "62826bf03710200044e0bfc8bcbe5df1",
        "assignment_group": "service desk",
        "category": "hardware",
    }
    if number % IDENTITY_EVERY == 0:
        ticket |= {
            "sys_class_name": "sc_req_item",
            "number": f"RITM{number:09d}",
            "short_description": "Elevated access to the production database",
            "requested_for": "62826bf03710200044e0bfc8bcbe5df1",
            "cat_item": "Elevated access",
        }
    record: dict[str, object] = dict(ticket)
    if number % IDENTITY_EVERY == 0:
        record["variables"] = {
            "role": "prod-db-admin",
            "duration": "2",
            "business_reason": "Restore a customer's order from last night's backup",
        }
    bare = len(json.dumps({**record, "description": ""}).encode())
    words = "It was fine yesterday and nobody has touched it since. " * 40
    return f"{sys_id}-0", json.dumps({**record, "description": words[: BODY_BYTES - bare]}).encode()


def write_load(path: Path, count: int, series: int, key: bytes) -> Load:
    """Sign `count` requests into `path`; `series` (32 bits) sets them apart from all others."""
    stamp = int(time.time())
    size = 0
    with path.open("wb") as file:
        for number in range(count):
            ident, body = body_of(number, series)
            head = (
                f"POST /hooks/{SOURCE} HTTP/1.1\r\nHost: gate.example.com\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                f"webhook-id: {ident}\r\nwebhook-timestamp: {stamp}\r\n"
                f"webhook-signature: {sign(ident, stamp, body, key)}\r\n\r\n"
            )
            size = file.write(head.encode() + body)
    assert path.stat().st_size == size * count, "the requests are not of one size"
    return Load(path, size, count)


# --- as fast as it is answered -------------------------------------------------------------------


def press(port: int, load: Load, clients: int, seconds: int, *, again: bool = False) -> Sample:
    """`clients` connections, each sending its next request when it has its answer.

    Requests are sent once; `again` lets them be sent again when they are used up.

    Raises:
        ExhaustedError: the load was used up.
    """
    if WRK is None:
        return uvloop.run(press_ourselves(port, load.requests(again=again), clients, seconds))
    command = [WRK, "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "10s"]
    url = f"http://127.0.0.1:{port}/hooks/{SOURCE}"
    ran = subprocess.run(
        [*command, "-s", SCRIPT, url, "--", load.path, str(load.size)],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(ran.stdout.splitlines()[-1])
    if told["laps"] and not again:
        raise ExhaustedError
    return Sample(
        answers=told["answers"],
        seconds=told["microseconds"] / 1e6,
        refused=told["refused"],
        broken=told["broken"],
        p50_milliseconds=told["p50"] / 1e3,
        p99_milliseconds=told["p99"] / 1e3,
    )

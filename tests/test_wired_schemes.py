"""Schemes in the whole gateway: from the settings through the served front into the store."""

import asyncio
import base64
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from tests.domain.schemes.senders import mac
from tests.test_wiring import built, copied, is_whole, records, running
from tests.web.wire import ask, connect, read_reply, request
from tests.web.wire import running as served

from ticketgate.domain.tickets.delivery import VerifiedDelivery
from ticketgate.web.gateway_app import doors

HOSTILE = 300
BODY = b'{"table": "no_such_table", "record": {}}'
KEY = "a-key-of-the-desk-of-31-letters"
SECRETS = {"basic": f"desk:{KEY}", "bearer": f"bearer-{KEY}", "api_key": f"api-{KEY}"}
SYS_ID = "aeed229047801200e0ef563dbb9a71c2"

Headers = dict[str, str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped configuration with one source more for each static credential."""
    folder = copied(tmp_path / "config")
    path = folder / "ticketgate.yaml"
    text = path.read_text()
    more = []
    for name, secret in SECRETS.items():
        file = folder / "secrets" / f"{name}.txt"
        file.touch(mode=0o600)
        file.write_text(secret)
        header = "header: X-Desk-Key" if name == "api_key" else ""
        more += [
            f"  desk-{name}:",
            "    kind: servicenow",
            f"    scheme: {name}",
            f"    {header}",
            f'    secrets: ["file:secrets/{name}.txt"]',
            "    tables: { incident: {} }",
        ]
    path.write_text(text.replace("sources:\n", "sources:\n" + "\n".join(more) + "\n", 1))
    return folder


def whsec(folder: Path) -> bytes:
    text = (folder / "secrets" / "snow-prod.whsec").read_text()
    return base64.b64decode(text.removeprefix("whsec_"))


def standard(key: bytes, body: bytes) -> Headers:
    seconds = int(datetime.now(UTC).timestamp())
    signed = f"msg-{sha256(body).hexdigest()}.{seconds}.".encode() + body
    return {
        "webhook-id": f"msg-{sha256(body).hexdigest()}",
        "webhook-timestamp": str(seconds),
        "webhook-signature": "v1," + base64.b64encode(mac(key, signed)).decode(),
    }


def basic(secret: str) -> Headers:
    return {"authorization": "Basic " + base64.b64encode(secret.encode()).decode()}


STATIC: dict[str, Callable[[str], Headers]] = {
    "basic": basic,
    "bearer": lambda secret: {"authorization": f"Bearer {secret}"},
    "api_key": lambda secret: {"x-desk-key": secret},
}


def forged(rnd: random.Random, body: bytes) -> tuple[str, Headers]:
    """A delivery whose secret is another, of any scheme, for any source or none."""
    wrong = f"desk:{rnd.randbytes(16).hex()}"
    name = rnd.choice([*STATIC, "standard"])
    headers = standard(rnd.randbytes(24), body) if name == "standard" else STATIC[name](wrong)
    sources = ["snow-prod", *(f"desk-{one}" for one in STATIC), f"nobody-{rnd.randrange(99)}"]
    return rnd.choice(sources), headers


def test_what_proves_itself_has_a_row_and_nothing_else_has_one(folder: Path) -> None:
    rnd = random.Random(20260301)  # noqa: S311 -- to be played again
    statuses: Counter[int] = Counter()
    gateway = built(folder)
    with served(doors(gateway)) as server:  # which starts and stops the gateway
        with connect(server.port) as sock:
            for _ in range(HOSTILE):
                body = rnd.randbytes(20).hex().encode()
                source, headers = forged(rnd, body)
                sock.sendall(request(f"/hooks/{source}", headers, body))
                statuses[read_reply(sock).status] += 1
        with gateway.store.reading() as looking:
            assert looking.deliveries.listed(None, 9) == []
        good = {f"desk-{name}": make(SECRETS[name]) for name, make in STATIC.items()}
        good["snow-prod"] = standard(whsec(folder), BODY)
        for source, headers in good.items():
            assert ask(server.port, request(f"/hooks/{source}", headers, BODY)).status == 202
        with gateway.store.reading() as looking:
            rows = looking.deliveries.listed(None, 9)
        assert {row.source for row in rows} == good.keys()
        assert {row.webhook_id for row in rows} == {
            f"sha256.{sha256(BODY).hexdigest()}",
            f"msg-{sha256(BODY).hexdigest()}",
        }
    assert statuses.keys() == {400, 401}
    received = [one for one in records(folder) if one.get("cause") == "received"]
    assert len(received) == len(good)
    assert is_whole(folder)


def test_the_challenge_of_a_source_that_is_not_glpi_s_is_refused(folder: Path) -> None:
    token = mac(SECRETS["bearer"].encode(), b"validate_cra_challenge").hex()
    with served(doors(built(folder))) as server:
        for source in ("desk-bearer", "snow-prod", "nobody"):
            target = f"/hooks/{source}?crc_token={token}"
            assert ask(server.port, request(target, body=None, method="GET"), "GET").status == 401


def test_an_id_that_nothing_covers_tells_no_ticket(folder: Path) -> None:
    """Whoever replays a body could else have it wait at somebody else's ticket."""
    covered = VerifiedDelivery(
        *("snow-prod", f"{SYS_ID}-7", BODY, sha256(BODY).hexdigest(), datetime.now(UTC)),
        id_covered=True,
    )
    claimed = replace(covered, webhook_id=f"{SYS_ID}-8", id_covered=False)
    with running(folder) as gateway:
        for one in (covered, claimed):
            asyncio.run(gateway.receive(one, "not_json"))
        with gateway.store.reading() as looking:
            tickets = {row.webhook_id: row.ticket for row in looking.deliveries.listed(None, 9)}
    assert tickets == {f"{SYS_ID}-7": SYS_ID, f"{SYS_ID}-8": None}

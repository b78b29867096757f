"""A whole gateway with a receiver over real HTTP: what is asked for is told, signed, once."""

import asyncio
import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.adapters.http_peer import OK, Peer, peer
from tests.test_wiring import copied, is_whole, records, running, wait_until

from ticketgate.domain.schemes.standard_webhooks import StandardWebhooks, secret_key
from ticketgate.domain.tickets.delivery import Delivery, VerifiedDelivery
from ticketgate.wiring.gateway import Gateway

SECRET = "whsec_dGhlIGhvb2sncyBrZXkgb2YgdGhpcyB0ZXN0IG9ubHkh"
SAMPLE = Path(__file__).parent.parent / "config" / "sample-ticket.json"


def configured(folder: Path, url: str) -> Path:
    made = copied(folder)
    for name, text in (("siem.url", url), ("siem.whsec", SECRET)):
        (made / "secrets" / name).touch(mode=0o600)
        (made / "secrets" / name).write_text(text)
    path = made / "ticketgate.yaml"
    path.write_text(
        path.read_text() + "\nnotify:\n  - { name: siem, kind: webhook, events: [opened, blocked],"
        " url: file:secrets/siem.url, secret: file:secrets/siem.whsec }\n"
    )
    return made


def ask(gateway: Gateway, webhook: str) -> None:
    """A ticket asks for access."""
    body = SAMPLE.read_bytes()
    digest = sha256(body).hexdigest()
    verified = VerifiedDelivery("snow-prod", webhook, body, digest, datetime.now(UTC))
    asyncio.run(gateway.receive(verified, None))


def bodies(one: Peer) -> list[dict[str, Any]]:
    """What arrived, each verified as a delivery of ours would be."""
    found = []
    for raw in list(one.asked):
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
        headers = {name.lower(): value for name, _, value in lines}
        kept = {name: headers[name] for name in StandardWebhooks.headers}
        delivery = Delivery("siem", kept, body, datetime.now(UTC))
        StandardWebhooks().authenticate(delivery, [secret_key(SECRET)], datetime.now(UTC))
        found.append(json.loads(body))
    return found


def told(folder: Path) -> list[dict[str, Any]]:
    sent = [one for one in records(folder) if one["type"] == "notification.sent"]
    return [one for one in sent if one["what"] == "announcement"]


def test_what_is_asked_for_is_told_once_also_over_a_restart(tmp_path: Path) -> None:
    with peer(OK) as one:
        folder = configured(tmp_path / "config", one.url)
        with running(folder) as gateway:
            ask(gateway, "msg-1")
            wait_until(lambda: len(told(folder)) == 1)
        with running(folder):
            pass
        (body,) = bodies(one)
    (sent,) = told(folder)
    (opened,) = [
        one for one in records(folder) if one["type"] in {"request.opened", "request.blocked"}
    ]
    assert (body["origin"], body["index"]) == (gateway.settings.origin, opened["_seq"])
    assert (sent["index"], sent["receiver"]) == (opened["_seq"], "siem")
    assert body["type"] in {"opened", "blocked"}
    assert is_whole(folder)

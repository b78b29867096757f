"""Every platform in the whole gateway: its set-up page's block, its signature, into the tickets.

The connectors are found as they are in production: by the entry points of the installed project.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from tests.connectors.install_pages import blocks, page, secrets_of
from tests.connectors.itsm_contract import Platform, Says
from tests.connectors.itsm_platforms import PLATFORMS
from tests.domain.schemes.senders import SENDERS
from tests.test_wiring import built, copied, is_whole, wait_until
from tests.web.wire import ask, request
from tests.web.wire import running as served

from ticketgate.domain.tickets.ticket import StateClass
from ticketgate.web.gateway_app import doors
from ticketgate.wiring.gateway import Gateway

SHIPPED: Final = "servicenow"  # whose source the shipped configuration has already
OTHERS: Final = {one.connector.kind: one for one in PLATFORMS if one.connector.kind != SHIPPED}
VERDICTS: Final = {"identity", "not_identity", "uncertain"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped configuration, with the block of every page."""
    folder = copied(tmp_path / "config")
    path = folder / "ticketgate.yaml"
    text = path.read_text()
    for kind in OTHERS:
        block = blocks(page(kind), "yaml")[0]
        for name, secret in secrets_of(block):
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(secret)
        text = text.replace("sources:\n", block, 1)
    path.write_text(text)
    return folder


class Poster:
    """The platforms' side: posts what they post, signed with the secrets of the pages."""

    def __init__(self, gateway: Gateway, port: int) -> None:
        self.port, self.number = port, 0
        settings = gateway.settings.sources
        self.sources = {one.kind: one for one in settings.values() if one.kind in OTHERS}

    def post(self, kind: str, body: object) -> int:
        """Post one body; returns the status."""
        self.number += 1
        source, platform = self.sources[kind], OTHERS[kind]
        sent = json.dumps(body).encode()
        seconds = int(datetime.now(UTC).timestamp())
        sign = SENDERS[platform.connector.schemes[0]].sign
        headers = sign(source.secrets[0], sent, f"id-{self.number}", source.name, seconds)
        headers |= {"x-ticketgate-key": headers.pop("x-desk-key", "none")}
        return ask(self.port, request(f"/hooks/{source.name}", headers, sent)).status


def ticket_state(gateway: Gateway, source: str, platform: Platform) -> StateClass | None:
    with gateway.store.reading() as looking:
        row = looking.tickets.find((source, platform.table, platform.ident))
    return None if row is None else row.ticket.state_class


def settled(gateway: Gateway) -> bool:
    with gateway.store.reading() as looking:
        return not looking.deliveries.waiting(1)


def test_every_platform_opens_and_closes_its_tickets_and_tests_its_hook(folder: Path) -> None:
    gateway = built(folder)
    with served(doors(gateway)) as server:
        poster = Poster(gateway, server.port)
        assert set(poster.sources) == set(OTHERS)
        opened, closed = Says("created"), Says(second=9, state="closed")
        for says, wanted in ((opened, StateClass.OPEN), (closed, StateClass.CLOSED)):
            for kind, platform in OTHERS.items():
                assert poster.post(kind, platform.body(says)) == 202, kind
            wait_until(lambda: settled(gateway))
            for kind, platform in OTHERS.items():
                assert ticket_state(gateway, poster.sources[kind].name, platform) is wanted, kind
        for kind in OTHERS:
            assert poster.post(kind, {"test": 1}) == 202, kind
        wait_until(lambda: settled(gateway))
        with gateway.store.reading() as looking:
            rows = looking.deliveries.listed(None, 99)
    for kind in OTHERS:
        effects = [row.effect for row in rows if row.source == poster.sources[kind].name]
        assert effects[0] == "no_ticket_event", kind
        assert len(effects) == 3
        assert set(effects[1:]) <= VERDICTS, kind
    assert {row.state for row in rows} == {"processed"}
    assert is_whole(folder)

"""The servers are shared by all tests of faults; the gateway, its data and configuration not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contracts.scim_proxy import ScimProxy
from tests.e2e.stage import put, unhurried
from tests.faults.ground import Ground

from ticketgate.cli.demo.world import World


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The real SCIM server and the real mail server."""
    made = World(tmp_path_factory.mktemp("servers"))
    path = made.config / "ticketgate.yaml"
    put(path, unhurried(path.read_text()))
    yield made
    made.stop()


@pytest.fixture
def ground(servers: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    """A ground without a gateway yet. Its gateways are not measured: a killed one tells nothing."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    made = Ground.beside(servers, tmp_path)
    yield made
    made.end()


@pytest.fixture
def proxy(ground: Ground) -> Iterator[ScimProxy]:
    """The gateway reaches its target through this proxy; the administrator does not."""
    with ScimProxy(ground.scim.url) as made:
        ground.point_at(made.url)
        yield made

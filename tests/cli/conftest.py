"""A fresh configuration for each test, and one real gateway for those that need it running."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.e2e.stage import Stage
from tests.shipped import without_packs

from ticketgate.cli.demo.world import World


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A folder as `init` makes it, but for the packs of its policy."""
    made = Terminal(tmp_path / "gate")
    assert made("init", str(made.folder)).exit_code == 0
    policy = made.folder / "policy.yaml"
    policy.write_text(without_packs(policy.read_text()))
    return made


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """`ticketgate serve` as a process, with a real target and a real mail server."""
    stage = Stage(World(tmp_path_factory.mktemp("live")))
    try:
        stage.world.start()
        yield stage
    finally:
        stage.close()


@pytest.fixture
def beside(live: Stage) -> Terminal:
    """A terminal beside the running gateway."""
    return Terminal(live.world.config)

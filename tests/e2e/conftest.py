"""One world for most tests; those that end it, or need it otherwise, have their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.stage import HeldWorld, Stage, put, unhurried

from ticketgate.cli.demo.world import World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these start real servers."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("slow")


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The shared world. Bodies must be faster than shipped, and many tests are one source."""
    stage = Stage(World(tmp_path_factory.mktemp("shared")))
    try:
        path = stage.world.config / "ticketgate.yaml"
        text = path.read_text().replace("body_seconds_max: 5s", "body_seconds_max: 3s")
        put(path, unhurried(text))
        stage.world.start()
        yield stage
    finally:
        stage.close()


@pytest.fixture(scope="session")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, HeldWorld]]:
    """A world without a sweeper, where high requests must be decided within four seconds."""
    world = HeldWorld(tmp_path_factory.mktemp("held"))
    stage = Stage(world)
    try:
        path = world.config / "policy.yaml"
        put(path, path.read_text().replace("decide_within: 8h", "decide_within: 4s"))
        world.start()
        yield stage, world
    finally:
        stage.close()

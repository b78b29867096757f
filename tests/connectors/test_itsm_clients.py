"""The contract of `client_contract.py`, kept by every shipped connector that can be asked."""

from collections.abc import Iterator

import pytest
from tests.connectors.client_contract import ClientContract, MarkContract, PublicContract
from tests.connectors.client_desk import Desk
from tests.connectors.itsm_clients import DESKS, MARKING, OPEN_DESKS, WALKING
from tests.connectors.itsm_platforms import PLATFORMS
from tests.connectors.platform_http import PlatformHttp, serving
from tests.connectors.walk_contract import WalkContract


@pytest.fixture
def desk(request: pytest.FixtureRequest) -> Desk:
    made = request.param()
    assert isinstance(made, Desk)
    return made


@pytest.fixture
def peer(desk: Desk) -> Iterator[PlatformHttp]:
    with serving(desk.server) as platform:
        yield platform


@pytest.mark.parametrize("desk", DESKS, indirect=True, ids=lambda one: one.platform.kind)
class TestClients(ClientContract):
    """All of them."""


@pytest.mark.parametrize("desk", OPEN_DESKS, indirect=True, ids=lambda one: one.platform.kind)
class TestComments(PublicContract):
    """Those whose comments customers may see."""


@pytest.mark.parametrize("desk", MARKING, indirect=True, ids=lambda one: one.platform.kind)
class TestMarks(MarkContract):
    """Those that write the key where it stands alone."""


@pytest.mark.parametrize("desk", WALKING, indirect=True, ids=lambda one: one.platform.kind)
class TestWalks(WalkContract):
    """Those that walk with a token."""


def test_every_connector_that_can_be_asked_keeps_the_contract() -> None:
    named = {one.connector.kind for one in PLATFORMS if hasattr(one.connector, "open")}
    assert {one.platform.kind for one in DESKS} == named

"""The contract of `itsm_contract.py`, kept by every shipped connector to an ITSM platform."""

import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from tests.connectors.itsm_contract import ItsmContract, Platform
from tests.connectors.itsm_platforms import PLATFORMS

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.fixture(params=PLATFORMS, ids=lambda one: one.connector.kind)
def platform(request: pytest.FixtureRequest) -> Platform:
    found = request.param
    assert isinstance(found, Platform)
    return found


class TestItsm(ItsmContract):
    """All of them."""


def test_every_connector_that_the_project_names_keeps_the_contract() -> None:
    """The entry points of the project file, whatever version of it is installed."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    named = project["entry-points"]["ticketgate.connectors"]
    found = {}
    for kind, place in named.items():
        module, _, name = place.partition(":")
        if ".itsm." in module:
            found[kind] = getattr(import_module(module), name)
    assert found == {one.connector.kind: one.connector for one in PLATFORMS}

"""Connectors are found by name, loaded only when named, and opened for one call."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.contracts.fake_target import FakeConnector, FakeTarget
from typing_extensions import override

from ticketgate.adapters.config.connectors import (
    ConfiguredTargets,
    installed,
    known_connectors,
    load_itsm,
    load_target,
)
from ticketgate.connector_api import (
    HttpAnswer,
    HttpClient,
    JsonValue,
    Misconfigured,
    NotFound,
    TargetConnector,
    TargetKind,
    TargetSettings,
)
from ticketgate.domain.settings import TargetOptions

OPTIONS = TargetOptions("corp-scim", "memory", "https://idp.example.com", "secret", 4, {"a": "b"})


class Nowhere(HttpClient):
    """A way out that must not be taken."""

    @override
    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: JsonValue = None,
        params: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        raise AssertionError(url)


class Memory(FakeTarget):
    """A target that notes how it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[tuple[TargetSettings, HttpClient]] = []

    @override
    def open(self, settings: TargetSettings, http: HttpClient) -> FakeConnector:
        self.opened.append((settings, http))
        return FakeConnector(self)


def targets_of(memory: Memory, http: HttpClient) -> ConfiguredTargets:
    def kinds(kind: str) -> TargetKind | None:
        return memory if kind == "memory" else None

    gone = TargetOptions("gone", "uninstalled", "https://x.example.com", "secret")
    return ConfiguredTargets({"corp-scim": OPTIONS, "gone": gone}, lambda _: http, kinds)


# --- installed ------------------------------------------------------------------------------------


def test_the_shipped_connectors_are_found_by_their_names() -> None:
    assert {"scim", "servicenow"} <= set(installed())
    servicenow, scim = load_itsm("servicenow"), load_target("scim")
    assert servicenow is not None
    assert scim is not None
    assert (servicenow.kind, scim.kind) == ("servicenow", "scim")


def test_a_connector_is_of_one_side_only() -> None:
    assert load_itsm("scim") is None
    assert load_target("servicenow") is None
    assert load_itsm("nagios") is None
    known = known_connectors()
    assert "servicenow" in known.itsm
    assert "scim" not in known.itsm
    assert "scim" in known.targets
    assert "servicenow" not in known.targets
    assert None not in known.itsm


def test_what_can_be_named_can_be_listed_for_a_hint() -> None:
    known = known_connectors()
    assert {"servicenow", "jira", "generic"} < set(known.itsm)
    assert list(known.targets) == ["scim"]
    assert (len(known.itsm), len(known.targets)) == (len(set(known.itsm)), 1)


def test_a_connector_is_loaded_only_when_it_is_named() -> None:
    """In a process of its own: nothing, then the one that is asked for, and only that one."""
    asks = (
        "import sys; from ticketgate.adapters.config.connectors import known_connectors\n"
        "def loaded(): return sorted(n for n in sys.modules if n.startswith('ticketgate_conn'))\n"
        "known = known_connectors(); assert loaded() == [], loaded()\n"
        "assert 'nagios' not in known.itsm; assert loaded() == [], loaded()\n"
        "assert 'servicenow' in known.itsm\n"
        "assert any('servicenow' in n for n in loaded())\n"
        "assert not any('scim' in n for n in loaded()), loaded()\n"
    )
    subprocess.run([sys.executable, "-c", asks], check=True, timeout=60)


def test_a_connector_that_cannot_be_loaded_is_told_when_it_is_named(tmp_path: Path) -> None:
    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[ticketgate.connectors]\nbroken = a_module_that_is_not_there:X\n"
    )
    asks = (
        "from ticketgate.adapters.config.connectors import known_connectors\n"
        "from ticketgate.connector_api import Misconfigured\n"
        "known = known_connectors(); assert 'servicenow' in known.itsm\n"
        "for kinds in (known.itsm, known.targets):\n"
        "    try: 'broken' in kinds\n"
        "    except Misconfigured as fault:\n"
        "        assert 'a_module_that_is_not_there' in fault.reason and fault.next_step\n"
        "    else: raise AssertionError('not told')\n"
    )
    subprocess.run(
        [sys.executable, "-c", asks],
        check=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )


# --- configured -----------------------------------------------------------------------------------


def test_a_target_is_opened_with_its_settings_and_closed_after_the_call() -> None:
    memory, http = Memory(), Nowhere()
    with targets_of(memory, http).open("corp-scim") as connector:
        assert isinstance(connector, FakeConnector)
        assert not connector.closed
    assert connector.closed
    wanted = TargetSettings("corp-scim", "https://idp.example.com", "secret", {"a": "b"})
    assert memory.opened == [(wanted, http)]


def test_a_target_is_closed_when_the_call_fails() -> None:
    opened: list[TargetConnector] = []

    def call() -> None:
        with targets_of(Memory(), Nowhere()).open("corp-scim") as connector:
            opened.append(connector)
            connector.find_principal(())

    with pytest.raises(NotFound):
        call()
    [connector] = opened
    assert isinstance(connector, FakeConnector)
    assert connector.closed


@pytest.mark.parametrize("name", ["gone", "never-there"])
def test_a_target_that_is_not_there_is_misconfigured(name: str) -> None:
    """Not in the settings, or its connector is not installed any more: never taken for absent."""
    with (
        pytest.raises(Misconfigured, match=name) as told,
        targets_of(Memory(), Nowhere()).open(name),
    ):
        pytest.fail("it was opened")
    assert told.value.code == "target_misconfigured"
    assert "revoked" in told.value.next_step

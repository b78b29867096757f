"""The SCIM connector keeps the contract on the real `scim2-server`, behind a proxy that lies."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from tests.contracts.scim_proxy import Mode, ScimProxy
from tests.contracts.target_contract import Bench, Break, TargetContract
from typing_extensions import override

from ticketgate.adapters.net.http import GuardedHttp
from ticketgate.connector_api import (
    Access,
    Conflict,
    Denied,
    HttpAnswer,
    HttpClient,
    JsonValue,
    Misconfigured,
    NotFound,
    Refused,
    TargetConnector,
    TargetSettings,
    Unavailable,
)
from ticketgate_connectors.targets.scim import SCIM

if TYPE_CHECKING:
    from tests.contracts.conftest import ScimServer

pytestmark = pytest.mark.slow

NOT_AFTER = datetime(2030, 1, 1, tzinfo=UTC)
DEADLINE_SECONDS = 5.0
MODES = {
    Break.DOWN: Mode.DOWN,
    Break.THROTTLED: Mode.THROTTLE,
    Break.TIMEOUT: Mode.LOSE,
    Break.TIMEOUT_APPLIED: Mode.RESET,
    Break.ERROR: Mode.ERROR,
    Break.ERROR_APPLIED: Mode.ERROR_APPLIED,
    Break.DROPPED: Mode.DROP,
}


class ScimBench:
    """A group of its own on the real server; the connector goes through the proxy."""

    kind = SCIM
    nowhere: Mapping[str, str] = {"group": "SG-NOWHERE"}
    ghost = "6f0e4a5b9c1d4e3f8a7b6c5d4e3f2a1b"

    def __init__(self, server: "ScimServer", proxy: ScimProxy) -> None:
        self.server, self.proxy = server, proxy
        self.alice, self.carol = server.user("alice"), server.user("carol")
        self.mallory = server.user("mallory", active=False)
        self.alice_name = str(server.ask("GET", f"/Users/{self.alice}")["userName"])
        self.name = f"SG-{self.alice_name}"
        self.group = server.group(self.name, self.carol)
        self.entitlement = {"group": self.name}

    def open(self, url: str | None = None, token: str | None = None) -> TargetConnector:
        settings = TargetSettings("corp-scim", url or self.proxy.url, token or self.server.token)
        return SCIM.open(settings, GuardedHttp(DEADLINE_SECONDS))

    def held(self) -> set[str]:
        return self.server.members(self.group)

    def break_(self, how: Break) -> None:
        self.proxy.set_mode(MODES[how])

    def mend(self) -> None:
        self.proxy.set_mode(Mode.PASS)


@pytest.fixture
def scim(scim_server: "ScimServer") -> Iterator[ScimBench]:
    with ScimProxy(scim_server.url) as proxy:
        yield ScimBench(scim_server, proxy)


class TestScim(TargetContract):
    @pytest.fixture
    def bench(self, scim: ScimBench) -> Bench:
        return scim


def test_a_group_is_named_by_its_id_as_well(scim: ScimBench) -> None:
    access = Access(scim.alice, {"group": scim.group})
    assert scim.open().grant(access, "key-1", NOT_AFTER).native_ref == scim.group
    assert scim.held() == {scim.alice, scim.carol}


def test_a_group_that_mallory_names_like_the_id_of_another_draws_nothing(scim: ScimBench) -> None:
    fake = scim.server.group(scim.group)
    scim.open().grant(Access(scim.alice, {"group": scim.group}), "key-1", NOT_AFTER)
    assert scim.alice in scim.held()
    assert scim.server.members(fake) == set()


def test_two_groups_of_one_name_are_refused(scim: ScimBench) -> None:
    other = scim.server.group(scim.name)
    access = Access(scim.alice, scim.entitlement)
    with pytest.raises(Refused):
        scim.open().grant(access, "key-1", NOT_AFTER)
    with pytest.raises(Refused):
        scim.open().revoke(access, "key-2", None)
    assert scim.server.members(other) == set()


def test_a_group_that_was_renamed_is_found_again_by_what_the_grant_noted(scim: ScimBench) -> None:
    access = Access(scim.alice, scim.entitlement)
    ref = scim.open().grant(access, "key-1", NOT_AFTER).native_ref
    operation = {"op": "replace", "path": "displayName", "value": f"{scim.name}-renamed"}
    scim.server.patch(scim.group, operation)
    with pytest.raises(NotFound, match="no group has this displayName"):
        scim.open().revoke(access, "key-2", None)
    with pytest.raises(NotFound):
        scim.open().observe(access)
    assert scim.open().observe(access, ref) is True
    assert scim.open().revoke(access, "key-2", ref).change == "applied"
    assert scim.held() == {scim.carol}


def test_another_group_of_the_old_name_says_nothing_of_the_one_that_was_given(
    scim: ScimBench,
) -> None:
    """Renamed, and the name given to a new group: the old group still holds the person."""
    access = Access(scim.alice, scim.entitlement)
    ref = scim.open().grant(access, "key-1", NOT_AFTER).native_ref
    operation = {"op": "replace", "path": "displayName", "value": f"{scim.name}-renamed"}
    scim.server.patch(scim.group, operation)
    scim.server.group(scim.name)
    assert scim.open().observe(access) is False
    assert scim.open().observe(access, ref) is True
    assert scim.open().revoke(access, "key-2", ref).change == "applied"
    assert scim.held() == {scim.carol}


def test_a_person_of_a_new_group_of_the_old_name_stays_in_it(scim: ScimBench) -> None:
    """Deleted, and made anew by somebody else with the same person: that is not ours to take."""
    access = Access(scim.alice, scim.entitlement)
    ref = scim.open().grant(access, "key-1", NOT_AFTER).native_ref
    scim.server.ask("DELETE", f"/Groups/{scim.group}")
    anew = scim.server.group(scim.name, scim.alice)
    assert scim.open().observe(access, ref) is False
    assert scim.open().revoke(access, "key-2", ref).change == "absent"
    assert scim.server.members(anew) == {scim.alice}


def test_a_group_that_was_deleted_is_absent(scim: ScimBench) -> None:
    access = Access(scim.alice, scim.entitlement)
    ref = scim.open().grant(access, "key-1", NOT_AFTER).native_ref
    scim.server.ask("DELETE", f"/Groups/{scim.group}")
    assert scim.open().observe(access, ref) is False
    assert scim.open().revoke(access, "key-2", ref).change == "absent"


@pytest.mark.parametrize("path", ["/nowhere", "/v2/nowhere", "/Users"])
def test_a_wrong_base_url_is_no_revocation(scim: ScimBench, path: str) -> None:
    wrong = scim.open(scim.proxy.url.removesuffix("/v2") + path)
    access = Access(scim.carol, scim.entitlement)
    for ref in (None, scim.group):
        with pytest.raises(Misconfigured):
            wrong.revoke(access, "key-1", ref)
    with pytest.raises(Misconfigured):
        wrong.find_principal((scim.alice,))
    with pytest.raises(Misconfigured):
        wrong.check()


def test_a_wrong_token_is_denied(scim: ScimBench) -> None:
    wrong = scim.open(token="wrong")
    with pytest.raises(Denied):
        wrong.check()
    with pytest.raises(Denied):
        wrong.revoke(Access(scim.carol, scim.entitlement), "key-1", None)


@pytest.mark.parametrize("hostile", ['x" or displayName pr or "', "a\\", "..", "../Users", "?", ""])
def test_hostile_names_find_nothing(scim: ScimBench, hostile: str) -> None:
    with pytest.raises(NotFound):
        scim.open().find_principal((hostile,))
    with pytest.raises(NotFound):
        scim.open().observe(Access(scim.alice, {"group": hostile}))


@pytest.mark.parametrize("text", ['say "hi"', "back\\slash", "a/b?c=d&e#f", "Zürich: ünï", "a+b"])
def test_names_are_quoted_in_filters_and_addresses(scim: ScimBench, text: str) -> None:
    name = f"{text} {scim.name}"
    group = scim.server.group(name)
    access = Access(scim.alice, {"group": name})
    scim.open().grant(access, "key-1", NOT_AFTER)
    assert scim.server.members(group) == {scim.alice}
    assert scim.open().revoke(access, "key-2", None).change == "applied"
    assert scim.server.members(group) == set()


class Meddled(HttpClient):
    """Somebody else changes the group just before our change arrives."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        self.meddle, self.way = meddle, GuardedHttp(DEADLINE_SECONDS)

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
        if method == "PATCH":
            self.meddle()
        return self.way.request(method, url, headers=headers, json=json, params=params)


def test_a_change_by_somebody_else_meanwhile_is_a_conflict(scim: ScimBench) -> None:
    """If-Match (RFC 7644 §3.14): the group that was read is no more."""
    bob = scim.server.user("bob")
    settings = TargetSettings("corp-scim", scim.proxy.url, scim.server.token)
    target = SCIM.open(settings, Meddled(lambda: scim.server.add(scim.group, bob)))
    with pytest.raises(Conflict, match="412"):
        target.grant(Access(scim.alice, scim.entitlement), "key-1", NOT_AFTER)
    assert scim.held() == {bob, scim.carol}


def test_an_answer_of_200_without_the_change_is_a_conflict(scim: ScimBench) -> None:
    scim.proxy.set_mode(Mode.IGNORE)
    with pytest.raises(Conflict):
        scim.open().grant(Access(scim.alice, scim.entitlement), "key-1", NOT_AFTER)
    with pytest.raises(Conflict):
        scim.open().revoke(Access(scim.carol, scim.entitlement), "key-2", None)
    assert scim.held() == {scim.carol}


def test_a_read_that_comes_too_late_is_unavailable(scim: ScimBench) -> None:
    settings = TargetSettings("corp-scim", scim.proxy.url, scim.server.token)
    hasty = SCIM.open(settings, GuardedHttp(0.3))
    scim.proxy.set_mode(Mode.DELAY, seconds=5)
    with pytest.raises(Unavailable):
        hasty.observe(Access(scim.alice, scim.entitlement))


@pytest.fixture
def program(scim: ScimBench) -> Iterator[tuple[str, str]]:
    """The proxy as a process of its own: its address, and the one that it is told over."""
    path = Path(__file__).with_name("scim_proxy.py")
    command = [sys.executable, str(path), "--upstream", scim.server.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        _, url, _, control = process.stdout.readline().split()
        yield url, control
        process.terminate()


def test_the_proxy_is_a_program_that_is_told_over_http(
    scim: ScimBench, program: tuple[str, str]
) -> None:
    """So that end-to-end tests can put it before the server of another process."""
    url, control = program
    access = Access(scim.carol, scim.entitlement)
    assert scim.open(url).observe(access) is True
    for mode, error in ((Mode.DOWN, Unavailable), (Mode.DROP, Conflict)):
        assert requests.put(f"{control}/{mode}", timeout=5).json()["mode"] == mode
        with pytest.raises(error):
            scim.open(url).revoke(access, "key-1", None)
    assert requests.put(f"{control}/nonsense", timeout=5).status_code == 404
    assert requests.get(control, timeout=5).json()["patches"] == 1
    requests.put(f"{control}/pass", timeout=5)
    assert scim.open(url).revoke(access, "key-1", None).change == "applied"
    assert scim.held() == set()

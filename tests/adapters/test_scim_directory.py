"""SCIM 2.0: the real scim2-server as a directory, and servers that answer wrongly."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.directory_contract import EVERY, OTHER, RemoteContract, RemoteHouse
from tests.contracts.conftest import ScimServer
from tests.operations.fakes import MORNING
from typing_extensions import override

from ticketgate.adapters.directories.scim_directory import ScimDirectory, scim_directory
from ticketgate.connector_api import HttpAnswer, HttpClient, JsonValue, Unavailable
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.settings import ScimSettings

TOKEN = "a token of the directory"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


class ScimHouse(RemoteHouse):
    """The staff in scim2-server."""

    stopped = False

    def __init__(self, server: ScimServer, folder: Path) -> None:
        self.server = server
        for kind in ("/Users", "/Groups"):
            for one in server.ask("GET", f"{kind}?count=100").get("Resources", []):
                server.ask("DELETE", f"{kind}/{one['id']}")
        self.file = folder / "directory.yaml"
        self.ids: dict[str, str] = {}
        for who in ("alice", "bob", "carol"):
            self.add(who, f"{who}@corp.example", who.title())
        self.set_manager("alice", "bob")
        self.group_id = self.make_group()

    def add(self, who: str, mail: str, name: str) -> None:
        body = {
            "schemas": [USER],
            "userName": f"{who}-login",
            "displayName": name,
            "emails": [{"value": mail, "primary": True}],
            "active": True,
        }
        self.ids[who] = self.server.ask("POST", "/Users", body)["id"]

    def make_group(self) -> str:
        body = {"schemas": [GROUP], "displayName": "sec-iam", "members": self.members()}
        return str(self.server.ask("POST", "/Groups", body)["id"])

    def members(self, *more: str) -> list[dict[str, str]]:
        return [{"value": self.ids[who], "type": "User"} for who in ("bob", "carol", *more)]

    def settings(self) -> ScimSettings:
        groups = {"sec-iam": self.group_id}
        return ScimSettings(
            OTHER, self.server.url, TOKEN, groups, "", "", EVERY, timedelta(seconds=5)
        )

    @override
    def remote(self) -> ScimDirectory:
        return scim_directory(self.settings())

    @override
    def remote_with(self, *, page: int, people_max: int) -> ScimDirectory:
        http = self.remote()._http
        return ScimDirectory(self.settings(), http, page=page, people_max=people_max)

    @override
    def ident(self, who: str) -> str:
        return self.ids[who]

    def change(self, path: str, *operations: Mapping[str, object]) -> None:
        message = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
        self.server.ask("PATCH", path, {"schemas": [message], "Operations": [*operations]})

    def set_user(self, who: str, path: str, value: object) -> None:
        self.change(f"/Users/{self.ids[who]}", {"op": "replace", "path": path, "value": value})

    @override
    def disable(self, who: str) -> None:
        self.set_user(who, "active", value=False)

    @override
    def delete(self, who: str) -> None:
        self.server.ask("DELETE", f"/Users/{self.ids[who]}")

    @override
    def rename(self, who: str, name: str) -> None:
        self.set_user(who, "userName", name)
        self.set_user(who, "displayName", name)

    @override
    def set_manager(self, who: str, manager: str) -> None:
        found = self.server.ask("GET", f"/Users/{self.ids[who]}")
        found["schemas"] = [USER, ENTERPRISE]
        found[ENTERPRISE] = {"manager": {"value": self.ids[manager]}}
        self.server.ask("PUT", f"/Users/{self.ids[who]}", found)

    def set_group(self, path: str, value: object) -> None:
        self.change(f"/Groups/{self.group_id}", {"op": "replace", "path": path, "value": value})

    @override
    def take_out(self, who: str) -> None:
        self.set_group("members", [one for one in self.members() if one["value"] != self.ids[who]])

    @override
    def rename_group(self) -> None:
        self.set_group("displayName", "Security")

    @override
    def make_group_anew(self) -> None:
        self.server.ask("DELETE", f"/Groups/{self.group_id}")
        assert self.make_group() != self.group_id

    @override
    def look_alike(self, who: str) -> None:
        self.add("mallory", f"{who}@corp.example", who.title())
        self.set_group("members", self.members("mallory"))

    @override
    def stop(self) -> None:
        self.server.stop()
        self.stopped = True


@pytest.fixture(scope="module")
def servers() -> Iterator[list[ScimServer]]:
    """The one that runs; a test that ends it leaves none."""
    found: list[ScimServer] = []
    yield found
    for one in found:
        one.stop()


@pytest.fixture
def house(servers: list[ScimServer], tmp_path: Path) -> Iterator[ScimHouse]:
    if not servers:
        servers.append(ScimServer(TOKEN))
    found = ScimHouse(servers[0], tmp_path)
    yield found
    if found.stopped:
        servers.clear()


@pytest.mark.slow
class TestScim(RemoteContract):
    """The contract over a real server."""


class Answers(HttpClient):
    """A server that answers a path as a test says; what is not said is not there."""

    def __init__(self) -> None:
        self.bodies: dict[str, object] = {
            "/Users?startIndex=1&count=2": page(3, user("A-1"), user("b-1")),
            "/Users?startIndex=3&count=2": page(3, user("c-1")),
            "/Users/A-1": user("A-1"),
            "/Groups/g-1": {"displayName": "IAM  security", "members": [{"value": "a-1"}]},
        }
        self.status = 200
        self.asked: list[str] = []

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
        assert (method, json, params) == ("GET", None, None)
        assert headers is not None
        assert headers["Authorization"] == f"Bearer {TOKEN}"
        path = url.removeprefix("https://idp.example/v2")
        self.asked.append(path)
        if path not in self.bodies:
            return HttpAnswer(404, {}, b"")
        return HttpAnswer(self.status, {}, as_bytes(self.bodies[path]))


def as_bytes(body: object) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def user(ident: object, **more: object) -> dict[str, object]:
    return {"id": ident, "userName": f"login {ident}", **more}


def page(total: object, *users: object) -> dict[str, object]:
    return {"totalResults": total, "Resources": [*users]}


SETTINGS = ScimSettings(
    *(OTHER, "https://idp.example/v2", TOKEN, {"sec-iam": "g-1"}, "", ""),
    *(EVERY, timedelta(seconds=5)),
)


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def directory(answers: Answers) -> ScimDirectory:
    return ScimDirectory(SETTINGS, answers, page=2, people_max=3)


def test_ids_are_compared_in_one_spelling_and_asked_in_the_servers(
    answers: Answers, directory: ScimDirectory
) -> None:
    read = directory.read_all(MORNING)
    assert set(read.people) == {"a-1", "b-1", "c-1"}
    assert read.groups == {"sec-iam": "IAM security"}
    assert read.people["a-1"].groups == {"sec-iam"}
    assert read.people["a-1"].name == "login A-1"
    assert directory.read_some(MORNING, ["a-1", "z-1"]) == {"a-1": read.people["a-1"], "z-1": None}
    assert answers.asked[-2:] == ["/Users/A-1", "/Users/z-1"]


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/Users?startIndex=3&count=2", page(3), "2 of 3 users came"),
        ("/Users?startIndex=3&count=2", page(3, user("b-1")), "2 of 3 users came"),
        ("/Users?startIndex=3&count=2", page(3, user("c-1"), user("d-1")), "where it says 3"),
        ("/Users?startIndex=1&count=2", page(4, user("a-1")), "more than 3"),
        ("/Users?startIndex=1&count=2", page(0), "it has no users"),
        ("/Users?startIndex=1&count=2", page(None), "in no form of SCIM"),
        ("/Users?startIndex=1&count=2", page(True), "in no form of SCIM"),
        ("/Users?startIndex=1&count=2", {"totalResults": 3, "Resources": "x"}, "0 of 3 users"),
        ("/Users?startIndex=1&count=2", page(3, user("")), "shows no id"),
        ("/Users?startIndex=1&count=2", page(3, user(7)), "shows no id"),
        ("/Users?startIndex=1&count=2", page(3, user("a\n")), "shows no id"),
        ("/Users?startIndex=1&count=2", page(3, "a-1"), "shows no id"),
        ("/Users?startIndex=1&count=2", page(1, user("a-1", active="yes")), "neither active nor"),
        (
            "/Users?startIndex=1&count=2",
            b'{"totalResults": 3, "totalResults": 0}',
            "cannot be read",
        ),
        ("/Users?startIndex=1&count=2", [], "no object"),
        ("/Groups/g-1", {"members": "all"}, "in no form of SCIM"),
        ("/Groups/g-1", {"members": ["a-1"]}, "shows no id"),
        ("/Groups/g-1", {"members": [{"value": ""}]}, "shows no id"),
    ],
)
def test_what_is_cut_short_or_in_no_form_is_no_reading(
    answers: Answers, directory: ScimDirectory, path: str, body: object, reason: str
) -> None:
    directory.read_all(MORNING)  # the control: it is read as it is
    answers.bodies[path] = body
    with pytest.raises(TicketgateError, match=reason) as refused:
        directory.read_all(MORNING)
    assert refused.value.code == "directory_unreadable"


@pytest.mark.parametrize("status", [302, 401, 429, 500])
def test_any_other_answer_is_no_reading(
    answers: Answers, directory: ScimDirectory, status: int
) -> None:
    answers.status = status
    with pytest.raises(TicketgateError, match=f"it answered {status}"):
        directory.read_all(MORNING)


def test_a_line_that_fails_is_no_reading(
    answers: Answers, directory: ScimDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> HttpAnswer:  # noqa: ANN401 -- whatever it is called with
        raise Unavailable("the line is down")

    monkeypatch.setattr(answers, "request", fails)
    with pytest.raises(TicketgateError, match="the line is down"):
        directory.read_some(MORNING, ["a-1"])


def test_another_user_than_was_asked_for_is_no_reading(
    answers: Answers, directory: ScimDirectory
) -> None:
    answers.bodies["/Users/x"] = user("y")
    with pytest.raises(TicketgateError, match="another user came"):
        directory.read_some(MORNING, ["x"])


def test_groups_within_groups_count_and_loops_end(
    answers: Answers, directory: ScimDirectory
) -> None:
    answers.bodies["/Groups/g-1"] = {"members": [{"value": "g-2", "type": "Group"}]}
    within = {"value": "g-1", "$ref": "https://idp.example/v2/Groups/g-1"}
    gone = {"value": "g-3", "type": "Group"}
    answers.bodies["/Groups/g-2"] = {"members": [within, gone, {"value": "B-1"}]}
    read = directory.read_all(MORNING)
    assert [one.id for one in read.people.values() if one.groups] == ["b-1"]


def test_a_group_that_is_gone_has_nobody(answers: Answers, directory: ScimDirectory) -> None:
    del answers.bodies["/Groups/g-1"]
    read = directory.read_all(MORNING)
    assert read.groups == {"sec-iam": "sec-iam"}
    assert not any(one.groups for one in read.people.values())


def test_the_primary_address_counts_and_only_addresses_do(
    answers: Answers, directory: ScimDirectory
) -> None:
    second = {"value": "two@corp.example", "primary": True}
    odd = [{"value": "one@corp.example"}, "x", {"value": 7}, second]
    answers.bodies["/Users/A-1"] = user("A-1", emails=odd)
    answers.bodies["/Users/b-1"] = user("b-1", emails=[{"value": "no address"}])
    directory.read_all(MORNING)
    found = directory.read_some(MORNING, ["a-1", "b-1"])
    assert [one.mail for one in found.values() if one] == ["two@corp.example", ""]


def test_a_reading_that_takes_too_long_is_none(answers: Answers) -> None:
    slow = dataclasses.replace(SETTINGS, deadline=timedelta(0))
    with pytest.raises(TicketgateError, match="not all came within 0 s"):
        ScimDirectory(slow, answers).read_all(MORNING)
    assert answers.asked == []


def test_a_user_who_says_nothing_of_it_is_active(directory: ScimDirectory) -> None:
    """RFC 7643 §4.1.1 leaves `active` to the provider; who never says it closes by deleting."""
    assert all(one.active for one in directory.read_all(MORNING).people.values())

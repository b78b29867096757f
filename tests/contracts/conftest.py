"""The real SCIM server and the proxy before it, for the conformance suite."""

import itertools
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import requests

pytest.register_assert_rewrite("tests.contracts.target_contract")

START_TRIES: Final = 3  # a port found free can be taken by somebody else meanwhile
_CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:"
_MESSAGES: Final = "urn:ietf:params:scim:api:messages:2.0:"
_names = itertools.count(1)


class ScimServer:
    """The real `scim2-server`, and an administrator's client to it that is not the connector."""

    def __init__(self, token: str) -> None:
        self.token = token
        for _ in range(START_TRIES):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            program = Path(sys.executable).with_name("scim2-server")
            self._process = subprocess.Popen(
                [program, "--port", str(port), "--bearer-token", token],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            assert self._process.stdout is not None
            if "Serving SCIM" in self._process.stdout.readline():
                self.url = f"http://127.0.0.1:{port}/v2"
                return
            self.stop()
        pytest.fail("scim2-server does not start")

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.communicate()

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 -- JSON
        """One request that must succeed; the answer's JSON."""
        answer = requests.request(
            method,
            self.url + path,
            json=body,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/scim+json",
            },
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def user(self, name: str, **more: object) -> str:
        """A new user; `name` gets a number, so that tests do not share users. Returns the id."""
        body = {"schemas": [_CORE + "User"], "userName": unique(name), "active": True, **more}
        return str(self.ask("POST", "/Users", body)["id"])

    def group(self, name: str, *members: str) -> str:
        """A new group of this very name. Returns the id."""
        shown = [{"value": member} for member in members]
        body = {"schemas": [_CORE + "Group"], "displayName": name, "members": shown}
        return str(self.ask("POST", "/Groups", body)["id"])

    def patch(self, group: str, operation: Mapping[str, object]) -> None:
        """Change a group."""
        body = {"schemas": [_MESSAGES + "PatchOp"], "Operations": [operation]}
        self.ask("PATCH", f"/Groups/{group}", body)

    def add(self, group: str, user: str) -> None:
        """Put a user into a group."""
        self.patch(group, {"op": "add", "path": "members", "value": [{"value": user}]})

    def members(self, group: str) -> set[str]:
        """Who is in the group with this id."""
        read: Mapping[str, list[dict[str, str]]] = self.ask("GET", f"/Groups/{group}")
        return {member["value"] for member in read.get("members") or []}


def unique(name: str) -> str:
    """`name` with a number that no other test gets."""
    return f"{name}-{next(_names)}"


@pytest.fixture(scope="session")
def scim_server() -> Iterator[ScimServer]:
    """One server for all tests of the session, empty at the start."""
    from tests.contracts.target_contract import SECRET

    server = ScimServer(SECRET)
    yield server
    server.stop()

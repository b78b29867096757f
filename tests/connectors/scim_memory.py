"""A small SCIM server in memory that can answer badly to order."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from typing_extensions import override

from ticketgate.connector_api import (
    Access,
    HttpAnswer,
    HttpClient,
    JsonValue,
    TargetConnector,
    TargetSettings,
    TooLarge,
)
from ticketgate_connectors.targets.scim import SCIM

SECRET: Final = "a-token-that-no-message-may-hold"
CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:"
LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ACCESS: Final = Access("u-alice", {"group": "g-1"})


def answer(status: int, body: object = None, **headers: str) -> HttpAnswer:
    sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return HttpAnswer(status, {k.replace("_", "-"): v for k, v in headers.items()}, sent)


def listed(*found: object, total: int | None = None) -> HttpAnswer:
    count = len(found) if total is None else total
    return answer(200, {"schemas": [LIST], "totalResults": count, "Resources": list(found)})


@dataclass
class Server(HttpClient):
    """A small SCIM server in memory: one group `g-1`, Alice and Carol. `bad` answers first."""

    members: list[str] = field(default_factory=lambda: ["u-carol"])
    users: dict[str, dict[str, object]] = field(
        default_factory=lambda: {"u-alice": {"userName": "alice"}, "u-carol": {"userName": "carol"}}
    )
    shows_members: bool = True
    huge: bool = False  # an answer with the group's members in it is larger than is read
    etag: str = ""
    bad: Callable[[str, str, Mapping[str, str]], HttpAnswer | None] = lambda *_: None
    sent: list[tuple[str, str, Any, Mapping[str, str]]] = field(default_factory=list)

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
        path = unquote(url.removeprefix("https://idp.example.com/scim/v2"))
        self.sent.append((method, path, json, dict(headers or {})))
        planned = self.bad(method, path, params or {})
        if planned is not None:
            return planned
        if method == "PATCH":
            return self._large(self._patch(path, json), {})
        return self._large(self._get(path, params or {}), params or {})

    def _large(self, found: HttpAnswer, params: Mapping[str, str]) -> HttpAnswer:
        """What a group is in, or a change to one, is over the cap unless it was asked without."""
        shown = b'"members"' in found.body or found.status == 204
        if self.huge and shown and params.get("excludedAttributes") != "members":
            raise TooLarge("the answer is over 1048576 bytes")
        return found

    def _patch(self, path: str, body: Any) -> HttpAnswer:  # noqa: ANN401 -- JSON
        if path != "/Groups/g-1":
            return answer(404)
        [operation] = body["Operations"]
        if operation["op"] == "add":
            self.members += [one["value"] for one in operation["value"]]
        else:
            wanted = operation["path"].removeprefix('members[value eq "').removesuffix('"]')
            self.members = [one for one in self.members if one != wanted]
        return answer(204)

    def _get(self, path: str, params: Mapping[str, str]) -> HttpAnswer:
        kind, _, ident = path.lstrip("/").partition("/")
        if kind == "ServiceProviderConfig":
            offered = {"supported": True}
            config = [CORE + "ServiceProviderConfig"]
            return answer(200, {"schemas": config, "patch": offered, "filter": offered})
        if ident == "g-1" and kind == "Groups":
            return answer(200, self.group(), **({"etag": self.etag} if self.etag else {}))
        if ident in self.users and kind == "Users":
            return answer(200, self.user(ident))
        return answer(404) if ident else listed(*self._search(kind, params["filter"]))

    def _search(self, kind: str, wanted: str) -> list[object]:
        if kind == "Users":
            named = [u for u, one in self.users.items() if f'eq "{one["userName"]}"' in wanted]
            return [self.user(ident) for ident in named]
        held = any(f'members.value eq "{one}"' in wanted for one in self.members)
        return [self.group()] if held or 'displayName eq "SG-1"' in wanted else []

    def user(self, ident: str) -> dict[str, object]:
        return {"schemas": [CORE + "User"], "id": ident, **self.users[ident]}

    def group(self) -> dict[str, object]:
        shown = [{"value": one} for one in self.members] if self.shows_members else []
        return {
            "schemas": [CORE + "Group"],
            "id": "g-1",
            "displayName": "SG-1",
            "members": shown,
        }


def connect(server: HttpClient) -> TargetConnector:
    settings = TargetSettings("corp-scim", "https://idp.example.com/scim/v2/", SECRET)
    return SCIM.open(settings, server)


def on(
    method: str, planned: HttpAnswer, path: str = ""
) -> Callable[[str, str, Mapping[str, str]], HttpAnswer | None]:
    """This answer to each request of that method, below that path."""
    return lambda m, p, _: planned if m == method and p.startswith(path) else None

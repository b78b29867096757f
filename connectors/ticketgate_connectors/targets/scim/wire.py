"""SCIM over HTTP (RFC 7643, RFC 7644): addresses, statuses, bodies. One attempt per call."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from ticketgate.connector_api import (
    Conflict,
    ConnectorError,
    Denied,
    HttpAnswer,
    HttpClient,
    JsonValue,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    StrictJsonError,
    TargetSettings,
    Throttled,
    TooLarge,
    Unavailable,
    read_json,
)

_CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:"
_MESSAGES: Final = "urn:ietf:params:scim:api:messages:2.0:"
RETRY_AFTER_SECONDS: Final = 30.0  # where a 429 does not say, or says a date
RETRY_AFTER_SECONDS_MAX: Final = 3600.0
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND})
# Servers that give ids a form of their own answer 400 to a text that is no such id.
NO_ID: Final = _GONE | {HTTPStatus.BAD_REQUEST}
_ANSWERS: Final[Mapping[int, type[ConnectorError]]] = {
    HTTPStatus.UNAUTHORIZED: Denied,
    HTTPStatus.FORBIDDEN: Denied,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.PRECONDITION_FAILED: Conflict,
    HTTPStatus.NOT_IMPLEMENTED: Misconfigured,
}
_ANSWERS_TO_A_CHANGE: Final[Mapping[int, type[ConnectorError]]] = {
    **_ANSWERS,
    HTTPStatus.BAD_REQUEST: Refused,
    HTTPStatus.NOT_FOUND: NotFound,
    # something between us and the target lost its answer
    HTTPStatus.BAD_GATEWAY: OutcomeUnknown,
    HTTPStatus.GATEWAY_TIMEOUT: OutcomeUnknown,
}

LIGHT: Final[Mapping[str, str]] = {"excludedAttributes": "members"}  # RFC 7644 §3.4.2.5

Resource = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Group:
    """A group as just read. `etag` is empty where the server offers none.

    Of a group too large to be read whole no members are known; each is asked for by a filter.
    """

    id: str
    members: Mapping[str, str]  # id -> type ("" where the server does not say)
    etag: str
    whole: bool = True


class Wire:
    """SCIM over HTTP: addresses, statuses, bodies. One attempt per call."""

    def __init__(self, settings: TargetSettings, http: HttpClient) -> None:
        self._base = settings.url.rstrip("/")
        self._headers = {
            "Authorization": f"Bearer {settings.token}",
            "Accept": "application/scim+json",
        }
        self._http = http

    def find(
        self,
        kind: str,
        ident: str,
        missing: frozenset[HTTPStatus] = _GONE,
        params: Mapping[str, str] | None = None,
    ) -> tuple[Resource, str] | None:
        """The resource with this id and its ETag; None where the answer is one of `missing`.

        A 404 is also what a wrong base URL answers: the caller reads a list before it believes it.
        """
        if ident in {"", ".", ".."}:
            return None  # no ids, and HTTP libraries cut them out of the path
        answer = self.read(f"/{kind}/{quote(ident, safe='')}", params, missing)
        if answer.status in missing:
            return None
        found = resource_of(json_of(answer), kind[:-1])
        if text_of(found, "id") != ident:
            raise Misconfigured("the target answered with another resource")
        meta = found.get("meta")
        version = meta.get("version") if isinstance(meta, Mapping) else None
        etag = answer.headers.get("etag") or version
        return found, etag if isinstance(etag, str) else ""

    def group(self, ident: str, missing: frozenset[HTTPStatus] = _GONE) -> Group | None:
        """The group with this id, as `find` does; without its members when it is too large."""
        try:
            found = self.find("Groups", ident, missing)
        except TooLarge:
            found = self.find("Groups", ident, missing, LIGHT)
            return Group(ident, {}, found[1], whole=False) if found else None
        return Group(ident, members_of(found[0]), found[1]) if found else None

    def search(self, kind: str, wanted: str, *, light: bool = False) -> list[Resource]:
        """All resources that match the filter; without members when `light`.

        Raises:
            Refused: there are more than one page of them, so it is no lookup of one thing.
        """
        answer = self.read(f"/{kind}", {"filter": wanted, **(LIGHT if light else {})})
        page = resource_of(json_of(answer), "ListResponse", _MESSAGES)
        found = page.get("Resources") or []
        total = page.get("totalResults")
        if not isinstance(found, list) or not isinstance(total, int) or total < len(found):
            raise Misconfigured("the list is not as RFC 7644 §3.4.2 says")
        if total > len(found):
            raise Refused(f"the target has {total} of them, more than it shows at once")
        return [resource_of(one, kind[:-1]) for one in found]

    def named(self, kind: str, attribute: str, value: str) -> list[Resource]:
        """The resources whose `attribute` is `value`; case does not count (RFC 7643 §4)."""
        found = self.search(kind, f"{attribute} eq {quoted(value)}", light=kind == "Groups")
        if any(text_of(one, attribute).casefold() != value.casefold() for one in found):
            raise Misconfigured(f"the target does not heed the filter on {attribute}")
        return found

    def patch(self, group: str, operation: Resource, etag: str) -> HttpAnswer:
        """One operation on a group, conditional where the server offers an ETag."""
        condition = {"If-Match": etag} if etag else {}
        return self._http.request(
            "PATCH",
            f"{self._base}/Groups/{quote(group, safe='')}",
            headers={**self._headers, "Content-Type": "application/scim+json", **condition},
            json={"schemas": [_MESSAGES + "PatchOp"], "Operations": [operation]},
        )

    def read(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        missing: frozenset[HTTPStatus] = frozenset(),
    ) -> HttpAnswer:
        """An answer of 200, or one of `missing`. A read whose answer is lost changed nothing."""
        try:
            answer = self._http.request(
                "GET", self._base + path, headers=self._headers, params=params
            )
        except OutcomeUnknown as fault:
            raise Unavailable(fault.reason) from fault
        if answer.status not in {HTTPStatus.OK, *missing}:
            raise fault_of(answer, changing=False)
        return answer


def fault_of(answer: HttpAnswer, *, changing: bool) -> ConnectorError:
    """What an answer that is no success stands for. Bodies are not quoted: they hold anything."""
    said = f"the target answered {answer.status}"
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled(said, _retry_after(answer))
    known = (_ANSWERS_TO_A_CHANGE if changing else _ANSWERS).get(answer.status)
    if known is not None:
        return known(said)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable(said)
    return Misconfigured(said, next_step="look at the target's `url`")


def _retry_after(answer: HttpAnswer) -> float:
    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return min(float(text), RETRY_AFTER_SECONDS_MAX)
    return RETRY_AFTER_SECONDS


def json_of(answer: HttpAnswer) -> JsonValue:
    """The body, if it is strict JSON."""
    try:
        return read_json(answer.body)
    except StrictJsonError as fault:
        raise Misconfigured("the answer is not JSON") from fault


def resource_of(value: JsonValue, name: str, space: str = _CORE) -> Resource:
    """The value, if it says that it is such a resource or message (RFC 7643 §3)."""
    schemas = value.get("schemas") if isinstance(value, Mapping) else None
    if not (isinstance(value, Mapping) and isinstance(schemas, list) and space + name in schemas):
        raise Misconfigured(f"the answer is not a SCIM {name}")
    return value


def text_of(resource: Resource, attribute: str) -> str:
    """An attribute that must be a text."""
    value = resource.get(attribute)
    if not isinstance(value, str) or not value:
        raise Misconfigured(f"a resource without {attribute}")
    return value


def members_of(group: Resource) -> dict[str, str]:
    """The members that a group shows: id -> type."""
    members = group.get("members") or []
    if not isinstance(members, list):
        raise Misconfigured("a group whose members are not a list")
    found = {}
    for one in members:
        if not isinstance(one, Mapping):
            raise Misconfigured("a member that is not an object")
        found[text_of(one, "value")] = str(one.get("type", ""))
    return found


def removal(principal: str) -> Resource:
    """Only this member: a bare `members` path empties the group on naive servers."""
    return {"op": "remove", "path": f"members[value eq {quoted(principal)}]"}


def quoted(text: str) -> str:
    """A JSON string, as filters quote values (RFC 7644 §3.4.2.2)."""
    return json.dumps(text, ensure_ascii=False)

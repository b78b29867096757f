"""SCIM 2.0 group membership (RFC 7643, RFC 7644): access is being a direct member of a group."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from typing_extensions import override

from ticketgate.connector_api import (
    Access,
    Conflict,
    ConnectorError,
    Denied,
    Effect,
    HttpAnswer,
    HttpClient,
    JsonValue,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    StrictJsonError,
    TargetConnector,
    TargetKind,
    TargetSettings,
    Throttled,
    Unavailable,
    read_json,
)

_CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:"
_MESSAGES: Final = "urn:ietf:params:scim:api:messages:2.0:"
RETRY_AFTER_SECONDS: Final = 30.0  # where a 429 does not say, or says a date
RETRY_AFTER_SECONDS_MAX: Final = 3600.0
_NOBODY: Final = "ticketgate-check"  # an id that no server gives out
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND})
# Servers that give ids a form of their own answer 400 to a text that is no such id.
_NO_ID: Final = _GONE | {HTTPStatus.BAD_REQUEST}
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

Resource = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class _Group:
    """A group as just read. `etag` is empty where the server offers none."""

    id: str
    members: Mapping[str, str]  # id -> type ("" where the server does not say)
    etag: str


class ScimConnector(TargetConnector):
    """One SCIM service. Every change is read back; nothing is decided by a status code."""

    def __init__(self, settings: TargetSettings, http: HttpClient) -> None:
        self._wire = _Wire(settings, http)

    @override
    def check(self) -> None:
        config = _resource(
            _json(self._wire.read("/ServiceProviderConfig")), "ServiceProviderConfig"
        )
        for feature in ("patch", "filter"):
            offered = config.get(feature)
            if not isinstance(offered, Mapping) or offered.get("supported") is not True:
                raise Misconfigured(f"the target does not offer {feature}")
        for kind, attribute in (("Users", "userName"), ("Groups", "members.value")):
            if self._wire.search(kind, f"{attribute} eq {_string(_NOBODY)}"):
                raise Misconfigured(f"the target does not heed the filter on {attribute}")
        # A change to a group that is not there shows the right to change, and changes nothing.
        answer = self._wire.patch(_NOBODY, _removal(_NOBODY), etag="")
        if answer.status not in _NO_ID:
            raise _fault(answer, changing=True)

    @override
    def find_principal(self, claims: tuple[str, ...]) -> str:
        ids = {claim for claim in claims if self._wire.find("Users", claim, _NO_ID)}
        if not ids:
            ids = {
                _text(user, "id")
                for claim in claims
                for user in self._wire.named("Users", "userName", claim)
            }
        if len(ids) > 1:
            raise Refused(f"{len(ids)} accounts hold these account ids")
        if not ids:
            raise NotFound("no account holds any of these account ids")
        return ids.pop()

    @override
    def observe(self, access: Access) -> bool:
        return self._holds(self._group(access.entitlement), access.principal)

    @override
    def grant(self, access: Access, key: str, not_after: datetime) -> Effect:
        group = self._group(access.entitlement)
        found = self._wire.find("Users", access.principal)
        if found is None:
            raise NotFound("the account does not exist")
        if found[0].get("active", True) is not True:
            raise Refused("the account is not active")
        if self._holds(group, access.principal):
            return Effect("already", verified=True, native_ref=group.id)
        self._change(group, access.principal, held=True)
        return Effect("applied", verified=True, native_ref=group.id)

    @override
    def revoke(self, access: Access, key: str, native_ref: str | None) -> Effect:
        try:
            group = self._group(access.entitlement, native_ref)
        except NotFound:
            if native_ref is None:
                self._prove_gone(access.principal)
            return Effect("absent", verified=True, native_ref=native_ref)
        if not self._holds(group, access.principal):
            return Effect("absent", verified=True, native_ref=group.id)
        self._change(group, access.principal, held=False)
        return Effect("applied", verified=True, native_ref=group.id)

    @override
    def list_held(self, entitlement: Mapping[str, str]) -> tuple[str, ...]:
        members = self._group(entitlement).members
        return tuple(sorted(ident for ident, kind in members.items() if kind != "Group"))

    @override
    def close(self) -> None:
        """Holds nothing."""

    def _group(self, entitlement: Mapping[str, str], native_ref: str | None = None) -> _Group:
        """The group: by the id that a grant noted, by id, by displayName, in this order.

        Ids go first because the server gives them out: nobody can name a group like the id of
        another one to draw access to it.

        Raises:
            NotFound: after the list of groups itself was read, so the base URL is right.
            Refused: several groups have this displayName.
        """
        name = entitlement["group"]
        found = self._wire.group(native_ref) if native_ref else None
        found = found or self._wire.group(name, _NO_ID)
        if found is not None:
            return found
        same = self._wire.named("Groups", "displayName", name)
        if len(same) > 1:
            raise Refused("several groups have this displayName; name the group by its id")
        found = self._wire.group(_text(same[0], "id")) if same else None
        if found is None:
            raise NotFound("there is no such group")
        return found

    def _holds(self, group: _Group, principal: str) -> bool:
        """Whether the principal is a direct member.

        Absent is believed only when the filter says so too (RFC 7644 §3.4.2.2): a server may
        show no members, or not all of them.

        Raises:
            Conflict: the two answers contradict each other.
        """
        if principal in group.members:
            return True
        wanted = f"id eq {_string(group.id)} and members.value eq {_string(principal)}"
        found = self._wire.search("Groups", wanted)
        if any(_text(one, "id") != group.id for one in found):
            raise Misconfigured("the target does not heed the filter on members.value")
        shown = [_members(one) for one in found]
        if any(members and principal not in members for members in shown):
            raise Conflict("the target finds the member, and does not show it")
        return bool(found)

    def _change(self, before: _Group, principal: str, *, held: bool) -> None:
        """Send the change, then read what it really did.

        Raises:
            Conflict: the access is not as asked, or other members are gone.
            OutcomeUnknown: sent, and it cannot be read now.
        """
        addition: Resource = {"op": "add", "path": "members", "value": [{"value": principal}]}
        operation = addition if held else _removal(principal)
        answer = self._wire.patch(before.id, operation, before.etag)
        if answer.status not in range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES):
            raise _fault(answer, changing=True)
        try:
            after = self._wire.group(before.id)
            holds = after is not None and self._holds(after, principal)
        except ConnectorError as fault:
            raise OutcomeUnknown(f"sent, but not read back: {fault.reason}") from fault
        if holds is not held:
            raise Conflict("the target took the change, and did not make it")
        lost = before.members.keys() - (after.members if after else {}).keys() - {principal}
        if lost:
            raise Conflict(
                f"{len(lost)} other members are gone since the group was read",
                next_step="see in the target's own log who removed them",
            )

    def _prove_gone(self, principal: str) -> None:
        """A group known only by name may have been renamed, so be sure: no group at all.

        Raises:
            NotFound: the principal is in some group.
        """
        if self._wire.search("Groups", f"members.value eq {_string(principal)}"):
            raise NotFound(
                "no group has this displayName, and the account is in other groups",
                next_step="see whether the group was renamed; name it by its id",
            )


class _Wire:
    """SCIM over HTTP: addresses, statuses, bodies. One attempt per call."""

    def __init__(self, settings: TargetSettings, http: HttpClient) -> None:
        self._base = settings.url.rstrip("/")
        self._headers = {
            "Authorization": f"Bearer {settings.token}",
            "Accept": "application/scim+json",
        }
        self._http = http

    def find(
        self, kind: str, ident: str, missing: frozenset[HTTPStatus] = _GONE
    ) -> tuple[Resource, str] | None:
        """The resource with this id and its ETag; None where the answer is one of `missing`.

        A 404 is also what a wrong base URL answers: the caller reads a list before it believes it.
        """
        if ident in {"", ".", ".."}:
            return None  # no ids, and HTTP libraries cut them out of the path
        answer = self.read(f"/{kind}/{quote(ident, safe='')}", missing=missing)
        if answer.status in missing:
            return None
        found = _resource(_json(answer), kind[:-1])
        if _text(found, "id") != ident:
            raise Misconfigured("the target answered with another resource")
        meta = found.get("meta")
        version = meta.get("version") if isinstance(meta, Mapping) else None
        etag = answer.headers.get("etag") or version
        return found, etag if isinstance(etag, str) else ""

    def group(self, ident: str, missing: frozenset[HTTPStatus] = _GONE) -> _Group | None:
        """The group with this id, as `find` does."""
        found = self.find("Groups", ident, missing)
        return _Group(ident, _members(found[0]), found[1]) if found else None

    def search(self, kind: str, wanted: str) -> list[Resource]:
        """All resources that match the filter.

        Raises:
            Refused: there are more than one page of them, so it is no lookup of one thing.
        """
        answer = self.read(f"/{kind}", {"filter": wanted})
        page = _resource(_json(answer), "ListResponse", _MESSAGES)
        found = page.get("Resources") or []
        total = page.get("totalResults")
        if not isinstance(found, list) or not isinstance(total, int) or total < len(found):
            raise Misconfigured("the list is not as RFC 7644 §3.4.2 says")
        if total > len(found):
            raise Refused(f"the target has {total} of them, more than it shows at once")
        return [_resource(one, kind[:-1]) for one in found]

    def named(self, kind: str, attribute: str, value: str) -> list[Resource]:
        """The resources whose `attribute` is `value`; case does not count (RFC 7643 §4)."""
        found = self.search(kind, f"{attribute} eq {_string(value)}")
        if any(_text(one, attribute).casefold() != value.casefold() for one in found):
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
            raise _fault(answer, changing=False)
        return answer


def _fault(answer: HttpAnswer, *, changing: bool) -> ConnectorError:
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


def _json(answer: HttpAnswer) -> JsonValue:
    try:
        return read_json(answer.body)
    except StrictJsonError as fault:
        raise Misconfigured("the answer is not JSON") from fault


def _resource(value: JsonValue, name: str, space: str = _CORE) -> Resource:
    """The value, if it says that it is such a resource or message (RFC 7643 §3)."""
    schemas = value.get("schemas") if isinstance(value, Mapping) else None
    if not (isinstance(value, Mapping) and isinstance(schemas, list) and space + name in schemas):
        raise Misconfigured(f"the answer is not a SCIM {name}")
    return value


def _text(resource: Resource, attribute: str) -> str:
    value = resource.get(attribute)
    if not isinstance(value, str) or not value:
        raise Misconfigured(f"a resource without {attribute}")
    return value


def _members(group: Resource) -> dict[str, str]:
    members = group.get("members") or []
    if not isinstance(members, list):
        raise Misconfigured("a group whose members are not a list")
    found = {}
    for one in members:
        if not isinstance(one, Mapping):
            raise Misconfigured("a member that is not an object")
        found[_text(one, "value")] = str(one.get("type", ""))
    return found


def _removal(principal: str) -> Resource:
    """Only this member: a bare `members` path empties the group on naive servers."""
    return {"op": "remove", "path": f"members[value eq {_string(principal)}]"}


def _string(text: str) -> str:
    """A JSON string, as filters quote values (RFC 7644 §3.4.2.2)."""
    return json.dumps(text, ensure_ascii=False)


class Scim(TargetKind):
    """The kind `scim`. Membership in SCIM has no end of its own, so ours is the only one."""

    kind = "scim"
    capabilities = frozenset({"observe"})

    @override
    def config_schema(self) -> Mapping[str, str]:
        return {"allow_networks": "networks beside the public ones, such as 10.0.0.0/8"}

    @override
    def access_keys(self) -> frozenset[str]:
        return frozenset({"group"})

    @override
    def open(self, settings: TargetSettings, http: HttpClient) -> ScimConnector:
        return ScimConnector(settings, http)


SCIM: Final = Scim()

"""SCIM 2.0 group membership (RFC 7643, RFC 7644): access is being a direct member of a group."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

from typing_extensions import override

from ticketgate.connector_api import (
    Access,
    Conflict,
    ConnectorError,
    Effect,
    HttpClient,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    TargetConnector,
    TargetKind,
    TargetSettings,
    TooLarge,
)
from ticketgate_connectors.targets.scim.wire import (
    NO_ID,
    Group,
    Resource,
    Wire,
    fault_of,
    json_of,
    members_of,
    quoted,
    removal,
    resource_of,
    text_of,
)

_NOBODY: Final = "ticketgate-check"  # an id that no server gives out


class ScimConnector(TargetConnector):
    """One SCIM service. Every change is read back; nothing is decided by a status code."""

    def __init__(self, settings: TargetSettings, http: HttpClient) -> None:
        self._wire = Wire(settings, http)

    @override
    def check(self) -> None:
        config = resource_of(
            json_of(self._wire.read("/ServiceProviderConfig")), "ServiceProviderConfig"
        )
        for feature in ("patch", "filter"):
            offered = config.get(feature)
            if not isinstance(offered, Mapping) or offered.get("supported") is not True:
                raise Misconfigured(f"the target does not offer {feature}")
        for kind, attribute in (("Users", "userName"), ("Groups", "members.value")):
            if self._wire.search(kind, f"{attribute} eq {quoted(_NOBODY)}"):
                raise Misconfigured(f"the target does not heed the filter on {attribute}")
        # A change to a group that is not there shows the right to change, and changes nothing.
        answer = self._wire.patch(_NOBODY, removal(_NOBODY), etag="")
        if answer.status not in NO_ID:
            raise fault_of(answer, changing=True)

    @override
    def find_principal(self, claims: tuple[str, ...]) -> str:
        ids = {claim for claim in claims if self._wire.find("Users", claim, NO_ID)}
        if not ids:
            ids = {
                text_of(user, "id")
                for claim in claims
                for user in self._wire.named("Users", "userName", claim)
            }
        if len(ids) > 1:
            raise Refused(f"{len(ids)} accounts hold these account ids")
        if not ids:
            raise NotFound("no account holds any of these account ids")
        return ids.pop()

    @override
    def observe(self, access: Access, native_ref: str | None = None) -> bool:
        try:
            group = self._group(access.entitlement, native_ref)
        except NotFound:
            if native_ref is None:
                raise
            return False  # the group that was given is gone, and its members with it
        return self._holds(group, access.principal)

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
        group = self._group(entitlement)
        if not group.whole:
            raise TooLarge("the group is too large to be listed")
        members = group.members
        return tuple(sorted(ident for ident, kind in members.items() if kind != "Group"))

    @override
    def close(self) -> None:
        """Holds nothing."""

    def _group(self, entitlement: Mapping[str, str], native_ref: str | None = None) -> Group:
        """The group: by the id that a grant noted and by nothing else; else by id, by displayName.

        Ids go first because the server gives them out: nobody can name a group like the id of
        another one to draw access to it. A group that was renamed is still the one that was given.

        Raises:
            NotFound: after the list of groups itself was read, so the base URL is right.
            Refused: several groups have this displayName.
        """
        name = entitlement["group"]
        found = self._wire.group(native_ref) if native_ref else self._wire.group(name, NO_ID)
        if found is not None:
            return found
        same = self._wire.named("Groups", "displayName", name)
        if native_ref:
            raise NotFound("the group that was given is gone")
        if len(same) > 1:
            raise Refused("several groups have this displayName; name the group by its id")
        found = self._wire.group(text_of(same[0], "id")) if same else None
        if found is None:
            raise NotFound("there is no such group")
        return found

    def _holds(self, group: Group, principal: str) -> bool:
        """Whether the principal is a direct member.

        Absent is believed only when the filter says so too (RFC 7644 §3.4.2.2): a server may
        show no members, or not all of them.

        Raises:
            Conflict: the two answers contradict each other.
        """
        if principal in group.members:
            return True
        wanted = f"id eq {quoted(group.id)} and members.value eq {quoted(principal)}"
        found = self._wire.search("Groups", wanted, light=not group.whole)
        if any(text_of(one, "id") != group.id for one in found):
            raise Misconfigured("the target does not heed the filter on members.value")
        shown = [members_of(one) for one in found]
        if any(members and principal not in members for members in shown):
            raise Conflict("the target finds the member, and does not show it")
        return bool(found)

    def _change(self, before: Group, principal: str, *, held: bool) -> None:
        """Send the change, then read what it really did.

        Raises:
            Conflict: the access is not as asked, or other members are gone; whether they are
                cannot be seen of a group that is too large to be read whole.
            OutcomeUnknown: sent, and it cannot be read now.
        """
        addition: Resource = {"op": "add", "path": "members", "value": [{"value": principal}]}
        operation = addition if held else removal(principal)
        self._send(before, operation)
        try:
            after = self._wire.group(before.id) if before.whole else before
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

    def _send(self, group: Group, operation: Resource) -> None:
        """Send one operation. What it did is read afterwards, so a long answer is not missed."""
        try:
            answer = self._wire.patch(group.id, operation, group.etag)
        except TooLarge:
            return
        if answer.status not in range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES):
            raise fault_of(answer, changing=True)

    def _prove_gone(self, principal: str) -> None:
        """A group known only by name may have been renamed, so be sure: no group at all.

        Raises:
            NotFound: the principal is in some group.
        """
        if self._wire.search("Groups", f"members.value eq {quoted(principal)}", light=True):
            raise NotFound(
                "no group has this displayName, and the account is in other groups",
                next_step="see whether the group was renamed; name it by its id",
            )


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

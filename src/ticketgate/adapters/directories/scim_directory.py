"""A directory that speaks SCIM 2.0 (RFC 7643, RFC 7644): users, and the groups that are named.

A listing counts only when it is whole: as many different users as the server says there are.
"""

import time
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from typing_extensions import override

from ticketgate.adapters.directories.directory_file import is_mail
from ticketgate.adapters.directories.joined_directory import PEOPLE_MAX, RemoteDirectory, unreadable
from ticketgate.adapters.net.http import GuardedHttp, networks
from ticketgate.connector_api import ConnectorError, HttpClient
from ticketgate.domain.errors import StrictJsonError
from ticketgate.domain.people.directory import canonical
from ticketgate.domain.people.joined_directory import RemotePerson, RemoteReading
from ticketgate.domain.settings import ScimSettings
from ticketgate.domain.strict_json import read

PAGE: Final = 100
NAME_CHARS_MAX: Final = 256
GROUPS_MAX: Final = 1000  # groups within groups that are followed
_ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def scim_directory(settings: ScimSettings) -> "ScimDirectory":
    """The directory behind a guarded way out."""
    seconds = settings.deadline.total_seconds()
    allowed = networks(settings.allow_networks)
    return ScimDirectory(settings, GuardedHttp(seconds, allowed, settings.ca_file or None))


class ScimDirectory(RemoteDirectory):
    """One SCIM service provider, as a directory. Holds no connection; safe from any thread."""

    def __init__(
        self,
        settings: ScimSettings,
        http: HttpClient,
        *,
        page: int = PAGE,
        people_max: int = PEOPLE_MAX,
    ) -> None:
        self._settings = settings
        self._http = http
        self._page = page
        self._people_max = people_max
        self._spelled: Mapping[str, str] = {}  # ids as the server writes them

    @property
    @override
    def name(self) -> str:
        return self._settings.name

    @property
    @override
    def every(self) -> timedelta:
        return self._settings.every

    @override
    def read_all(self, now: datetime) -> RemoteReading:
        ends = self._ends()
        users = self._users(ends)
        if not users:
            raise unreadable(self.name, "it has no users; nobody left all at once")
        self._spelled = {ident: str(one["id"]) for ident, one in users.items()}
        members, shown = self._groups(ends)
        people = {ident: self._person(one, members) for ident, one in users.items()}
        return RemoteReading(self.name, now, people, shown, tells_teams=False)

    @override
    def read_some(self, now: datetime, ids: Collection[str]) -> Mapping[str, RemotePerson | None]:
        ends = self._ends()
        members, _ = self._groups(ends)
        found: dict[str, RemotePerson | None] = {}
        for ident in ids:
            user = self._get(f"/Users/{quote(self._spelled.get(ident, ident), safe='')}", ends)
            if user is not None and self._id(user) != ident:
                raise unreadable(self.name, "another user came than was asked for")
            found[ident] = None if user is None else self._person(user, members)
        return found

    def _ends(self) -> float:
        return time.monotonic() + self._settings.deadline.total_seconds()

    def _users(self, ends: float) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        while True:
            path = f"/Users?startIndex={len(found) + 1}&count={self._page}"
            page = self._get(path, ends)
            total = None if page is None else page.get("totalResults")
            if page is None or not isinstance(total, int) or isinstance(total, bool):
                raise unreadable(self.name, "its list of users is in no form of SCIM")
            if total > self._people_max:
                raise unreadable(self.name, f"it has more than {self._people_max} users")
            listed = page.get("Resources", [])
            before = len(found)
            for one in listed if isinstance(listed, list) else ():
                found[self._id(one)] = one
            if len(found) >= total:
                break
            if len(found) == before:
                raise unreadable(self.name, f"{len(found)} of {total} users came")
        if len(found) != total:
            raise unreadable(self.name, f"{len(found)} users came where it says {total}")
        return found

    def _groups(self, ends: float) -> tuple[Mapping[str, Collection[str]], Mapping[str, str]]:
        """Members of each group by its name here, also through groups within it; and their names.

        A group that is gone has no members.
        """
        members: dict[str, set[str]] = {}
        shown: dict[str, str] = {}
        for name, ident in self._settings.groups.items():
            users, seen, frontier = set[str](), {ident}, [ident]
            shown[name] = name
            while frontier:
                at = frontier.pop()
                group = self._get(f"/Groups/{quote(at, safe='')}", ends)
                if group is None:
                    continue
                if at == ident:
                    shown[name] = _line(group.get("displayName")) or name
                inner = self._members(group)
                users |= {canonical(one) for one, is_group in inner if not is_group}
                within = {one for one, is_group in inner if is_group} - seen
                seen |= within
                frontier += sorted(within)
                if len(seen) > GROUPS_MAX:
                    raise unreadable(self.name, f"the group {name} holds too many groups")
            members[name] = users
        return members, shown

    def _members(self, group: Mapping[str, Any]) -> list[tuple[str, bool]]:
        """(id, whether it is a group) of each member. RFC 7643 §4.2: a member says what it is."""
        listed = group.get("members") or []
        if not isinstance(listed, list):
            raise unreadable(self.name, "a group's members are in no form of SCIM")
        found: list[tuple[str, bool]] = []
        for one in listed:
            value = one.get("value") if isinstance(one, Mapping) else None
            if not isinstance(value, str) or not value:
                raise unreadable(self.name, "a member of a group shows no id")
            kind = one.get("type") or ("Group" if "/Groups/" in str(one.get("$ref")) else "User")
            found.append((value, kind == "Group"))
        return found

    def _person(
        self, user: Mapping[str, Any], members: Mapping[str, Collection[str]]
    ) -> RemotePerson:
        ident, active = self._id(user), user.get("active", True)
        if not isinstance(active, bool):
            raise unreadable(self.name, "a user is neither active nor not")
        extension = user.get(_ENTERPRISE)
        manager = extension.get("manager") if isinstance(extension, Mapping) else None
        above = manager.get("value") if isinstance(manager, Mapping) else manager
        return RemotePerson(
            id=ident,
            name=_line(user.get("displayName")) or _line(user.get("userName")) or ident,
            mail=_mail(user.get("emails")),
            manager=canonical(above) if isinstance(above, str) else "",
            groups=frozenset(name for name, held in members.items() if ident in held),
            active=active,
        )

    def _id(self, user: object) -> str:
        found = user.get("id") if isinstance(user, Mapping) else None
        if not isinstance(found, str) or not found or not found.isprintable():
            raise unreadable(self.name, "a user shows no id")
        return canonical(found)

    def _get(self, path: str, ends: float) -> Mapping[str, Any] | None:
        """One resource; None where there is none."""
        if time.monotonic() >= ends:
            seconds = self._settings.deadline.total_seconds()
            raise unreadable(self.name, f"not all came within {seconds:g} s")
        headers = {
            "Authorization": f"Bearer {self._settings.token}",
            "Accept": "application/scim+json",
        }
        try:
            answer = self._http.request("GET", self._settings.url + path, headers=headers)
            if answer.status == HTTPStatus.NOT_FOUND:
                return None
            found = read(answer.body) if answer.status == HTTPStatus.OK else None
        except (ConnectorError, StrictJsonError) as fault:
            raise unreadable(self.name, fault.reason) from fault
        if not isinstance(found, Mapping):
            raise unreadable(self.name, f"it answered {answer.status}, or no object")
        return found


def _line(value: object) -> str:
    return " ".join(value.split())[:NAME_CHARS_MAX] if isinstance(value, str) else ""


def _mail(listed: object) -> str:
    """The address that is marked primary, else the first; empty where none is an address."""
    found = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    found.sort(key=lambda one: one.get("primary") is not True)
    texts = (one.get("value") for one in found)
    return next((one for one in texts if isinstance(one, str) and is_mail(one)), "")

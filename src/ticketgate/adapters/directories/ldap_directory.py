"""A directory in LDAP: OpenLDAP or Active Directory, read by immutable ids (extra `ldap`).

RFC 4530 (entryUUID); MS-ADTS §3.1.1.4.4 (matching in chains), MS-DTYP §2.3.4 (the bytes of a GUID).
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from typing_extensions import override

from ticketgate.adapters.directories.joined_directory import PEOPLE_MAX, RemoteDirectory, unreadable
from ticketgate.adapters.directories.ldap_forms import (
    dn_key,
    guid_in_filter,
    in_filter,
    is_uuid,
    mail_of,
    members_of,
    open_account,
    open_entry,
    reached,
    text_of,
)
from ticketgate.adapters.directories.ldap_session import Entry, LdapSession
from ticketgate.domain.people.joined_directory import RemotePerson, RemoteReading
from ticketgate.domain.settings import LdapSettings

PAGE: Final = 500
CHUNK: Final = 100  # ids in one filter
IN_CHAIN: Final = "1.2.840.113556.1.4.1941"
_GROUPS: Final = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames))"
_MEMBERS: Final = ("member", "uniqueMember")
_AD: Final = ("userAccountControl", "accountExpires")
_OPEN: Final = ("pwdAccountLockedTime", "shadowExpire")


class LdapDirectory(RemoteDirectory):
    """One LDAP directory. A connection per reading, so that it is safe from any thread."""

    def __init__(
        self, settings: LdapSettings, *, page: int = PAGE, people_max: int = PEOPLE_MAX
    ) -> None:
        self._settings = settings
        self._page = page
        self._people_max = people_max

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
        with LdapSession.open(self._settings, self._page, self._people_max) as session:
            people = _People(session, now).read()
        if not people:
            raise unreadable(self.name, "nobody is found below its base; nobody left all at once")
        return RemoteReading(
            self.name,
            now,
            people,
            {name: name for name in self._settings.groups},
            tells_managers=bool(self._settings.attributes.get("manager")),
            tells_teams=bool(self._settings.attributes.get("team")),
        )

    @override
    def read_some(self, now: datetime, ids: Collection[str]) -> Mapping[str, RemotePerson | None]:
        with LdapSession.open(self._settings, self._page, self._people_max) as session:
            found = _People(session, now).read(sorted(ids))
        return {ident: found.get(ident) for ident in ids}


class _People:
    """Reads people on one session: all of them, or those with some ids."""

    def __init__(self, session: LdapSession, now: datetime) -> None:
        self._session = session
        self._settings = session.settings
        self._now = now
        self._is_ad = self._settings.kind == "active_directory"
        self._id_key = "objectGUID" if self._is_ad else "entryUUID"

    def read(self, ids: Collection[str] | None = None) -> dict[str, RemotePerson]:
        """Who is there, by id."""
        wanted = self._settings.attributes
        asked = {self._id_key, *(_AD if self._is_ad else _OPEN), *wanted.values()}
        entries = self._users(asked, ids)
        dns = {dn_key(dn): self._id(values) for dn, values in entries}
        if len({*dns.values()}) < len(entries):
            raise unreadable(self._settings.name, "two entries have one id")
        members = self._members(dns, None if ids is None else dns.values())
        found: dict[str, RemotePerson] = {}
        for dn, values in entries:
            ident = dns[dn_key(dn)]
            found[ident] = RemotePerson(
                id=ident,
                name=text_of(values, wanted["name"]) or ident,
                mail=mail_of(values, wanted["mail"]),
                manager=self._manager(values, dns),
                team=text_of(values, wanted.get("team", "")),
                groups=frozenset(name for name, held in members.items() if ident in held),
                active=self._is_open(values),
            )
        return found

    def _is_open(self, values: Mapping[str, list[bytes]]) -> bool:
        if not self._is_ad:
            return open_entry(values, self._now)
        if "useraccountcontrol" not in values:
            raise unreadable(self._settings.name, "an entry shows no userAccountControl")
        return open_account(values, self._now)

    def _users(self, attributes: Collection[str], ids: Collection[str] | None) -> list[Entry]:
        base, users = self._settings.base, self._settings.users
        if ids is None:
            return self._session.search(base, users, attributes)
        found: list[Entry] = []
        listed = [one for one in ids if is_uuid(one)]
        for start in range(0, len(listed), CHUNK):
            some = "".join(self._by_id(one) for one in listed[start : start + CHUNK])
            found += self._session.search(base, f"(&{users}(|{some}))", attributes)
        return found

    def _by_id(self, ident: str) -> str:
        return f"({self._id_key}={guid_in_filter(ident) if self._is_ad else ident})"

    def _id(self, values: Mapping[str, list[bytes]]) -> str:
        raw = values.get(self._id_key.lower(), [])
        if len(raw) != 1:
            raise unreadable(self._settings.name, f"an entry shows no {self._id_key}")
        return str(UUID(bytes_le=raw[0]) if self._is_ad else UUID(raw[0].decode("ascii")))

    def _manager(self, values: Mapping[str, list[bytes]], dns: dict[str, str]) -> str:
        """The id of the manager, who may be outside of what was read; empty where there is none.

        A name that leads nowhere leaves no manager: whoever was deleted approves nothing.
        """
        dn = text_of(values, self._settings.attributes.get("manager", ""))
        if not dn:
            return ""
        if dn_key(dn) not in dns:
            found = self._session.entry(dn, [self._id_key])
            dns[dn_key(dn)] = "" if found is None else self._id(found[1])
        return dns[dn_key(dn)]

    def _members(
        self, dns: Mapping[str, str], only: Collection[str] | None
    ) -> Mapping[str, Collection[str]]:
        """Name of a group here -> ids of its members, also by groups within it."""
        if not self._settings.groups:
            return {}
        return self._by_chain(only) if self._is_ad else self._by_names(dns)

    def _by_names(self, dns: Mapping[str, str]) -> Mapping[str, Collection[str]]:
        """By the names that groups list: nested groups are followed here."""
        listed = self._session.search(
            self._settings.groups_base, _GROUPS, [self._id_key, *_MEMBERS]
        )
        inside = {dn_key(dn): members_of(values) for dn, values in listed}
        own = {self._id(values): dn_key(dn) for dn, values in listed}
        return {
            name: {dns[dn] for dn in reached(own.get(ident, ""), inside) if dn in dns}
            for name, ident in self._settings.groups.items()
        }

    def _by_chain(self, only: Collection[str] | None) -> Mapping[str, Collection[str]]:
        """By the server's own rule for chains of groups; a list of members would come cut."""
        found: dict[str, set[str]] = {name: set() for name in self._settings.groups}
        if only is not None and not only:
            return found
        some = "" if only is None else f"(|{''.join(map(self._by_id, sorted(only)))})"
        for name, ident in self._settings.groups.items():
            there = self._session.search(
                self._settings.groups_base, self._by_id(ident), [self._id_key]
            )
            for dn, _ in there:
                text = f"(&{self._settings.users}(memberOf:{IN_CHAIN}:={in_filter(dn)}){some})"
                held = self._session.search(self._settings.base, text, [self._id_key])
                found[name] |= {self._id(values) for _, values in held}
        return found

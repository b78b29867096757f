"""Directories beside the file, as the settings say: `ldap`, `scim`, each by name; `claims`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from os.path import normpath
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ticketgate.adapters.config.sources_reader import read_named
from ticketgate.adapters.directories.ldap_forms import is_uuid
from ticketgate.adapters.files.places import Place, Section
from ticketgate.adapters.files.secret_files import SecretReader
from ticketgate.adapters.net.addresses import are_networks, is_loopback, read_url
from ticketgate.domain.people.claims import WITHIN, ClaimRules
from ticketgate.domain.people.directory import canonical
from ticketgate.domain.people.sign_in import SESSION_LIFE
from ticketgate.domain.settings import DirectorySettings, LdapSettings, ScimSettings

LDAP_KINDS: Final = ("openldap", "active_directory")
LATER_DIRECTORIES: Final = ("feed", "current_within")
CLAIMS_BOUNDS: Final = (timedelta(minutes=1), SESSION_LIFE)
EVERY: Final = timedelta(minutes=5)
EVERY_BOUNDS: Final = (timedelta(seconds=10), timedelta(hours=1))
DEADLINE: Final = timedelta(seconds=10)
DEADLINE_MAX: Final = timedelta(minutes=1)
USERS: Final = {
    "openldap": "(objectClass=inetOrgPerson)",
    "active_directory": "(&(objectCategory=person)(objectClass=user))",
}
ATTRIBUTES: Final = {"name": "cn", "mail": "mail", "manager": "manager"}
MAY_TELL: Final = ("name", "mail", "manager", "team")


@dataclass(frozen=True, slots=True)
class DirectoriesRead:
    """The file, and what stands beside it; each group named there with its place.

    `held` are the groups that `claims` names, and `claims_place` where that stands.
    """

    file: Path
    beside: tuple[DirectorySettings, ...] = ()
    groups: tuple[tuple[str, Place], ...] = ()
    names: tuple[tuple[str, Place], ...] = ()
    claims: ClaimRules | None = None
    claims_place: Place | None = None
    held: tuple[tuple[str, Place], ...] = ()


def read_directories(place: Place | None, folder: Path, secrets: SecretReader) -> DirectoriesRead:
    """The key `directory` of the settings; `file` is where links between accounts stand."""
    section = None if place is None else place.section()
    if section is None:
        return DirectoriesRead(folder / "directory.yaml")
    file = section.need("file")
    text = None if file is None else file.text()
    reader = _Reader(folder, secrets)
    beside: list[DirectorySettings] = [
        reader.ldap(name, one) for name, one in read_named(section.get("ldap"))
    ]
    beside += [reader.scim(name, one) for name, one in read_named(section.get("scim"))]
    inner = section.get("claims")
    claims, held = _claims(inner)
    section.close(later=LATER_DIRECTORIES)
    where = Path(normpath(folder / (text or "directory.yaml")))
    groups, names = tuple(reader.groups), tuple(reader.names)
    return DirectoriesRead(where, tuple(beside), groups, names, claims, inner, held)


def _claims(place: Place | None) -> tuple[ClaimRules | None, tuple[tuple[str, Place], ...]]:
    """Which groups a sign-in must confirm, and by which values of which claim."""
    section = None if place is None else place.section()
    if section is None:
        return None, ()
    within = _between(section.get("current_within"), WITHIN, *CLAIMS_BOUNDS)
    groups = section.need("groups")
    inner = None if groups is None else groups.section()
    section.close()
    if inner is None:
        return None, ()
    claim, listed = _text(inner.need("claim")), inner.need("map")
    table = None if listed is None else listed.section()
    held = tuple(table.entries()) if table else ()
    inner.close()
    if listed is not None and table is not None and not held:
        listed.fault("names no group")
    found: dict[str, str] = {}
    for name, one in held:
        value = _text(one)
        if value and value in found.values():
            one.fault(f"{value!r} stands for another group already")
        found[name] = value
    return ClaimRules(claim, found, within), held


class _Reader:
    """Reads directories; a name, and a group, stands for one thing."""

    def __init__(self, folder: Path, secrets: SecretReader) -> None:
        self.groups: list[tuple[str, Place]] = []
        self.names: list[tuple[str, Place]] = []
        self._folder = folder
        self._secrets = secrets

    def ldap(self, name: str, section: Section) -> LdapSettings:
        """One directory in LDAP."""
        self._note(name, section.place)
        if find_spec("ldap3") is None:
            section.place.fault("this needs the extra `ldap`: pip install 'ticketgate[ldap]'")
        place = section.need("kind")
        kind = (None if place is None else place.choice(LDAP_KINDS)) or LDAP_KINDS[0]
        url, start_tls = _ldap_url(section.need("url"), section.get("start_tls"))
        base = _text(section.need("base"))
        found = LdapSettings(
            name=name,
            kind=kind,
            url=url,
            start_tls=start_tls,
            bind_dn=_text(section.need("bind_dn")),
            password=self._secrets.any_text(section.need("password")) or "",
            base=base,
            users=_filter(section.get("users")) or USERS[kind],
            groups_base=_text(section.get("groups_base")) or base,
            groups=self._groups(section.get("groups"), uuids=True),
            attributes=_attributes(section.get("attributes")),
            ca_file=self._ca_file(section.get("ca_file")),
            every=_between(section.get("every"), EVERY, *EVERY_BOUNDS),
            deadline=_between(
                section.get("deadline"), DEADLINE, timedelta(seconds=1), DEADLINE_MAX
            ),
        )
        section.close()
        return found

    def scim(self, name: str, section: Section) -> ScimSettings:
        """One directory that speaks SCIM."""
        self._note(name, section.place)
        networks = section.get("allow_networks")
        allowed = _text(networks)
        if networks is not None and allowed and not are_networks(allowed):
            networks.fault(f"{allowed!r} is not a list of networks, such as 10.0.0.0/8, fd00::/8")
        found = ScimSettings(
            name=name,
            url=read_url(section.need("url")) or "",
            token=self._secrets.text(section.need("token")) or "",
            groups=self._groups(section.get("groups"), uuids=False),
            allow_networks=allowed,
            ca_file=self._ca_file(section.get("ca_file")),
            every=_between(section.get("every"), EVERY, *EVERY_BOUNDS),
            deadline=_between(
                section.get("deadline"), DEADLINE, timedelta(seconds=1), DEADLINE_MAX
            ),
        )
        section.close()
        return found

    def _note(self, name: str, place: Place) -> None:
        if name == "file" or name in {one for one, _ in self.names}:
            place.fault(f"{name!r} is a directory already")
        self.names.append((name, place))

    def _groups(self, place: Place | None, *, uuids: bool) -> dict[str, str]:
        """Names here -> immutable ids there: a group that is made anew under a name is another."""
        found: dict[str, str] = {}
        for name, section in read_named(place):
            inner = section.need("id")
            ident = _text(inner)
            if inner is not None and ident and uuids and not is_uuid(canonical(ident)):
                inner.fault(f"{ident!r} is not the id of a group: a UUID (entryUUID, objectGUID)")
            if name in {one for one, _ in self.groups}:
                section.place.fault(f"the group {name!r} stands in another directory as well")
            self.groups.append((name, section.place))
            found[name] = canonical(ident) if uuids else ident
            section.close()
        return found

    def _ca_file(self, place: Place | None) -> str:
        text = _text(place)
        if place is None or not text:
            return ""
        path = Path(normpath(self._folder / text))
        if not path.is_file():
            place.fault(f"{text} cannot be read: no such file")
        return str(path)


def _text(place: Place | None) -> str:
    return (None if place is None else place.text()) or ""


def _between(
    place: Place | None, otherwise: timedelta, least: timedelta, most: timedelta
) -> timedelta:
    found = None if place is None else place.duration()
    if place is not None and found is not None and not least <= found <= most:
        place.fault(f"must be from {least.total_seconds():g}s to {most.total_seconds():g}s")
    return found or otherwise


def _ldap_url(place: Place | None, start_tls: Place | None) -> tuple[str, bool]:
    """The URL, and whether TLS is started on the plain port: always, unless on this machine."""
    text = _text(place)
    flag = None if start_tls is None else start_tls.flag()
    if place is None or not text:
        return "", True
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port or 0
    except ValueError:
        host, port, parts = None, 0, urlsplit("")
    plain = f"{parts.scheme}://{parts.netloc}" == text and "@" not in text and text.isascii()
    if parts.scheme not in {"ldap", "ldaps"} or not host or not plain or port < 0:
        place.fault(f"{text!r} is not ldaps://HOST or ldap://HOST, with a port where it is another")
        return "", True
    if start_tls is not None and parts.scheme == "ldaps":
        start_tls.fault("ldaps is TLS from the beginning; start_tls is for ldap")
    if start_tls is not None and flag is False and not is_loopback(host):
        start_tls.fault("LDAP without TLS is only for a server on this machine")
    return text, parts.scheme == "ldap" and flag is not False


def _filter(place: Place | None) -> str:
    text = _text(place)
    if (
        place is not None
        and text
        and not (text.startswith("(") and text.endswith(")") and text.count("(") == text.count(")"))
    ):
        place.fault(f"{text!r} is not a filter such as (objectClass=person)")
    return text


def _attributes(place: Place | None) -> dict[str, str]:
    """What tells name, mail, manager and team. `manager: none` leaves managers to the file."""
    section = None if place is None else place.section()
    found = dict(ATTRIBUTES)
    for key in MAY_TELL if section is not None else ():
        inner = section.get(key) if section else None
        text = None if inner is None else inner.ident()
        if text is not None:
            found[key] = text
    if section is not None:
        section.close()
    if found["manager"] == "none":
        del found["manager"]
    return found


def names_of(found: Collection[tuple[str, Place]]) -> tuple[str, ...]:
    """Only the names."""
    return tuple(name for name, _ in found)

"""Sources as read from the settings: who may post, and how their records become tickets."""

from collections.abc import Collection, Mapping
from typing import Final

from ticketgate.adapters.config.channels_reader import read_channels
from ticketgate.adapters.config.velocity_reader import read_velocity
from ticketgate.adapters.files.places import Place, Section, is_ident
from ticketgate.adapters.files.secret_files import SecretReader
from ticketgate.adapters.files.zones import read_zone
from ticketgate.connector_api import ItsmConnector
from ticketgate.domain.people.directory import canonical
from ticketgate.domain.schemes.common import Scheme
from ticketgate.domain.schemes.table import SCHEMES, STANDARD_WEBHOOKS
from ticketgate.domain.settings import SourceSettings
from ticketgate.domain.tickets.mapping import RECORD_FIELDS, SourceMapping, TableMapping
from ticketgate.domain.tickets.ticket import PLAIN_FIELDS, REFERENCE_FIELDS, TEXT_FIELDS, StateClass

OPTIONS: Final = ("header", "client_key", "method")  # of any scheme, beside `scheme`
GENERIC: Final = "generic"  # the kind whose `map` also says where id, version and state lie
BOUND_TO: Final = ("requested_for", "assignee", "none")
STATES: Final = ("open", "live", "closed", "cancelled")
TICKET_FIELDS: Final = REFERENCE_FIELDS | TEXT_FIELDS | PLAIN_FIELDS


def read_named(place: Place | None) -> list[tuple[str, Section]]:
    """A mapping of names to mappings."""
    section = None if place is None else place.section()
    found: list[tuple[str, Section]] = []
    for name, inner in section.entries() if section else ():
        if not is_ident(name):
            inner.fault(f"{name!r} is not a name: letters, digits, '.', '_' and '-'")
        elif (one := inner.section()) is not None:
            found.append((name, one))
    return found


def read_sources(
    place: Place | None, kinds: Mapping[str, ItsmConnector], secrets: SecretReader
) -> dict[str, SourceSettings]:
    """All sources. Two that share a secret are refused: no MAC covers the source's name."""
    owners: dict[bytes, str] = {}
    found: dict[str, SourceSettings] = {}
    for name, section in read_named(place):
        kind_place = section.need("kind")
        kind = None if kind_place is None else kind_place.choice(kinds)
        connector = None if kind is None else kinds[kind]
        scheme = _read_scheme(section, connector)
        listed = section.get("own_users")
        own_users = frozenset(map(canonical, (listed.texts() if listed else None) or ()))
        poll, comment = read_channels(section, connector, own_users, secrets)
        found[name] = SourceSettings(
            name=name,
            kind=kind or "",
            secrets=_read_keys(name, section.need("secrets"), scheme, secrets, owners),
            own_users=own_users,
            mapping=SourceMapping(name, _read_tables(section.need("tables"), kind or "")),
            scheme=scheme or STANDARD_WEBHOOKS,
            poll=poll,
            comment_on=comment,
            velocity=read_velocity(section.get("velocity")),
        )
        section.close(later=("api",))
    return found


def _read_scheme(section: Section, connector: ItsmConnector | None) -> Scheme | None:
    """The scheme, which must be one of the connector's; None after a fault of it."""
    place = section.need("scheme")
    name = None if place is None else place.choice(SCHEMES)
    known = None if name is None else SCHEMES[name]
    said: dict[str, str] = {}
    for option in OPTIONS if known is None else (*known.needs, *known.takes):
        needed = known is not None and option in known.needs
        found = section.need(option) if needed else section.get(option)
        text = None if found is None else found.text()
        said |= {} if text is None else {option: text}
    if place is None or known is None:
        return None
    if connector is not None and (
        name not in connector.schemes or known.only not in {None, connector.kind}
    ):
        fit = ", ".join(connector.schemes)
        place.fault(f"{name} is not for {connector.kind}; a source of this kind takes: {fit}")
        return None
    if any(option not in said for option in known.needs):
        return None
    try:
        return known.make(said)
    except ValueError as fault:
        place.fault(str(fault))
        return None


def _read_keys(
    name: str,
    place: Place | None,
    scheme: Scheme | None,
    secrets: SecretReader,
    owners: dict[bytes, str],
) -> tuple[bytes, ...]:
    """The keys; of a scheme that could not be read nothing can be said."""
    keys: list[bytes] = []
    for one in (place.some() if place else None) or ():
        key = None if scheme is None else secrets.key(one, scheme)
        if key is None:
            continue
        owner = owners.setdefault(key, name)
        if owner != name:
            one.fault(f"the source {owner!r} has the same secret; each source needs its own")
        keys.append(key)
    return tuple(keys)


def _read_tables(place: Place | None, kind: str) -> dict[str, TableMapping]:
    paths = TICKET_FIELDS | RECORD_FIELDS if kind == GENERIC else TICKET_FIELDS
    found = {name: _read_table(name, section, paths) for name, section in read_named(place)}
    if place is not None and not found:
        place.fault("no table is listed, so nothing could be read")
    return found


def _read_table(name: str, section: Section, paths: Collection[str]) -> TableMapping:
    bound_to, null = section.get("bound_to"), section.get("null_is_empty")
    table = TableMapping(
        name=name,
        bound_to=(bound_to.choice(BOUND_TO) if bound_to else None) or "none",
        states=_read_states(section.get("states")),
        must_have=_read_must_have(section.get("must_have")),
        map=_read_map(section.get("map"), paths),
        zone=read_zone(section.get("times_in")),
        null_is_empty=(null.flag() if null else None) or False,
    )
    section.close()
    return table


def _read_states(place: Place | None) -> dict[str, StateClass]:
    section = None if place is None else place.section()
    found: dict[str, StateClass] = {}
    if section is None:
        return found
    for word in STATES:
        inner = section.get(word)
        for state in (inner.texts() if inner else None) or ():
            if inner is not None and found.setdefault(state, StateClass(word)).value != word:
                inner.fault(f"the state {state!r} is {found[state].value} already")
    section.close()
    return found


def _read_must_have(place: Place | None) -> frozenset[str]:
    words = [one.choice(TICKET_FIELDS) for one in (place.items() if place else None) or ()]
    return frozenset(word for word in words if word is not None)


def _read_map(place: Place | None, paths: Collection[str]) -> dict[str, str | None]:
    section = None if place is None else place.section()
    found: dict[str, str | None] = {}
    if section is None:
        return found
    for name in sorted(paths):
        inner = section.get(name)
        if inner is not None:
            found[name] = None if inner.is_null else inner.text()
    section.close()
    return found

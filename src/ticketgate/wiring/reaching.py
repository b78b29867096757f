"""Reaching: what a configuration asks over the network, asked once, to say what can be read there.

Nothing is given, taken away, stored or recorded. A target is asked to change a group that is not
there: that shows the right to change, and changes nothing (`connector_api.TargetConnector.check`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from ticketgate.adapters.config.configuration import Configuration, open_directory
from ticketgate.adapters.config.connectors import configured_sources
from ticketgate.adapters.config.platforms import ConfiguredPlatforms
from ticketgate.adapters.directories.directory_file import DirectoryFile
from ticketgate.adapters.directories.joined_directory import JoinedDirectory
from ticketgate.connector_api import ConnectorError, ItsmClient, TargetConnector
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.instants import duration_text, whole_seconds
from ticketgate.domain.policy.policy import Entitlement
from ticketgate.domain.settings import LdapSettings
from ticketgate.domain.strict_json import read as read_json
from ticketgate.domain.tickets.ticket import Ticket
from ticketgate.ports import Source
from ticketgate.wiring.calling import called_targets
from ticketgate.wiring.channels import way_to_source

FILE: Final = "file"  # what `directory.loaded` calls directory.yaml
LOOK_BACK: Final = timedelta(days=1)  # how far back a source is asked for a record


@dataclass(frozen=True, slots=True)
class Reachable:
    """Something that is asked: `what` is target, source or directory, `kind` its connector."""

    name: str
    what: str
    kind: str


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was asked, and what it is; or the fault that says why that is not known."""

    asked: str
    said: str
    fault: TicketgateError | None = None


def reachable(found: Configuration) -> list[Reachable]:
    """Everything that is asked; a source without `poll` only posts."""
    settings = found.settings
    return [
        Reachable(FILE, "directory", "yaml"),
        *(
            Reachable(one.name, "directory", "ldap" if isinstance(one, LdapSettings) else "scim")
            for one in settings.directories
        ),
        *(
            Reachable(name, "source", one.kind)
            for name, one in settings.sources.items()
            if one.poll is not None
        ),
        *(Reachable(name, "target", one.connector) for name, one in settings.targets.items()),
    ]


def reach(found: Configuration, name: str, now: datetime) -> list[tuple[Reachable, list[Found]]]:
    """What each thing of this name says. What goes wrong is in `Found.fault`.

    Raises:
        TicketgateError: code `usage`: nothing of this name is asked.
    """
    asks: dict[str, Callable[[Configuration, str, datetime], Iterator[Found]]] = {
        "directory": _directory,
        "source": _source,
        "target": _target,
    }
    named = [one for one in reachable(found) if one.name == name]
    if not named:
        names = ", ".join(sorted({one.name for one in reachable(found)}))
        raise TicketgateError(
            f"nothing that is called {name!r} is asked; there are: {names}",
            code="usage",
            next_step="`ticketgate connectors list`; a source without `poll` only posts",
        )
    return [(one, list(asks[one.what](found, name, now))) for one in named]


def _directory(found: Configuration, name: str, now: datetime) -> Iterator[Found]:
    """People and groups, and how old what is known of them may become."""
    try:
        if name == FILE:
            read = DirectoryFile(Path(found.settings.directory_file)).read(now)
            yield _people([one.active for one in read.people.values()], len(read.groups))
            yield Found("freshness", "read anew for each decision")
            return
        joined = open_directory(found.settings)  # of its own: nothing is remembered of before
        remotes = joined.remotes if isinstance(joined, JoinedDirectory) else ()
        (remote,) = [one for one in remotes if one.name == name]
        whole = remote.read_all(now)
        yield _people([one.active for one in whole.people.values()], len(whole.groups))
        every = duration_text(whole_seconds(remote.every))
        yield Found("freshness", f"read whole every {every}; whoever decides is asked of at once")
    except TicketgateError as fault:
        yield Found("people", "", fault)


def _people(active: list[bool], groups: int) -> Found:
    said = f"{len(active)} ({sum(active)} active), {groups} groups that the settings name"
    return Found("people", said)


def _source(found: Configuration, name: str, now: datetime) -> Iterator[Found]:
    """Each table: whether a record that was changed of late is read as a ticket."""
    source = configured_sources(found.settings.sources)[name]
    try:
        with ConfiguredPlatforms(found.settings.sources, way_to_source).open(name) as client:
            for table in client.tables:
                try:
                    yield Found(table, _table(client, source, table, now))
                except TicketgateError as fault:
                    yield Found(table, "", fault)
    except ConnectorError as fault:
        yield Found("poll", "", fault)


def _table(client: ItsmClient, source: Source, table: str, now: datetime) -> str:
    page = client.poll(table, client.begin(now - LOOK_BACK), 1)
    if not page.records:
        return "no record was changed within a day, or none of them is shown"
    ticket = source.read(read_json(page.records[0].body))
    if not isinstance(ticket, Ticket):
        return "a record of the last day is read; it is no ticket"
    state = f"its state {ticket.state!r} is {ticket.state_class.value}"
    return f"a record of the last day is read as a ticket; {state}"


def _target(found: Configuration, name: str, _now: datetime) -> Iterator[Found]:
    """Whether it is there and lets us change; and who holds what the policy gives there."""
    try:
        with called_targets(found.settings, None).open(name) as connector:
            connector.check()
            yield Found("rights", "it answers, and lets access be read and changed")
            for one in found.policy.entitlements:
                if one.target == name:
                    yield _held(connector, one)
    except ConnectorError as fault:
        yield Found("rights", "", fault)


def _held(connector: TargetConnector, one: Entitlement) -> Found:
    try:
        return Found(one.id, f"held by {len(connector.list_held(one.access))} now")
    except ConnectorError as fault:
        return Found(one.id, "", fault)

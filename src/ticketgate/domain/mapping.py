"""Mapping: how one source's records become tickets; which states mean what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

from ticketgate.domain.access_window import in_zone
from ticketgate.domain.ticket import StateClass, Ticket

# What a record says beside the ticket's fields; only a source of kind `generic` maps these.
RECORD_FIELDS: Final = frozenset({"id", "version", "state", "updated_by", "variables"})


@dataclass(frozen=True, slots=True)
class TableMapping:
    """How one table of a source is read.

    `states` maps a raw state value to its class; `must_have` names the fields for which null or
    "" is absent; `map` gives, per ticket field, the dotted path in the record, on top of the
    connector's default. None takes a default away. `zone` is that of times that say no offset.
    """

    name: str
    bound_to: str = "none"  # requested_for | assignee | none
    states: Mapping[str, StateClass] = field(default_factory=dict)
    must_have: frozenset[str] = frozenset()
    map: Mapping[str, str | None] = field(default_factory=dict)
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """How a source's bodies become tickets. Only tables listed here are read."""

    source: str
    tables: Mapping[str, TableMapping]


def in_its_zone(ticket: Ticket, mapping: SourceMapping) -> Ticket:
    """The ticket with its local times as instants, by the zone of its table (`access_window`)."""
    table = mapping.tables.get(ticket.table)
    return in_zone(ticket, None if table is None else table.zone)

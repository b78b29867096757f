"""Mapping: how one source's records become tickets; which states mean what."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Final

from ticketgate.domain.tickets.access_window import in_zone
from ticketgate.domain.tickets.ticket import StateClass, Ticket

# What a record says beside the ticket's fields; only a source of kind `generic` maps these.
RECORD_FIELDS: Final = frozenset({"id", "version", "state", "updated_by", "variables"})


@dataclass(frozen=True, slots=True)
class TableMapping:
    """How one table of a source is read.

    `states` maps a raw state value to its class; `must_have` names the fields for which null or
    "" is absent; `map` gives, per ticket field, the dotted path in the record, on top of the
    connector's default. None takes a default away. `zone` is that of times that say no offset.
    `null_is_empty` says that null is how the platform sends a field that nobody filled in.
    """

    name: str
    bound_to: str = "none"  # requested_for | assignee | none
    states: Mapping[str, StateClass] = field(default_factory=dict)
    must_have: frozenset[str] = frozenset()
    map: Mapping[str, str | None] = field(default_factory=dict)
    zone: tzinfo | None = None
    null_is_empty: bool = False


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """How a source's bodies become tickets. Only tables listed here are read."""

    source: str
    tables: Mapping[str, TableMapping]


def by_its_table(ticket: Ticket, mapping: SourceMapping) -> Ticket:
    """The ticket as its table says: local times as instants (`access_window`), and what null is."""
    table = mapping.tables.get(ticket.table)
    if table is None:
        return ticket
    read = replace(ticket, nulls=frozenset()) if table.null_is_empty else ticket
    return in_zone(read, table.zone)

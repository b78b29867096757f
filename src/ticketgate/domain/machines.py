"""The state machines, as tables. An edge that is not here does not exist.

Operations move machines only through `edge`, and the verifier replays against the same tables.
Each edge is one evidence record that holds `on`, `id`, `from`, `to`, `cause`.
"""

from collections.abc import Mapping
from typing import Final

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.evidence import Disclosure, Draft, Json

NEW: Final = ""  # the state before the first

DELIVERY: Final = frozenset(
    {
        (NEW, "accepted"),
        (NEW, "quarantined"),
        ("accepted", "processed"),
        ("accepted", "quarantined"),
    }
)
TICKET: Final = frozenset(
    (before, after)
    for before in (NEW, "not_identity", "uncertain", "identity")
    for after in ("not_identity", "uncertain", "identity")
)
REQUEST: Final = frozenset(
    {
        (NEW, "blocked"),
        (NEW, "awaiting"),
        ("awaiting", "awaiting"),
        ("awaiting", "approved"),
        ("awaiting", "denied"),
        ("awaiting", "withdrawn"),
        ("awaiting", "timed_out"),
        ("blocked", "blocked"),
        ("blocked", "awaiting"),
        ("blocked", "withdrawn"),
        ("blocked", "timed_out"),
    }
)
GRANT: Final = frozenset(
    {
        (NEW, "planned"),
        ("planned", "provisioning"),
        ("planned", "cancelled"),
        ("provisioning", "active"),
        ("provisioning", "revoking"),
        ("active", "revoking"),
        ("active", "released_shared"),
        ("revoking", "revoked"),
        ("revoking", "revoke_overdue"),
        ("revoke_overdue", "revoking"),
    }
)
EDGES: Final[Mapping[str, frozenset[tuple[str, str]]]] = {
    "delivery": DELIVERY,
    "ticket": TICKET,
    "request": REQUEST,
    "grant": GRANT,
}
TYPES: Final[Mapping[tuple[str, str], str]] = {
    ("ticket", "not_identity"): "ticket.classified",
    ("ticket", "uncertain"): "ticket.classified",
    ("ticket", "identity"): "ticket.classified",
    ("grant", "active"): "grant.activated",
    ("grant", "revoking"): "revocation.begun",
    ("grant", "revoked"): "revocation.confirmed",
    ("grant", "revoke_overdue"): "revocation.overdue",
}


class IllegalEdgeError(TicketgateError):
    """A move that no machine has: a fault of ours, never of the caller."""

    code = "illegal_edge"


def record_type(machine: str, before: str, after: str) -> str:
    """The type of the record that makes this move."""
    if machine == "request" and before == NEW and after == "awaiting":
        return "request.opened"
    return TYPES.get((machine, after), f"{machine}.{after}")


def edge(
    machine: str,
    ident: str,
    before: str,
    after: str,
    cause: str,
    fields: Mapping[str, Json] | None = None,
    disclosures: tuple[Disclosure, ...] = (),
) -> Draft:
    """The record of one move.

    Raises:
        IllegalEdgeError: the machine has no such move.
    """
    if (before, after) not in EDGES[machine]:
        raise IllegalEdgeError(f"{machine} {ident} cannot go from {before!r} to {after!r}")
    move: dict[str, Json] = {
        "on": machine,
        "id": ident,
        "from": before,
        "to": after,
        "cause": cause,
    }
    return Draft(record_type(machine, before, after), {**(fields or {}), **move}, disclosures)

"""The state machines, as tables. An edge that is not here does not exist.

Operations move machines only through `edge`, and the verifier replays against the same tables.
Each edge is one evidence record that holds `on`, `id`, `from`, `to`, `cause`. The vocabulary of
records is closed too: a type that is not in `RECORD_TYPES` is never written and never accepted.
"""

from collections.abc import Mapping
from typing import Final

from ticketgate.domain.errors import EvidenceError, TicketgateError
from ticketgate.domain.evidence import Disclosure, Draft, Json

NEW: Final = ""  # the state before the first

DELIVERY: Final = frozenset(
    {
        (NEW, "accepted"),
        (NEW, "quarantined"),
        ("accepted", "processed"),
        ("accepted", "quarantined"),
        ("quarantined", "released"),
        ("quarantined", "dismissed"),
        ("released", "processed"),
        ("released", "quarantined"),
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
        (NEW, "approved"),  # by an automatic rule, as below
        ("awaiting", "awaiting"),
        ("awaiting", "approved"),
        ("awaiting", "denied"),
        ("awaiting", "withdrawn"),
        ("awaiting", "timed_out"),
        ("blocked", "blocked"),
        ("blocked", "awaiting"),
        ("blocked", "approved"),
        ("blocked", "denied"),
        ("blocked", "withdrawn"),
        ("blocked", "timed_out"),
    }
)
GRANT: Final = frozenset(
    {
        (NEW, "planned"),
        (NEW, "revoking"),  # given by hand while the gateway was down: it is only taken away
        ("planned", "provisioning"),
        ("planned", "cancelled"),
        ("provisioning", "active"),
        ("provisioning", "revoking"),
        ("active", "active"),
        ("active", "revoking"),
        ("active", "released_shared"),
        ("revoking", "revoked"),
        ("revoking", "revoke_overdue"),
        ("revoke_overdue", "revoking"),
        ("revoke_overdue", "abandoned"),  # two people give up on it
    }
)
EXCEPTION: Final = frozenset(
    {
        (NEW, "opened"),
        ("opened", "assigned"),
        ("assigned", "assigned"),
        ("opened", "resolved"),
        ("assigned", "resolved"),
    }
)
PASSKEY: Final = frozenset(
    {
        (NEW, "pending"),
        ("pending", "pending"),
        ("pending", "usable"),
        ("pending", "revoked"),
        ("usable", "revoked"),
    }
)
REVIEW: Final = frozenset(  # of an emergency
    {
        (NEW, "asked"),  # where a second person has to consent first
        ("asked", "consented"),
        ("consented", "due"),
        (NEW, "due"),
        (NEW, "claimed"),  # entered afterwards: due as well
        ("claimed", "overdue"),
        ("claimed", "done"),
        ("due", "overdue"),
        ("due", "done"),
        ("overdue", "done"),
    }
)
EDGES: Final[Mapping[str, frozenset[tuple[str, str]]]] = {
    "delivery": DELIVERY,
    "ticket": TICKET,
    "request": REQUEST,
    "grant": GRANT,
    "exception": EXCEPTION,
    "passkey": PASSKEY,
    "review": REVIEW,
}
TYPES: Final[Mapping[tuple[str, str], str]] = {
    ("ticket", "not_identity"): "ticket.classified",
    ("ticket", "uncertain"): "ticket.classified",
    ("ticket", "identity"): "ticket.classified",
    ("grant", "active"): "grant.activated",
    ("review", "asked"): "emergency.asked",
    ("review", "consented"): "emergency.consented",
    ("review", "due"): "emergency.invoked",
    ("review", "claimed"): "emergency.claimed",
    ("grant", "revoking"): "revocation.begun",
    ("grant", "revoked"): "revocation.confirmed",
    ("grant", "revoke_overdue"): "revocation.overdue",
    ("grant", "abandoned"): "revocation.abandoned",
    ("passkey", "pending"): "passkey.vouched",
    ("passkey", "usable"): "passkey.vouched",
}

MOVE: Final = frozenset({"on", "id", "from", "to", "cause"})

_ASKED: Final = MOVE | {
    "ticket",
    "entitlement",
    "target",
    "tier",
    "kinds",
    "round",
    "stage",
    "material",
    "rules",
    "approve_rule",
    "decide_by",
    "seconds",
    "revision",
    "reasons",
    "links",
}
_PARTIES: Final = frozenset({"requester", "beneficiary"})  # unknown only while it is blocked
_GRANTED: Final = MOVE | {"request", "entitlement", "target", "subject"}
_BOUND: Final = _GRANTED | {"not_after"}
_EMERGENCY: Final = MOVE | {"person", "entitlement"}
_LOADED: Final = frozenset({"digest", "authority"})
_DECIDED: Final = frozenset(
    {
        "request",
        "round",
        "stage",
        "need",
        "approver",
        "decision",
        "shown",
        "cut",
        "material",
        "seconds",
        "clause",
        "authority_basis",
        "directory",
        "directory_read_at",
        "policy",
        "rules",
        "rule",
        "classification",
        "because",
        "method",
        "signed_in_at",
        "first_viewed_at",
        "revision",
        "link",
    }
)

# Each type with the fields that it must have; it may carry more. docs/evidence-format.md says what
# they mean.
RECORD_TYPES: Final[Mapping[str, frozenset[str]]] = {
    "log.opened": frozenset({"origin", "format", "version"}),
    "gateway.started": frozenset({"version"}),
    "heartbeat": frozenset({"refused", "duplicates"}),
    "clock.disputed": frozenset({"disputed"}),
    "checkpoint.anchored": frozenset({"anchor", "by", "root", "size"}),
    "checkpoint.anchor_failed": frozenset({"anchor", "by", "code", "size"}),
    "key.rotated": frozenset({"old", "new", "signature", "possession"}),
    "key.ended": frozenset({"key"}),
    "restore.declared": frozenset({"by", "kept", "lost_root", "lost_size"}),
    "restore.ended": frozenset({"by"}),
    "drift.found": frozenset({"entitlement", "found", "target"}),
    "retention.pruned": frozenset({"boundary", "snapshot"}),
    "evidence.exported": frozenset({"by", "size"}),
    "settings.loaded": _LOADED,
    "policy.loaded": _LOADED,
    "directory.loaded": _LOADED,
    "delivery.accepted": MOVE | {"source", "body", "webhook"},
    "delivery.quarantined": MOVE | {"source", "body", "reason"},
    "delivery.processed": MOVE | {"source", "body"},
    "delivery.released": MOVE | {"source", "body", "person"},
    "delivery.dismissed": MOVE | {"source", "body", "person"},
    "ticket.classified": MOVE
    | {"source", "table", "revision", "verdict", "state_class", "kinds", "tier", "rules", "blind"}
    | {"policy"},
    "ticket.approval_claimed": frozenset({"source", "state"}),
    "request.opened": _ASKED | _PARTIES,
    "request.blocked": _ASKED,
    "request.awaiting": _ASKED | _PARTIES,
    "request.approved": _ASKED | _PARTIES | {"stages"},
    "request.denied": _ASKED,
    "request.withdrawn": _ASKED,
    "request.timed_out": _ASKED,
    "links.issued": frozenset({"request", "round", "stage", "links"}),
    "decision.recorded": _DECIDED,
    "decision.taken_back": frozenset(
        {"request", "round", "stage", "approver", "link", "method", "signed_in_at"}
    ),
    "decision.refused": frozenset({"request", "code", "approver"}),
    "grant.planned": _GRANTED | {"seconds", "activate_by"},
    "grant.provisioning": _BOUND | {"before", "baseline", "deadline", "plan", "command"},
    "grant.activated": _BOUND,
    "grant.extended": _BOUND | {"extension", "hard_max"},
    "grant.cancelled": _GRANTED,
    "grant.released_shared": _BOUND,
    "revocation.begun": _BOUND,
    "revocation.held": frozenset({"request", "grant", "cause", "until"}),
    "revocation.attempted": frozenset({"request", "grant", "before", "command"}),
    "revocation.confirmed": _BOUND | {"confirmed", "kept", "late_milliseconds"},
    "revocation.overdue": _BOUND,
    "revocation.abandoned": _BOUND | {"by", "outcome", "shown"},
    "revocation.seen": frozenset({"request", "grant", "outcome"}),
    "emergency.asked": _EMERGENCY
    | {"target", "seconds", "within", "clause", "policy", "directory"},
    "emergency.consented": _EMERGENCY
    | {"by", "clause", "policy", "directory", "method", "signed_in_at", "shown"},
    "emergency.invoked": _EMERGENCY
    | {"target", "seconds", "hard_max", "cooldown", "within", "drill", "clause", "policy"}
    | {"directory", "directory_read_at", "authority_basis", "method", "signed_in_at"},
    "emergency.claimed": _EMERGENCY
    | {"target", "seconds", "within", "access_from", "access_until", "backfill_within", "by"}
    | {"clause", "preauthorised", "enforced", "authority_basis", "policy", "directory"}
    | {"method", "signed_in_at", "shown"},
    "emergency.refused": frozenset({"code", "person", "entitlement"}),
    "review.overdue": _EMERGENCY,
    "review.done": _EMERGENCY
    | {"outcome", "reviewer", "clause", "policy", "directory", "method", "signed_in_at"},
    "exception.opened": MOVE | {"code", "about", "owner"},
    "exception.assigned": MOVE | {"code", "owner", "person"},
    "exception.resolved": MOVE | {"code", "person"},
    "passkey.enrolled": MOVE
    | {"person", "key", "cose", "credential", "rp_id", "origin", "attestation"}
    | {"backup_eligible", "backed_up"},
    "passkey.vouched": MOVE | {"person", "key", "voucher", "method"},
    "passkey.revoked": MOVE | {"person", "by"},
    "operator.revoked": frozenset({"by", "grants"}),
    "command.retried": frozenset({"command", "about", "outcome", "tries"}),
    "notification.sent": frozenset({"what", "about"}),
    "notification.failed": frozenset({"what", "about", "code"}),
    "actor.minted": frozenset({"actor"}),
    "sign_in.recorded": frozenset({"person", "method"}),
    "sign_in.refused": frozenset({"code"}),
    "view.recorded": frozenset({"person", "request"}),
    "disclosure.erased": frozenset({"digests"}),
}


class IllegalEdgeError(TicketgateError):
    """A move that no machine has: a fault of ours, never of the caller."""

    code = "illegal_edge"


def record_type(machine: str, before: str, after: str) -> str:
    """The type of the record that makes this move."""
    if machine == "request" and before == NEW and after == "awaiting":
        return "request.opened"
    if machine == "grant" and before == after == "active":
        return "grant.extended"
    if machine == "passkey" and before == NEW:
        return "passkey.enrolled"
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


MOVES: Final = frozenset(
    record_type(machine, before, after)
    for machine, edges in EDGES.items()
    for before, after in edges
)


def check_record(draft: Draft) -> None:
    """Let only the closed vocabulary into the log: a known type, its fields, an edge that exists.

    Raises:
        EvidenceError: an unknown type, a field missing, or a move that is not one of `EDGES`, is
            written under another type's name, or stands in a record that moves nothing.
    """
    required = RECORD_TYPES.get(draft.type)
    if required is None:
        raise EvidenceError("a type of record that does not exist")
    if not required <= draft.fields.keys():
        missing = ", ".join(sorted(required - draft.fields.keys()))
        raise EvidenceError(f"{draft.type} without {missing}")
    if draft.type in MOVES:
        _check_move(draft)
    elif "on" in draft.fields:
        raise EvidenceError(f"{draft.type} moves no machine")


def _check_move(draft: Draft) -> None:
    match [draft.fields[name] for name in ("on", "id", "from", "to", "cause")]:
        case [str(machine), str(), str(before), str(after), str()]:
            if (before, after) not in EDGES.get(machine, ()):
                raise EvidenceError(f"{draft.type}: no machine has this move")
            if record_type(machine, before, after) != draft.type:
                raise EvidenceError(f"{draft.type}: this move is written as another type")
        case _:
            raise EvidenceError(f"{draft.type}: a move is made of texts")

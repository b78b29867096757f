"""A log as a store keeps it, told record by record, and a whole life in one."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from ticketgate.domain.evidence import (
    Disclosure,
    Draft,
    Json,
    canonical,
    genesis,
    leaf_hash,
    parse_entry,
    seal,
)
from ticketgate.domain.log.machines import NEW, RECORD_TYPES, edge, record_type
from ticketgate.domain.requests.access_request import digest_of_shown
from ticketgate.domain.verifying.report import Report
from ticketgate.domain.verifying.verification import verify

ORIGIN: Final = "gate.example.com/evidence"
NOON: Final = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)
BY: Final = "2026-11-22T10:40:00.000000Z"  # until when people may decide
LATER: Final = "2026-11-22T03:30:00.000000Z"  # within an hour of NOON

Row = tuple[int, bytes, bytes]
Hidden = tuple[str, int, str | None]


WHY: Final = tuple(Disclosure("reason", f"{one} reaches nobody there") for one in ("Bob", "Carol"))


class Log:
    """A log as a store keeps it: rows, disclosures, head row."""

    def __init__(self, origin: str = ORIGIN) -> None:
        self.origin = origin
        self.head = genesis(origin)
        self.now = NOON
        self.rows: list[Row] = []
        self.hidden: list[Hidden] = []
        self.append(Draft("log.opened", {"origin": origin, "format": 1, "version": "0.1.0"}))

    def append(self, draft: Draft) -> None:
        self.now += timedelta(seconds=1)
        count = len(draft.disclosures)
        salts = [sha256(b"%d %d" % (len(self.rows), n)).digest()[:16] for n in range(count)]
        sealed = seal(self.head, draft, self.now, salts)
        self.rows.append((self.head.size, sealed.head.leaf, sealed.entry))
        self.hidden += [(one.digest, self.head.size, one.encoded) for one in sealed.disclosures]
        self.head = sealed.head

    def tell(self, kind: str, hide: dict[str, Json] | None = None, **fields: Json) -> None:
        hidden = tuple(Disclosure(name, value) for name, value in (hide or {}).items())
        told = dict.fromkeys(RECORD_TYPES[kind]) | fields
        if kind == "decision.recorded":
            told = {**told, "shown": fields.get("shown", digest_of_shown(told))}
        self.append(Draft(kind, told, hidden))

    def move(self, machine: str, ident: str, before: str, after: str, **fields: Json) -> None:
        kind = record_type(machine, before, after)
        required = RECORD_TYPES[kind]
        in_time: dict[str, Json] = {"activate_by": LATER} if "activate_by" in required else {}
        told: dict[str, Json] = dict.fromkeys(required) | in_time | fields
        hidden = WHY if kind == "revocation.abandoned" else ()
        cause = str(told["cause"] or "test")
        self.append(edge(machine, ident, before, after, cause, told, hidden))

    def report(self) -> Report:
        return verify(self.rows, self.hidden, self.head, self.origin)


def life(name: str = "1") -> Log:
    """From a webhook to a confirmed revocation: Bob approves what Alice requested."""
    log = Log()
    log.tell("actor.minted", {"subject": "bob"}, actor=f"act_{name}")
    log.move("delivery", "d", NEW, "accepted")
    log.move("ticket", "t", NEW, "identity", revision=1)
    asked: dict[str, Json] = {"round": 1, "stage": 1, "stages": [1], "material": "m"}
    asked |= {"requester": "act_alice", "beneficiary": "act_alice", "seconds": 3600}
    asked |= {"decide_by": BY, "links": [["lnk_1", "act_1"]]}
    log.move("request", "r", NEW, "awaiting", **asked)
    decided: dict[str, Json] = {"round": 1, "stage": 1, "need": 1, "material": "m", "seconds": 3600}
    decided["link"] = "lnk_1"
    hide: dict[str, Json] = {"justification": "The database is down.", "person": "bob"}
    log.tell(
        "decision.recorded", hide, request="r", approver="act_1", decision="approve", **decided
    )
    log.move("request", "r", "awaiting", "approved", **asked)
    given: dict[str, Json] = {"request": "r", "subject": "act_alice"}
    log.move("grant", "g", NEW, "planned", seconds=3600, **given)
    given["not_after"] = LATER
    log.move("grant", "g", "planned", "provisioning", **given)
    log.move("grant", "g", "provisioning", "active", **given)
    log.move("grant", "g", "active", "revoking", **given)
    log.move("grant", "g", "revoking", "revoked", confirmed=True, **given)
    return log


def short() -> Log:
    """Three records, one disclosure."""
    log = Log()
    log.tell("actor.minted", {"subject": "bob"}, actor="act_1")
    log.move("delivery", "d", NEW, "accepted")
    return log


def rewritten(row: Row, **changes: Json) -> Row:
    """The row after its record was changed, with its own leaf hash made good."""
    entry = canonical(parse_entry(row[2]) | changes)
    return row[0], leaf_hash(entry), entry


def texts(report: Report) -> set[str]:
    """The words of every fault that was kept."""
    return {fault.text for verdict in report.verdicts for fault in verdict.faults}

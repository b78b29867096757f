"""A log as a store keeps it, told record by record: a whole life, and random clean histories."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
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
from ticketgate.domain.machines import EDGES, NEW, RECORD_TYPES, edge, record_type
from ticketgate.domain.report import Report
from ticketgate.domain.verification import verify

ORIGIN: Final = "gate.example.com/evidence"
NOON: Final = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)
BY: Final = "2026-11-22T10:40:00.000000Z"  # until when people may decide
LATER: Final = "2026-11-22T03:30:00.000000Z"  # within an hour of NOON

Row = tuple[int, bytes, bytes]
Hidden = tuple[str, int, str | None]


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
        self.append(Draft(kind, dict.fromkeys(RECORD_TYPES[kind]) | fields, hidden))

    def move(self, machine: str, ident: str, before: str, after: str, **fields: Json) -> None:
        required = RECORD_TYPES[record_type(machine, before, after)]
        told: dict[str, Json] = dict.fromkeys(required) | fields
        cause = str(told["cause"] or "test")
        self.append(edge(machine, ident, before, after, cause, told))

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


BEGUN: Final = ("delivery", "ticket", "request", "exception", "actor", "restore")


class Walk:
    """A random clean history: at each step something that may happen happens."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.log = Log()
        self.ids = 0
        self.states: dict[tuple[str, str], str] = {}
        self.round: dict[str, int] = {}
        self.held = False  # by a restore
        self.counted = 0  # approved by the rule

    def step(self) -> None:
        if not self.states or self.random.random() < 0.4:
            self.begin(self.random.choice(BEGUN))
            return
        (machine, ident), before = self.random.choice(list(self.states.items()))
        after = [to for source, to in sorted(EDGES[machine]) if source == before]
        if machine == "grant" and before == "active":
            after.remove("active")  # more time needs a request of its own, and no step asks it
        if self.held and machine == "grant":
            after = [to for to in after if to not in {"provisioning", "active"}]
        if after:
            self.move(machine, ident, before, self.random.choice(after))

    def begin(self, what: str) -> None:
        self.ids += 1
        if what == "actor":
            self.log.tell("actor.minted", {"subject": f"p{self.ids}"}, actor=f"a{self.ids}")
            return
        if what == "restore":
            self.restore()
            return
        first = sorted(to for source, to in EDGES[what] if source == NEW)
        self.move(what, f"{what}{self.ids}", NEW, self.random.choice(first))

    def move(self, machine: str, ident: str, before: str, after: str) -> None:
        fields: dict[str, Json] = {"confirmed": True, "revision": len(self.log.rows)}
        if machine == "request":
            fields = self.asked(ident, before, after)
        elif machine == "grant":
            fields |= {"request": ident.removeprefix("grant-"), "not_after": LATER}
            fields |= {"subject": "alice", "seconds": 3600 if before == NEW else None}
        self.log.move(machine, ident, before, after, **fields)
        self.states[machine, ident] = after
        if machine == "request" and after == "approved":
            self.move("grant", f"grant-{ident}", NEW, "planned")

    def asked(self, ident: str, before: str, after: str) -> dict[str, Json]:
        round_ = self.round[ident] = self.round.get(ident, 0) + (after == "awaiting")
        needs = [self.random.randint(1, 2) for _ in range(self.random.randint(1, 3))]
        fields: dict[str, Json] = {"round": round_, "material": f"m{round_}", "seconds": 3600}
        fields |= {"requester": "alice", "beneficiary": "alice", "decide_by": BY}
        if before == "awaiting" and after == "approved":
            self.approve(ident, fields, needs)
        elif before == "awaiting" and after == "denied":
            self.decide(ident, fields, 1, 0, decision="deny")
        elif after == "approved":
            return fields | {"stage": 1, **self.by_rule()}
        return fields | {"stage": 1, "stages": [*needs], "links": links(1)}

    def by_rule(self) -> dict[str, Json]:
        """What the record says of an approval without a person."""
        self.counted += 1
        said: dict[str, Json] = {"rule": "r1@policy.yaml:1", "digest": "d", "because": "agreed"}
        said |= {"day": BY[:10], "count": self.counted, "max_per_day": self.counted}
        told: dict[str, Json] = {"cause": "automatic", "automatic": said, "approve_rule": "r1"}
        return told | {"stages": [], "links": [], "kinds": ["credential.rotate"]}

    def approve(self, ident: str, fields: dict[str, Json], needs: list[int]) -> None:
        for stage, need in enumerate(needs, 1):
            first, *more = links(stage)
            place = fields | {"stage": stage}
            if stage > 1:
                self.log.move("request", ident, "awaiting", "awaiting", **place, links=[first])
                self.log.tell("links.issued", None, request=ident, **place, links=more)
            for one in range(need):
                self.decide(ident, fields, stage, one, decision="approve", need=need)

    def decide(
        self, ident: str, fields: dict[str, Json], stage: int, one: int, **said: Json
    ) -> None:
        link, actor = links(stage)[one]
        at: dict[str, Json] = {"request": ident, "stage": stage, "approver": actor, "link": link}
        self.log.tell("decision.recorded", {"justification": "It is due."}, **fields | at | said)

    def restore(self) -> None:
        """One is declared, and everybody asked anew; or it ends."""
        self.held = not self.held
        kind = "restore.declared" if self.held else "restore.ended"
        self.log.tell(kind, None, by=["act_1", "act_2"])
        for (machine, ident), state in self.states.items() if self.held else ():
            if (machine, state) == ("request", "awaiting"):
                self.move(machine, ident, state, state)


def links(stage: int) -> list[list[Json]]:
    """Two people are asked at each stage."""
    return [[f"l{one}", f"a{stage}{one}"] for one in range(2)]


def walk(seed: int, steps: int) -> Log:
    """The log of a random clean history."""
    walked = Walk(Random(seed))  # noqa: S311 - a repeatable walk, nothing secret
    for _ in range(steps):
        walked.step()
    return walked.log

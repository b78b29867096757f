"""A log as it is told, for tests of replaying: Bob and Carol approve what Alice requests."""

from typing import Final

from ticketgate.domain.evidence import Json
from ticketgate.domain.log.machines import NEW, RECORD_TYPES, record_type
from ticketgate.domain.requests.access_request import digest_of_shown
from ticketgate.domain.verifying.replay import Replay

BY: Final = "2026-11-22T10:40:00.000000Z"  # until when people may decide
LINKS: Final[list[Json]] = [  # two are Bob's
    ["lnk_bob", "bob"], ["lnk_bob_2", "bob"], ["lnk_carol", "carol"], ["lnk_dan", "dan"],
]  # fmt: skip
EVER: Final = "2099-01-01T00:00:00.000000Z"  # by when access may begin
LATER: Final = "2026-11-22T03:40:04.000000Z"  # an hour after the fifth record


class Story:
    """A log as it is told, one record a second."""

    def __init__(self) -> None:
        self.replay = Replay()
        self.told = 0

    def tell(self, kind: str, **fields: Json) -> None:
        required = dict.fromkeys(RECORD_TYPES.get(kind, ()))
        moment = f"2026-11-22T02:40:{self.told:02}.000000Z"
        self.replay.take(self.told, {"_ts": moment, "type": kind} | required | fields)
        self.told += 1

    def move(self, machine: str, before: str, after: str, **fields: Json) -> None:
        pair: dict[str, Json] = {"from": before, "to": after}
        told: dict[str, Json] = {"on": machine, "id": f"{machine}_1", "cause": "test"}
        self.tell(record_type(machine, before, after), **told | pair | fields)

    def ask(self, after: str = "awaiting", before: str = NEW, **fields: Json) -> None:
        at: dict[str, Json] = {"round": 1, "stage": 1, "stages": [1], "material": "m1"}
        who: dict[str, Json] = {"requester": "alice", "beneficiary": "alice", "seconds": 3600}
        who |= {"decide_by": BY, "links": LINKS if after == "awaiting" else []}
        self.move("request", before, after, **at | who | fields)

    def decide(self, approver: Json, decision: Json = "approve", **fields: Json) -> None:
        at: dict[str, Json] = {"request": "request_1", "round": 1, "stage": 1, "need": 1}
        said: dict[str, Json] = {"material": "m1", "approver": approver, "decision": decision}
        said |= {"seconds": 3600, "link": f"lnk_{approver}"}
        told = at | said | fields
        self.tell("decision.recorded", **{"shown": digest_of_shown(told)} | told)

    def grant(self, before: str, after: str, **fields: Json) -> None:
        told: dict[str, Json] = {"request": "request_1", "subject": "alice"}
        told |= {"seconds": 3600, "activate_by": EVER} if before == NEW else {}
        self.move("grant", before, after, **told | fields)

    def approved(self) -> None:
        self.ask()
        self.decide("bob")
        self.ask("approved", "awaiting")

    @property
    def faults(self) -> list[tuple[int, str]]:
        return [(fault.index, fault.text) for fault in self.replay.faults.kept]

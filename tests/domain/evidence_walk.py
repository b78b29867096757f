"""Random clean histories: at each step of a walk something that may happen happens."""

from collections.abc import Mapping
from random import Random
from typing import Final

from tests.domain.evidence_log import BY, LATER, NOON, Log
from tests.domain.walked_people import Emergencies, Passkeys, later

from ticketgate.domain.evidence import Json
from ticketgate.domain.instants import to_text
from ticketgate.domain.log.machines import EDGES, NEW

BEGUN: Final = (
    *("delivery", "ticket", "request", "exception"),
    *("actor", "restore", "passkey", "review"),
)
HASTE: Final = 5
MORE: Final = 600  # seconds that one extension gives
_WINDOW: Final[Mapping[str, Json]] = {"not_before": to_text(NOON), "window_end": BY}


class Walk:
    """A random clean history; `held` is it by a restore."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.log = Log()
        self.ids = 0
        self.states: dict[tuple[str, str], str] = {}
        self.round: dict[str, int] = {}
        self.held = False
        self.counted = 0  # approved by the rule
        self.extends: dict[str, str] = {}  # the grant that a request asks more time for
        self.ends: dict[str, str] = {}  # of the grants that were given more time
        self.passkeys = Passkeys()
        self.emergencies = Emergencies()

    def step(self) -> None:
        if not self.states or self.random.random() < 0.4:
            self.begin(self.random.choice(BEGUN))
            return
        (machine, ident), before = self.random.choice(self.movable())
        after = self.may_follow(machine, ident, before)
        if not after:
            return
        chosen = self.random.choice(after)
        if machine == "grant" and before == chosen == "active":
            self.ask_for_more(ident)
        else:
            self.move(machine, ident, before, chosen)

    def movable(self) -> list[tuple[tuple[str, str], str]]:
        """Every thing with its state; a grant many times over, or few walks see it through."""
        return [
            (place, state)
            for place, state in self.states.items()
            for _ in range(HASTE if place[0] == "grant" else 1)
        ]

    def may_follow(self, machine: str, ident: str, before: str) -> list[str]:
        """The states that may be next, as everything stands."""
        after = {to for source, to in EDGES[machine] if source == before}
        if machine == "grant":
            after -= {"provisioning", "active"} if self.held else set()
            after -= {"active"} if before == "active" and self.emergency_of(ident) else set()
        elif machine == "passkey":
            after = self.passkeys.may_follow(ident, after)
        elif machine == "review":
            after = self.emergencies.may_follow(ident, before, after, self.log.now)
        return sorted(after)

    def begin(self, what: str) -> None:
        self.ids += 1
        ident = f"{what}{self.ids}"
        if what == "actor":
            self.log.tell("actor.minted", {"subject": f"p{self.ids}"}, actor=f"a{self.ids}")
            return
        if what == "restore":
            self.restore()
            return
        if what == "passkey":
            self.move(what, self.passkeys.enrol(self.ids), NEW, "pending")
            return
        if what == "review":
            self.emergencies.begin(ident, self.random)
        self.move(what, ident, NEW, self.random.choice(self.may_follow(what, ident, NEW)))

    def move(self, machine: str, ident: str, before: str, after: str) -> None:
        fields: dict[str, Json] = {"confirmed": True, "revision": len(self.log.rows)}
        match machine:
            case "request":
                fields = self.asked(ident, before, after)
            case "grant":
                fields |= self.granted(ident, before)
            case "passkey":
                fields |= self.passkeys.told(ident, before, after)
            case "review":
                fields |= self.emergencies.told(ident, after)
            case _:
                pass
        if after == "abandoned":
            fields |= {"by": ["act_1", "act_2"]}
        self.log.move(machine, ident, before, after, **fields)
        self.states[machine, ident] = after
        self.follow(machine, ident, before, after)

    def follow(self, machine: str, ident: str, before: str, after: str) -> None:
        """What happens at once because of a move."""
        if machine == "request" and after == "approved":
            if grant := self.extends.get(ident):
                self.extend(ident, grant)
            else:
                self.move("grant", f"grant-{ident}", NEW, "planned")
        elif machine == "grant" and (emergency := self.emergency_of(ident)):
            self.emergencies.granted(emergency, before, after, self.log.now)
        elif machine == "review":
            self.emergencies.moved(ident, after, self.log.now)
            if self.emergencies.gives(ident, after):
                self.move("grant", f"grant-{ident}", NEW, "planned")

    def granted(self, ident: str, before: str) -> dict[str, Json]:
        """What a grant's record says."""
        request = ident.removeprefix("grant-")
        told: dict[str, Json] = {"request": request, "not_after": self.ends.get(ident, LATER)}
        told["seconds"] = 3600 if before == NEW else None
        emergency = self.emergencies.grant_told(request)
        return told | ({"subject": "alice"} | window(request) if emergency is None else emergency)

    def emergency_of(self, grant: str) -> str:
        """The emergency that a grant comes of; empty where it was approved beforehand."""
        ident = grant.removeprefix("grant-")
        return ident if self.emergencies.grant_told(ident) is not None else ""

    def ask_for_more(self, grant: str) -> None:
        """More time is asked as access is; half of it is approved at once, while there is some."""
        self.ids += 1
        ident = f"more{self.ids}"
        self.extends[ident] = grant
        self.move("request", ident, NEW, "awaiting")
        if self.random.random() < 0.5:
            self.move("request", ident, "awaiting", "approved")

    def extend(self, ident: str, grant: str) -> None:
        """Unless the grant has ended by then, or a restore holds it."""
        if self.states["grant", grant] != "active" or self.held:
            return
        self.ends[grant] = later(self.ends.get(grant, LATER), MORE)
        fields = self.granted(grant, "active") | {"extension": ident, "hard_max": 86400}
        self.log.move("grant", grant, "active", "active", **fields)

    def asked(self, ident: str, before: str, after: str) -> dict[str, Json]:
        round_ = self.round[ident] = self.round.get(ident, 0) + (after == "awaiting")
        needs = [self.random.randint(1, 2) for _ in range(self.random.randint(1, 3))]
        fields: dict[str, Json] = {"round": round_, "material": f"m{round_}", "seconds": 3600}
        fields |= {"requester": "alice", "beneficiary": "alice", "decide_by": BY}
        grant = self.extends.get(ident)
        fields |= window(ident) if grant is None else {"extends": grant}
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


def window(request: str) -> dict[str, Json]:
    """Every third request asks for its access within a window."""
    return dict(_WINDOW) if int(request.removeprefix("request")) % 3 == 0 else {}


def walk(seed: int, steps: int) -> Log:
    """The log of a random clean history."""
    walked = Walk(Random(seed))  # noqa: S311 - a repeatable walk, nothing secret
    for _ in range(steps):
        walked.step()
    return walked.log

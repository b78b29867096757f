"""What replaying knows of one thing, and of the decisions on one request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from ticketgate.domain.evidence import Json
from ticketgate.domain.grants.grant import HOLDING, GrantState
from ticketgate.domain.instants import from_text, is_instant, to_text
from ticketgate.domain.log.machines import NEW
from ticketgate.domain.log.window_check import WINDOW, outside

Record = Mapping[str, Json]
_Round = tuple[str, int]  # (material, round)
_Place = tuple[str, int, int]  # (material, round, stage)
PAIR: Final = 2  # so many people give up on a revocation
END_SLACK_SECONDS: Final = 60  # by then the end of a grant has begun, whatever else goes on
PLACE: Final = ("round", "stage")
PARTIES: Final = ("requester", "beneficiary", "editor")  # `editors` lists more of the last
GIVEN: Final = HOLDING | {GrantState.PLANNED}
OF_ACCESS: Final = frozenset(
    {"grant.provisioning", "grant.activated", "grant.extended", "revocation.confirmed"}
)
OF_PASSKEY: Final = ("person", "key", "voucher", "rp_id", "origin")
ASKED: Final = ("entitlement", "target", *WINDOW)
FIXED: Final = ("request", *ASKED, "subject", "seconds", "not_after", "activate_by")
LAST: Final[Mapping[str, Sequence[str]]] = {  # what else is kept of each machine: as said last
    "delivery": ("source",),
    "ticket": ("source", "table", "revision"),
    "request": (*ASKED, "decide_by", "round", "stage", "material", "extends"),
    "grant": ("baseline",),
    "exception": ("code",),
    "passkey": OF_PASSKEY,
    "review": (),
}


@dataclass(slots=True)
class Folded:
    """Where the log left one thing. `index` is that of the last record that moved it."""

    state: str = NEW
    index: int = 0
    said: dict[str, Json] = field(default_factory=dict)

    def is_at(self, record: Record) -> bool:
        """Of a request: whether the record is of the round and stage that it was left at."""
        return all(count(record[name]) and record[name] == self.said.get(name) for name in PLACE)

    @property
    def is_unapproved(self) -> bool:
        """Of a request: whether an approval of it was taken back after it had been approved."""
        return self.said.get("approvers") == ""

    def outlived(self, now: str) -> bool:
        """Of a grant: whether it still holds well after its end; one that cannot be read is one."""
        if self.state not in HOLDING:
            return False
        end = self.said.get("not_after")
        if not is_instant(end) or not is_instant(now):
            return True
        return (from_text(now) - from_text(str(end))).total_seconds() > END_SLACK_SECONDS

    def begin(self, record: Record) -> list[str]:
        """Of a grant: let the record activate it; what of that cannot be, in words.

        The end is no later than the grant's seconds after it, both lie within its window, and it
        is not after the time to begin by; snapshots of before that was kept have none.
        """
        now, end, seconds = record.get("_ts"), record["not_after"], count(self.said.get("seconds"))
        if not is_instant(now) or not is_instant(end):
            return ["a grant is called for without an end"]
        late = (from_text(str(end)) - from_text(str(now))).total_seconds() > (seconds or 0)
        texts = ["an end that is later than the grant's seconds allow"] if late else []
        by = self.said.get("activate_by")
        if by is not None and str(now) > str(by):
            texts.append("access that begins after the time to begin was over")
        return texts + outside(record, self.said)

    def extend(self, record: Record, seconds: int | None) -> list[str]:
        """Of a grant: let its end be later; what of that cannot be, in words.

        `seconds` is what was approved. Its life began `seconds` of the grant before its first end.
        """
        now, old, end = record.get("_ts"), self.said.get("not_after"), record["not_after"]
        life, hard_max = count(self.said.get("seconds")), count(record["hard_max"])
        texts = [one for one in (now, old, end) if is_instant(one)]
        if len(texts) < 3 or life is None or hard_max is None or seconds is None:  # noqa: PLR2004
            return ["more time without an end, or a longest life"]
        moment, before, after = (from_text(str(one)) for one in texts)
        if not is_instant(self.said.get("since")):
            self.said["since"] = to_text(before - timedelta(seconds=life))
        begun, self.said["not_after"] = from_text(str(self.said["since"])), end
        faults = {
            "more time when there was none left": moment >= before,
            "more time that is less": after <= before,
            "more time than its approvals gave": after - before > timedelta(seconds=seconds),
            "a life beyond the longest": after > begun + timedelta(seconds=hard_max),
        }
        return [text for text, bad in faults.items() if bad] + outside(record, self.said)


@dataclass(slots=True)
class Ballot:
    """The decisions on one request while it awaits them; `parties` may not be among them."""

    denied: bool = False
    parties: frozenset[str] = frozenset()
    need: dict[_Place, int] = field(default_factory=dict)
    approvers: dict[_Place, set[str]] = field(default_factory=dict)
    seconds: dict[_Round, int] = field(default_factory=dict)  # the least that an approval gave
    represented: dict[_Round, set[str]] = field(
        default_factory=dict
    )  # whom a delegate stood in for

    def unfilled(self, material: str, round_: int, needs: Sequence[int]) -> int | None:
        """The first stage without enough distinct approvers of its own; None when all have.

        `needs` says for each stage how many it takes; a decision that said more is believed.
        """
        counted: set[str] = set()
        for stage, need in enumerate(needs, 1):
            place = (material, round_, stage)
            fresh = self.approvers.get(place, set()) - counted
            if len(fresh) < max(need, self.need.get(place, 1)):
                return stage
            counted |= fresh
        return None

    def of_round(self, material: str, round_: int) -> set[str]:
        """Everybody who approved in this round."""
        found = (who for place, who in self.approvers.items() if place[:2] == (material, round_))
        return set().union(*found)

    def voices(self, at: _Round) -> set[str]:
        """Everybody who approved in this round, or for whom somebody did."""
        return self.of_round(*at) | self.represented.get(at, set())

    def stand_in(self, at: _Round, approver: str, principal: str) -> bool:
        """Take the voice of somebody who approves, and of whom they stand in for.

        False when one of them has been used in this round: a delegate and whom they stand in for
        are one seat. `principal` is empty for somebody who approves for themselves.
        """
        taken = {approver} & self.represented.get(at, set())
        if principal:
            taken |= {approver, principal} & self.voices(at) | {approver} & {principal}
            self.represented.setdefault(at, set()).add(principal)
        return not taken


def abandoned_by(record: Record) -> list[str]:
    """What is wrong with how a revocation was given up, in words: it takes two people, and why.

    Neither is whose access it is. Each hides a reason of their own.
    """
    by, hidden = record["by"], record.get("sd")
    people = [one for one in by if isinstance(one, str) and one] if isinstance(by, list) else []
    told = len(hidden) if isinstance(hidden, list) else 0
    faults = {
        "given up on, and not by two different people": not len({*people}) == len(people) == PAIR
        or by != people,
        "given up on by whose access it is": record["subject"] in people,
        "given up on without the reasons of both": told < PAIR,
    }
    return [text for text, wrong in faults.items() if wrong]


def count(value: Json) -> int | None:
    """The value if it is an integer from 1 up; True is none."""
    return value if type(value) is int and value > 0 else None


def confirmed_at(record: Record) -> Json:
    """When a passkey could be used by this record of it; None where it could not.

    The first counts. Snapshots of before that was kept do not tell it, so the record that ends one
    stands for it.
    """
    return record["_ts"] if "usable" in (record["from"], record["to"]) else None


def is_text(value: Json) -> bool:
    """Whether the value is a text."""
    return isinstance(value, str)


def pairs(value: Json) -> dict[str, str] | None:
    """The pairs of texts in a list of nothing else; None for anything else."""
    found: dict[str, str] = {}
    for item in value if isinstance(value, list) else (None,):
        match item:
            case [str(name), str(text)]:
                found[name] = text
            case _:
                return None
    return found


def counts(value: Json) -> list[int]:
    """The integers from 1 up in a list of nothing else; empty for anything else."""
    items = value if isinstance(value, list) else []
    found = [least for item in items if (least := count(item))]
    return found if len(found) == len(items) else []

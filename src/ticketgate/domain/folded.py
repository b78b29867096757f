"""What replaying knows of one thing, and of the decisions on one request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ticketgate.domain.evidence import Json
from ticketgate.domain.grant import HOLDING
from ticketgate.domain.instants import from_text, is_instant
from ticketgate.domain.machines import NEW

Record = Mapping[str, Json]
_Round = tuple[str, int]  # (material, round)
_Place = tuple[str, int, int]  # (material, round, stage)
END_SLACK_SECONDS: Final = 60  # by then the end of a grant has begun, whatever else goes on
PLACE: Final = ("round", "stage")


@dataclass(slots=True)
class Folded:
    """Where the log left one thing. `index` is that of the last record that moved it."""

    state: str = NEW
    index: int = 0
    said: dict[str, Json] = field(default_factory=dict)

    def is_at(self, record: Record) -> bool:
        """Of a request: whether the record is of the round and stage that it was left at."""
        return all(count(record[name]) and record[name] == self.said.get(name) for name in PLACE)

    def outlived(self, now: str) -> bool:
        """Of a grant: whether it still holds well after its end; one that cannot be read is one."""
        if self.state not in HOLDING:
            return False
        end = self.said.get("not_after")
        if not is_instant(end) or not is_instant(now):
            return True
        return (from_text(now) - from_text(str(end))).total_seconds() > END_SLACK_SECONDS


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


def count(value: Json) -> int | None:
    """The value if it is an integer from 1 up; True is none."""
    return value if type(value) is int and value > 0 else None

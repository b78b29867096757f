"""Replay: folding the recorded moves again, through the same machines. Nothing is decided again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Draft, Json
from ticketgate.domain.evidence_verdict import FaultList
from ticketgate.domain.instants import from_text
from ticketgate.domain.machines import MOVES, NEW, check_record

Record = Mapping[str, Json]
_Place = tuple[str, int, int]

_FIXED: Final = ("request", "not_after")  # of a grant: once said, never said otherwise


@dataclass(slots=True)
class _Ballot:
    """The decisions on one request while it awaits them, by (material, round, stage)."""

    denied: bool = False
    need: dict[_Place, int] = field(default_factory=dict)
    approvers: dict[_Place, set[str]] = field(default_factory=dict)

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


class Replay:
    """SEMANTICS: time never goes back, and every move folds from the states before it."""

    def __init__(self) -> None:
        self.faults = FaultList()
        self._time = ""
        self._states: dict[tuple[str, str], str] = {}
        self._revisions: set[tuple[str, int]] = set()
        self._ballots: dict[str, _Ballot] = {}
        self._grants: dict[str, dict[str, Json]] = {}

    def take(self, index: int, record: Record | None) -> None:
        """Fold one record. One that cannot be read moves nothing, and is a fault here as well."""
        if record is None:
            self.faults.add(index, "cannot be read, so cannot be replayed")
            return
        moment = record.get("_ts")
        if isinstance(moment, str) and is_instant(moment):
            if moment < self._time:
                self.faults.add(index, "time goes back")
            self._time = max(moment, self._time)
        kind = record.get("type")
        if not isinstance(kind, str):
            self.faults.add(index, "a record without a type")
            return
        try:
            check_record(Draft(kind, record))
        except EvidenceError as fault:
            self.faults.add(index, fault.reason)
            return
        self._fold(index, kind, record)

    def _fold(self, index: int, kind: str, record: Record) -> None:
        if kind in MOVES:
            self._move(index, record)
        match kind:
            case "decision.recorded":
                self._decided(index, record)
            case "request.approved":
                self._approved(index, record)
            case "grant.planned" if self._state("request", record["request"]) != "approved":
                self.faults.add(index, "a grant of a request that nobody approved")
            case "grant.activated" if not is_instant(record["not_after"]):
                self.faults.add(index, "an active grant without an end")
            case "revocation.confirmed" if record["confirmed"] is not True:
                self.faults.add(index, "revoked without confirmation")
            case _:
                pass

    def _move(self, index: int, record: Record) -> None:
        # `check_record` has seen that these are texts.
        machine, ident = str(record["on"]), str(record["id"])
        before, after = str(record["from"]), str(record["to"])
        known = self._state(machine, ident)
        fresh = machine == "ticket" and self._is_new_revision(index, ident, record["revision"])
        if before != known and not (fresh and before == NEW):
            self.faults.add(index, f"moves {machine} from '{before}'; the log left it at '{known}'")
        self._states[machine, ident] = after
        if machine == "request" and after != "approved":
            self._follow(ident, after)
        elif machine == "grant":
            self._hold(index, ident, record)

    def _is_new_revision(self, index: int, ident: str, revision: Json) -> bool:
        if type(revision) is not int:
            self.faults.add(index, "a revision that is not an integer")
            return False
        fresh = (ident, revision) not in self._revisions
        self._revisions.add((ident, revision))
        return fresh

    def _follow(self, ident: str, after: str) -> None:
        """Keep decisions only while a request awaits them."""
        if after == "awaiting":
            self._ballots.setdefault(ident, _Ballot())
        else:
            self._ballots.pop(ident, None)

    def _hold(self, index: int, ident: str, record: Record) -> None:
        said = self._grants.setdefault(ident, {})
        for name in _FIXED:
            value = record.get(name)
            if value is not None and said.setdefault(name, value) != value:
                self.faults.add(index, f"the grant's {name} is not what it was")

    def _decided(self, index: int, record: Record) -> None:
        ident = record["request"]
        ballot = self._ballots.get(ident) if isinstance(ident, str) else None
        if ballot is None:
            self.faults.add(index, "a decision on a request that awaits none")
            return
        match record["decision"]:
            case "deny":
                ballot.denied = True
            case "approve":
                self._counted(index, ballot, record)
            case _:
                self.faults.add(index, "a decision that is neither an approval nor a denial")

    def _counted(self, index: int, ballot: _Ballot, record: Record) -> None:
        round_, stage, need = (_count(record[name]) for name in ("round", "stage", "need"))
        approver = record["approver"]
        if round_ and stage and need and isinstance(approver, str):
            place = (str(record["material"]), round_, stage)
            ballot.need[place] = max(need, ballot.need.get(place, 1))
            ballot.approvers.setdefault(place, set()).add(approver)
        else:
            self.faults.add(index, "an approval without its approver, round, stage or need")

    def _approved(self, index: int, record: Record) -> None:
        ballot = self._ballots.pop(str(record["id"]), _Ballot())
        round_, needs = _count(record["round"]), _counts(record["stages"])
        if ballot.denied:
            self.faults.add(index, "approved after a denial")
        if not round_ or not needs:
            self.faults.add(index, "approved without round or stages")
        elif stage := ballot.unfilled(str(record["material"]), round_, needs):
            self.faults.add(index, f"approved without the approvals of stage {stage}")

    def _state(self, machine: str, ident: Json) -> str:
        return self._states.get((machine, ident), NEW) if isinstance(ident, str) else NEW


def is_instant(value: Json) -> bool:
    """Whether the value is text in the one form that records use for an instant."""
    return isinstance(value, str) and _is_instant_text(value)


@lru_cache(maxsize=8)  # each `_ts` is asked for twice, and reading one costs as much as an entry
def _is_instant_text(text: str) -> bool:
    try:
        from_text(text)
    except ValueError:
        return False
    return True


def _count(value: Json) -> int | None:
    """The value if it is an integer from 1 up; True is none."""
    return value if type(value) is int and value > 0 else None


def _counts(value: Json) -> list[int]:
    """The integers from 1 up in a list of nothing else; empty for anything else."""
    items = value if isinstance(value, list) else []
    counts = [count for item in items if (count := _count(item))]
    return counts if len(counts) == len(items) else []

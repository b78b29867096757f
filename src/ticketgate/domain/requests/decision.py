"""Decision: what the approvals of a round come to. An object that says why, never a bool."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ticketgate.domain.policy.policy import ApproveRule
from ticketgate.domain.requests.approval import Approval


class Verdict(StrEnum):
    """PENDING until every stage has its approvals; one denial ends the request."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Decision:
    """`stage` is the stage that is open (1-based). `satisfied` and `missing` are in words."""

    verdict: Verdict
    stage: int
    satisfied: tuple[str, ...]
    missing: tuple[str, ...]
    reasons: tuple[str, ...] = ()


def decide(rule: ApproveRule, approvals: Sequence[Approval], round_: int) -> Decision:
    """Fold the approvals of one round over the ordered stages of the rule.

    One denial ends it, at whatever stage it was given; a denial is never counted as an approval.
    """
    current = [one for one in approvals if one.round == round_]
    denials = [min(one.stage, len(rule.stages)) for one in current if one.decision == "deny"]
    given = [one for one in current if one.decision == "approve"]
    satisfied: list[str] = []
    for number, stage in enumerate(rule.stages, start=1):
        here = {one.approver for one in given if one.stage == number}
        if number in denials or (denials and len(here) < stage.need):
            return Decision(
                Verdict.DENIED, number, tuple(satisfied), (), (f"denied at stage {stage.name}",)
            )
        if len(here) < stage.need:
            missing = f"{stage.name}: {stage.need - len(here)} of {stage.need}"
            return Decision(Verdict.PENDING, number, tuple(satisfied), (missing,))
        satisfied.append(f"{stage.name}: {stage.need} of {stage.need}")
    return Decision(Verdict.APPROVED, len(rule.stages), tuple(satisfied), ())


def seconds_of(approvals: Sequence[Approval], round_: int, seconds: int) -> int:
    """The life that is granted: approvers may shorten, never lengthen."""
    return min([seconds, *(one.seconds for one in approvals if one.round == round_)])

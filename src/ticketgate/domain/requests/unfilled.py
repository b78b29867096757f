"""Why the stages of a rule cannot be filled: who is missing, in one code."""

from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy.policy import Stage
from ticketgate.domain.requests.approvers import (
    Case,
    Standing,
    absent,
    candidates,
    named_by,
    standing,
    unfit,
)

UNFILLED_REASONS: Final = {
    "approvers_none": "No word of a stage names anybody who could approve.",
    "approvers_unfit": "Whoever a stage names is not known, not active, or no person.",
    "approvers_parties": "Whoever a stage names asks for it, would get it, or wrote it.",
    "unfillable": "There are not enough distinct people who may approve at every stage.",
    "approvers_away": "Too few of the people who may approve are there; the others are away.",
}
_PARTIES: Final = frozenset({"self_approval", "alias_of_requester"})


def why_unfilled(case: Case) -> str:
    """Which code of `UNFILLED_REASONS` says why distinct people cannot fill every stage.

    `approvers_away` where somebody would be asked if they were there; else what is true of the
    first stage that nobody can decide at, and `unfillable` where there is none such.
    """
    if absent(case):
        return "approvers_away"
    empty = (stage for stage in case.rule.stages if not candidates(case, stage))
    found = next(empty, None)
    return "unfillable" if found is None else _of_stage(case, found)


def _of_stage(case: Case, stage: Stage) -> str:
    more = () if case.rule.escalate is None else case.rule.escalate.to
    named = {who for word in (*stage.any_of, *more) for who in named_by(word, case)}
    if not named:
        return "approvers_none"
    fit = [one for one in named if unfit(case.snapshot.person(one)) is None]
    if not fit:
        return "approvers_unfit"
    codes = {_code(standing(case, stage, one)) for one in fit}
    return "approvers_parties" if codes <= _PARTIES else "unfillable"


def _code(found: Standing | Refusal) -> str:
    return found.code if isinstance(found, Refusal) else ""

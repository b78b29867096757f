"""Roles: who may do what beside deciding requests; groups and persons of the directory.

Resolved at the time of the act, as approvers are (`docs/rules.md` rule 5).
"""

from collections.abc import Mapping
from typing import Final

from ticketgate.domain.approvers import unfit
from ticketgate.domain.directory import DirectorySnapshot
from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy import Word

OPERATOR: Final = "operator"
ROLES: Final = (OPERATOR, "triage", "auditor")

Roles = Mapping[str, tuple[Word, ...]]


def may_operate(roles: Roles, subject: str, snapshot: DirectorySnapshot) -> Refusal | None:
    """Why this person is no operator now; None when they are.

    Refusals: `approver_unknown`, `approver_inactive`, `not_human`, `not_operator`.
    """
    person = snapshot.person(subject)
    refusal = unfit(person)
    if person is None or refusal is not None:
        return refusal
    for word in roles.get(OPERATOR, ()):
        if (word.verb == "person" and word.of == subject) or (
            word.verb == "group" and word.of in person.groups
        ):
            return None
    return Refusal(
        "not_operator",
        "Only operators can do this, and you are not one now.",
        "Operators are named under `roles` in ticketgate.yaml.",
    )

"""Roles: who may do what beside deciding requests; groups and persons of the directory.

Resolved at the time of the act, as approvers are (`docs/rules.md` rule 5).
"""

from collections.abc import Callable, Mapping
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Word
from ticketgate.domain.requests.approvers import unfit

OPERATOR: Final = "operator"
TRIAGE: Final = "triage"
AUDITOR: Final = "auditor"
VOUCHER: Final = "voucher"
ROLES: Final = (OPERATOR, TRIAGE, AUDITOR, VOUCHER)

Roles = Mapping[str, tuple[Word, ...]]
MayDo = Callable[[Roles, str, DirectorySnapshot], Refusal | None]  # such as `may_triage`


def may_operate(roles: Roles, subject: str, snapshot: DirectorySnapshot) -> Refusal | None:
    """Why this person is no operator now; None when they are.

    Refusals: `approver_unknown`, `approver_inactive`, `not_human`, `not_operator`.
    """
    return _may(
        (roles, OPERATOR),
        subject,
        snapshot,
        Refusal(
            "not_operator",
            "Only operators can do this, and you are not one now.",
            "Operators are named under `roles` in ticketgate.yaml.",
        ),
    )


def may_triage(roles: Roles, subject: str, snapshot: DirectorySnapshot) -> Refusal | None:
    """Why this person has not the role `triage` now; None when they have.

    Refusals: `approver_unknown`, `approver_inactive`, `not_human`, `not_triage`.
    """
    return _may(
        (roles, TRIAGE),
        subject,
        snapshot,
        Refusal(
            "not_triage",
            "Only people with the role `triage` can do this, and you do not have it now.",
            "They are named under `roles` in ticketgate.yaml.",
        ),
    )


def may_attend(roles: Roles, subject: str, snapshot: DirectorySnapshot) -> Refusal | None:
    """Why this person has neither the role `triage` nor `operator` now; None when they have.

    Refusals: `approver_unknown`, `approver_inactive`, `not_human`, `not_attending`.
    """
    refusal = may_triage(roles, subject, snapshot)
    if refusal is None or may_operate(roles, subject, snapshot) is None:
        return None
    if refusal.code != "not_triage":
        return refusal
    return Refusal(
        "not_attending",
        "Only people with the role `triage` or `operator` can do this, and you have neither now.",
        "They are named under `roles` in ticketgate.yaml.",
    )


def may_audit(roles: Roles, subject: str, snapshot: DirectorySnapshot) -> Refusal | None:
    """Why this person may not read everything now; None when they may.

    Whoever may, changes nothing by it: what is done asks for the roles above.
    Refusals: `approver_unknown`, `approver_inactive`, `not_human`, `not_auditor`.
    """
    return _may(
        (roles, AUDITOR),
        subject,
        snapshot,
        Refusal(
            "not_auditor",
            "Only people with the role `auditor` see this, and you do not have it now.",
            "They are named under `roles` in ticketgate.yaml.",
        ),
    )


def may_look(roles: Roles, subject: str, snapshot: DirectorySnapshot) -> Refusal | None:
    """Why this person may not read what those with a role attend to; auditors may.

    Refusals: those of `may_attend`.
    """
    refusal = may_attend(roles, subject, snapshot)
    return None if may_audit(roles, subject, snapshot) is None else refusal


def may_read_parked(roles: Roles, subject: str, snapshot: DirectorySnapshot) -> Refusal | None:
    """Why this person may not read what is quarantined; auditors may.

    Refusals: those of `may_triage`.
    """
    refusal = may_triage(roles, subject, snapshot)
    return None if may_audit(roles, subject, snapshot) is None else refusal


def may_see_deliveries(roles: Roles, subject: str, snapshot: DirectorySnapshot) -> Refusal | None:
    """Why this person may not see what came in; operators and auditors may.

    Refusals: those of `may_operate`.
    """
    refusal = may_operate(roles, subject, snapshot)
    return None if may_audit(roles, subject, snapshot) is None else refusal


def may_read_log(roles: Roles, subject: str, snapshot: DirectorySnapshot) -> Refusal | None:
    """Why this person may not read every record of the log; operators and auditors may.

    Refusals: `approver_unknown`, `approver_inactive`, `not_human`, `not_reading_log`.
    """
    refusal = may_audit(roles, subject, snapshot)
    if refusal is None or may_operate(roles, subject, snapshot) is None:
        return None
    if refusal.code != "not_auditor":
        return refusal
    return Refusal(
        "not_reading_log",
        "Only people with the role `auditor` or `operator` read the whole log; you have neither.",
        "Records of your own requests are linked from their pages at /console/requests.",
    )


def may_vouch(roles: Roles, subject: str, snapshot: DirectorySnapshot) -> Refusal | None:
    """Why this person may not vouch for passkeys now; None when they may.

    Refusals: `approver_unknown`, `approver_inactive`, `not_human`, `not_voucher`.
    """
    return _may(
        (roles, VOUCHER),
        subject,
        snapshot,
        Refusal(
            "not_voucher",
            "Only people with the role `voucher` can do this, and you do not have it now.",
            "They are named under `roles` in ticketgate.yaml.",
        ),
    )


def roles_of(roles: Roles, subject: str, snapshot: DirectorySnapshot) -> frozenset[str]:
    """The roles that this person has now; none for somebody unknown, inactive or no human."""
    none = Refusal("not_found", "This person has not this role.")
    return frozenset(one for one in roles if _may((roles, one), subject, snapshot, none) is None)


def _may(
    role: tuple[Roles, str], subject: str, snapshot: DirectorySnapshot, otherwise: Refusal
) -> Refusal | None:
    person = snapshot.person(subject)
    refusal = unfit(person)
    if person is None or refusal is not None:
        return refusal
    for word in role[0].get(role[1], ()):
        if (word.verb == "person" and word.of == subject) or (
            word.verb == "group" and word.of in person.groups
        ):
            return None
    return otherwise

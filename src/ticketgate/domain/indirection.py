"""What an entitlement decides elsewhere in a policy: whom owner words name, and bare numbers."""

from ticketgate.domain.durations import requested_seconds
from ticketgate.domain.policy import DurationField, Policy


def owner_verbs(policy: Policy) -> frozenset[str]:
    """`owner_of` and `backup_owner_of`, where somebody approves, is barred or answers by them.

    Another owner is then another approver of requests that no approve rule tells apart.
    """
    words = [one.owner for one in policy.automations]
    for rule in policy.approve:
        words += rule.never
        for stage in rule.stages:
            words += (*stage.any_of, *stage.never)
    return frozenset(word.verb for word in words if word.of == "entitlement")


def counts_longer(old: DurationField | None, new: DurationField | None) -> bool:
    """Whether a bare number is longer in the new unit, or was unreadable and is read now.

    A field where there was none, or none any more, changes the source and no unit.
    """
    if old is None or new is None:
        return False
    return _seconds(new.unit) > _seconds(old.unit)


def _seconds(unit: str | None) -> int:
    return requested_seconds("1", unit) or 0

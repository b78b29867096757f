"""What an entitlement decides elsewhere in a policy: whom owner words name, and bare numbers."""

from ticketgate.domain.policy.policy import DurationField, Policy


def owner_verbs(policy: Policy) -> frozenset[str]:
    """`owner_of` and `backup_owner_of`, where somebody approves, is barred or answers by them.

    Another owner is then another approver of requests that no approve rule tells apart.
    """
    words = [one.owner for one in policy.automations]
    for rule in policy.approve:
        words += (*rule.never, *(rule.escalate.to if rule.escalate else ()))
        for stage in rule.stages:
            words += (*stage.any_of, *stage.never)
    return frozenset(word.verb for word in words if word.of == "entitlement")


def counts_longer(old: DurationField | None, new: DurationField | None) -> bool:
    """Whether another place to read how long from may give longer access in some case.

    Where none was read, or none is read any more, the default of a limit stands against what the
    ticket says, and either may be longer; another field may say anything. Of the same field a bare
    number is longer in a longer unit, and in a shorter one it may be read where it was too much;
    without a unit none is read, which blocks.
    """
    return old is None or new is None or old.field != new.field or new.unit is not None

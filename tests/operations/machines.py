"""Accounts that no directory has, but of which somebody answers for what they ask."""

from dataclasses import replace
from typing import Final

from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.policy.policy import Automation, Policy, Word

MACHINES: Final = ("workflow", "integration", "bob.other", "mallory", "somebody")
KINDS: Final = frozenset({"privilege.elevate", "access.grant"})


def with_machines(policy: Policy) -> Policy:
    """The policy with an automation for them.

    Tests of what an unknown writer may do are about what comes after a boundary.
    """
    match = Clause("ticket.updated_by", "equals", MACHINES, 1)
    known = Automation(
        "machines", match, Word("person", "carol"), KINDS, frozenset({"corp-scim"}), "test:1", "m"
    )
    return replace(policy, automations=(*policy.automations, known))

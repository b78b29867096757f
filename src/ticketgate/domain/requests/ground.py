"""Ground: what a question is judged by, wherever it is asked."""

from dataclasses import dataclass

from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class Ground:
    """The policy in force and the directory just read.

    `own_users` are our own accounts at the source of the ticket, where it counts who wrote there.
    """

    policy: Policy
    snapshot: DirectorySnapshot
    own_users: frozenset[str] = frozenset()

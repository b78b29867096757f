"""Grant: time-bound access. Its end is part of it from the first moment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from ticketgate.domain.tickets.access_window import AccessWindow


class GrantState(StrEnum):
    """The GRANT machine's states."""

    PLANNED = "planned"
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    REVOKING = "revoking"
    REVOKE_OVERDUE = "revoke_overdue"
    REVOKED = "revoked"
    CANCELLED = "cancelled"
    RELEASED_SHARED = "released_shared"
    ABANDONED = "abandoned"  # two people gave up: nothing confirms that it is gone


HOLDING: Final = frozenset({GrantState.PROVISIONING, GrantState.ACTIVE})
REVOKING: Final = frozenset({GrantState.REVOKING, GrantState.REVOKE_OVERDUE})
ENDED: Final = frozenset(
    {
        GrantState.REVOKED,
        GrantState.CANCELLED,
        GrantState.RELEASED_SHARED,
        GrantState.ABANDONED,
    }
)
CLAIMED: Final = "claimed"  # the origin of one that was given by hand, and is only taken away
EMERGENCY: Final = "emergency"  # the origin of a grant that nobody approved beforehand (rule 9)
UNENDED: Final = HOLDING | {GrantState.PLANNED}  # has not begun to end
ACTIVATE_WITHIN: Final = timedelta(hours=1)
CALL_SECONDS_MAX: Final = 30  # one connector call; past it a late effect is swept
REVOKE_TRIES_BEFORE_OVERDUE: Final = 6
REVOKE_OVERDUE_AFTER: Final = timedelta(seconds=60)  # from the start of revoking, however tried


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant of one entitlement to one subject.

    `not_after` is set by the commit of the first provisioning intent (rule 1); only an
    approved extension moves it (rule 4).
    `baseline` says that the access stood before us: this grant is without effect, and ending it
    removes nothing. `late_until` is when a call whose outcome is unknown can no longer land.
    `origin` is `request`, `emergency` or `claimed`; of the latter two `request` is the id of the
    emergency, and there is no ticket.
    `principal` is the target's own id of the account, known from the first intent on.
    """

    id: str
    version: int
    state: GrantState
    request: str
    source: str
    table: str
    ticket_id: str
    entitlement: str
    target: str
    access: Mapping[str, str]
    subject: str
    seconds: int
    activate_by: datetime
    principal: str | None = None
    native_ref: str | None = None
    not_after: datetime | None = None
    baseline: bool = False
    cause: str = ""
    late_until: datetime | None = None
    revoking_since: datetime | None = None
    ended_at: datetime | None = None
    origin: str = "request"
    since: datetime | None = None  # its activation; None before, and of grants that never knew
    not_before: datetime | None = None  # nothing is given earlier; None: it may be at once
    window_end: datetime | None = None  # `not_after` is never later
    ticket_version: int | None = None  # what its last approval was given on (ADR 0017)

    @property
    def ticket(self) -> tuple[str, str, str]:
        """The key of the ticket the grant is bound to."""
        return (self.source, self.table, self.ticket_id)

    @property
    def window(self) -> AccessWindow:
        """When it may begin, and is over at the latest; as it was approved."""
        return AccessWindow(self.not_before, self.window_end)

    @property
    def activated_at(self) -> datetime | None:
        """When its life began. One that never noted it was never extended either."""
        if self.since is not None or self.not_after is None:
            return self.since
        return self.not_after - timedelta(seconds=self.seconds)

    @property
    def holding(self) -> str | None:
        """What grants are counted by (rule 3): the digest of target, account and access.

        The names of the policy and the directory may come to mean something else while a grant
        lives; what it holds at the target does not. None before the first intent: nothing is held.
        """
        if self.principal is None:
            return None
        held = [self.target, self.principal, sorted(self.access.items())]
        return sha256(json.dumps(held).encode()).hexdigest()


def is_due(grant: Grant, now: datetime) -> bool:
    """Whether the grant is live and its time is up."""
    return grant.state in HOLDING and grant.not_after is not None and now >= grant.not_after

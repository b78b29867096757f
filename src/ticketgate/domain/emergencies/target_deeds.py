"""Target deeds: what a target itself has on record that an account created or changed there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that an account did at the target, in the target's own words."""

    at: datetime
    what: str


@runtime_checkable
class TellsActivity(Protocol):
    """What a target connector has as well whose target keeps such a record, and no other has.

    A connector that could tell a part only leaves it out: an empty answer says that there was
    nothing.
    """

    def activity(self, principal: str, since: datetime, until: datetime) -> tuple[Deed, ...]:
        """Everything that this account created or changed in that time. Reads only.

        Raises:
            ConnectorError: it cannot be read now, or not for the whole of that time.
        """

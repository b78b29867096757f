"""Target activity: what the target tells that somebody did there, for whoever reviews it.

It is read outside any transaction. What cannot be told, or not be read now, is never an empty list.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ticketgate.connector_api import ConnectorError, Deed, TellsActivity
from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.operations.workers.run_targets import principal_of
from ticketgate.ports import Targets

CANNOT_TELL: Final = "cannot_tell"
SHOWN_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Activity:
    """What was done there, oldest first; or in `code` why that is not known.

    `code` is `cannot_tell` where the target keeps no such record, else that of what failed.
    """

    deeds: tuple[Deed, ...] = ()
    code: str = ""
    cut: bool = False


def activity_of(
    targets: Targets | None,
    emergency: Emergency,
    grant: Grant | None,
    snapshot: DirectorySnapshot,
    now: datetime,
) -> Activity | None:
    """What the person did at the target while they had the access; None of a drill.

    From the beginning, or as it is claimed, to the end of the access, confirmed; or to now.
    """
    if grant is None:
        return None
    if targets is None:
        return Activity(code=CANNOT_TELL)
    since = emergency.access_from or emergency.invoked_at
    try:
        with targets.open(emergency.target) as connector:
            if not isinstance(connector, TellsActivity):
                return Activity(code=CANNOT_TELL)
            principal = principal_of(connector, grant, snapshot)
            found = connector.activity(principal, since, grant.ended_at or now)
    except ConnectorError as fault:
        return Activity(code=fault.code)
    except Exception as fault:  # noqa: BLE001 -- the page says so; nothing hangs on it
        return Activity(code=f"unclassified:{type(fault).__name__}")
    rows = sorted(found, key=lambda one: one.at)
    return Activity(tuple(rows[:SHOWN_MAX]), cut=len(rows) > SHOWN_MAX)

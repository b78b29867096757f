"""Reconcile after a restore: hold what each target gives against what our grants say.

Reads only; nothing is removed. What nobody can explain is drift: recorded, listed, and a person's
to judge (`docs/rules.md` rule 13).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from ticketgate.connector_api import ConnectorError
from ticketgate.domain.evidence import Disclosure, Draft, Json
from ticketgate.domain.grants.grant import ENDED, Grant, GrantState
from ticketgate.domain.log.restore import MISSING, UNEXPLAINED, Compared, Drift, Place
from ticketgate.domain.policy.policy import Policy
from ticketgate.operations.requests.in_force import InForce
from ticketgate.ports import Reading, Store, Targets, Transaction

IDLE_SECONDS: Final = 1.0
AGAIN_AFTER: Final = timedelta(seconds=10)  # a place whose holders could not be listed


def places(reading: Reading, policy: Policy) -> list[Place]:
    """Every entitlement that the policy offers or a grant holds, each once."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], Place] = {}
    offered = [Place(one.target, one.id, one.access) for one in policy.entitlements]
    held = [Place(*one) for one in reading.grants.held()]
    for place in (*offered, *held):
        found.setdefault((place.target, tuple(sorted(place.access.items()))), place)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Compares one place at a step, while provisioning is held after a restore."""

    store: Store
    targets: Targets
    policy: InForce
    now: Callable[[], datetime]
    log: Callable[[str, str], None]  # (event, code) of what could not be listed

    def step(self) -> float:
        """Compare the next place that needs it; for a loop."""
        with self.store.reading() as looking:
            held = looking.restores.hold() is not None
            due = [one for one in places(looking, self.policy.now) if self._is_due(looking, one)]
        if not held or not due:
            return IDLE_SECONDS
        self._compare(due[0])
        return 0.0

    def _is_due(self, reading: Reading, place: Place) -> bool:
        found = reading.restores.compared_at(place)
        return found is None or (not found.listed and self.now() - found.at >= AGAIN_AFTER)

    def _compare(self, place: Place) -> None:
        """One look at one target. A connector's unclassified failure is one too."""
        principals: Collection[str] = ()
        code = ""
        try:
            with self.targets.open(place.target) as connector:
                principals = connector.list_held(place.access)
        except ConnectorError as fault:
            code = fault.code
        except Exception as fault:  # noqa: BLE001 -- told by its code; the hold stays
            code = f"unclassified:{type(fault).__name__}"
        if code:
            self.log("restore.not_compared", code)
        self.store.write(partial(note_compared, place=place, principals=principals, code=code))


def note_compared(
    tx: Transaction, now: datetime, *, place: Place, principals: Collection[str], code: str
) -> None:
    """Keep how a place compares, and record what was not found there before."""
    outcome = Compared(place.target, place.entitlement, code, len(principals), now)
    known = {(one.principal, one.found, one.grant): one for one in tx.restores.drift_of(place)}
    if not outcome.listed:
        tx.restores.found(place, outcome, ())
        return
    found: list[Drift] = []
    for principal, what, grant in _differences(tx, place, principals):
        before = known.get((principal, what, grant))
        found.append(before or _record(tx, place, principal, what, grant))
    tx.restores.found(place, outcome, found)


def _differences(
    reading: Reading, place: Place, principals: Collection[str]
) -> list[tuple[str, str, str]]:
    """(principal, what, grant) of everybody whom grants and target tell otherwise."""
    grants = [
        one
        for one in reading.grants.of_target(place.target)
        if one.access == place.access and one.principal is not None
    ]
    explained = {one.principal for one in grants if _explains(one)}
    active = [one for one in grants if one.state is GrantState.ACTIVE]
    return [
        *((one, UNEXPLAINED, "") for one in sorted(set(principals) - explained)),
        *(
            (one.principal or "", MISSING, one.id)
            for one in active
            if one.principal not in principals
        ),
    ]


def _explains(grant: Grant) -> bool:
    """A grant that is not ended, or one that found the access there and left it: the baseline."""
    return grant.state not in ENDED or grant.baseline


def _record(tx: Transaction, place: Place, principal: str, what: str, grant: str) -> Drift:
    fields: dict[str, Json] = {
        "target": place.target,
        "entitlement": place.entitlement,
        "found": what,
    }
    if grant:
        fields["grant"] = grant
    hidden = (Disclosure("principal", principal, kind="drift"),)
    ref = tx.append(Draft("drift.found", fields, hidden))
    return Drift(place.target, place.entitlement, principal, what, grant, ref.index)

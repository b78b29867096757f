"""Run targets: observe, commit the intent, call, commit the outcome. One try of one command."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from ticketgate.connector_api import (
    Access,
    ConnectorError,
    Effect,
    OutcomeUnknown,
    TargetConnector,
)
from ticketgate.domain.grants.command import Command, CommandKind
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.requests.ground import Ground
from ticketgate.operations.emergencies.claim_emergency import know_account
from ticketgate.operations.grants.end_grant import kept_because
from ticketgate.operations.grants.enforce import (
    Called,
    Seen,
    could_not_look,
    hold_back,
    intend_provision,
    intend_revoke,
    is_held,
    provisioned,
    revoked,
)
from ticketgate.operations.requests.in_force import InForce
from ticketgate.ports import Store, Targets


@dataclass(frozen=True, slots=True)
class TargetRunner:
    """Carries out provisioning and revocation."""

    store: Store
    targets: Targets
    now: Callable[[], datetime]
    log: Callable[[str, str], None]  # (event, code) of what did not go
    disputed: Callable[[], bool]  # whether the wall clock disputes `now`
    policy: InForce

    def run(self, command: Command, snapshot: DirectorySnapshot) -> None:
        """One try. Whatever happens is recorded; what is not confirmed is tried again.

        While the clock is disputed nothing is given: no end could be kept (rule 11).
        """
        if command.kind is CommandKind.PROVISION and self.disputed():
            return
        with self.store.reading() as looking:
            grant = looking.grants.get(command.about)
            kept = "" if grant is None else kept_because(looking, grant)
            held = command.kind is CommandKind.PROVISION and is_held(looking)
        if grant is None:
            return
        if held:
            self.store.write(partial(hold_back, ident=command.id))
            return
        if command.kind is CommandKind.REVOKE and kept:
            self._intend_revoke(command, present=None)
            return
        try:
            with self.targets.open(command.target) as connector:
                self._with(connector, command, grant, snapshot)
        except ConnectorError as fault:
            called = called_of(fault)
            self.log("target.unreadable", called.code)
            self.store.write(
                partial(could_not_look, ident=command.id, called=called),
                urgent=command.kind is CommandKind.REVOKE,
            )

    def _with(
        self,
        connector: TargetConnector,
        command: Command,
        grant: Grant,
        snapshot: DirectorySnapshot,
    ) -> None:
        began = self.now()
        access, present = look(connector, grant, snapshot)
        if command.kind is CommandKind.REVOKE:
            if grant.principal is None:
                known = partial(know_account, ident=grant.id, principal=access.principal)
                self.store.write(known, urgent=True)
            self._revoke(connector, command, access, present=present)
        else:
            seen = Seen(access.principal, present, began)
            self._provision(connector, command, access, snapshot, seen)

    def _provision(
        self,
        connector: TargetConnector,
        command: Command,
        access: Access,
        snapshot: DirectorySnapshot,
        seen: Seen,
    ) -> None:
        ground = Ground(self.policy.now, snapshot)
        grant = self.store.write(
            partial(intend_provision, ident=command.id, seen=seen, ground=ground)
        )
        if grant is None or grant.not_after is None:
            return
        not_after = grant.not_after
        called = Called("", False)
        if not seen.present:
            called = attempt(lambda: connector.grant(access, grant.id, not_after))
        if called.code:
            self.log("provision.failed", called.code)
        self.store.write(partial(provisioned, ident=command.id, called=called))

    def _revoke(
        self, connector: TargetConnector, command: Command, access: Access, *, present: bool
    ) -> None:
        grant = self._intend_revoke(command, present=present)
        if grant is None:
            return
        called = attempt(lambda: connector.revoke(access, grant.id, grant.native_ref))
        if called.code:
            self.log("revoke.failed", called.code)
        self.store.write(partial(revoked, ident=command.id, called=called), urgent=True)

    def _intend_revoke(self, command: Command, *, present: bool | None) -> Grant | None:
        return self.store.write(
            partial(intend_revoke, ident=command.id, present=present), urgent=True
        )


def look(
    connector: TargetConnector, grant: Grant, snapshot: DirectorySnapshot
) -> tuple[Access, bool]:
    """Who the person is at the target, and whether they hold the access now. Reads only.

    Raises:
        ConnectorError: also for what the connector did not classify.
    """
    try:
        access = Access(principal_of(connector, grant, snapshot), grant.access)
        return access, connector.observe(access, grant.native_ref)
    except ConnectorError:
        raise
    except Exception as fault:
        code = f"unclassified:{type(fault).__name__}"
        raise ConnectorError("the connector failed while reading", code=code) from fault


def principal_of(connector: TargetConnector, grant: Grant, snapshot: DirectorySnapshot) -> str:
    """The target's own id of the grant's account; it is asked where no intent has noted it."""
    if grant.principal is not None:
        return grant.principal
    person = snapshot.person(grant.subject)
    return connector.find_principal(() if person is None else person.accounts.get(grant.target, ()))


def attempt(call: Callable[[], Effect]) -> Called:
    """One call, told as it ended. What is not verified is not done."""
    try:
        effect = call()
    except ConnectorError as fault:
        return called_of(fault)
    except Exception as fault:  # noqa: BLE001 -- an unclassified failure may be half done
        return Called(f"unclassified:{type(fault).__name__}", False, unknown=True)
    if not effect.verified:
        return Called("not_verified", True, unknown=True)
    return Called(
        "",
        False,
        native_ref=effect.native_ref,
        residuals=tuple(one.what for one in effect.residuals),
    )


def called_of(fault: ConnectorError) -> Called:
    """A connector's error in the words of the core."""
    return Called(
        code=fault.code,
        retryable=fault.retryable,
        unknown=isinstance(fault, OutcomeUnknown),
        retry_after=fault.retry_after,
    )

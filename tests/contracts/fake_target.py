"""A target in memory that keeps the contract, with faults to order (for everybody's tests).

`FakeTarget` is the kind and the world behind it: connectors opened from it share its state, from
any thread. Faults come in pairs, failed and not applied, failed but applied, because the
recovery from the two differs.
"""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from typing_extensions import override

from ticketgate.connector_api import (
    Access,
    Conflict,
    Denied,
    Effect,
    HttpClient,
    NotFound,
    OutcomeUnknown,
    Refused,
    TargetConnector,
    TargetKind,
    TargetSettings,
    Throttled,
    Unavailable,
)

RETRY_AFTER_SECONDS: Final = 7.0


class Fault(StrEnum):
    """What the next call does instead of succeeding."""

    DOWN = "down"
    DOWN_APPLIED = "down, but applied"
    TIMEOUT = "no answer"
    TIMEOUT_APPLIED = "no answer, but applied"
    TIMEOUT_LATE = "no answer, and applied when `land` is called"
    BUG = "an error that no contract names"
    BUG_APPLIED = "an error that no contract names, but applied"
    THROTTLED = "asked to wait"
    DENIED = "no right"
    DROPPED = "said done, and not done"


APPLIED: Final = frozenset({Fault.DOWN_APPLIED, Fault.TIMEOUT_APPLIED, Fault.BUG_APPLIED})
PAIRS: Final = (
    (Fault.DOWN, Fault.DOWN_APPLIED),
    (Fault.TIMEOUT, Fault.TIMEOUT_APPLIED),
    (Fault.BUG, Fault.BUG_APPLIED),
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account at the target."""

    name: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """A call that reached the target. `principal` and `key` are empty where there is none."""

    verb: str
    principal: str = ""
    key: str = ""


@dataclass
class FakeTarget(TargetKind):
    """Groups of accounts. `groups` is group -> principals; `accounts` is principal -> account."""

    accounts: dict[str, Account] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    down: bool = False
    kind = "fake"
    capabilities = frozenset({"observe"})

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._late: list[Callable[[], None]] = []

    @override
    def config_schema(self) -> Mapping[str, str]:
        return {}

    @override
    def access_keys(self) -> frozenset[str]:
        return frozenset({"group"})

    @override
    def open(self, settings: TargetSettings, http: HttpClient) -> "FakeConnector":
        return FakeConnector(self)

    def fail(self, verb: str, *faults: Fault) -> None:
        """The next calls of `verb` (grant, revoke, observe ...) meet these faults, in turn."""
        with self.lock:
            self._faults[verb].extend(faults)

    def heal(self) -> None:
        """No more faults."""
        with self.lock:
            self._faults.clear()
            self.down = False

    def land(self) -> None:
        """What was sent and not answered arrives now."""
        with self.lock:
            for effect in self._late:
                effect()
            self._late.clear()

    def members(self, group: str) -> set[str]:
        """Who is in the group, as another client reads it."""
        with self.lock:
            return set(self.groups[group])

    def called(self, verb: str) -> list[Call]:
        """The calls of this verb."""
        with self.lock:
            return [call for call in self.calls if call.verb == verb]

    def meet(self, call: Call, effect: Callable[[], None] | None = None) -> None:
        """Run one call against the faults that are ordered, then its effect."""
        self.calls.append(call)
        waiting = self._faults[call.verb]
        fault = Fault.DOWN if self.down else waiting.popleft() if waiting else None
        if effect is not None:
            if fault is None or fault in APPLIED:
                effect()
            if fault is Fault.TIMEOUT_LATE:
                self._late.append(effect)
        if fault is not None:
            raise _error(fault, changing=effect is not None)


def _error(fault: Fault, *, changing: bool) -> Exception:
    match fault:
        case Fault.DOWN | Fault.DOWN_APPLIED:
            return Unavailable("the fake is down")
        case Fault.TIMEOUT | Fault.TIMEOUT_APPLIED | Fault.TIMEOUT_LATE:
            return OutcomeUnknown("no answer") if changing else Unavailable("no answer")
        case Fault.BUG | Fault.BUG_APPLIED:
            return RuntimeError("a fault that the contract does not name")
        case Fault.THROTTLED:
            return Throttled("wait", RETRY_AFTER_SECONDS)
        case Fault.DENIED:
            return Denied("no right")
        case Fault.DROPPED:
            return Conflict("the target took the change, and did not make it")


class FakeConnector(TargetConnector):
    """An open connector to the fake."""

    def __init__(self, target: FakeTarget) -> None:
        self._target = target
        self.closed = False

    @override
    def check(self) -> None:
        with self._target.lock:
            self._target.meet(Call("check"))

    @override
    def find_principal(self, claims: tuple[str, ...]) -> str:
        with self._target.lock:
            self._target.meet(Call("find_principal"))
            accounts = self._target.accounts
            found = {claim for claim in claims if claim in accounts} or {
                ident for ident, account in accounts.items() if account.name in claims
            }
        if len(found) > 1:
            raise Refused("several accounts hold these account ids")
        if not found:
            raise NotFound("no account holds any of these account ids")
        return found.pop()

    @override
    def observe(self, access: Access, native_ref: str | None = None) -> bool:
        with self._target.lock:
            self._target.meet(Call("observe", access.principal))
            return access.principal in self._members(access.entitlement)

    @override
    def grant(self, access: Access, key: str, not_after: datetime) -> Effect:
        with self._target.lock:
            call = Call("grant", access.principal, key)
            members = self._target.groups.get(access.entitlement["group"])
            account = self._target.accounts.get(access.principal)
            if members is None or account is None or not account.active:
                self._target.meet(call)
                raise _unfit(members, account)
            held = access.principal in members
            self._target.meet(call, lambda: members.add(access.principal))
        return Effect("already" if held else "applied", verified=True, native_ref=_ref(access))

    @override
    def revoke(self, access: Access, key: str, native_ref: str | None) -> Effect:
        with self._target.lock:
            members = self._target.groups.get(access.entitlement["group"], set())
            held = access.principal in members
            call = Call("revoke", access.principal, key)
            self._target.meet(call, lambda: members.discard(access.principal))
        return Effect("applied" if held else "absent", verified=True, native_ref=_ref(access))

    @override
    def list_held(self, entitlement: Mapping[str, str]) -> tuple[str, ...]:
        with self._target.lock:
            self._target.meet(Call("list_held"))
            return tuple(sorted(self._members(entitlement)))

    @override
    def close(self) -> None:
        self.closed = True

    def _members(self, entitlement: Mapping[str, str]) -> set[str]:
        members = self._target.groups.get(entitlement["group"])
        if members is None:
            raise NotFound("there is no such group")
        return members


def _unfit(members: set[str] | None, account: Account | None) -> Exception:
    if members is None:
        return NotFound("there is no such group")
    if account is None:
        return NotFound("the account does not exist")
    return Refused("the account is not active")


def _ref(access: Access) -> str:
    return access.entitlement["group"]


def people(*names: str) -> dict[str, Account]:
    """Accounts whose id is `id-` and the name."""
    return {f"id-{name}": Account(name) for name in names}


def of_groups(**groups: Iterable[str]) -> dict[str, set[str]]:
    """Groups by name; members are names as `people` takes them."""
    return {group: {f"id-{name}" for name in names} for group, names in groups.items()}

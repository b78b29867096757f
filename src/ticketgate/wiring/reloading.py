"""Reload: another policy takes its place while the gateway runs, whole or not at all.

Only `policy.yaml` with its packs and weights is read anew. What is refused leaves the old policy
in force, and is told: a log line, a count, the check `policy` of `/readyz`, and to who asked.
"""

from collections.abc import Callable, Mapping
from functools import partial
from threading import Event, Lock
from typing import Any, Final

import structlog

from ticketgate.adapters.config.configuration import Configuration
from ticketgate.adapters.process.loops import Loop
from ticketgate.domain.changes.policy_diff import compare, difference
from ticketgate.domain.errors import ConfigurationError, TicketgateError
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.operations.requests.in_force import LOOSER, InForce, take_policy
from ticketgate.ports import Store
from ticketgate.wiring.policy_record import keep_text, known_now
from ticketgate.wiring.telling import log

RELOAD: Final = "reload"  # the word on the control socket, and the name of the loop
NOT_RELOADED: Final = "ticketgate.yaml with its sources and targets is read at a start only"
IDLE_SECONDS: Final = 10.0

_START: Final = "run `ticketgate check`, then start the gateway anew"
_LOG: Final = structlog.get_logger("ticketgate")


class Reloader:
    """Reads the policy anew when it is asked, one asker after the other."""

    def __init__(
        self,
        configuration: Configuration,
        in_force: InForce,
        store: Store,
        snapshot: Callable[[], DirectorySnapshot],
        count: Callable[[str], None],
        *,
        lost: bool,
    ) -> None:
        """`count` takes `loaded`, `same` or a code. `lost`: a restore must be declared."""
        self._configuration = configuration
        self._in_force = in_force
        self._store = store
        self._snapshot = snapshot
        self._count = count
        self._lost = lost
        self._one = Lock()
        self._asked = Event()
        self._refused = ""  # why the newest reload was; by place: a text may hold a secret
        self.loop = Loop(RELOAD, self._step)

    def ask(self) -> None:
        """Have it read soon, in the loop; for a signal."""
        self._asked.set()
        self.loop.wake()

    def reload(self) -> Mapping[str, Any]:
        """Read and check everything, then let the policy take its place, in one transaction.

        The answer: `policy` and `before` (digests), `difference`, `ended` (open requests that it
        loosens), `not_reloaded` (in words what was not read).

        Raises:
            ConfigurationError: with every fault of every file; the old policy stays.
            TicketgateError: code `restart_needed`, it cannot be done while the gateway runs; or
                what the store raises.
        """
        with self._one:
            try:
                told = self._reload()
            except TicketgateError as fault:
                self._refused = _why(fault)
                self._count(fault.code)
                log("policy.not_reloaded", fault.code)
                raise
            self._refused = ""
        self._count("same" if told["policy"] == told["before"] else "loaded")
        _LOG.info("policy.reloaded", kind=told["difference"], count=told["ended"])
        return told

    def readiness(self) -> dict[str, tuple[bool, str]]:
        """The check `policy`: always well, for some policy is in force."""
        held = f"{self._in_force.now.digest[:12]} is in force"
        if self._refused:
            held += f"; the newest reload was refused: {self._refused}"
        return {"policy": (True, held)}

    def _step(self) -> float:
        if self._asked.is_set():
            self._asked.clear()
            try:
                self.reload()
            except TicketgateError:
                return IDLE_SECONDS  # told already
        return IDLE_SECONDS

    def _reload(self) -> dict[str, Any]:
        old = self._in_force.now
        new = self._read(old)
        kind, ended = "none", 0
        if new.digest != old.digest:
            keep_text(self._configuration.settings, new.digest)
            kind = difference(compare(old, new))
            ended = self._store.write(self._taking(old, new, kind))
            self._in_force.swap(new)
        return {
            "policy": new.digest,
            "before": old.digest,
            "difference": kind,
            "ended": ended,
            "not_reloaded": NOT_RELOADED,
        }

    def _taking(self, old: Policy, new: Policy, kind: str) -> Callable[..., int]:
        known = known_now(self._snapshot) if kind in LOOSER else None
        return partial(take_policy, old=old, new=new, difference=kind, snapshot=known)

    def _read(self, old: Policy) -> Policy:
        """The policy of the folder, checked against just the settings that this gateway runs on."""
        held = self._configuration
        if held.faults or self._lost or held.again is None:
            raise _restart("this gateway only takes away, or waits for a restore")
        found = held.again()
        if found.settings.digest != held.settings.digest:
            raise _restart("ticketgate.yaml is another one than at the start")
        if found.policy.shadow != old.shadow:
            raise _restart(
                f"the mode would change to {'shadow' if found.policy.shadow else 'enforce'}"
            )
        return found.policy


def _restart(why: str) -> TicketgateError:
    return TicketgateError(
        f"{why}: the policy is not reloaded", code="restart_needed", next_step=_START
    )


def _why(fault: TicketgateError) -> str:
    if isinstance(fault, ConfigurationError):
        return "faults at " + ", ".join(f"{one.file}:{one.line}" for one in fault.faults)
    return f"{fault.code}: {fault.reason}"

"""A gateway with one planted fault, served as `ticketgate serve` serves it.

`python launcher.py CONFIG [FAULT] [--speed N --since S]`. The killing faults end their own process
with SIGKILL, so that nothing is flushed, closed or told.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from typing_extensions import override

from ticketgate.adapters.clock import read_machine
from ticketgate.adapters.config.configuration import Configuration
from ticketgate.connector_api import Access, Effect, TargetConnector
from ticketgate.domain.evidence import EvidenceRef
from ticketgate.domain.tickets.delivery import VerifiedDelivery
from ticketgate.domain.tickets.receipt import Receipt
from ticketgate.domain.timekeeping import Reading
from ticketgate.ports import Targets
from ticketgate.web.gateway_app import doors
from ticketgate.web.guard import GuardLimits
from ticketgate.web.server import serve
from ticketgate.wiring.commands import load
from ticketgate.wiring.gateway import Gateway
from ticketgate.wiring.telling import configure_logs


class Fault(StrEnum):
    """What goes wrong. `*_COMMIT` is inside the transaction that records the outcome."""

    NONE = "none"
    GRANT_BEFORE = "grant-before"
    GRANT_AFTER = "grant-after"
    GRANT_COMMIT = "grant-commit"
    REVOKE_BEFORE = "revoke-before"
    REVOKE_AFTER = "revoke-after"
    REVOKE_COMMIT = "revoke-commit"
    NO_RECOVERY = "no-recovery"  # open intents are forgotten
    ANSWER_FIRST = "answer-first"  # deliveries are acknowledged before they are committed


_OUTCOMES: Final = {Fault.GRANT_COMMIT: "active", Fault.REVOKE_COMMIT: "revoked"}


def die() -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


class _Deadly(TargetConnector):
    """A connector that is the last thing this process does."""

    def __init__(self, inner: TargetConnector, fault: Fault) -> None:
        self._inner = inner
        self._fault = fault

    @override
    def grant(self, access: Access, key: str, not_after: datetime) -> Effect:
        return self._call(
            lambda: self._inner.grant(access, key, not_after), Fault.GRANT_BEFORE, Fault.GRANT_AFTER
        )

    @override
    def revoke(self, access: Access, key: str, native_ref: str | None) -> Effect:
        return self._call(
            lambda: self._inner.revoke(access, key, native_ref),
            Fault.REVOKE_BEFORE,
            Fault.REVOKE_AFTER,
        )

    def _call(self, call: Callable[[], Effect], before: Fault, after: Fault) -> Effect:
        if self._fault is before:
            die()
        effect = call()
        if self._fault is after:
            die()
        return effect

    @override
    def check(self) -> None:
        self._inner.check()

    @override
    def find_principal(self, claims: tuple[str, ...]) -> str:
        return self._inner.find_principal(claims)

    @override
    def observe(self, access: Access, native_ref: str | None = None) -> bool:
        return self._inner.observe(access, native_ref)

    @override
    def list_held(self, entitlement: Mapping[str, str]) -> tuple[str, ...]:
        return self._inner.list_held(entitlement)

    @override
    def close(self) -> None:
        self._inner.close()


class _DeadlyTargets(Targets):
    def __init__(self, inner: Targets, fault: Fault) -> None:
        self._inner = inner
        self._fault = fault

    @override
    @contextmanager
    def open(self, target: str) -> Iterator[TargetConnector]:
        with self._inner.open(target) as connector:
            yield _Deadly(connector, self._fault)


class _FaultyGateway(Gateway):
    """The gateway, but for the fault."""

    def __init__(
        self, configuration: Configuration, fault: Fault, machine: Callable[[], Reading]
    ) -> None:
        super().__init__(
            configuration,
            wrap_targets=lambda targets: _DeadlyTargets(targets, fault),
            before_commit=self._before_commit,
            machine=machine,
        )
        self._fault = fault

    def _before_commit(self) -> None:
        """Look, inside the transaction, whether it brings the outcome that is never to be."""
        outcome = _OUTCOMES.get(self._fault)
        if outcome is None:
            return
        writer = self.store.writer._db
        sql = "SELECT count(*) FROM access_grant WHERE state = ?"
        if writer.execute(sql, (outcome,)).fetchone()[0]:
            die()

    @override
    def recover(self) -> None:
        if self._fault is not Fault.NO_RECOVERY:
            super().recover()


class _AnswersFirst(_FaultyGateway):
    """Acknowledges a delivery at once; it is committed when the next one comes."""

    _late: tuple[VerifiedDelivery, str | None] | None = None

    @override
    async def receive(self, verified: VerifiedDelivery, quarantine: str | None) -> Receipt:
        earlier, self._late = self._late, (verified, quarantine)
        if earlier is not None:
            await super().receive(*earlier)
        return Receipt("dlv_early", "accepted", EvidenceRef(self.settings.origin, 0, "0" * 64))


def fast_machine(speed: int, since: float) -> Callable[[], Reading]:
    """The machine's clocks, running `speed` times as fast since `since` seconds after boot.

    Times of the product shrink for the test; one `since` for all processes on the same data keeps
    the clock whole over a restart.
    """

    def read() -> Reading:
        real = read_machine()
        more = (real.boot_seconds - since) * (speed - 1)
        return replace(
            real,
            boot_seconds=real.boot_seconds + more,
            wall=real.wall + timedelta(seconds=more),
        )

    return read


def main() -> int:
    """Serve until ended; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    parser.add_argument("fault", type=Fault, nargs="?", default=Fault.NONE)
    parser.add_argument("--speed", type=int, default=1)
    parser.add_argument("--since", type=float, default=0.0)
    asked = parser.parse_args()
    configure_logs()
    configuration = load(asked.config, os.environ)
    make = _AnswersFirst if asked.fault is Fault.ANSWER_FIRST else _FaultyGateway
    gateway = make(configuration, asked.fault, fast_machine(asked.speed, asked.since))
    settings = configuration.settings
    return serve(doors(gateway), settings.host, settings.port, GuardLimits(), lambda _: None)


if __name__ == "__main__":
    sys.exit(main())

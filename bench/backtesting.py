"""Backtest: what `ticketgate policy backtest NEW` takes for recorded tickets in a real store.

The command runs as a process of its own, with the bytecode of its modules at hand, as an installed
program has it. Told are the seconds of the wall clock, which somebody waits and the target means,
and those of processors, which other work on the machine matters less to; each the least of the
rounds. Over an empty store it takes as long as the program takes to start. One ticket in ten asks
for access; every ticket has its own text, so that nothing is the same twice.
"""

import os
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ticketgate.adapters.ids import RandomIds
from ticketgate.adapters.sqlite import migrating, schema
from ticketgate.adapters.sqlite.evidence_tables import SqliteLog
from ticketgate.domain.evidence import Disclosure, Draft, Json
from ticketgate.domain.log.machines import edge
from ticketgate.domain.tickets.ticket import Reference, StateClass, Ticket

ORIGIN: Final = "gate.example.com/evidence"
BIN: Final = Path(sys.executable).parent
TARGET_SECONDS: Final = 2.0
ASKING_EVERY: Final = 10
ALICE: Final = Reference("62826bf03710200044e0bfc8bcbe5df1", "Alice Moreau")
CHANGES: Final = {  # name -> what is written otherwise in the policy of `ticketgate init`
    "approve": ("justification: { min_chars: 20 }", "justification: { min_chars: 25 }"),
    "classify": ("[mfa, vpn, sudo]", "[mfa, vpn, sudo, toner]"),
}
TEXT: Final = (
    "Hello, since Monday printer {0} on floor {1} does not print. I tried to switch it off and on "
    "again, and it says paper jam {2} although there is none. Please have a look when you have "
    "time, the number of the device is {3}. "
)


@dataclass(frozen=True, slots=True)
class BacktestPlan:
    """How many recorded revisions, and how often each change is replayed."""

    revisions: int = 10_000
    rounds: int = 2


QUICK: Final = BacktestPlan(revisions=200, rounds=1)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of a command, all of its processes together."""

    wall: float
    processor: float

    def least(self, other: "Took | None") -> "Took":
        """The lesser of both figures."""
        if other is None:
            return self
        return Took(min(self.wall, other.wall), min(self.processor, other.processor))


@dataclass(frozen=True, slots=True)
class Backtesting:
    """What the command took, the least of all rounds, by what was changed.

    `start` is what it took over an empty store.
    """

    revisions: int
    processors: int
    start: Took
    seconds: dict[str, Took]


def measure(folder: Path, plan: BacktestPlan) -> Backtesting:
    """Each kind of change in turn.

    Raises:
        RuntimeError: the command failed, or did not replay everything that was recorded.
    """
    gate, empty = folder / "backtest-gate", folder / "backtest-empty"
    recorded = datetime.fromtimestamp(time.time(), UTC) - timedelta(days=1)
    for place, revisions in ((gate, plan.revisions), (empty, 0)):
        subprocess.run([BIN / "ticketgate", "init", place], check=True, capture_output=True)
        _fill(place, revisions, recorded)
    written = (gate / "policy.yaml").read_text()
    for name, (old, new) in CHANGES.items():
        if written.count(old) != 1:
            raise RuntimeError(f"the policy of init has no such line any more: {old}")
        (gate / f"{name}.yaml").write_text(written.replace(old, new))
    bytecode = folder / "backtest-bytecode"
    _replay(empty, empty / "policy.yaml", 0, bytecode)  # writes it
    start: Took | None = None
    least: dict[str, Took] = {}
    for _ in range(plan.rounds):
        start = _replay(empty, empty / "policy.yaml", 0, bytecode).least(start)
        for name in CHANGES:
            took = _replay(gate, gate / f"{name}.yaml", plan.revisions, bytecode)
            least[name] = took.least(least.get(name))
    if start is None:
        raise RuntimeError("no round was asked for")
    return Backtesting(plan.revisions, len(os.sched_getaffinity(0)), start, least)


def lines(found: Backtesting) -> list[str]:
    """The table."""
    told = [
        f"policy backtest of {found.revisions:,} recorded revisions, {found.processors} processors",
        f"  nothing recorded: {found.start.wall:.2f} s ({found.start.processor:.2f} of processors)",
    ]
    for name, took in found.seconds.items():
        told.append(
            f"  {name} changed: {took.wall:.2f} s ({took.processor:.2f} of processors;"
            f" target <= {TARGET_SECONDS:g} s at 10,000)"
        )
    return told


def _replay(gate: Path, new: Path, revisions: int, bytecode: Path) -> Took:
    command = [BIN / "ticketgate", "--config", gate, "policy", "backtest", new]
    environ = {**os.environ, "PYTHONPYCACHEPREFIX": str(bytecode)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.perf_counter()
    with subprocess.Popen(
        [str(word) for word in command],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        said = "" if process.stdout is None else process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode or f"{revisions} recorded revisions (0 erased)" not in said:
        raise RuntimeError(f"policy backtest ended with {process.returncode}: {said[-800:]}")
    return Took(wall, used.ru_utime + used.ru_stime)


def _fill(gate: Path, revisions: int, now: datetime) -> None:
    with closing(schema.connect(gate / "data" / "ticketgate.db")) as database:
        migrating.migrate(database)
        database.execute("INSERT INTO meta VALUES ('origin', ?)", (ORIGIN,))
        log = SqliteLog(database, ORIGIN, RandomIds())
        opened: dict[str, Json] = {"origin": ORIGIN, "format": 1, "version": "0.1.0"}
        database.execute("BEGIN IMMEDIATE")
        log.append(Draft("log.opened", opened), now)
        for number in range(revisions):
            log.append(_record(number), now + timedelta(milliseconds=number))
        log.store_head()
        database.execute("COMMIT")


def _record(number: int) -> Draft:
    asking = number % ASKING_EVERY == 0
    ticket = _asking(number) if asking else _incident(number)
    verdict = "identity" if asking else "not_identity"
    fields: dict[str, Json] = {
        "source": ticket.source,
        "table": ticket.table,
        "revision": 1,
        "verdict": verdict,
        "state_class": ticket.state_class.value,
        "kinds": ["privilege.elevate"] if asking else [],
        "tier": "high" if asking else "low",
        "rules": [],
        "blind": [],
        "policy": "0" * 64,
        "delivery": f"dlv_{number}",
    }
    told = Disclosure("ticket", ticket.plain(), kind="ticket")
    return edge("ticket", f"tkt_{number}", "", verdict, "revision", fields, (told,))


def _incident(number: int) -> Ticket:
    text = TEXT.format(number, number % 90, number * 7, number * 13)
    return Ticket(
        "snow-prod", "incident", f"i{number}", 1, "2", StateClass.LIVE, ALICE.id or "",
        fields={
            "number": f"INC{number:07}", "opened_by": ALICE, "category": "hardware",
            "short_description": f"Printer {number} does not print", "description": text,
            "priority": "3",
        },
    )  # fmt: skip


def _asking(number: int) -> Ticket:
    return Ticket(
        "snow-prod", "sc_req_item", f"r{number}", 1, "1", StateClass.OPEN, ALICE.id or "",
        bound_to="requested_for",
        fields={
            "number": f"RITM{number:07}", "opened_by": ALICE, "requested_for": ALICE,
            "catalog_item": Reference("c0ffee", "Elevated access"),
            "short_description": f"Access for migration {number}", "reason": f"migration {number}",
        },
        variables={"role": "prod-db-admin", "duration": "2"},
    )  # fmt: skip

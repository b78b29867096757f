"""`make bench`: durable acknowledgements per second beside two peers, in one run, as ratios.

Figures in themselves tell more of the machine than of the program: only the ratios of one run
mean anything, so the servers are measured in turn, round after round, with a pause between.
"""

import argparse
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import backtesting
import classifying
import evidence
from client import ExhaustedError, Sample
from load import BODY_BYTES, IDENTITY_EVERY, WRK, press, write_load
from proof import UnsoundError, prove_counts
from servers import KEY, STORE, Served, flask_app, mail_sink, ticketgate
from sustained import Search, Sustained, sustained

PARTS: Final = ("load", "evidence", "classify", "backtest", "pages")
CLIENTS: Final = (32, 128)
GATE: Final = "ticketgate"
NOOP: Final = "no-op"
COMMITTING: Final = "commit per request"
NAMES: Final = {
    GATE: "ticketgate serve: MAC, strict JSON, dedupe, chained evidence, SQLite FULL",
    NOOP: "a bare Flask app that only answers 202 (granian, WSGI, one blocking thread)",
    COMMITTING: "a script-writer's Flask app: MAC, a SQLite FULL commit each (granian, the same)",
}
TARGETS: Final = {(NOOP, 32): 0.8, (NOOP, 128): 1.2, (COMMITTING, 32): 5.0, (COMMITTING, 128): 5.0}
SUSTAINED_TARGET: Final = 1_000
FSYNCS: Final = 50
WARM_COUNT: Final = 4_000  # requests that the no-op, which does not look at them, gets in turn
FASTER_THAN_NOOP_MAX: Final = 2.5  # so many requests are signed for the servers that do look


@dataclass(frozen=True, slots=True)
class Plan:
    """How long everything takes. The pause lets the machine settle between samples."""

    rounds: int = 5
    sample_seconds: int = 2
    pause_seconds: float = 0.5
    warm_up: bool = True
    search: Search = field(default_factory=Search)


QUICK: Final = Plan(
    rounds=1,
    sample_seconds=1,
    pause_seconds=0.0,
    warm_up=False,
    search=Search(first=200.0, seconds=0.5, step=2.0, bisections=0),
)


@dataclass(slots=True)
class Results:
    """Samples by (server, clients), and the sustained rate."""

    samples: dict[tuple[str, int], list[Sample]] = field(default_factory=dict)
    entries_verified: int = 0
    sustained: Sustained | None = None

    def ratios(self, peer: str, clients: int) -> list[float]:
        """Our rate over the peer's, round by round."""
        pairs = zip(self.samples[GATE, clients], self.samples[peer, clients], strict=True)
        return [gate.per_second / other.per_second for gate, other in pairs]


class Bench:
    """One run in one folder."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder = folder
        self.plan = plan
        self.results = Results()
        self._series = 0
        self._signed_per_second = 0

    def run(self) -> Results:
        """All rounds, then the sustained rate."""
        with ExitStack() as stack:
            mail = stack.enter_context(mail_sink(self.folder / "mail"))
            noop = stack.enter_context(flask_app("noop_app", self.folder / "noop"))
            committing = stack.enter_context(
                flask_app("committing_app", self.folder / "committing")
            )
            pace = self._press(noop, max(CLIENTS), 1, WARM_COUNT, again=True).per_second
            self._signed_per_second = int(pace * FASTER_THAN_NOOP_MAX)
            self._press(committing, min(CLIENTS), 1, self._signed_per_second)
            for number in range(self.plan.rounds):
                for clients in CLIENTS:
                    _say(f"round {number + 1} of {self.plan.rounds}, {clients} clients")
                    self._sample(NOOP, clients, noop)
                    self._sample(COMMITTING, clients, committing)
                    self._gate(clients, mail.port)
            _say("sustained rate")
            self.results.sustained = self._sustained(mail.port)
        return self.results

    def _sample(self, name: str, clients: int, served: Served) -> None:
        seconds, again = self.plan.sample_seconds, name == NOOP
        count = WARM_COUNT if again else self._signed_per_second * seconds
        sample = self._press(served, clients, seconds, count, again=again)
        self.results.samples.setdefault((name, clients), []).append(sample)

    def _gate(self, clients: int, mail_port: int) -> None:
        """A gateway of its own for each sample: its whole log is verified afterwards."""
        self._series += 1
        folder = self.folder / f"gate-{self._series}"
        with ticketgate(folder, mail_port) as served:
            answers = self._warm_up(served, clients)
            self._sample(GATE, clients, served)
        answers += self.results.samples[GATE, clients][-1].answers
        proven = prove_counts(folder / STORE, answers, 2 * clients)
        self.results.entries_verified += proven.entries

    def _warm_up(self, served: Served, clients: int) -> int:
        """How many answers there were."""
        if not self.plan.warm_up:
            return 0
        return self._press(served, clients, 1, self._signed_per_second).answers

    def _press(
        self, served: Served, clients: int, seconds: int, count: int, *, again: bool = False
    ) -> Sample:
        """Fresh deliveries as fast as they are answered.

        Raises:
            RuntimeError: one was refused or got no answer, or there were too few.
        """
        self._series += 1
        load = write_load(self.folder / "load", count, self._series, KEY)
        time.sleep(self.plan.pause_seconds)
        sample = press(served.port, load, clients, seconds, again=again)
        if sample.refused or sample.broken:
            raise RuntimeError(f"{served.folder.name} refused or broke: {sample}")
        return sample

    def _sustained(self, mail_port: int) -> Sustained:
        with ticketgate(self.folder / "gate", mail_port) as served:
            found = sustained(served, self.folder, self.plan.search)
        self.results.entries_verified += found.proven.entries
        return found


# --- telling -------------------------------------------------------------------------------------


def table(results: Results) -> str:
    """The figures as text: medians, and the range over the rounds."""
    lines = ["", *(f"{name:<20} = {text}" for name, text in NAMES.items()), ""]
    lines.append(f"{'':<20} {'clients':>7} {'per second':>20} {'p50 ms':>8} {'p99 ms':>8}")
    for (name, clients), samples in sorted(results.samples.items(), key=lambda item: item[0][1]):
        rates = _spread([one.per_second for one in samples], ",.0f")
        p50 = statistics.median(one.p50_milliseconds for one in samples)
        p99 = statistics.median(one.p99_milliseconds for one in samples)
        lines.append(f"{name:<20} {clients:>7} {rates:>20} {p50:>8.1f} {p99:>8.1f}")
    lines += ["", f"{'ticketgate over':<20} {'clients':>7} {'ratio':>20} {'target':>8}"]
    for (peer, clients), target in TARGETS.items():
        ratio = _spread(results.ratios(peer, clients), ".2f")
        lines.append(f"{peer:<20} {clients:>7} {ratio:>20} {f'>= {target:g}':>8}")
    if results.sustained is not None:
        lines += ["", *_sustained_lines(results, results.sustained)]
    lines.append(f"verified: {results.entries_verified:,} records; no delivery lost, none doubled")
    return "\n".join(lines)


def _sustained_lines(results: Results, found: Sustained) -> list[str]:
    noop, committing = (
        statistics.median(one.per_second for one in results.samples[peer, min(CLIENTS)])
        for peer in (NOOP, COMMITTING)
    )
    rate, sample = found.per_second, found.sample
    worked = (found.worked_p50_milliseconds, found.worked_p99_milliseconds)
    return [
        f"sustained with a flat backlog: {rate:,.0f}/s (grows at {found.too_high:,.0f}/s;",
        f"  target >= {SUSTAINED_TARGET:,}/s); one ticket in {IDENTITY_EVERY} is an identity event",
        f"  {rate / noop:.2f} of {NOOP}, {rate / committing:.2f} of {COMMITTING} at 32 clients",
        f"  answered: p50 {sample.p50_milliseconds:.1f} ms, p99 {sample.p99_milliseconds:.1f} ms",
        "  worked off: p50 {:.1f} ms, p99 {:.1f} ms".format(*worked),
    ]


def _spread(values: list[float], form: str) -> str:
    middle, low, high = (
        format(one, form) for one in (statistics.median(values), min(values), max(values))
    )
    return f"{middle} ({low}-{high})"


def figures(results: Results) -> dict[str, object]:
    """Everything, for a program to read."""
    return {
        "denominators": NAMES,
        "client": "wrk" if WRK else "own",
        "samples": [
            {"server": name, "clients": clients, "per_second": one.per_second, **asdict(one)}
            for (name, clients), samples in results.samples.items()
            for one in samples
        ],
        "ratios": [
            {"over": peer, "clients": clients, "target": target, "rounds": ratios}
            for (peer, clients), target in TARGETS.items()
            for ratios in [results.ratios(peer, clients)]
        ],
        "sustained": None if results.sustained is None else asdict(results.sustained),
        "entries_verified": results.entries_verified,
    }


def _setting(folder: Path) -> str:
    """What the figures depend on."""
    client = "wrk" if WRK else "our own client, as wrk is not installed: it takes more of the cores"
    return (
        f"{os.cpu_count()} cores shared with the client ({client}); bodies of {BODY_BYTES} bytes;"
        f" Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version};"
        f" an fsync takes {_fsync_microseconds(folder):,.0f} µs here"
    )


def _fsync_microseconds(folder: Path) -> float:
    """Median time of a 4 KB write with its fsync, in `folder`."""
    times = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(FSYNCS):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            times.append((time.perf_counter() - began) * 1e6)
    return statistics.median(times)


def _pages(folder: Path, *, quick: bool) -> dict[str, object]:
    """Its stores are those of the tests, so the repository must be there to be read."""
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    import pages

    found = pages.measure(folder, pages.QUICK if quick else pages.PagesPlan(), _say)
    print("", *pages.lines(found), sep="\n")
    return asdict(found)


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Run, print, and write the figures where asked; 1 when something was lost or refused."""
    parser = argparse.ArgumentParser(description="Ratios of durable acknowledgements per second.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--quick", action="store_true", help="one short round; shows that it runs")
    parser.add_argument("--part", choices=PARTS, help="only this part")
    parser.add_argument("--dir", type=Path, help="put the stores on the disk of this folder")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ticketgate-bench-", dir=asked.dir) as name:
        folder = Path(name)
        print(_setting(folder), flush=True)
        told: dict[str, object] = {}
        try:
            if asked.part in {None, "load"}:
                results = Bench(folder, QUICK if asked.quick else Plan()).run()
                told |= figures(results)
                print(table(results), flush=True)
            if asked.part in {None, "evidence"}:
                plan = evidence.QUICK if asked.quick else evidence.EvidencePlan()
                found = evidence.measure(folder, plan, _say)
                told["evidence"] = asdict(found)
                print("", *evidence.lines(found), sep="\n")
            if asked.part in {None, "classify"}:
                spent = classifying.measure(
                    classifying.QUICK if asked.quick else classifying.ClassifyPlan()
                )
                told["classify"] = asdict(spent)
                print("", *classifying.lines(spent), sep="\n")
            if asked.part in {None, "backtest"}:
                replayed = backtesting.measure(
                    folder, backtesting.QUICK if asked.quick else backtesting.BacktestPlan()
                )
                told["backtest"] = asdict(replayed)
                print("", *backtesting.lines(replayed), sep="\n")
            if asked.part in {None, "pages"}:
                told["pages"] = _pages(folder, quick=asked.quick)
        except (UnsoundError, ExhaustedError, RuntimeError) as fault:
            print(f"bench: {fault}", file=sys.stderr)
            return 1
    if asked.json is not None:
        asked.json.write_text(json.dumps(told, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

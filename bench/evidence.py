"""Evidence: what verifying, proving, appending and exporting cost, as ratios of one run.

Verifying is measured over the same bundle in turn with `hashlib.file_digest` over the same bytes,
round after round; appending in turn with the bare insert and commit of the same bytes.
"""

import hashlib
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from ticketgate.adapters.ids import RandomIds
from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.adapters.keys.signing_keys import read_keys
from ticketgate.adapters.sqlite import migrating, schema
from ticketgate.adapters.sqlite.evidence_tables import SqliteEvidence, SqliteLog
from ticketgate.domain.evidence import Draft, Json, leaf_hash
from ticketgate.domain.log.checkpoint import Checkpoint
from ticketgate.domain.log.machines import edge
from ticketgate.domain.log.merkle import root_at
from ticketgate.domain.log.proof import inclusion, root_of_inclusion

ORIGIN: Final = "gate.example.com/evidence"
BYTES: Final = 600  # of an entry, about
GROUP: Final = 10_000  # entries a transaction while the log is filled
NOON: Final = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)
BIN: Final = Path(sys.executable).parent
VERIFIER: Final = Path(__file__).resolve().parent.parent / "src/ticketgate/verifier/verify.py"
DIGEST: Final = "file_digest"
WAYS: Final = {  # name -> (what it is, the target as a multiple of file_digest, or None)
    "quick, one process": ("verify.py --quick --jobs 1: chain, tree, sequence, UTF-8", 5.0),
    "quick, two processes": ("the same with --jobs 2", 3.0),
    "strict": ("verify.py: canonical form, disclosures and replay as well", 25.0),
    "gateway, quick": ("ticketgate evidence verify PATH --quick", None),
    "gateway, strict": ("ticketgate evidence verify PATH", None),
}


@dataclass(frozen=True, slots=True)
class EvidencePlan:
    """How much of everything."""

    records: int = 1_000_000
    rounds: int = 5
    strict_rounds: int = 1
    proofs: int = 300
    appends: int = 200


QUICK: Final = EvidencePlan(records=3_000, rounds=1, proofs=20, appends=20)


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of a process."""

    seconds: float
    peak_megabytes: float


@dataclass(slots=True)
class EvidenceResults:
    """Seconds by way, and the single figures."""

    records: int = 0
    bytes: int = 0
    runs: dict[str, list[Ran]] = field(default_factory=dict)
    proof_milliseconds: list[float] = field(default_factory=list)
    append: list[float] = field(default_factory=list)  # over the bare insert and commit
    export_per_second: float = 0.0
    export_peak_megabytes: float = 0.0


def measure(folder: Path, plan: EvidencePlan, say: Callable[[str], None]) -> EvidenceResults:
    """Everything, in one run.

    Raises:
        RuntimeError: a verifier or the export did not end with what it must.
    """
    results = EvidenceResults(plan.records)
    gate = folder / "evidence-gate"
    _run([BIN / "ticketgate", "init", gate])
    say(f"filling a log with {plan.records:,} records")
    _fill(gate, plan.records)
    say("appending")
    results.append = list(_appends(folder, plan.appends))
    say("proving")
    results.proof_milliseconds = list(_proofs(gate, plan))
    say("exporting")
    ran = _run([BIN / "ticketgate", "--config", gate, "evidence", "export", folder / "bundle"])
    results.export_per_second = plan.records / ran.seconds
    results.export_peak_megabytes = ran.peak_megabytes
    logs = sorted((folder / "bundle" / "log").iterdir())
    results.bytes = sum(path.stat().st_size for path in logs)
    for number in range(plan.rounds):
        say(f"verifying, round {number + 1} of {plan.rounds}")
        _round(results, folder / "bundle", logs, strict=number < plan.strict_rounds)
    return results


def _round(results: EvidenceResults, bundle: Path, logs: list[Path], *, strict: bool) -> None:
    ours = [sys.executable, VERIFIER, bundle]
    gateway = [BIN / "ticketgate", "evidence", "verify", bundle]
    commands = {
        "quick, one process": [*ours, "--quick", "--jobs", "1"],
        "quick, two processes": [*ours, "--quick", "--jobs", "2"],
        "gateway, quick": [*gateway, "--quick"],
    }
    if strict:
        commands |= {"strict": [*ours, "--jobs", "1"], "gateway, strict": gateway}
    for name, command in commands.items():
        results.runs.setdefault(DIGEST, []).append(Ran(_digest(logs), 0.0))
        results.runs.setdefault(name, []).append(_run(command))


def _digest(logs: list[Path]) -> float:
    began = time.perf_counter()
    for path in logs:
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")
    return time.perf_counter() - began


def _run(command: list[object]) -> Ran:
    """Run a process to its end, with the most memory that it, or a child of it, held."""
    began = time.perf_counter()
    with subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        said = b"" if process.stdout is None else process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {said.decode()[-800:]}")
    return Ran(time.perf_counter() - began, used.ru_maxrss / 1024)


def _record(number: int) -> Draft:
    """Deliveries that come in, and are worked off: about `BYTES` an entry."""
    ident, done = divmod(number, 2)
    digest = sha256(b"%d" % ident).hexdigest()
    said = {"source": "snow-prod", "body": digest, "note": digest * 4}
    if done:
        return edge("delivery", f"dlv_{ident}", "accepted", "processed", "not_identity", said)
    said["webhook"] = digest
    return edge("delivery", f"dlv_{ident}", "", "accepted", "webhook", said)


def _fill(gate: Path, records: int) -> None:
    with closing(schema.connect(gate / "data" / "ticketgate.db")) as database:
        migrating.migrate(database)
        database.execute("INSERT INTO meta VALUES ('origin', ?)", (ORIGIN,))
        log = SqliteLog(database, ORIGIN, RandomIds())
        opened: dict[str, Json] = {"origin": ORIGIN, "format": 1, "version": "0.1.0"}
        for first in range(0, records, GROUP):
            database.execute("BEGIN IMMEDIATE")
            for number in range(first, min(first + GROUP, records)):
                draft = Draft("log.opened", opened) if number == 0 else _record(number - 1)
                log.append(draft, NOON + timedelta(milliseconds=number))
            log.store_head()
            database.execute("COMMIT")
        keys = read_keys(gate / "secrets" / "signing.key", ORIGIN)
        signer = CheckpointSigner(keys, gate / "data" / "checkpoints")
        tree = log.end.tree
        read = SqliteEvidence(database).hashes
        signer.sign(lambda: nullcontext((Checkpoint(ORIGIN, tree.size, tree.root()), read)))


def _proofs(gate: Path, plan: EvidencePlan) -> Iterator[float]:
    path = gate / "data" / "ticketgate.db"
    with closing(schema.connect(path, read_only=True)) as database:
        evidence = SqliteEvidence(database)
        root = root_at(plan.records, evidence.hashes)
        for number in range(plan.proofs):
            index = number * (plan.records - 1) // plan.proofs
            began = time.perf_counter()
            proof = inclusion(index, plan.records, evidence.hashes)
            yield (time.perf_counter() - began) * 1000
            leaf = leaf_hash(evidence.entry(index) or b"")
            if root_of_inclusion(leaf, index, plan.records, proof) != root:
                raise RuntimeError(f"the proof of record {index} does not lead to the root")


def _appends(folder: Path, count: int) -> Iterator[float]:
    """Our append over the bare insert of the same bytes, each in a commit of its own."""
    with (
        closing(schema.connect(folder / "ours.db")) as ours,
        closing(schema.connect(folder / "bare.db")) as bare,
    ):
        migrating.migrate(ours)
        bare.execute("CREATE TABLE entry (idx INTEGER PRIMARY KEY, entry BLOB NOT NULL) STRICT")
        log = SqliteLog(ours, ORIGIN, RandomIds())
        for number in range(count):
            took = _timed(ours, lambda number=number: _append(log, number))  # type: ignore[misc]
            entry = SqliteEvidence(ours).entry(number)
            alone = _timed(bare, lambda row=(number, entry): _insert(bare, row))  # type: ignore[misc]
            yield took / alone


def _append(log: SqliteLog, number: int) -> None:
    log.append(_record(number), NOON + timedelta(milliseconds=number))
    log.store_head()


def _insert(database: sqlite3.Connection, row: tuple[int, bytes | None]) -> None:
    database.execute("INSERT INTO entry VALUES (?, ?)", row)


def _timed(database: sqlite3.Connection, write: Callable[[], None]) -> float:
    began = time.perf_counter()
    database.execute("BEGIN IMMEDIATE")
    write()
    database.execute("COMMIT")
    return time.perf_counter() - began


# --- telling -------------------------------------------------------------------------------------


def lines(results: EvidenceResults) -> Iterator[str]:
    """The figures as text: medians of ratios, and the most memory."""
    digests = [one.seconds for one in results.runs[DIGEST]]
    middle = statistics.median(digests)
    each = results.bytes / results.records
    yield f"evidence: {results.records:,} records of {each:.0f} bytes; hashlib.file_digest of them"
    yield f"  takes {middle:.2f} s ({min(digests):.2f}-{max(digests):.2f})"
    yield f"  {'over file_digest':<22} {'ratio':>16} {'target':>8} {'memory':>8}"
    for name, (meaning, target) in WAYS.items():
        ratios = [one.seconds / middle for one in results.runs[name]]
        peak = max(one.peak_megabytes for one in results.runs[name])
        spread = f"{statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})"
        wanted = "" if target is None else f"<= {target:g}"
        yield f"  {name:<22} {spread:>16} {wanted:>8} {peak:>5.0f} MB  {meaning}"
    append = statistics.median(results.append)
    yield f"  append over the bare insert and commit of its bytes: {append:.2f} (target <= 1.15)"
    proof = statistics.median(results.proof_milliseconds)
    yield f"  inclusion proof: {proof:.2f} ms (target <= 2)"
    yield (
        f"  export: {results.export_per_second:,.0f} records/s (target >= 200,000), "
        f"{results.export_peak_megabytes:.0f} MB"
    )

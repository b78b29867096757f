"""Gateway records: the first of a log, what a gateway runs on, its heartbeat and its clock."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ticketgate.domain.evidence import FORMAT, Draft, Json
from ticketgate.domain.timekeeping import Kept
from ticketgate.ports import Transaction


def open_log(
    tx: Transaction, now: datetime, *, origin: str, version: str, shadow: bool = False
) -> None:
    """Record 0 of a new log, and that the gateway starts, in shadow mode or not."""
    del now
    if tx.evidence_size() == 0:
        tx.append(Draft("log.opened", {"origin": origin, "format": FORMAT, "version": version}))
    fields: dict[str, Json] = {"version": version}
    if shadow:
        fields["mode"] = "shadow"
    tx.append(Draft("gateway.started", fields))


def note_loaded(
    tx: Transaction,
    now: datetime,
    *,
    kind: str,
    digest: str,
    read_at: datetime | None = None,
    difference: str | None = None,
    counts: Mapping[str, int] | None = None,
    sources: Sequence[tuple[str, str]] = (),
) -> bool:
    """Record which policy, directory or settings hold from now on; False when they already did.

    What was read before the newest one was is not newer for being noted later. `difference` says
    how policy or directory differ from the one before, `counts` how many changes go each way;
    `sources` are the digests of what a directory was joined from.
    """
    read_at = read_at or now
    last = tx.people.loaded_at(kind)
    if tx.people.loaded(kind) == digest or (last is not None and read_at < last):
        return False
    fields: dict[str, Json] = {"digest": digest, "authority": "host"}
    if difference is not None:
        fields["difference"] = difference
    if counts:
        fields["counts"] = [[way, number] for way, number in sorted(counts.items())]
    if sources:
        fields["sources"] = [[name, told] for name, told in sources]
    tx.append(Draft(f"{kind}.loaded", fields))
    tx.people.note_loaded(kind, digest, read_at)
    return True


def heartbeat(
    tx: Transaction, now: datetime, *, refused: Mapping[str, int], duplicates: int
) -> None:
    """At least hourly, so that silence is visible; carries the counts of what left no row."""
    del now
    counts: list[Json] = [[name, count] for name, count in sorted(refused.items())]
    tx.append(Draft("heartbeat", {"refused": counts, "duplicates": duplicates}))


def keep_clock(tx: Transaction, now: datetime, *, kept: Kept) -> None:
    """Store the clock reading, so that a restart goes on from it."""
    del now
    tx.people.keep_clock(kept)


def note_dispute(tx: Transaction, now: datetime, *, disputed: bool) -> None:
    """Record that the wall clock is more than five minutes off, or has healed."""
    del now
    tx.append(Draft("clock.disputed", {"disputed": disputed}))

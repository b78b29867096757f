"""The log handed out by commands: through the running gateway, or by ourselves when none runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import ticketgate
from ticketgate.adapters.clock import SteadyClock
from ticketgate.adapters.config.configuration import SETTINGS_NAME
from ticketgate.adapters.config.settings_file import load_signing, load_where
from ticketgate.adapters.copies.bundle_writer import BundleWriter
from ticketgate.adapters.ids import RandomIds
from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.adapters.process.instance_lock import InstanceLock
from ticketgate.adapters.sqlite.store import SqliteStore, open_store
from ticketgate.adapters.thread_ban import forbid_outward_calls
from ticketgate.domain.errors import StoreUnavailableError, TicketgateError
from ticketgate.domain.log.checkpoint import parse_checkpoint
from ticketgate.domain.log.trust import trust_text
from ticketgate.domain.timekeeping import Kept
from ticketgate.operations.evidence.checkpoint import Checkpointer
from ticketgate.operations.evidence.export_evidence import (
    Exported,
    Wanted,
    export_evidence,
    note_exported,
)
from ticketgate.operations.evidence.receipts import receipt_of, receipts_of_ticket
from ticketgate.wiring.commands import ask_gateway, look, this_user
from ticketgate.wiring.signing import KeyHolder
from ticketgate.wiring.verifying import own_trust

CHECKPOINTS: Final = "checkpoints"  # the signer's memory, in the folder of the store
SHIPPED: Final = ("verify.py", "README")  # the verifier that shares no code with the gateway


def fresh_checkpoint(folder: Path) -> bytes:
    """A signed checkpoint of all that is committed.

    Raises:
        StoreUnavailableError: the log is not opened yet; `locked`: a gateway is just starting.
        TicketgateError: what the gateway, or signing, refuses.
    """
    answer = _told_by_gateway(folder, {"do": "checkpoint"}, "checkpoint")
    if answer is not None:
        return str(answer).encode()
    with look(folder) as seen:
        if seen.untouched():
            raise StoreUnavailableError(
                "the log is not opened yet: there is nothing to sign",
                next_step="`ticketgate serve` opens it with its first record",
            )
    with _by_ourselves(folder) as (_, checkpointer):
        note = checkpointer.sign()
    if note is None:
        raise StoreUnavailableError("the log is empty", next_step="`ticketgate evidence verify`")
    return note


def newest_checkpoint(folder: Path) -> bytes:
    """A fresh checkpoint; the newest that was signed while another process holds the lock."""
    try:
        return fresh_checkpoint(folder)
    except StoreUnavailableError as fault:
        newest = _signer(folder).newest() if fault.code == "locked" else None
        if newest is None:
            raise
        return newest


def prove(folder: Path, index: int) -> bytes | None:
    """The receipt of one record under a fresh checkpoint; None where there is no such record."""
    signed = parse_checkpoint(newest_checkpoint(folder))
    with look(folder) as seen:
        found = receipt_of(seen.evidence, signed, index)
    return None if found is None else found.encoded()


def export(
    folder: Path,
    place: Path,
    *,
    since: int,
    ticket: str | None,
    tiles: bool,
    tell: Callable[[int, int], None],
) -> Exported | None:
    """Copy the log into a folder, and record it; None where the ticket is not in the log.

    `tell` is called with the number of records that are done, and of all.
    """
    signed = parse_checkpoint(fresh_checkpoint(folder))
    size, signer = signed.checkpoint.size, _signer(folder)
    with look(folder) as seen:
        receipts = {} if ticket is None else receipts_of_ticket(seen, ticket, size)
        if ticket is not None and not receipts:
            return None
        wanted = Wanted(
            signed=signed,
            policy=trust_text(replace(own_trust(folder), tsa=())),
            older=((old, signer.note(old)) for old in signer.kept()),
            stamps=_stamps(signer),
            shipped=_shipped(),
            since=since,
            tiles=tiles,
            receipts=receipts,
        )
        done = export_evidence(
            seen.evidence, BundleWriter(place), wanted, lambda count: tell(count, size)
        )
    if _told_by_gateway(folder, {"do": "exported", "size": size}, "recorded") is None:
        with _by_ourselves(folder) as (store, checkpointer):
            store.write(partial(note_exported, by=this_user(), size=size))
            checkpointer.sign()
    return done


def _told_by_gateway(folder: Path, asked: dict[str, Any], wanted: str) -> object:
    """What the running gateway answers; None when none runs.

    Raises:
        TicketgateError: with the gateway's own code, when it refuses.
    """
    answer = ask_gateway(folder, asked)
    if answer is None:
        return None
    if wanted not in answer:
        raise TicketgateError(
            str(answer.get("reason", "the gateway refused")),
            code=str(answer.get("code", "control")),
            next_step=str(answer.get("next_step", "")),
        )
    return answer[wanted]


@contextmanager
def _by_ourselves(folder: Path) -> Iterator[tuple[SqliteStore, Checkpointer]]:
    """No gateway runs: take its place for as long as it takes, without doors and workers."""
    where, key_file = load_signing(folder / SETTINGS_NAME)

    def clock_from(kept: Kept | None, last: datetime | None) -> Callable[[], datetime]:
        return SteadyClock(kept, last).now

    data = where.store.parent
    lock = InstanceLock(data / "instance.lock")
    try:
        store = open_store(where.store, where.origin, RandomIds(), clock_from, forbid_outward_calls)
        try:
            keys = KeyHolder(key_file, where.origin, store, data / CHECKPOINTS)
            checkpointer = Checkpointer(store, keys.signer, where.origin)
            checkpointer.sign()  # before any record: the log must go on from what was signed
            store.start()
            keys.settle()
            yield store, checkpointer
        finally:
            store.stop()
    finally:
        lock.release()


def _signer(folder: Path) -> CheckpointSigner:
    """The signer's memory, to be read; it signs nothing."""
    data = load_where(folder / SETTINGS_NAME).store.parent
    return CheckpointSigner((), data / CHECKPOINTS)


def _stamps(signer: CheckpointSigner) -> Iterator[tuple[int, bytes]]:
    """The time-stamp tokens over kept checkpoints, by size."""
    for size in signer.kept():
        token = signer.token(size)
        if token is not None:
            yield size, token


def _shipped() -> dict[str, bytes]:
    """The independent verifier, which every copy carries."""
    place = Path(ticketgate.__file__).parent / "verifier"
    return {name: (place / name).read_bytes() for name in SHIPPED}

"""A log that is not the one that was signed: opened, declared, and its lost branch forgotten."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.evidence import parse_entry
from ticketgate.domain.instants import from_text
from ticketgate.domain.log.checkpoint import Checkpoint, parse_checkpoint
from ticketgate.domain.log.restore import Loss
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.settings import Settings
from ticketgate.operations.desks.restore_desk import RestoreDesk
from ticketgate.operations.evidence.checkpoint import Checkpointer
from ticketgate.operations.requests.in_force import InForce
from ticketgate.operations.restoring.declare_restore import note_loss
from ticketgate.ports import Clock, Directory, EvidenceReading, Store

NOT_SIGNED: Final = frozenset({"rolled_back", "forked"})


def sign_first(
    store: Store, signer: CheckpointSigner, origin: str, *, restore: bool
) -> Loss | None:
    """Before any record is written: the log must go on from what was signed, and is signed.

    With `restore` the loss, where it does not; then nothing is signed.

    Raises:
        TicketgateError: `rolled_back` or `forked`; with `restore` `usage` where nothing is lost.
    """
    forget_lost(store, signer, origin)
    try:
        Checkpointer(store, signer, origin).sign()
    except TicketgateError as fault:
        if not restore or fault.code not in NOT_SIGNED:
            raise
        return _loss(store, signer, origin)
    if restore:
        raise TicketgateError(
            "the log is the one that was signed; there is nothing to restore",
            code="usage",
            next_step="start it without --restore",
        )
    return None


def forget_lost(store: Store, signer: CheckpointSigner, origin: str) -> bool:
    """Forget the branch that a committed declaration says is lost, unless that is done already.

    The declaration commits first, so a crash between is completed here at the next start.
    """
    with store.reading() as looking:
        hold = looking.restores.hold()
    newest = signer.newest()
    if hold is None or newest is None:
        return False
    lost = Checkpoint(origin, hold.lost_size, bytes.fromhex(hold.lost_root))
    if parse_checkpoint(newest).checkpoint != lost:
        return False
    signer.forget(lost, hold.kept)
    return True


def keep_loss(store: Store, loss: Loss) -> Loss:
    """Keep what was found when the database was first opened so; the loss that is declared."""
    return store.write(partial(note_loss, loss=loss))


def restore_desk(
    says: tuple[Settings, InForce, Directory],
    holds: tuple[Store, Clock, Callable[..., DirectorySnapshot]],
    on_declared: Callable[[], None] | None,
) -> RestoreDesk:
    """The desk of a configuration and a store; with `on_declared` a restore is pending."""
    settings, policy, directory = says
    store, clock, snapshot = holds
    return RestoreDesk(
        store=store,
        clock=clock,
        directory=directory,
        snapshot=snapshot,
        roles=settings.roles,
        policy=policy,
        sources=tuple(sorted(settings.sources)),
        polled={
            name: tuple(one.mapping.tables)
            for name, one in settings.sources.items()
            if one.poll is not None
        },
        pending=on_declared is not None,
        on_declared=on_declared or _nothing,
    )


def readiness(store: Store, lost: Loss | None) -> dict[str, tuple[bool, str]]:
    """The check `restore`."""
    with store.reading() as looking:
        hold = looking.restores.hold()
    if hold is not None and lost is not None:
        return {"restore": (False, "declared; start the gateway again without --restore")}
    if lost is not None:
        said = f"{lost.code}: two operators declare the restore on /restore"
        return {"restore": (False, said)}
    if hold is not None:
        said = f"provisioning is held since record #{hold.index}; two operators end it on /restore"
        return {"restore": (False, said)}
    return {"restore": (True, "none is under way")}


def _loss(store: Store, signer: CheckpointSigner, origin: str) -> Loss:
    with store.reading() as looking:
        evidence = looking.evidence
        tree = evidence.tree()
        now = Checkpoint(origin, tree.size, tree.root())
        code, lost, kept = signer.loss(now, evidence.hashes)
        last = _last(evidence, tree.size)
    return Loss(code, lost.size, lost.root.hex(), kept, now.size, now.root.hex(), last)


def _last(evidence: EvidenceReading, size: int) -> datetime | None:
    entry = evidence.entry(size - 1) if size else None
    return None if entry is None else from_text(str(parse_entry(entry)["_ts"]))


def _nothing() -> None:
    """A gateway that runs as ever has nothing to forget."""

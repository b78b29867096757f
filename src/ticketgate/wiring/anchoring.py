"""The anchors of a configuration, and the loop that asks them."""

from typing import Final

import structlog

from ticketgate.adapters.anchors.anchor_http import way_out
from ticketgate.adapters.anchors.witness import Witness
from ticketgate.adapters.copies.copies import Copies, FolderPlace
from ticketgate.adapters.process.loops import Loop
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.log.anchor import CONTRADICTIONS
from ticketgate.domain.log.checkpoint import Checkpoint, parse_checkpoint
from ticketgate.domain.settings import (
    Anchoring,
    AnchorSettings,
    BucketSettings,
    FolderSettings,
    TsaSettings,
    WitnessSettings,
)
from ticketgate.operations.evidence.anchor import Anchorer
from ticketgate.operations.telling.evidence_place import EvidencePlace
from ticketgate.ports import Anchor, Clock, Signer, Store
from ticketgate.wiring.signing import KeyHolder

_LOG: Final = structlog.get_logger("ticketgate.anchors")


def anchoring_loops(settings: Anchoring, store: Store, signer: Signer, clock: Clock) -> list[Loop]:
    """The one loop that asks every anchor; none where none is configured."""
    if not settings.anchors:
        return []
    anchorer = Anchorer(
        store=store,
        signer=signer,
        clock=clock,
        anchors=[build_anchor(one) for one in settings.anchors],
        every=settings.every,
        log=_log,
    )
    return [Loop("anchors", anchorer.step)]


def evidence_place(origin: str, keys: KeyHolder | None) -> EvidencePlace:
    """How people are told where a request stands; without keys no signed root is at hand."""

    def signed() -> Checkpoint | None:
        try:
            note = None if keys is None else keys.signer.newest()
            return None if note is None else parse_checkpoint(note).checkpoint
        except TicketgateError as fault:
            _LOG.error("checkpoint.unread", code=fault.code)
            return None

    return EvidencePlace(origin, signed)


def build_anchor(settings: AnchorSettings) -> Anchor:
    """The client of one anchor. Packages of extras are imported only where they are needed."""
    match settings:
        case WitnessSettings():
            return Witness(settings, way_out(settings.allow_networks))
        case TsaSettings():
            from ticketgate.adapters.anchors.timestamps import TimeStamps

            return TimeStamps(settings, way_out(settings.allow_networks))
        case FolderSettings():
            return Copies(settings.name, FolderPlace(settings))
        case BucketSettings():
            from ticketgate.adapters.copies.bucket import BucketPlace

            return Copies(settings.name, BucketPlace(settings, way_out(settings.allow_networks)))


def _log(kind: str, name: str, code: str) -> None:
    tell = _LOG.error if code in CONTRADICTIONS else _LOG.warning
    tell("anchor.failed", kind=kind, anchor=name, code=code)

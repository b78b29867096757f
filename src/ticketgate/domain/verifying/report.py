"""Report: what a verifier brings, and what it found."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ticketgate.domain.log.checkpoint import SignedCheckpoint
from ticketgate.domain.log.note import VerifyEd25519
from ticketgate.domain.log.trust import NONE, Trust
from ticketgate.domain.people.passkey import VerifyP256
from ticketgate.domain.verifying.anchor_check import (
    ANCHORED,
    POLICY,
    SIGNED,
    Anchor,
    ReadToken,
)
from ticketgate.domain.verifying.completeness import COMPLETENESS, TicketKey
from ticketgate.domain.verifying.disclosure_check import Tally
from ticketgate.domain.verifying.evidence_verdict import EvidenceVerdict, State

STRUCTURE: Final = "structure"
SEMANTICS: Final = "semantics"
DISCLOSURES: Final = "disclosures"
VERDICTS: Final = (STRUCTURE, SIGNED, DISCLOSURES, SEMANTICS, ANCHORED, POLICY, COMPLETENESS)
ALWAYS: Final = (STRUCTURE, SIGNED, DISCLOSURES, SEMANTICS)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a verifier brings: whom it trusts, what it kept, and what it looks for.

    Records since `unsigned_since` (an instant as in `_ts`) may be unsigned yet; none where empty.
    Without `verify_p256` no passkey is looked into, and none counts as pinned.
    """

    trust: Trust
    verify: VerifyEd25519
    now: datetime
    known: Sequence[SignedCheckpoint] = ()
    read_token: ReadToken | None = None
    tickets: Collection[TicketKey] | None = None
    quick: bool = False
    unsigned_since: str = ""
    verify_p256: VerifyP256 | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What verification found. `size`, `leaf` and `root` (hex) are of the entries as read.

    `newest` is the largest checkpoint that fits and that a key that counts has signed.
    `verdicts` are in the order of `VERDICTS`; then that of the tables, of a live database.
    """

    origin: str
    size: int
    leaf: str
    root: str
    verdicts: tuple[EvidenceVerdict, ...]
    tally: Tally
    signed_to: int | None = None
    anchors: tuple[Anchor, ...] = ()
    newest: SignedCheckpoint | None = None

    def __getitem__(self, name: str) -> EvidenceVerdict:
        """The verdict of this name (KeyError: nobody checked it)."""
        for verdict in self.verdicts:
            if verdict.name == name:
                return verdict
        raise KeyError(name)

    @property
    def failing(self) -> tuple[EvidenceVerdict, ...]:
        """Those that something speaks against."""
        return tuple(one for one in self.verdicts if one.state is State.FAILS)

    def lacking(self, required: Iterable[str]) -> tuple[str, ...]:
        """Those of the required verdicts that nobody checked, or had enough to judge by."""
        judged = {one.name for one in self.verdicts if one.state not in {State.NONE, State.PARTIAL}}
        return tuple(name for name in required if name not in judged)


def required_by(asked: Asked) -> tuple[str, ...]:
    """What must hold unless somebody names it: docs/evidence-format.md, "Verdicts"."""
    names = [STRUCTURE, SIGNED] if asked.quick else list(ALWAYS)
    if asked.trust.witnesses or asked.trust.tsa:
        names.append(ANCHORED)
    if asked.trust.quorum != NONE:
        names.append(POLICY)
    if asked.tickets is not None:
        names.append(COMPLETENESS)
    return tuple(names)

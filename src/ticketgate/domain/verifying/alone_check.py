"""Alone check: what a receipt, or a fork proof, proves without the log that it is of."""

from collections.abc import Iterable, Sequence
from typing import Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import genesis, leaf_hash
from ticketgate.domain.log.checkpoint import SignedCheckpoint, check_signatures
from ticketgate.domain.log.fork_proof import parse_fork_proof
from ticketgate.domain.log.merkle import EMPTY_ROOT
from ticketgate.domain.log.tlog_proof import parse_tlog_proof
from ticketgate.domain.verifying.anchor_check import ANCHORED, POLICY, SIGNED, AnchorCheck, Vouching
from ticketgate.domain.verifying.disclosure_check import Tally
from ticketgate.domain.verifying.evidence_verdict import EvidenceVerdict, FaultList, State
from ticketgate.domain.verifying.report import STRUCTURE, Asked, Report

_NOTHING: Final = Tally(0, 0, 0, 0)
_NO_LEAF: Final = genesis("").leaf.hex()


def verify_receipt(data: bytes, asked: Asked) -> Report:
    """STRUCTURE: the record is in the tree of its checkpoint. SIGNED, ANCHORED, POLICY: of that."""
    try:
        proof = parse_tlog_proof(data)
        proof.check()
    except EvidenceError as fault:
        missing = (_none(name, "no receipt") for name in (SIGNED, ANCHORED, POLICY))
        return Report("", 0, _NO_LEAF, EMPTY_ROOT.hex(), (_broken(fault), *missing), _NOTHING)
    found = proof.signed.checkpoint
    check = AnchorCheck(
        found.origin,
        found.size,
        {found.size: found.root},
        asked.trust,
        asked.trust.of_origin(found.origin),
        asked.verify,
        asked.now,
    )
    vouched = check.check(Vouching(((None, proof.signed.note.encoded()),)), lambda _: False)
    right = FaultList().verdict(STRUCTURE, note=f"record {found.origin}#{proof.index}")
    return Report(
        found.origin,
        found.size,
        leaf_hash(proof.extra or b"").hex(),
        found.root.hex(),
        (right, vouched.signed, vouched.anchored, vouched.policy),
        _NOTHING,
        vouched.signed_to,
        vouched.anchors,
    )


def verify_fork(data: bytes, asked: Asked) -> Report:
    """STRUCTURE: the two cannot both be true. SIGNED: a trusted key signed both."""
    unsigned = _none(SIGNED, "not both are signed by a trusted key")
    try:
        proof = parse_fork_proof(data)
    except EvidenceError as fault:
        return Report("", 0, _NO_LEAF, EMPTY_ROOT.hex(), (_broken(fault), unsigned), _NOTHING)
    larger = proof.larger.checkpoint
    signed_to, signed = None, unsigned
    structure = FaultList().verdict(STRUCTURE, note="the two cannot both be true")
    try:
        proof.check()
    except EvidenceError as fault:
        structure = _broken(fault)
    else:
        signed = _signed((proof.smaller, proof.larger), asked)
        signed_to = larger.size if signed.lack is State.HOLDS else None
    origin, root = proof.smaller.checkpoint.origin, larger.root.hex()
    return Report(origin, larger.size, _NO_LEAF, root, (structure, signed), _NOTHING, signed_to)


def _signed(both: Sequence[SignedCheckpoint], asked: Asked) -> EvidenceVerdict:
    """SIGNED of two checkpoints of one log."""
    faults, good = FaultList(), True
    for one in both:
        size, keys = one.checkpoint.size, asked.trust.of_origin(one.checkpoint.origin)
        told = check_signatures(one.note, [each.key for each in keys], asked.verify, asked.now)
        counts = any(each.key in told.keys and each.counts_at(size) for each in keys)
        good = good and counts
        for text in told.bad_signatures:
            faults.add(both[0].checkpoint.size, text)
        if told.keys and not counts and not told.bad_signatures:
            faults.add(both[0].checkpoint.size, "signed by a key that had ended, or not begun")
    lack = State.HOLDS if good else State.NONE
    note = "both are signed by a trusted key" if good else "not both are signed by a trusted key"
    return faults.verdict(SIGNED, lack, note)


def required_of(report: Report, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that are verdicts of this report."""
    there = {one.name for one in report.verdicts}
    return tuple(name for name in names if name in there)


def _broken(fault: EvidenceError) -> EvidenceVerdict:
    faults = FaultList()
    faults.add(0, fault.reason)
    return faults.verdict(STRUCTURE)


def _none(name: str, note: str) -> EvidenceVerdict:
    return FaultList().verdict(name, State.NONE, note)

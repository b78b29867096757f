"""What a receipt and a fork proof prove without the log."""

from dataclasses import replace

import pytest
from tests.domain.copied import ASKED, GATE, NOW, signed
from tests.domain.evidence_log import ORIGIN, Log, life, short
from tests.domain.naive_tree import path
from tests.domain.signing import Signer, signer, verify, witness

from ticketgate.domain.evidence import leaf_hash
from ticketgate.domain.log.fork_proof import ForkProof, find_fork
from ticketgate.domain.log.tlog_proof import TlogProof
from ticketgate.domain.log.trust import LogKey, Trust
from ticketgate.domain.verifying.alone_check import required_of, verify_fork, verify_receipt
from ticketgate.domain.verifying.report import Asked, Report, required_by

MALLORY = signer(ORIGIN, "mallory")
WALTER = witness("walter.example.org")


def states(report: Report) -> dict[str, str]:
    return {one.name: one.state.value for one in report.verdicts}


def receipt(*signers: Signer) -> bytes:
    log = short()
    hashes = path(1, [leaf_hash(entry) for _, _, entry in log.rows])
    return TlogProof(1, tuple(hashes), signed(log, None, *signers), log.rows[1][2]).encoded()


def test_a_receipt_says_whose_record_it_is_of() -> None:
    report = verify_receipt(receipt(), ASKED)
    assert states(report) == {
        "structure": "holds", "signed": "holds", "anchored": "none", "policy": "none",
    }  # fmt: skip
    assert (report.origin, report.size, report.signed_to) == (ORIGIN, 3, 3)
    assert report.leaf == short().rows[1][1].hex()
    assert required_of(report, required_by(ASKED)) == ("structure", "signed")


@pytest.mark.parametrize("data", [b"", receipt()[:-1], receipt().replace(b"index 1", b"index 2")])
def test_what_is_no_receipt_proves_nothing(data: bytes) -> None:
    report = verify_receipt(data, ASKED)
    assert states(report) == {
        "structure": "fails", "signed": "none", "anchored": "none", "policy": "none",
    }  # fmt: skip
    assert (report["structure"].first_bad, report.size, report.origin) == (0, 0, "")


def test_a_receipt_is_signed_by_who_is_trusted() -> None:
    assert states(verify_receipt(receipt(MALLORY), ASKED))["signed"] == "none"
    watched = Asked(Trust((LogKey(GATE.key),), {"w": WALTER.key}, {}, "w"), verify, NOW)
    report = verify_receipt(receipt(), watched)
    assert required_of(report, required_by(watched)) == (
        "structure", "signed", "anchored", "policy",
    )  # fmt: skip


def fork(*, by: Signer = GATE, size: int = 3) -> ForkProof:
    larger, smaller = life(), Log()
    for _ in range(size - 1):
        smaller.tell("heartbeat", refused=[], duplicates=size)
    leaves = [leaf for _, leaf, _ in larger.rows]
    found = find_fork(signed(smaller, None, by), signed(larger), leaves)
    assert found is not None
    return found


def test_a_fork_of_two_signed_checkpoints_is_one() -> None:
    report = verify_fork(fork().encoded(), ASKED)
    assert states(report) == {"structure": "holds", "signed": "holds"}
    assert (report.origin, report.size, report.signed_to) == (ORIGIN, 12, 12)


def test_a_fork_that_not_both_signed_proves_nothing() -> None:
    report = verify_fork(fork(by=MALLORY).encoded(), ASKED)
    assert states(report) == {"structure": "holds", "signed": "none"}
    assert report.signed_to is None


def test_a_forged_signature_and_a_key_that_had_ended_are_faults() -> None:
    found = fork()
    note = found.larger.note
    line = replace(note.lines[0], signature=bytes(64))
    forged = replace(found.larger, note=replace(note, lines=(line,)))
    report = verify_fork(replace(found, larger=forged).encoded(), ASKED)
    assert (report["signed"].first_bad, report.signed_to) == (3, None)
    ended = replace(ASKED, trust=Trust((LogKey(GATE.key, end=5),)))
    assert verify_fork(found.encoded(), ended)["signed"].first_bad == 3


def test_what_is_no_fork_is_a_fault() -> None:
    log = life()
    same = ForkProof((), signed(log), signed(log))
    report = verify_fork(same.encoded(), ASKED)
    assert states(report) == {"structure": "fails", "signed": "none"}
    assert (report.size, report.signed_to) == (12, None)
    report = verify_fork(b"x", ASKED)
    assert (states(report)["structure"], report.size) == ("fails", 0)

"""The checkpoints in the receipts of a copy: each once, and so many as are read."""

from tests.domain.test_tlog_proof import receipt

from ticketgate.domain.verifying.log_check import LayoutFault
from ticketgate.domain.verifying.verification import checkpoints_of

RECEIPTS = [(f"proofs/{size}", receipt(0, size).encoded()) for size in (1, 2, 3)]
NOTES = [(None, receipt(0, size).signed.note.encoded()) for size in (1, 2, 3)]


def test_each_checkpoint_counts_once() -> None:
    assert checkpoints_of([*RECEIPTS, *RECEIPTS]) == ([], NOTES)


def test_past_the_limit_the_rest_is_not_read_and_that_is_told() -> None:
    room = len(NOTES[0][1]) + len(NOTES[1][1])
    assert checkpoints_of([*RECEIPTS[:2], *RECEIPTS], bytes_max=room) == (
        [LayoutFault("more checkpoints in receipts than are read")],
        NOTES[:2],
    )


def test_what_is_no_receipt_is_told_by_its_name() -> None:
    faults, found = checkpoints_of([("proofs/x", b"no receipt"), RECEIPTS[0]])
    assert [fault.text.startswith("proofs/x is no receipt") for fault in faults] == [True]
    assert found == NOTES[:1]

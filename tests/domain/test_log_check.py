"""Verification of a copy: what its files say, what it leaves out, whose key counts, in quick."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Final

import pytest
from tests.domain.copied import ASKED, GATE, NEXT, Copy, copied, note, signed
from tests.domain.evidence_log import ORIGIN, Log, Row, life, rewritten, short, texts
from tests.domain.naive_tree import path
from tests.domain.signing import Signer, signer
from tests.segments import SHORT

from ticketgate.domain.evidence import Draft, Json, leaf_hash, parse_entry
from ticketgate.domain.log.checkpoint import Checkpoint
from ticketgate.domain.log.merkle import root_of
from ticketgate.domain.log.note import Note
from ticketgate.domain.log.tlog_proof import TlogProof
from ticketgate.domain.log.trust import LogKey, Trust, encode_signature, rotation_text
from ticketgate.domain.verifying.anchor_check import Vouching
from ticketgate.domain.verifying.disclosure_check import LineFault, Tally
from ticketgate.domain.verifying.evidence_verdict import State
from ticketgate.domain.verifying.log_check import LayoutFault, LeafRun, Part, leaves_of
from ticketgate.domain.verifying.replay import Replay
from ticketgate.domain.verifying.report import Asked, Report
from ticketgate.domain.verifying.snapshot import digest_of_snapshot, to_snapshot
from ticketgate.domain.verifying.verification import Stored, verify_bundle, verify_store

pytestmark = pytest.mark.usefixtures("in_short_segments")

QUICK: Final = replace(ASKED, quick=True)


def states(report: Report) -> dict[str, str]:
    return {one.name: one.state.value for one in report.verdicts if one.state is not State.HOLDS}


def faults(report: Report) -> list[tuple[str, int | None]]:
    return [(one.name, one.first_bad) for one in report.failing]


def test_a_whole_copy_holds() -> None:
    report = verify_bundle(copied(life()), ASKED)
    assert states(report) == {"anchored": "none", "policy": "none", "completeness": "none"}
    assert (report.signed_to, report.tally) == (12, Tally(3, 0, 0, 0))


def test_a_copy_may_withhold_disclosures() -> None:
    copy = copied(life())
    copy.rows = []
    report = verify_bundle(copy, ASKED)
    assert (report.failing, report.tally) == ((), Tally(0, 0, 3, 0))


def test_faults_of_files_stand_at_their_place_or_at_the_end() -> None:
    copy = copied(short())
    copy.pieces = [*copy.pieces, LayoutFault("cut", 2), LayoutFault("a stray")]
    copy.wrong = [LayoutFault("no tile")]
    report = verify_bundle(copy, ASKED)
    found = [(fault.index, fault.text) for fault in report["structure"].faults]
    assert found == [(2, "cut"), (3, "a stray"), (3, "no tile")]


def test_a_line_that_is_no_disclosure_is_a_mismatch_at_the_end_at_most() -> None:
    copy = copied(short())
    copy.rows = [*copy.rows, LineFault("no line", 1), LineFault("nor this", 99)]
    report = verify_bundle(copy, ASKED)
    assert [fault.index for fault in report["disclosures"].faults] == [1, 3]
    assert report.tally == Tally(1, 0, 0, 2)


@pytest.mark.parametrize(("size", "index"), [(3, None), (4, 3), (9, 3)])
def test_a_copy_has_as_many_records_as_its_checkpoint_says(size: int, index: int | None) -> None:
    log = short()
    told = life()
    copy = copied(log, (None, note(told if size > 3 else log, size)))
    assert verify_bundle(copy, ASKED)["structure"].first_bad == index


def test_a_checkpoint_that_is_none_says_nothing_of_the_size() -> None:
    report = verify_bundle(copied(short(), (None, b"none")), ASKED)
    assert faults(report) == [("signed", 3)]
    assert verify_bundle(copied(short(), (2, note(short(), 2))), ASKED)["structure"].holds


def receipt(log: Log, index: int) -> TlogProof:
    hashes = path(index, [leaf_hash(entry) for _, _, entry in log.rows])
    return TlogProof(index, tuple(hashes), signed(log), log.rows[index][2])


def test_receipts_are_held_to_their_root_and_their_checkpoints_are_judged() -> None:
    log = short()
    copy, right = copied(log), receipt(log, 1)
    stranger = signer(ORIGIN, "mallory")
    unsigned = replace(right, signed=signed(log, 3, stranger))
    copy.proofs = [("proofs/a", right.encoded())]
    assert verify_bundle(copy, ASKED).failing == ()
    copy.proofs = [("proofs/b", b"x"), ("proofs/c", replace(right, index=0).encoded())]
    assert faults(verify_bundle(copy, ASKED)) == [("structure", 3)]
    copy.proofs = [("proofs/d", unsigned.encoded())]
    assert faults(verify_bundle(copy, ASKED)) == [("signed", 3)]


AT: Final = SHORT
LEFT_OUT: Final = LeafRun(b"".join(leaf_hash(b"%d" % number) for number in range(AT)))


def behind() -> tuple[list[Row], bytes]:
    """Rows behind a full segment that is not there, and a snapshot that they name."""
    past = Replay()
    past.time = "2026-11-22T02:40:00.000000Z"
    snapshot = to_snapshot(past, AT)
    log = Log()
    log.tell("retention.pruned", boundary=AT, snapshot=digest_of_snapshot(snapshot))
    log.tell("heartbeat")
    rows, leaf = [], LEFT_OUT.hashes[-32:]
    for number, row in enumerate(log.rows[1:]):
        changed = rewritten(row, _seq=AT + number, _prev=leaf.hex())
        rows.append(changed)
        leaf = changed[1]
    return rows, snapshot


def test_behind_what_is_left_out_replaying_begins_with_a_snapshot_or_not_at_all() -> None:
    rows, snapshot = behind()
    copy = Copy(ORIGIN, Vouching(), [LEFT_OUT, *(entry for _, _, entry in rows)])
    report = verify_bundle(copy, ASKED)
    assert report.failing == ()
    assert report["semantics"].note == "its beginning is left out"
    assert states(report)["semantics"] == "none"
    copy.kept = {AT: snapshot}
    report = verify_bundle(copy, ASKED)
    assert (report.failing, report["semantics"].state) == ((), State.HOLDS)
    copy.kept = {AT: snapshot.replace(b"2026-11-22", b"2026-11-21")}
    assert faults(verify_bundle(copy, ASKED)) == [("semantics", AT)]
    copy.kept = {AT: snapshot.replace(b"2026-11-22", b"no instant")}
    assert faults(verify_bundle(copy, ASKED)) == [("semantics", AT)]


def test_a_snapshot_that_no_record_names_is_a_fault_also_where_nothing_is_left_out() -> None:
    copy = copied(short())
    copy.kept = {AT: b"{}"}
    assert faults(verify_bundle(copy, ASKED)) == [("semantics", 3)]
    assert verify_bundle(copy, QUICK).failing == ()


def test_without_a_past_a_record_is_looked_at_and_not_replayed() -> None:
    """What is left out is no whole segment here."""
    left_out = LeafRun(LEFT_OUT.hashes[:64])
    log = Log()
    log.tell("heartbeat")
    log.tell("heartbeat")
    first = rewritten(log.rows[1], _seq=2, _prev=left_out.hashes[-32:].hex())
    right = rewritten(log.rows[2], _seq=3, _prev=first[1].hex())
    odd = rewritten(right, on="grant")
    lone = rewritten(right, type="request.denied")
    for entry, first_bad in ((odd[2], 3), (lone[2], 3), (right[2], None)):
        report = verify_bundle(Copy(ORIGIN, Vouching(), [left_out, first[2], entry]), ASKED)
        assert report["semantics"].first_bad == first_bad
        assert report["structure"].holds


def test_leaves_are_those_of_entries_and_runs() -> None:
    parts: list[Part] = [LeafRun(bytes(64)), LayoutFault("x"), b"entry"]
    assert list(leaves_of(parts)) == [bytes(32), bytes(32), leaf_hash(b"entry")]


def rotated(log: Log, *, index: int | None = None) -> Log:
    place = len(log.rows) if index is None else index
    said = rotation_text(ORIGIN, place, NEXT.key.text)
    signatures = [encode_signature(one.sign(said)) for one in (GATE, NEXT)]
    keys: dict[str, Json] = {"old": GATE.key.text, "new": NEXT.key.text}
    told = keys | {"signature": signatures[0], "possession": signatures[1]}
    log.append(Draft("key.rotated", told))
    return log


@pytest.mark.parametrize("asked", [ASKED, QUICK])
def test_a_key_that_the_log_brought_counts(asked: Asked) -> None:
    log = rotated(short())
    report = verify_bundle(copied(log, (None, note(log, 4, NEXT))), asked)
    assert (report.failing, report.signed_to) == ((), 4)


def test_a_key_that_was_not_brought_rightly_does_not_count() -> None:
    log = rotated(short(), index=9)
    copy = copied(log, (None, note(log, 4, NEXT)))
    assert faults(verify_bundle(copy, ASKED)) == [("semantics", 3)]
    quick = verify_bundle(copy, QUICK)
    assert (faults(quick), quick["semantics"].state) == ([("structure", 3)], State.NONE)
    assert (quick["signed"].state, quick["structure"].note) == (State.NONE, "by hashes alone")


def test_a_trust_file_of_another_log_lets_none_follow() -> None:
    log = rotated(short())
    other = replace(ASKED, trust=Trust((LogKey(signer("other", "x").key),)))
    report = verify_bundle(copied(log, (None, note(log, 4, NEXT))), other)
    assert (faults(report), report["signed"].state) == ([("semantics", 3)], State.NONE)


def test_quick_looks_at_fixed_places_and_at_records_of_keys_only() -> None:
    log = short()
    log.tell("heartbeat", refused=[{"type": "key.lost"}])
    entries = [entry for _, _, entry in log.rows]
    assert verify_bundle(copied(log), QUICK).failing == ()
    spaced = entries[2].replace(b'"to":', b'"to": ')
    renumbered = entries[2].replace(b'"_seq":2', b'"_seq":3')
    broken = entries[3].replace(b'"type":"key.lost"', b'"type":"key.lost" ')
    for place, entry, bad in (
        (2, spaced, 3), (2, renumbered, 2), (2, b"\xff", 2), (3, broken, 3),
        (2, entries[2].replace(b"test", b"\xff"), 2),
    ):  # fmt: skip
        copy = copied(log)
        copy.pieces = [*entries[:place], entry, *entries[place + 1 :]]
        assert verify_bundle(copy, QUICK)["structure"].first_bad == bad, entry


def test_what_is_young_need_not_be_signed_yet() -> None:
    log = short()
    stored = Stored(ORIGIN, log.rows, log.hidden, log.head)
    vouching = Vouching(((None, note(log, 2)),))
    stamp = str(parse_entry(log.rows[2][2])["_ts"])
    for since, state in (("", "partial"), (stamp, "holds"), (stamp[:-1] + "a", "partial")):
        report = verify_store(stored, replace(ASKED, unsigned_since=since), vouching)
        assert report["signed"].state == state


def behind_a_key() -> tuple[list[Part], dict[int, bytes]]:
    """The same of a snapshot with a key, as the parts of a copy and what it keeps."""
    rows, snapshot = behind()
    keyed = snapshot.replace(b'"keys":[]', b'"keys":[["%b",5,null]]' % NEXT.key.text.encode())
    first = rewritten(rows[0], snapshot=digest_of_snapshot(keyed))
    second = rewritten(rows[1], _prev=first[1].hex())
    return [LEFT_OUT, first[2], second[2]], {AT: keyed}


def test_keys_of_a_snapshot_count_not_before_its_record_is_signed_without_them() -> None:
    parts, kept = behind_a_key()
    report = verify_bundle(Copy(ORIGIN, Vouching(), parts, (), kept), ASKED)
    assert (faults(report), report.size) == ([], AT + 2)
    told = Told(parts)
    for by, signed_to in ((GATE, AT + 2), (NEXT, None)):
        copy = Copy(ORIGIN, Vouching(((None, told.note(AT + 2, by)),)), parts, (), kept)
        assert verify_bundle(copy, ASKED).signed_to == signed_to


def test_keys_of_a_snapshot_count_once_its_record_is_signed_without_them() -> None:
    parts, kept = behind_a_key()
    told = Told(parts)
    both = Vouching(((None, told.note(AT + 2, NEXT)), (AT + 1, told.note(AT + 1, GATE))))
    copy = Copy(ORIGIN, both, parts, (), kept)
    assert verify_bundle(copy, ASKED).signed_to == AT + 2


class Told:
    """Checkpoints over the leaves of parts."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.leaves = list(leaves_of(parts))
        self._root = cache(lambda size: root_of(self.leaves[:size]))

    def note(self, size: int, by: Signer) -> bytes:
        checkpoint = Checkpoint(ORIGIN, size, self._root(size))
        return Note(checkpoint.text, (by.line(checkpoint.text),)).encoded()


def test_a_list_of_tickets_is_looked_for_in_a_copy() -> None:
    log = Log()
    fields: dict[str, Json] = {"source": "snow", "table": "item", "revision": 1}
    told: dict[str, Json] = {"on": "ticket", "id": "t", "from": "", "to": "identity", "cause": "c"}
    log.tell("ticket.classified", {"ticket": {"id": "sys1"}}, **fields | told)
    for ident, bad in (("sys1", None), ("sys2", 2)):
        asked = replace(ASKED, tickets=[("snow", "item", ident)])
        assert verify_bundle(copied(log), asked)["completeness"].first_bad == bad
    copy = copied(log)
    copy.pieces = [LayoutFault("x", 0), *copy.pieces]
    assert "x" in texts(verify_bundle(copy, ASKED))

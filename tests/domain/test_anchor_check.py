"""SIGNED, ANCHORED and POLICY: checkpoints, time stamps and what was kept, against the roots."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest
from tests.domain.copied import GATE, NEXT, NOW
from tests.domain.evidence_log import NOON, ORIGIN
from tests.domain.signing import Signer, signer, verify, witness
from tests.domain.stamped import stamp

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.log.checkpoint import Checkpoint, SignedCheckpoint
from ticketgate.domain.log.note import Note, SignatureLine
from ticketgate.domain.log.trust import Group, LogKey, Trust
from ticketgate.domain.verifying.anchor_check import (
    Anchor,
    AnchorCheck,
    KnownError,
    ReadToken,
    Vouched,
    Vouching,
)
from ticketgate.domain.verifying.evidence_verdict import EvidenceVerdict

MALLORY: Final = signer(ORIGIN, "mallory")
WALTER, WENDY = witness("walter.example.org"), witness("wendy.example.org")
SIZE: Final = 9
ROOTS: Final = {size: bytes([size]) * 32 for size in (0, 3, 5, SIZE)}
KEYS: Final = (LogKey(GATE.key),)
PLAIN: Final = Trust(KEYS)
WATCHED: Final = Trust(
    KEYS,
    {"walter": WALTER.key, "wendy": WENDY.key},
    {"both": Group(2, ("walter", "wendy"))},
    "both",
)
SECONDS: Final = int(NOON.timestamp())


def text(size: int, root: bytes | None = None, origin: str = ORIGIN) -> str:
    return Checkpoint(origin, size, ROOTS[size] if root is None else root).text


def note(told: str, *lines: SignatureLine) -> bytes:
    return Note(told, lines).encoded()


def good(size: int, *signers: Signer) -> bytes:
    told = text(size)
    return note(told, *(one.line(told) for one in signers or (GATE,)))


def known(size: int, root: bytes, *signers: Signer, origin: str = ORIGIN) -> SignedCheckpoint:
    checkpoint = Checkpoint(origin, size, root)
    lines = tuple(one.line(checkpoint.text) for one in signers or (GATE,))
    return SignedCheckpoint(checkpoint, Note(checkpoint.text, lines))


def check(
    *checkpoints: tuple[int | None, bytes],
    trust: Trust = PLAIN,
    keys: tuple[LogKey, ...] = KEYS,
    tokens: Mapping[int, bytes] | None = None,
    kept: tuple[SignedCheckpoint, ...] = (),
    read: ReadToken | None = None,
    young: int | None = None,
) -> Vouched:
    vouching = Vouching(checkpoints, tokens or {}, kept, read)
    made = AnchorCheck(ORIGIN, SIZE, ROOTS, trust, keys, verify, NOW)
    return made.check(vouching, lambda index: index == young)


def said(verdict: EvidenceVerdict) -> tuple[str, int | None]:
    return verdict.state.value, verdict.first_bad


def test_the_newest_checkpoint_says_up_to_where_the_log_is_signed() -> None:
    found = check((None, good(SIZE)), (3, good(3)), (5, good(5)))
    assert (said(found.signed), found.signed_to) == (("holds", None), SIZE)
    assert found.signed.note == "up to 9 records, 0 unsigned"
    assert found.newest is not None
    assert found.newest.checkpoint.size == SIZE
    assert said(found.anchored) == said(found.policy) == ("none", None)


def test_records_behind_it_are_unsigned_unless_they_are_young() -> None:
    assert said(check((None, good(5))).signed) == ("partial", None)
    assert said(check((None, good(5)), young=5).signed) == ("holds", None)


def test_without_a_checkpoint_nothing_is_signed() -> None:
    found = check()
    assert (said(found.signed), found.signed_to, found.newest) == (("none", None), None, None)
    assert found.signed.note == "no signature of a trusted key"


@pytest.mark.parametrize(
    ("named", "data", "first_bad"),
    [
        (None, b"nonsense", 9),
        (3, b"nonsense", 3),
        (99, b"nonsense", 9),
        (5, good(3), 3),
        (None, note(text(5, bytes(32)), GATE.line(text(5, bytes(32)))), 5),
        (None, note(text(77, bytes(32)), GATE.line(text(77, bytes(32)))), 9),
        (None, note(text(3, origin="other"), GATE.line(text(3, origin="other"))), 3),
        (None, note(text(5), GATE.line("other")), 5),
        (None, note(text(5), GATE.line(text(5)), GATE.line("other")), 5),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_a_fault_at_its_size(
    named: int | None, data: bytes, first_bad: int
) -> None:
    assert check((named, data)).signed.first_bad == first_bad


def test_who_is_not_trusted_is_nobody_and_beside_a_good_checkpoint_a_fault() -> None:
    stranger = (None, good(SIZE, MALLORY))
    assert said(check(stranger).signed) == ("none", None)
    assert said(check(stranger, (5, good(5))).signed) == ("fails", SIZE)
    assert said(check((None, good(SIZE, GATE, MALLORY))).signed) == ("holds", None)


def test_a_key_counts_for_the_sizes_that_it_may_sign() -> None:
    keys = (LogKey(GATE.key, end=3), LogKey(NEXT.key, above=3))
    assert said(check((None, good(5)), keys=keys).signed) == ("fails", 5)
    assert said(check((3, good(3, NEXT)), keys=keys).signed) == ("fails", 3)
    found = check((3, good(3)), (None, good(SIZE, GATE, NEXT)), keys=keys)
    assert (said(found.signed), found.signed_to) == (("holds", None), SIZE)
    assert check((0, good(0)), keys=keys).signed_to == 0


def test_cosignatures_anchor_and_make_up_a_quorum() -> None:
    told = text(SIZE)
    lines = [WALTER.cosign(told, SECONDS), WENDY.cosign(told, SECONDS + 1)]
    one = check((None, note(told, GATE.line(told), lines[0])), trust=WATCHED)
    assert (said(one.anchored), said(one.policy)) == (("holds", None), ("none", None))
    assert one.policy.note == "no checkpoint has the quorum"
    both = check((None, note(told, GATE.line(told), *lines)), (3, good(3)), trust=WATCHED)
    assert said(both.policy) == ("holds", None)
    assert both.policy.note == "up to 9 records"
    assert both.anchored.note == (
        "up to 9 records, by wendy.example.org at 2026-11-22T02:40:01.000000Z"
    )
    unsigned = check((None, note(told, *lines)), trust=WATCHED)
    assert (said(unsigned.anchored), said(unsigned.policy)) == (("holds", None), ("none", None))


def test_what_does_not_fit_vouches_for_nothing() -> None:
    told = text(5, bytes(32))
    found = check((None, note(told, GATE.line(told), WALTER.cosign(told, 1))), trust=WATCHED)
    assert (said(found.anchored), found.anchors) == (("none", None), ())


@pytest.mark.parametrize("at", [SECONDS + 3901, 2**62])
def test_a_cosignature_that_is_bad_or_from_the_future_is_a_fault(at: int) -> None:
    told = text(5)
    for line in (WALTER.cosign(told, at), replace(WALTER.cosign(told, 1), signature=bytes(72))):
        found = check((5, note(told, GATE.line(told), line)), trust=WATCHED)
        assert (said(found.anchored), said(found.signed)) == (("fails", 5), ("partial", None))


def test_the_largest_size_that_somebody_vouches_for_is_told() -> None:
    lines = {
        size: note(text(size), GATE.line(text(size)), WALTER.cosign(text(size), SECONDS + size))
        for size in (3, 5)
    }
    found = check((5, lines[5]), (3, lines[3]), trust=WATCHED)
    assert found.anchors == (Anchor("walter.example.org", 5, SECONDS + 5),)


def test_a_moment_that_no_calendar_has_is_not_told() -> None:
    late = AnchorCheck(ORIGIN, SIZE, ROOTS, WATCHED, KEYS, verify, datetime.max.replace(tzinfo=UTC))
    told = text(5)
    at = int(datetime.max.replace(tzinfo=UTC).timestamp()) + 100
    data = note(told, GATE.line(told), WALTER.cosign(told, at))
    found = late.check(Vouching(((None, data),)), lambda _: False)
    assert found.anchored.note == "up to 5 records, by walter.example.org"


def test_a_kept_checkpoint_that_the_log_goes_on_from_anchors_it() -> None:
    found = check((None, good(SIZE)), kept=(known(5, ROOTS[5]),))
    assert (said(found.anchored), found.anchors[0].size) == (("holds", None), 5)
    assert found.anchored.note == "up to 5 records, by a checkpoint that you kept"


@pytest.mark.parametrize(("size", "first_bad"), [(5, 5), (99, 9)])
def test_a_kept_checkpoint_that_the_log_contradicts_is_a_fault(size: int, first_bad: int) -> None:
    assert said(check(kept=(known(size, bytes(32)),)).anchored) == ("fails", first_bad)


@pytest.mark.parametrize(
    "kept",
    [
        known(5, ROOTS[5], MALLORY),
        known(5, ROOTS[5], origin="other"),
        SignedCheckpoint(
            Checkpoint(ORIGIN, 5, ROOTS[5]),
            Note(text(5), (GATE.line(text(5)), GATE.line("other"))),
        ),
    ],
)
def test_a_kept_checkpoint_is_of_this_log_and_by_a_trusted_key(kept: SignedCheckpoint) -> None:
    with pytest.raises(KnownError) as told:
        check(kept=(kept,))
    assert told.value.code == "usage"


def test_time_stamps_count_where_somebody_can_read_them() -> None:
    token = stamp(text(5).encode())
    read = check(tokens={5: token}, read=lambda *_: ("tsa", NOON))
    assert (said(read.anchored), read.anchors) == (("holds", None), (Anchor("tsa", 5, SECONDS),))
    unread = check(tokens={5: token})
    assert said(unread.anchored) == ("none", None)
    assert unread.anchored.note == "nobody else vouches for it; 1 time stamps not verified here"


def refused(token: bytes, told: bytes) -> tuple[str, datetime]:
    raise EvidenceError(f"{len(token)} bytes over {len(told)} do not hold")


def test_a_time_stamp_over_something_else_is_a_fault() -> None:
    for tokens, first_bad in (
        ({5: stamp(text(3).encode())}, 5),
        ({4: stamp(text(3).encode())}, 4),
        ({77: stamp(text(3).encode())}, 9),
        ({5: b""}, 5),
    ):
        assert said(check(tokens=tokens).anchored) == ("fails", first_bad)
    found = check(tokens={5: stamp(text(5).encode())}, read=refused)
    assert said(found.anchored) == ("fails", 5)

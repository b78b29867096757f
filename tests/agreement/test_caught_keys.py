"""Keys that follow, keys that ended, and time stamps over something else."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from tests.agreement.both import Asked, agreed
from tests.agreement.bundles import MALLORY, NEXT_KEY, Files, files_of, laid_out
from tests.agreement.catching import Case, caught, note
from tests.domain.stamped import stamp
from tests.verifier import bundle_writer as writer
from tests.verifier.bundle_writer import LOG_KEY, ORIGIN, Log, Signer, b64

THIRD: Final = Signer(ORIGIN, 1, 6)
AT: Final = 3  # where the key is followed in the logs below


def beaten() -> Log:
    return Log().opened().beats(2)


def rotation(*, index: int = AT, by: Signer = LOG_KEY, to: Signer = NEXT_KEY, **other: str) -> Log:
    """Three records, a rotation at 3, and two more."""
    log = beaten()
    says = f"ticketgate-key-rotation/v1\n{ORIGIN}\n{index}\n{to.vkey}\n".encode()
    told = {
        "old": by.vkey, "new": to.vkey,
        "signature": b64(by.private.sign(says)), "possession": b64(to.private.sign(says)),
    }  # fmt: skip
    log.add("key.rotated", **told | other)
    return log.beats(2)


def at_size(log: Log, size: int, *signers: Signer) -> bytes:
    """A checkpoint of the first records by these keys."""
    text = writer.checkpoint_text(size, writer.root(log.leaves[:size]))
    return note(size, writer.root(log.leaves[:size]), *(one.line(text) for one in signers))


def followed(size: int, *signers: Signer) -> Files:
    """The rotated log, with a checkpoint of a size by these keys beside the newest by both."""
    log = rotation()
    return files_of(log, LOG_KEY, NEXT_KEY) | {f"checkpoints/{size}": at_size(log, size, *signers)}


def ended(
    *, key: Signer = LOG_KEY, first: Signer | None = NEXT_KEY, by: Signer = NEXT_KEY
) -> Files:
    """A key is ended at record 6, after another one was brought where `first` says so."""
    log = rotation() if first else beaten().beats(3)
    log.add("key.ended", key=key.vkey)
    return files_of(log.beats(1), by)


def with_end(size: int, end: int) -> Files:
    """A log key that the trust file ends."""
    log = beaten().beats(3)
    trust = writer.policy(f"end {LOG_KEY.name}+{LOG_KEY.key_id.hex()} {end}")
    return files_of(log, trust=trust, signed=size)


NOT_TRUE: Final = {"semantics": AT}
CASES: Final = [
    Case("both_sign_after_a_rotation", files_of(rotation(), LOG_KEY, NEXT_KEY), 0, {}),
    Case("the_new_key_alone_after_a_rotation", files_of(rotation(), NEXT_KEY), 0, {}),
    Case("the_old_key_alone_after_a_rotation", files_of(rotation(), LOG_KEY), 0, {}),
    Case("the_new_key_at_the_size_that_holds_the_rotation", followed(4, NEXT_KEY), 0, {}),
    Case("the_new_key_one_record_too_early", followed(3, NEXT_KEY), 1, {"signed": 3}),
    Case("both_keys_one_record_too_early", followed(3, LOG_KEY, NEXT_KEY), 0, {}),
    Case("a_rotation_by_a_key_that_nobody_trusts",
         files_of(rotation(by=MALLORY), LOG_KEY), 1, NOT_TRUE),
    Case("a_rotation_by_a_key_that_nobody_trusts_to_its_own",
         files_of(rotation(by=MALLORY), NEXT_KEY), 1, NOT_TRUE),
    Case("a_rotation_that_the_old_key_did_not_sign", files_of(rotation(
        signature=b64(MALLORY.private.sign(b"x"))), LOG_KEY), 1, NOT_TRUE),
    Case("a_rotation_that_the_new_key_did_not_sign", files_of(rotation(
        possession=b64(MALLORY.private.sign(b"x"))), NEXT_KEY), 1, NOT_TRUE),
    Case("a_rotation_signed_for_the_record_before",
         files_of(rotation(index=AT - 1), LOG_KEY), 1, NOT_TRUE),
    Case("a_rotation_signed_for_the_record_behind",
         files_of(rotation(index=AT + 1), LOG_KEY), 1, NOT_TRUE),
    Case("a_rotation_by_a_trusted_key_under_another_name", files_of(rotation(
        old=Signer("other.example.com").vkey), LOG_KEY), 1, NOT_TRUE),
    Case("a_rotation_to_itself", files_of(rotation(to=LOG_KEY), LOG_KEY), 1, NOT_TRUE),
    Case("a_rotation_to_a_key_of_another_log",
         files_of(rotation(to=Signer("other.example.com", 1, 5)), LOG_KEY), 1, NOT_TRUE),
    Case("a_rotation_to_a_witness", files_of(rotation(to=Signer(ORIGIN, 4, 5)), LOG_KEY), 1,
         NOT_TRUE),
    Case("a_rotation_with_another_key_id", files_of(rotation(
        new=NEXT_KEY.vkey.replace(NEXT_KEY.key_id.hex(), "00000000")), LOG_KEY), 1, NOT_TRUE),
    Case("a_rotation_with_a_short_signature", files_of(rotation(signature="AAAA"), LOG_KEY), 1,
         NOT_TRUE),
    Case("an_old_key_that_was_ended", ended(), 0, {}),
    Case("a_record_after_the_end_of_its_key", ended(by=LOG_KEY), 1, {"signed": 8}),
    Case("the_last_key_ended", ended(first=None, by=LOG_KEY), 1, {"semantics": 6}),
    Case("a_key_ended_that_was_none", ended(key=THIRD), 1, {"semantics": 6}),
    Case("a_key_that_the_trust_file_ends_at_this_size", with_end(5, 5), 4, {},
         {"signed": "partial"}),
    Case("a_key_that_the_trust_file_ended_one_record_before", with_end(5, 4), 1, {"signed": 5}),
    Case("a_key_that_the_trust_file_ends_one_record_later", with_end(5, 6), 4, {},
         {"signed": "partial"}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_whose_key_counts_is_told_by_keys_that_counted_before(case: Case, tmp_path: Path) -> None:
    caught(case, tmp_path / "bundle")


def test_a_chain_of_keys_is_followed_and_an_ended_one_brings_none(tmp_path: Path) -> None:
    log = rotation()
    log.add("key.ended", key=LOG_KEY.vkey)
    log.rotate(NEXT_KEY, THIRD)
    caught(Case("", files_of(log.beats(1), THIRD), 0, {}), tmp_path / "good")
    late = len(log)
    log.rotate(LOG_KEY, MALLORY)
    found = caught(Case("", files_of(log, THIRD), 1, {"semantics": late}), tmp_path / "late")
    assert found.states["signed"] == "holds"


def test_a_trust_file_of_another_log_brings_no_key_of_this_one(tmp_path: Path) -> None:
    """Not even where the log says of itself that a key follows."""
    trust = tmp_path / "trust"
    trust.write_text(f"log {Signer('other.example.com').vkey}\nquorum none\n")
    files = files_of(rotation(), NEXT_KEY)
    found = caught(Case("", files, 1, NOT_TRUE), tmp_path / "bundle", Asked(trust=trust))
    assert found.states["signed"] == "none"


@pytest.mark.parametrize("quick", [False, True])
def test_keys_are_followed_in_quick_too(tmp_path: Path, *, quick: bool) -> None:
    for number, (log, code) in enumerate(((rotation(), 0), (rotation(index=AT + 1), 1))):
        bundle = laid_out(tmp_path / str(number), files_of(log, NEXT_KEY))
        assert agreed(bundle, Asked(quick=quick)).exit == code


def stamped(change: Callable[[bytes], bytes]) -> Files:
    log = beaten()
    text = writer.checkpoint_text(3, writer.root(log.leaves))
    return files_of(log) | {"anchors/3.tsr": change(text)}


STAMPS: Final = [
    Case("over_this_checkpoint", stamped(stamp), 0, {}, {"anchored": "none"}),
    Case("over_another_note", stamped(lambda text: stamp(text.replace(b"\n3\n", b"\n2\n"))), 1,
         {"anchored": 3}),
    Case("over_the_whole_note", stamped(lambda text: stamp(text + b"\n")), 1, {"anchored": 3}),
    Case("over_another_kind_of_digest", stamped(lambda text: stamp(text, "2b0e03021a")), 1,
         {"anchored": 3}),
    Case("under_the_name_of_another_digest",
         stamped(lambda text: stamp(text, "608648016503040203")), 1, {"anchored": 3}),
    Case("cut", stamped(lambda text: stamp(text)[:-200]), 1, {"anchored": 3}),
    Case("empty", stamped(lambda _: b""), 1, {"anchored": 3}),
    Case("no_der", stamped(lambda text: text), 1, {"anchored": 3}),
    Case("a_length_without_end", stamped(lambda _: b"\x30\xff" + b"\xff" * 200), 1,
         {"anchored": 3}),
]  # fmt: skip


@pytest.mark.parametrize("case", STAMPS, ids=lambda case: case.name)
def test_a_time_stamp_is_over_the_checkpoint_of_its_size(case: Case, tmp_path: Path) -> None:
    caught(case, tmp_path / "bundle")

"""Keys that follow, keys that end, and keys that only a snapshot knows."""

from pathlib import Path

import pytest
from tests.verifier import bundle_writer as writer
from tests.verifier.asking import Answer
from tests.verifier.bundle_writer import LOG_KEY, Log, Signer

NEXT = Signer(LOG_KEY.name, 1, 3)
THIEF = Signer(LOG_KEY.name, 1, 4)


def rotated() -> Log:
    """Five records; the key is rotated at 2."""
    log = Log().opened().beats(1)
    log.rotate(LOG_KEY, NEXT)
    return log.beats(2)


@pytest.mark.parametrize("quick", [[], ["--quick"]])
def test_a_key_that_follows_signs_from_its_record_on(tmp_path: Path, quick: list[str]) -> None:
    log = rotated()
    bundle = log.write(tmp_path / "b", NEXT)
    assert Answer(bundle, *quick).exit == 0
    (bundle / "checkpoints").mkdir()
    for size, sound in ((3, True), (2, False)):
        note = writer.checkpoint(size, writer.root(log.leaves[:size]), NEXT)
        (bundle / "checkpoints" / f"{size}").write_bytes(note)
        answer = Answer(bundle, *quick)
        assert answer.failed == (set() if sound else {"signed"})
        assert answer.signed["first_bad"] == (None if sound else 2)


def test_a_rotation_that_was_signed_for_another_place_brings_no_key(tmp_path: Path) -> None:
    log = Log().opened().beats(1)
    log.rotate(LOG_KEY, NEXT, index=1)
    answer = Answer(log.write(tmp_path / "b", NEXT))
    assert answer.failed == {"semantics"}
    assert answer.signed["state"] == "none"
    assert "structure" in Answer(tmp_path / "b", "--quick").failed


@pytest.mark.parametrize(
    "change",
    [
        {"possession": writer.b64(bytes(64))},
        {"signature": writer.b64(bytes(64))},
        {"signature": "x"},
        {"signature": None},
        {"new": "x"},
        {"new": writer.WITNESS.vkey},
        {"new": Signer("other.example", 1, 3).vkey},
        {"old": THIEF.vkey},
        {"old": 7},
    ],
)
def test_a_rotation_that_does_not_verify_is_a_fault(
    tmp_path: Path, change: dict[str, object]
) -> None:
    log = Log().opened()
    says = f"ticketgate-key-rotation/v1\n{log.origin}\n1\n{NEXT.vkey}\n".encode()
    signatures = {
        "signature": writer.b64(LOG_KEY.private.sign(says)),
        "possession": writer.b64(NEXT.private.sign(says)),
    }
    log.add("key.rotated", **{"old": LOG_KEY.vkey, "new": NEXT.vkey} | signatures | change)
    answer = Answer(log.write(tmp_path / "b"))
    assert answer.failed == {"semantics"}
    assert answer.semantics["first_bad"] == 1


@pytest.mark.parametrize("quick", [[], ["--quick"]])
def test_a_key_that_was_ended_counts_up_to_its_record(tmp_path: Path, quick: list[str]) -> None:
    log = rotated()
    log.add("key.ended", key=LOG_KEY.vkey)
    for count in (0, 1):
        bundle = log.beats(count).write(tmp_path / f"b{count}", LOG_KEY)
        assert Answer(bundle, *quick).failed == ({"signed"} if count else set())
        bundle = log.write(tmp_path / f"n{count}", NEXT)
        assert Answer(bundle, *quick).exit == 0


def test_an_ended_key_brings_no_other_and_the_last_key_does_not_end(tmp_path: Path) -> None:
    log = rotated()
    log.add("key.ended", key=LOG_KEY.vkey)
    log.rotate(LOG_KEY, THIEF)
    answer = Answer(log.write(tmp_path / "b", NEXT))
    assert (answer.failed, answer.semantics["first_bad"]) == ({"semantics"}, 6)
    log = rotated()
    log.add("key.ended", key=LOG_KEY.vkey)
    log.add("key.ended", key=NEXT.vkey)
    answer = Answer(log.write(tmp_path / "c", NEXT))
    assert (answer.failed, answer.semantics["first_bad"]) == ({"semantics"}, 6)
    log = Log().opened()
    log.add("key.ended", key=NEXT.vkey)
    assert Answer(log.write(tmp_path / "d")).failed == {"semantics"}


@pytest.mark.parametrize(("end", "sound"), [(5, True), (4, False), (2, False)])
def test_a_trust_file_ends_a_key_at_a_size(tmp_path: Path, end: int, *, sound: bool) -> None:
    name = LOG_KEY.vkey.rsplit("+", 1)[0]
    bundle = Log().opened().beats(4).write(tmp_path / "b", trust=writer.policy(f"end {name} {end}"))
    assert Answer(bundle).failed == (set() if sound else {"signed"})


def test_a_stolen_key_that_the_trust_file_ends_brings_no_other(tmp_path: Path) -> None:
    name = LOG_KEY.vkey.rsplit("+", 1)[0]
    log = rotated()
    for end, failed in ((3, set()), (2, {"semantics"})):
        trust = writer.policy(f"end {name} {end}")
        answer = Answer(log.write(tmp_path / f"{end}", NEXT, trust=trust))
        assert answer.failed == failed
        assert answer.signed["state"] == "none"


def test_two_log_keys_of_a_trust_file_may_both_sign(tmp_path: Path) -> None:
    trust = writer.policy(f"log {NEXT.vkey}")
    log = Log().opened()
    bundle = log.write(tmp_path / "b", LOG_KEY, NEXT, trust=trust)
    assert Answer(bundle).exit == 0
    text = writer.checkpoint_text(1, writer.root(log.leaves))
    note = text.decode() + "\n" + LOG_KEY.line(text) + NEXT.line(b"other")
    (bundle / "checkpoint").write_text(note)
    assert Answer(bundle).failed == {"signed"}

"""Log life: keys that follow, restores that two people declare, boundaries that only grow."""

from typing import Final

import pytest
from tests.domain.signing import Signer, signer, verify, witness

from ticketgate.domain.evidence import Json
from ticketgate.domain.log.trust import LogKey, encode_signature, rotation_text
from ticketgate.domain.verifying.log_life import SEGMENT_ENTRIES, KeyTrust
from ticketgate.domain.verifying.replay import Replay

ORIGIN: Final = "gate.example.com/evidence"
AT: Final = SEGMENT_ENTRIES
GATE: Final = signer(ORIGIN, "gate")
NEXT: Final = signer(ORIGIN, "next")
MALLORY: Final = signer(ORIGIN, "mallory")
TRUST: Final = KeyTrust(ORIGIN, (LogKey(GATE.key),), verify)


def faults(replay: Replay) -> list[tuple[int, str]]:
    return [(one.index, one.text) for one in replay.faults.kept]


def rotated(old: Signer, new: Signer, index: int) -> dict[str, Json]:
    said = rotation_text(ORIGIN, index, new.key.text)
    return {
        "type": "key.rotated",
        "old": old.key.text,
        "new": new.key.text,
        "signature": encode_signature(old.sign(said)),
        "possession": encode_signature(new.sign(said)),
    }


def ended(key: Signer) -> dict[str, Json]:
    return {"type": "key.ended", "key": key.key.text}


def pruned(boundary: Json, snapshot: str = "s") -> dict[str, Json]:
    return {"type": "retention.pruned", "boundary": boundary, "snapshot": snapshot}


# --- keys ------------------------------------------------------------------------------------


def test_a_rotation_by_a_trusted_key_holds_and_the_old_key_may_end() -> None:
    replay = Replay(TRUST)
    replay.take(7, rotated(GATE, NEXT, 7))
    replay.take(9, ended(GATE))
    assert faults(replay) == []
    assert replay.life.keys == (LogKey(GATE.key, end=10), LogKey(NEXT.key, above=7))
    told: list[list[Json]] = [[GATE.key.text, 0, 10], [NEXT.key.text, 7, None]]
    assert replay.life.told == sorted(told, key=str)


def test_a_rotation_that_does_not_hold_is_a_fault_and_brings_no_key() -> None:
    replay = Replay(TRUST)
    replay.take(7, rotated(MALLORY, NEXT, 7))
    replay.take(8, rotated(GATE, NEXT, 9))
    replay.take(9, ended(GATE))
    assert [index for index, _ in faults(replay)] == [7, 8, 9]
    assert replay.life.keys == TRUST.keys
    assert replay.life.told == []


def test_without_trust_keys_are_taken_at_their_word_and_told_alike() -> None:
    records = {7: rotated(GATE, NEXT, 7), 9: ended(GATE), 11: ended(NEXT), 12: ended(NEXT)}
    plain, trusting = Replay(), Replay(TRUST)
    for index, record in records.items():
        plain.take(index, record)
        if index < 11:
            trusting.take(index, record)
            assert plain.life.told == trusting.life.told
    assert faults(plain) == []
    assert [NEXT.key.text, 7, 12] in plain.life.told


@pytest.mark.parametrize(
    "change",
    [
        {"old": 7},
        {"old": "x"},
        {"new": None},
        {"new": witness(ORIGIN).key.text},
        {"signature": 7},
        {"signature": "AAAA"},
        {"possession": "!"},
    ],
    ids=repr,
)
def test_the_form_of_a_rotation_is_checked_without_trust(change: dict[str, Json]) -> None:
    replay = Replay()
    replay.take(7, rotated(GATE, NEXT, 7) | change)
    assert [index for index, _ in faults(replay)] == [7]
    assert replay.life.keys == ()


@pytest.mark.parametrize("key", [None, 7, "x", witness(ORIGIN).key.text])
def test_the_form_of_an_end_is_checked_without_trust(key: Json) -> None:
    replay = Replay()
    replay.take(7, {"type": "key.ended", "key": key})
    assert [index for index, _ in faults(replay)] == [7]


# --- restores --------------------------------------------------------------------------------


def restore(kind: str, by: Json) -> list[tuple[int, str]]:
    replay = Replay()
    replay.take(3, {"type": kind, "by": by, "kept": 0, "lost_root": "", "lost_size": 1})
    return faults(replay)


@pytest.mark.parametrize("kind", ["restore.declared", "restore.ended"])
def test_two_different_people_declare_a_restore_and_its_end(kind: str) -> None:
    assert restore(kind, ["act_1", "act_2"]) == []
    wrong: list[Json] = [["act_1", "act_1"], ["act_1"], ["act_1", ""], [], None, "ab"]
    wrong += [["a", "b", "b"], ["a", "b", "c"], ["a", "b", 7], ["a", 7]]
    for by in wrong:
        assert restore(kind, by) == [(3, "a restore that two different people did not declare")]


# --- what retention pruned -------------------------------------------------------------------


def test_boundaries_are_whole_segments_that_grow() -> None:
    replay = Replay()
    replay.take(3 * AT, pruned(AT))
    replay.take(3 * AT + 1, pruned(3 * AT))
    assert faults(replay) == []
    assert replay.life.pruned == 3 * AT


@pytest.mark.parametrize("boundary", [0, -AT, 1, AT + 1, AT - 1, None, str(AT), True, 2 * AT])
def test_any_other_boundary_is_a_fault(boundary: Json) -> None:
    replay = Replay()
    replay.take(AT, pruned(boundary))
    assert [index for index, _ in faults(replay)] == [AT]
    assert replay.life.pruned == 0


def test_what_was_pruned_names_a_snapshot() -> None:
    replay = Replay()
    replay.take(AT, pruned(AT) | {"snapshot": None})
    assert faults(replay) == [(AT, "pruned without a snapshot")]
    assert (replay.life.pruned, replay.life.snapshots) == (0, {})


def test_a_boundary_never_comes_twice_nor_goes_back() -> None:
    replay = Replay()
    replay.take(4 * AT, pruned(2 * AT))
    replay.take(4 * AT + 1, pruned(2 * AT))
    replay.take(4 * AT + 2, pruned(AT))
    assert [index for index, _ in faults(replay)] == [4 * AT + 1, 4 * AT + 2]


def test_what_replay_began_with_must_be_named() -> None:
    replay = Replay()
    replay.life.expect(2 * AT, "s")
    replay.take(3 * AT, pruned(AT, "earlier"))
    assert replay.life.unmet == 2 * AT
    replay.take(3 * AT + 1, pruned(2 * AT))
    replay.take(3 * AT + 2, pruned(3 * AT, "later"))
    assert replay.life.unmet is None
    assert faults(replay) == []


def test_a_key_of_the_log_ends_where_the_trust_file_says() -> None:
    trust = KeyTrust(ORIGIN, (LogKey(GATE.key),), verify, {NEXT.key.label: 9})
    replay = Replay(trust)
    replay.take(7, rotated(GATE, NEXT, 7))
    replay.life.go_on(LogKey(MALLORY.key, above=8, end=12))
    assert replay.life.keys[1:] == (
        LogKey(NEXT.key, above=7, end=9),
        LogKey(MALLORY.key, above=8, end=12),
    )
    begun = Replay(trust)
    begun.life.go_on(LogKey(NEXT.key, above=7))
    assert begun.life.keys == (LogKey(GATE.key), LogKey(NEXT.key, above=7, end=9))

"""Anchoring: due by time alone, one outcome recorded once, and one that fails stops no other."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from tests.domain.signing import Signer as Key
from tests.domain.signing import witness
from tests.keys import key_of
from tests.operations.kit import ORIGIN, Gate

from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.domain.errors import EvidenceError, TicketgateError
from ticketgate.domain.log.anchor import AnchorError, AnchorKind, origin_slug
from ticketgate.domain.log.checkpoint import parse_checkpoint
from ticketgate.domain.log.proof import roots_of_consistency
from ticketgate.operations.evidence.anchor import NOTHING_SIGNED_SECONDS, STEP_SECONDS_MAX, Anchorer
from ticketgate.operations.evidence.checkpoint import Checkpointer
from ticketgate.operations.evidence.gateway_records import heartbeat
from ticketgate.ports import Asked, Vouched

HOUR: Final = timedelta(hours=1)
STEPS_MAX: Final = 50  # of one moment; more is a loop without an end


@dataclass
class Fake:
    """An anchor that does as it is told, and notes what it was asked."""

    kind: AnchorKind
    name: str
    faults: list[Exception] = field(default_factory=list)
    gives: Key | None = None
    token: bytes | None = None
    asked: list[Asked] = field(default_factory=list)

    def vouch(self, asked: Asked) -> Vouched:
        self.asked.append(asked)
        if self.faults:
            raise self.faults.pop(0)
        lines = () if self.gives is None else (self.gives.cosign(asked.checkpoint.text, 5),)
        return Vouched(lines, self.token)

    @property
    def sizes(self) -> list[int]:
        return [one.checkpoint.size for one in self.asked]


class Ground:
    """A gate whose log is signed after each step, and anchors that are asked when a test says."""

    def __init__(self, gate: Gate, folder: Path, *anchors: Fake) -> None:
        self.gate = gate
        self.signer = CheckpointSigner([key_of("alice")], folder)
        self.checkpointer = Checkpointer(gate.store, self.signer, ORIGIN)
        self.told: list[tuple[str, str, str]] = []
        self.anchors = anchors
        self.restart()

    def restart(self) -> None:
        self.anchorer = Anchorer(
            store=self.gate.store,
            signer=self.signer,
            clock=self.gate.clock,
            anchors=self.anchors,
            every=HOUR,
            log=lambda *told: self.told.append(told),
        )

    def run(self, after: timedelta = timedelta(0)) -> float:
        """Everything that is due then; how long the loop would wait."""
        self.gate.clock.at += after
        for _ in range(STEPS_MAX):
            wait = self.anchorer.step()
            self.checkpointer.sign()
            if wait:
                return wait
        raise AssertionError("anchors without an end")

    def records(self) -> list[dict[str, Any]]:
        """What was recorded about anchors, in order."""
        found = [*self.gate.records("checkpoint.anchored")]
        found += self.gate.records("checkpoint.anchor_failed")
        return sorted(found, key=lambda one: int(one["_seq"]))

    def outcomes(self) -> list[tuple[str, str]]:
        """(name, code), the code empty for success."""
        return [(str(one["by"]), str(one.get("code", ""))) for one in self.records()]


def copy(name: str = "worm", *faults: Exception) -> Fake:
    return Fake(AnchorKind.COPY, name, list(faults))


def away() -> AnchorError:
    return AnchorError("away", code="anchor_unreachable")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints"


def test_before_anything_is_signed_nobody_is_asked(gate: Gate, folder: Path) -> None:
    ground = Ground(gate, folder, copy())
    assert ground.anchorer.step() == NOTHING_SIGNED_SECONDS
    assert ground.anchors[0].asked == []


def test_anchors_are_asked_at_the_start_and_then_each_round(gate: Gate, folder: Path) -> None:
    ground = Ground(gate, folder, copy())
    first = parse_checkpoint(ground.checkpointer.sign() or b"").checkpoint
    assert ground.run() == STEP_SECONDS_MAX
    assert ground.run(HOUR - timedelta(seconds=5)) == 5
    assert ground.anchors[0].sizes == [first.size]
    ground.run(timedelta(seconds=5))
    assert len(ground.anchors[0].sizes) == 2
    [record, _] = ground.records()
    assert {key: record[key] for key in ("type", "anchor", "by", "size", "root")} == {
        "type": "checkpoint.anchored",
        "anchor": "copy",
        "by": "worm",
        "size": first.size,
        "root": first.root.hex(),
    }


def test_what_is_recorded_about_anchors_makes_nothing_due(gate: Gate, folder: Path) -> None:
    """Though the record makes the log longer, and the longer log is signed."""
    ground = Ground(gate, folder, copy(), copy("second"))
    ground.checkpointer.sign()
    ground.run()
    size = gate.evidence_size()
    for _ in range(100):
        ground.run(timedelta(seconds=30))
    assert gate.evidence_size() == size
    assert [len(one.asked) for one in ground.anchors] == [1, 1]


def test_a_round_is_about_one_checkpoint_and_copies_get_what_others_said(
    gate: Gate, folder: Path
) -> None:
    seen = Fake(AnchorKind.WITNESS, "w", gives=witness("w.example"))
    stamped = Fake(AnchorKind.TSA, "t", token=b"token")
    worm = copy()
    ground = Ground(gate, folder, worm, stamped, seen)
    first = parse_checkpoint(ground.checkpointer.sign() or b"").checkpoint
    ground.run()
    assert [one.sizes for one in (seen, stamped, worm)] == [[first.size]] * 3
    (asked,) = worm.asked
    assert [line.name for line in parse_checkpoint(asked.note).note.lines] == [ORIGIN, "w.example"]
    assert asked.token == b"token"
    assert ground.signer.note(first.size) == asked.note
    assert ground.signer.token(first.size) == b"token"
    assert [one for one, _ in ground.outcomes()] == ["w", "t", "worm"]


def test_an_anchor_that_fails_stops_no_other_and_is_tried_again_with_longer_pauses(
    gate: Gate, folder: Path
) -> None:
    bad, good = copy("bad", *[away() for _ in range(4)]), copy("good")
    ground = Ground(gate, folder, bad, good)
    ground.checkpointer.sign()
    waits = [ground.run()]
    asked = [gate.clock.at]
    while bad.faults:
        before = len(bad.asked)
        waits.append(ground.run(timedelta(seconds=10)))
        if len(bad.asked) > before:
            asked.append(gate.clock.at)
    pauses = [(b - a).total_seconds() for a, b in pairwise(asked)]
    assert pauses == [30, 60, 120]
    assert len(good.asked) == 1
    assert ground.told == [("copy", "bad", "anchor_unreachable")] * 4


def test_only_a_change_of_the_outcome_is_recorded(gate: Gate, folder: Path) -> None:
    other = TicketgateError("full", code="copy_failed")
    bad = copy("bad", away(), away(), other, away())
    ground = Ground(gate, folder, bad)
    ground.checkpointer.sign()
    for _ in range(5):
        ground.run(HOUR)
    ground.run(HOUR)
    assert ground.outcomes() == [
        ("bad", "anchor_unreachable"),
        ("bad", "copy_failed"),
        ("bad", "anchor_unreachable"),
        ("bad", ""),
        ("bad", ""),
    ]


def test_a_start_remembers_the_outcome_and_asks_again_soon(gate: Gate, folder: Path) -> None:
    bad = copy("bad", away(), away())
    ground = Ground(gate, folder, bad)
    ground.checkpointer.sign()
    ground.run()
    ground.restart()
    ground.run()
    assert len(bad.asked) == 2
    assert ground.outcomes() == [("bad", "anchor_unreachable")]


def test_a_fault_of_ours_is_one_failure_like_any_other(gate: Gate, folder: Path) -> None:
    ground = Ground(gate, folder, copy("bad", KeyError("secret")), copy("good"))
    ground.checkpointer.sign()
    ground.run()
    assert ground.outcomes() == [("bad", "unclassified:KeyError"), ("good", "")]
    assert "secret" not in str(ground.records())


def test_an_anchor_is_told_from_where_it_knows_the_log_and_given_the_proof(
    gate: Gate, folder: Path
) -> None:
    worm = copy()
    ground = Ground(gate, folder, worm)
    ground.checkpointer.sign()
    ground.run()
    gate.write(lambda tx, now: heartbeat(tx, now, refused={}, duplicates=0))
    ground.checkpointer.sign()
    ground.run(HOUR)
    first, second = worm.asked
    assert (first.known, second.known) == (0, first.checkpoint.size)
    proof = second.prove(second.known)
    old, new = first.checkpoint, second.checkpoint
    roots = roots_of_consistency(old.size, new.size, proof, old.root)
    assert roots == (old.root, new.root)
    with pytest.raises(EvidenceError):
        second.prove(new.size + 1)


@pytest.mark.parametrize(
    ("origin", "slug"),
    [
        ("gate.example.com/evidence", "gate.example.com_evidence"),
        ("../../etc", "_._.._etc"),
        ("..", "_."),
        ("a:b@c", "a_b_c"),
    ],
)
def test_an_origin_names_one_plain_folder(origin: str, slug: str) -> None:
    assert origin_slug(origin) == slug

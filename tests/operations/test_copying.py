"""What who takes a copy asks of a running gateway."""

from pathlib import Path

import pytest
from tests.keys import ORIGIN, key_of
from tests.operations.kit import Gate

from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.log.checkpoint import parse_checkpoint
from ticketgate.operations.evidence.checkpoint import Checkpointer
from ticketgate.operations.evidence.copying import answer_copier

ACTOR = "os:1000@gate"


def test_a_fresh_checkpoint_comes_as_text(gate: Gate, tmp_path: Path) -> None:
    signer = CheckpointSigner([key_of("alice")], tmp_path / "memory")
    checkpointer = Checkpointer(gate.store, signer, ORIGIN)
    answer = answer_copier(gate.store, ACTOR, {"do": "checkpoint"}, checkpointer)
    assert answer == {"checkpoint": (tmp_path / "memory/latest").read_text()}
    with gate.store.reading() as looking:
        size = looking.evidence.tree().size
    assert parse_checkpoint(answer["checkpoint"].encode()).checkpoint.size == size


def test_a_gateway_that_signs_nothing_says_so(gate: Gate) -> None:
    with pytest.raises(TicketgateError) as told:
        answer_copier(gate.store, ACTOR, {"do": "checkpoint"}, None)
    assert told.value.code == "signer"


def test_a_copy_that_was_taken_is_recorded_with_who_took_it(gate: Gate) -> None:
    assert answer_copier(gate.store, ACTOR, {"do": "exported", "size": 2}, None) == {"recorded": 2}
    (record,) = gate.records("evidence.exported")
    assert (record["by"], record["size"]) == (ACTOR, 2)


def test_a_copy_of_more_than_there_is_was_never_taken(gate: Gate) -> None:
    size = gate.evidence_size()
    with pytest.raises(TicketgateError, match="not so many") as told:
        answer_copier(gate.store, ACTOR, {"do": "exported", "size": size + 1}, None)
    assert told.value.code == "usage"
    asked = {"do": "exported", "size": size}
    assert answer_copier(gate.store, ACTOR, asked, None) == {"recorded": size}


@pytest.mark.parametrize("size", [None, "2", True, -1, 2**53])
def test_a_copy_without_a_number_of_records_is_refused(gate: Gate, size: object) -> None:
    with pytest.raises(TicketgateError) as told:
        answer_copier(gate.store, ACTOR, {"do": "exported", "size": size}, None)
    assert told.value.code == "usage"
    assert not gate.records("evidence.exported")

"""Erasing in steps: by age, and between other work."""

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Final

import pytest
from tests.operations.kit import Gate
from tests.operations.test_erase import (
    ACTOR,
    ALICE,
    DAY,
    KEEP,
    control,
    disclosed,
    ended,
    held,
)
from tests.operations.tickets import access_ticket, closed, printer_incident, report_ticket
from typing_extensions import override

from ticketgate.adapters.sqlite import schema
from ticketgate.adapters.sqlite.erasing import GRANTS_OF
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.log.erasure import Erasure, HiddenValue
from ticketgate.domain.log.retention import Retention
from ticketgate.operations.evidence import erase
from ticketgate.operations.evidence.erase import Eraser, What

A_STEP: Final = 60  # values
A_RECORD: Final = 20  # digests


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the product's steps and records of them: each value takes a delivery."""
    assert (erase.VALUES_A_STEP, erase.DIGESTS_PER_RECORD) == (10 * A_STEP, 10 * A_RECORD)
    monkeypatch.setattr(erase, "VALUES_A_STEP", A_STEP)
    monkeypatch.setattr(erase, "DIGESTS_PER_RECORD", A_RECORD)


# --- by age ----------------------------------------------------------------------------------


def test_what_is_too_old_goes_by_itself_where_nothing_holds_it(gate: Gate) -> None:
    ended(gate)
    gate.clock.at += 10 * DAY
    gate.deliver(report_ticket())
    keep = Retention(decisions=30 * DAY, disclosures=9 * DAY)
    eraser = Eraser(gate.store, keep, gate.clock.now)
    went = eraser.by_age()
    assert went > 0
    assert eraser.by_age() == 0
    assert {one["by"] for one in gate.records("disclosure.erased")} == {"retention"}
    left = {(kind, given) for kind, _, given in disclosed(gate)}
    assert ("actor", False) not in left
    assert ("ticket", True) in left
    assert Eraser(gate.store, KEEP, gate.clock.now).by_age() == 0


def test_what_is_held_back_is_read_once_in_a_round(gate: Gate) -> None:
    """More than a step of what is live comes first; what is over behind it goes all the same."""
    gate.deliver(access_ticket("live"))
    for number in range(A_STEP):
        gate.deliver(access_ticket("live", version=number + 2))
    ended(gate, "t2")
    gate.clock.at += 10 * DAY
    eraser = Eraser(gate.store, Retention(disclosures=9 * DAY), gate.clock.now)
    assert eraser.by_age() > 0
    assert eraser.by_age() == 0
    live = {(kind, given) for kind, _, given in disclosed(gate)}
    assert ("ticket", True) in live
    assert ("ticket", False) in live


class Watched(Eraser):
    """Between its transactions something else is asked for."""

    def __init__(self, gate: Gate, meanwhile: Callable[[], object]) -> None:
        super().__init__(gate.store, KEEP, gate.clock.now)
        self._meanwhile = meanwhile

    @override
    def _erase(self, values: Sequence[HiddenValue], by: str, reason: str) -> Erasure:
        self._meanwhile()
        return super()._erase(values, by, reason)


def test_a_revocation_gets_between_the_steps_of_an_erasure(gate: Gate) -> None:
    revoked: list[object] = []
    ended(gate)
    gate.clock.at += 31 * DAY
    for number in range(A_STEP // 2):
        gate.deliver(printer_incident(f"p{number}"))
        gate.deliver(closed(printer_incident(f"p{number}")))

    def revoke() -> None:
        asked = {"do": "revoke", "person": "alice", "reason": "x"}
        revoked.append(control(gate).carry_out(ACTOR, asked))

    done = Watched(gate, revoke).erase(ALICE, ACTOR, "x")
    assert revoked == [{"revoked": []}, {"revoked": []}]
    count = sum(done.erased.values())
    assert count > A_STEP
    assert done.erased["actor"] == 1
    assert done.retained == ()
    sizes = [len(one["digests"]) for one in gate.records("disclosure.erased")]
    assert len(sizes) == len(done.records)
    assert sum(sizes) == count
    assert held(gate, "'alice'") == {"'alice'": set()}
    assert not gate.verified().failing


def test_a_second_erasure_is_told_that_one_runs(gate: Gate) -> None:
    ended(gate)
    told: list[str] = []

    def meanwhile() -> None:
        with pytest.raises(TicketgateError) as busy:
            eraser.erase(ALICE, ACTOR, "again")
        told.append(busy.value.code)

    eraser = Watched(gate, meanwhile)
    assert eraser.erase(ALICE, ACTOR, "x").erased
    assert told == ["busy"]
    assert eraser.erase(What(person="nobody"), ACTOR, "x") == Erasure({}, 0, ())


def test_the_grants_of_a_request_are_found_by_an_index(gate: Gate) -> None:
    with closing(schema.connect(gate.path, read_only=True)) as db:
        (plan,) = db.execute("EXPLAIN QUERY PLAN " + GRANTS_OF, ("req_1",))
    assert "grant_request" in plan[3]

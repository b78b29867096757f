"""A secret in what a person types is refused before anything is kept; a command's is masked."""

import json
from functools import partial

import pytest
from tests.operations.kit import WHY, Gate, code_of
from tests.operations.lane import Lane, doubtful
from tests.operations.office import Office
from tests.operations.test_attend import opened
from tests.operations.test_erase import KEEP, ended
from tests.operations.test_secrets_in_tickets import stored

from ticketgate.domain.errors import Refusal
from ticketgate.domain.text.typed_text import bad_typed
from ticketgate.operations.desks.control import Control
from ticketgate.operations.evidence.erase import Eraser
from ticketgate.operations.evidence.prune import Pruner

SECRET = "Tr0ub4dor&3"
TYPED = f"{WHY} The password for Bob is {SECRET}."


def test_a_decision_with_one_is_refused_and_can_be_made_without(asked: Gate) -> None:
    size = asked.evidence_size()
    assert code_of(asked.decide("bob", why=TYPED)) == "secret_typed"
    assert asked.states() == ["awaiting"]
    assert asked.evidence_size() <= size + 1  # that it was refused
    assert SECRET.encode() not in stored(asked)
    assert code_of(asked.decide("bob", why=TYPED.replace(SECRET, "lost"))) == "", "the control"


def test_so_is_a_word_of_triage(gate: Gate) -> None:
    lane = Lane(gate)
    gate.deliver(doubtful())
    view = lane.view()
    size = gate.evidence_size()
    assert lane.say(why=TYPED, view=view) == "secret_typed"
    assert lane.say(verdict="not_identity", why=TYPED, view=view) == "secret_typed"
    assert gate.evidence_size() == size
    assert SECRET.encode() not in stored(gate)
    assert lane.say() == "", "the control"


def test_so_are_words_of_quarantine_and_of_an_exception(gate: Gate) -> None:
    lane = Lane(gate)
    gate.desk.snapshot()  # the directory is recorded when it is relied on first
    gate.receive(b"[1]", quarantine="not_json")
    opened(gate)
    parked, case = lane.parked(), lane.excepted()
    size = gate.evidence_size()
    for what in ("release", "dismiss"):
        assert lane.judge(what, why=TYPED, view=parked) == "secret_typed"
    assert lane.attend("resolve", why=TYPED, view=case) == "secret_typed"
    assert gate.evidence_size() == size
    assert SECRET.encode() not in stored(gate)
    assert (lane.judge("dismiss"), lane.attend("resolve")) == ("", ""), "the control"


def test_so_is_the_reason_of_a_restore(gate: Gate) -> None:
    office = Office(gate)
    office.lose()
    assert office.declare("bob", reason=TYPED) == "secret_typed"
    assert office.view().said_by == ()
    assert SECRET.encode() not in stored(gate)
    assert office.declare("bob") == "", "the control"


@pytest.mark.parametrize(
    "asked_for", [{"do": "revoke", "person": "alice"}, {"do": "erase", "person": "alice"}]
)
def test_taking_away_does_not_wait_so_its_reason_is_masked(
    gate: Gate, asked_for: dict[str, str]
) -> None:
    ended(gate)
    now = gate.clock.now
    control = Control(gate.store, Eraser(gate.store, KEEP, now), Pruner(gate.store, KEEP, now))
    control.carry_out("os:0@host", {**asked_for, "reason": f"leaked, password: {SECRET}"})
    kept = stored(gate)
    assert SECRET.encode() not in kept
    assert "leaked, password: ⟦secret: password, 11 characters⟧" in kept.decode(errors="replace")


def test_a_mark_that_is_copied_from_the_page_is_no_secret() -> None:
    for code in ("justification", "reason"):
        ask = partial(bad_typed, code, chars_min=5, chars_max=60)
        assert ask("it shows ⟦secret: password, 11 characters⟧") is None
        for text, found in (("so", code), ("x" * 61, code), ("pw: Summer2026!", "secret_typed")):
            refusal = ask(text)
            assert isinstance(refusal, Refusal)
            assert refusal.code == found
            assert code in refusal.reason
            assert "Summer" not in json.dumps([refusal.reason, refusal.next_step])

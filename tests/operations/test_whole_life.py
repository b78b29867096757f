"""All invariants over all that happens, at random; and each finds the bug that is planted for it.

What is held to what is the table in docs/rules.md, "Histories". In a test run each machine plays a
few histories; `TICKETGATE_HISTORIES=1000 pytest tests/operations/test_whole_life.py` plays so many
of each, and has the machines look for every planted bug by themselves.
"""

import os
from contextlib import ExitStack
from typing import Final
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.operations.invariants import CHECKS
from tests.operations.kit import folder
from tests.operations.mixes import MACHINES, Deed
from tests.operations.planted import PLANTED, Plant
from tests.operations.rebuilt import compared
from tests.operations.step import BrokenError
from tests.operations.whole_life import WholeLife

LONG: Final = int(os.environ.get("TICKETGATE_HISTORIES", "0"))
HISTORIES: Final = LONG or 20
SEARCH: Final = settings(
    max_examples=HISTORIES,
    deadline=None,
    phases=(Phase.generate,),
    database=None,
    suppress_health_check=list(HealthCheck),
)
counted: dict[str, int] = {"histories": 0, "steps": 0}


def lived(deeds: list[Deed]) -> None:
    """The history, what becomes of it when all is mended, and what its log tells."""
    with folder() as path:
        life = WholeLife(path)
        try:
            life.play(deeds)
            life.heal()
        finally:
            life.stop()
        assert compared(life.gate) == []
        report = life.gate.verified()
        assert not report.failing, [verdict.faults for verdict in report.failing]
        counted["histories"] += 1
        counted["steps"] += life.witness.steps


def broken_by(deeds: list[Deed]) -> frozenset[str]:
    """What does not hold in a history; nothing where it all does."""
    with folder() as path:
        life = WholeLife(path)
        try:
            life.play(deeds)
        except BrokenError as broken:
            return broken.names
        finally:
            life.stop()
    return frozenset()


@pytest.mark.untraced
@pytest.mark.parametrize("machine", MACHINES)
def test_whatever_happens_the_invariants_hold(machine: str) -> None:
    before = dict(counted)

    @settings(SEARCH, phases=tuple(Phase))
    @given(MACHINES[machine])
    def holds(deeds: list[Deed]) -> None:
        lived(deeds)

    holds()
    played = {name: counted[name] - before[name] for name in counted}
    print(f"{machine}: {played['histories']} histories, {played['steps']} steps")  # noqa: T201
    assert played["histories"] >= HISTORIES / 2


@pytest.mark.untraced
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.bug)
def test_a_planted_bug_is_found_and_without_it_all_holds(plant: Plant) -> None:
    assert broken_by(plant.shown_by) == frozenset()
    with ExitStack() as stack:
        for where, name, bug in plant.parts:
            stack.enter_context(patch.object(where, name, bug))
        assert plant.breaks in broken_by(plant.shown_by)


def test_each_invariant_has_a_bug_that_it_finds() -> None:
    assert {plant.breaks for plant in PLANTED} == set(CHECKS)
    assert {plant.machine for plant in PLANTED} < set(MACHINES)


class FoundError(Exception):
    """A machine has found the bug."""


@pytest.mark.untraced
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.bug)
def by_itself(plant: Plant) -> None:
    """A machine finds the bug. By hand only, with TICKETGATE_HISTORIES: it takes minutes."""
    tries = 0

    @SEARCH
    @given(MACHINES[plant.machine])
    def look(deeds: list[Deed]) -> None:
        nonlocal tries
        tries += 1
        try:
            names = broken_by(deeds)
        except Exception:  # noqa: BLE001 -- whatever else a bug does: it is not what is looked for
            return
        if plant.breaks in names:
            raise FoundError

    with ExitStack() as stack:
        for where, name, bug in plant.parts:
            stack.enter_context(patch.object(where, name, bug))
        with pytest.raises(FoundError):
            look()
    print(f"{plant.bug}: found in history {tries} of {plant.machine}")  # noqa: T201


if LONG:
    test_a_machine_finds_the_bug_by_itself = by_itself

"""What the target tells of the person is shown to the reviewer; what it cannot tell is said."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from tests.contracts.fake_target import FakeConnector
from tests.operations.emergencies import HOUR, desk_of, form_of, invoke, policy_with
from tests.operations.kit import Gate, folder
from tests.operations.test_claim_emergency import claim
from typing_extensions import override

from ticketgate.connector_api import Deed, TargetConnector, TellsActivity, Unavailable
from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.errors import Refusal
from ticketgate.operations.workers.target_activity import CANNOT_TELL, SHOWN_MAX, Activity
from ticketgate.ports import Targets

Asked = tuple[str, datetime, datetime]


class Telling(FakeConnector):
    """A connector whose target keeps a record of who did what."""

    deeds: tuple[Deed, ...] = ()
    fault: Exception | None = None
    asked: list[Asked]

    def activity(self, principal: str, since: datetime, until: datetime) -> tuple[Deed, ...]:
        self.asked.append((principal, since, until))
        if self.fault is not None:
            raise self.fault
        return self.deeds


@dataclass
class Those(Targets):
    """One target for all of them."""

    connector: TargetConnector
    opened: list[str] = field(default_factory=list)

    @override
    def open(self, target: str) -> AbstractContextManager[TargetConnector]:
        self.opened.append(target)
        return nullcontext(self.connector)


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as place:
        made = Gate(place, policy_with())
        try:
            yield made
        finally:
            made.stop()


def telling(gate: Gate, *deeds: Deed, fault: Exception | None = None) -> Telling:
    made = Telling(gate.target)
    made.asked, made.deeds, made.fault = [], deeds, fault
    return made


def seen(gate: Gate, one: Emergency, connector: TargetConnector | None) -> Activity | None:
    targets = None if connector is None else Those(connector)
    view = replace(desk_of(gate), targets=targets).view(one.id, gate.session("carol"))
    assert not isinstance(view, Refusal)
    return view.activity


def test_what_the_target_tells_is_shown_in_order(gate: Gate) -> None:
    begun = invoke(gate)
    gate.settle()
    start = gate.clock.at
    gate.tick(HOUR)
    gate.tick(HOUR)
    late, early = (Deed(start + timedelta(minutes=one), f"row {one}") for one in (9, 3))
    connector = telling(gate, late, early)
    assert seen(gate, begun, connector) == Activity((early, late))
    (grant,) = gate.grants()
    assert connector.asked == [("id-bob", begun.invoked_at, grant.ended_at)]


def test_while_the_access_lives_it_is_asked_up_to_now(gate: Gate) -> None:
    begun = invoke(gate)
    gate.settle()
    gate.tick(60)
    connector = telling(gate)
    assert seen(gate, begun, connector) == Activity()
    assert connector.asked == [("id-bob", begun.invoked_at, gate.clock.at)]


def test_a_target_that_cannot_tell_is_never_an_empty_list(gate: Gate) -> None:
    begun = invoke(gate)
    gate.settle()
    assert not isinstance(FakeConnector(gate.target), TellsActivity)
    assert seen(gate, begun, FakeConnector(gate.target)) == Activity(code=CANNOT_TELL)
    assert seen(gate, begun, None) == Activity(code=CANNOT_TELL)
    assert gate.logged == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [(Unavailable("down"), "target_unavailable"), (KeyError("x"), "unclassified:KeyError")],
    ids=["told", "a bug"],
)
def test_a_target_that_fails_is_told_and_the_page_is_there(
    gate: Gate, fault: Exception, code: str
) -> None:
    begun = invoke(gate)
    assert seen(gate, begun, telling(gate, fault=fault)) == Activity(code=code)
    assert ("activity.unreadable", code) in gate.logged


def test_of_a_claim_it_is_asked_from_when_the_access_is_claimed(gate: Gate) -> None:
    entered = claim(gate)
    connector = telling(gate)
    assert seen(gate, entered, connector) == Activity()
    ((principal, since, _),) = connector.asked
    assert (principal, since) == ("id-bob", entered.access_from)


def test_somebody_whom_the_directory_does_not_have_any_more_is_not_found_there(gate: Gate) -> None:
    entered = claim(gate)
    del gate.directory.people["bob"]
    assert seen(gate, entered, telling(gate)) == Activity(code="target_not_found")


def test_a_drill_did_nothing_there_and_what_is_too_much_is_cut(gate: Gate) -> None:
    drill = invoke(gate, form=form_of(gate, "bob", drill=True))
    assert seen(gate, drill, telling(gate)) is None
    begun = invoke(gate)
    many = [Deed(gate.clock.at, str(one)) for one in range(SHOWN_MAX + 1)]
    found = seen(gate, begun, telling(gate, *many))
    assert found is not None
    assert (len(found.deeds), found.cut) == (SHOWN_MAX, True)


def test_whom_it_does_not_concern_makes_no_call(gate: Gate) -> None:
    begun = invoke(gate)
    targets = Those(telling(gate))
    view = replace(desk_of(gate), targets=targets).view(begun.id, gate.session("mallory"))
    assert isinstance(view, Refusal)
    assert targets.opened == []

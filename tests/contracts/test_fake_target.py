"""The fake keeps the contract that it stands in for."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from tests.contracts.fake_target import (
    APPLIED,
    PAIRS,
    Account,
    FakeTarget,
    Fault,
    of_groups,
    people,
)
from tests.contracts.target_contract import SECRET, Bench, Break, TargetContract

from ticketgate.adapters.net.http import GuardedHttp
from ticketgate.connector_api import (
    Access,
    ConnectorError,
    Denied,
    OutcomeUnknown,
    TargetConnector,
    TargetSettings,
)

NOT_AFTER = datetime(2030, 1, 1, tzinfo=UTC)
CALLS_MAX = 10
FAULTS = {
    Break.THROTTLED: Fault.THROTTLED,
    Break.TIMEOUT: Fault.TIMEOUT,
    Break.TIMEOUT_APPLIED: Fault.TIMEOUT_APPLIED,
    Break.ERROR: Fault.DOWN,
    Break.ERROR_APPLIED: Fault.DOWN_APPLIED,
    Break.DROPPED: Fault.DROPPED,
}


class FakeBench:
    """The bench of the fake."""

    entitlement: Mapping[str, str] = {"group": "SG-PROD-DB-ADMIN"}
    nowhere: Mapping[str, str] = {"group": "SG-NOWHERE"}
    alice, carol, mallory, ghost = "id-alice", "id-carol", "id-mallory", "id-ghost"
    alice_name = "alice"

    def __init__(self) -> None:
        accounts = people("alice", "carol") | {"id-mallory": Account("mallory", active=False)}
        self.kind = FakeTarget(accounts, of_groups(**{"SG-PROD-DB-ADMIN": ["carol"]}))

    def open(self) -> TargetConnector:
        return self.kind.open(TargetSettings("fake", "", SECRET), GuardedHttp(1))

    def held(self) -> set[str]:
        return self.kind.members("SG-PROD-DB-ADMIN")

    def break_(self, how: Break) -> None:
        self.kind.down = how is Break.DOWN
        if how is not Break.DOWN:
            for verb in ("grant", "revoke"):
                self.kind.fail(verb, *[FAULTS[how]] * CALLS_MAX)

    def mend(self) -> None:
        self.kind.heal()


@pytest.fixture
def fake() -> FakeBench:
    return FakeBench()


class TestFake(TargetContract):
    @pytest.fixture
    def bench(self, fake: FakeBench) -> Bench:
        return fake


@pytest.mark.parametrize(("lost", "applied"), PAIRS)
def test_faults_come_in_pairs_that_differ_only_in_the_effect(
    fake: FakeBench, lost: Fault, applied: Fault
) -> None:
    told = []
    for principal, fault in ((fake.alice, lost), (fake.ghost, applied)):
        fake.kind.accounts.setdefault(principal, Account("ghost"))
        fake.kind.fail("grant", fault)
        with pytest.raises((ConnectorError, RuntimeError)) as raised:
            fake.open().grant(Access(principal, fake.entitlement), "key-1", NOT_AFTER)
        told.append(type(raised.value))
        assert (principal in fake.held()) is (fault in APPLIED)
    assert told[0] is told[1]


def test_a_late_effect_lands_when_it_is_told_to(fake: FakeBench) -> None:
    fake.kind.fail("grant", Fault.TIMEOUT_LATE)
    with pytest.raises(OutcomeUnknown):
        fake.open().grant(Access(fake.alice, fake.entitlement), "key-1", NOT_AFTER)
    assert fake.held() == {fake.carol}
    fake.kind.land()
    fake.kind.land()
    assert fake.held() == {fake.alice, fake.carol}


def test_faults_are_met_in_the_order_they_were_ordered_and_calls_are_counted(
    fake: FakeBench,
) -> None:
    target = fake.open()
    fake.kind.fail("observe", Fault.DENIED)
    access = Access(fake.alice, fake.entitlement)
    with pytest.raises(Denied):
        target.observe(access)
    assert target.observe(access) is False
    target.grant(access, "key-1", NOT_AFTER)
    assert [call.principal for call in fake.kind.called("observe")] == [fake.alice] * 2
    assert [call.key for call in fake.kind.called("grant")] == ["key-1"]

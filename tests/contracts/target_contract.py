"""The one conformance suite of target connectors (`docs/connectors.md`).

A connector passes when a class that derives from `TargetContract`, in a `test_*_target.py`,
gives a `bench` fixture: a real target with a group and a few people in it, read by another
client than the connector, and able to break to order.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol

import pytest

from ticketgate.connector_api import (
    Access,
    Conflict,
    ConnectorError,
    NotFound,
    OutcomeUnknown,
    Refused,
    TargetConnector,
    TargetKind,
    Throttled,
    Unavailable,
)

SECRET: Final = "a-token-that-no-message-may-hold"
NOT_AFTER: Final = datetime(2030, 1, 1, tzinfo=UTC)


class Break(StrEnum):
    """How the target breaks until it is mended. Reads are broken by `DOWN` only."""

    DOWN = "nobody takes the connection"
    THROTTLED = "changes are answered with the request to wait"
    TIMEOUT = "a change is lost on its way"
    TIMEOUT_APPLIED = "a change is made, and its answer is lost"
    ERROR = "a change fails with an error of the target"
    ERROR_APPLIED = "a change is made, and answered with an error"
    DROPPED = "a change is answered as done, and not made"


class Bench(Protocol):
    """A target under test. The group holds Carol at the start, and nobody else.

    `open` gives connectors whose secret is `SECRET`.
    """

    nowhere: Mapping[str, str]  # an entitlement that does not exist
    alice: str  # principals
    carol: str
    mallory: str  # not active
    ghost: str  # nobody, in the form of this target's ids
    alice_name: str  # what Alice is also called; no id

    @property
    def kind(self) -> TargetKind:
        """What the entry point names."""

    @property
    def entitlement(self) -> Mapping[str, str]:
        """The group, in the target's own words."""

    def open(self) -> TargetConnector:
        """A connector to it."""

    def held(self) -> set[str]:
        """The principals who have the access, read past the connector."""

    def break_(self, how: Break) -> None:
        """Break."""

    def mend(self) -> None:
        """Work again."""


class TargetContract:
    """What every target connector does."""

    @pytest.fixture
    def access(self, bench: Bench) -> Access:
        """Alice's membership."""
        return Access(bench.alice, bench.entitlement)

    @pytest.fixture
    def target(self, bench: Bench) -> Iterator[TargetConnector]:
        """An open connector."""
        connector = bench.open()
        yield connector
        connector.close()

    def test_a_kind_says_what_it_needs(self, bench: Bench) -> None:
        assert bench.kind.access_keys() == set(bench.entitlement)
        assert bench.kind.capabilities <= {"observe", "native_expiry", "end_sessions"}
        assert all(isinstance(text, str) for text in bench.kind.config_schema().values())

    def test_a_check_of_a_sound_target_is_silent_and_changes_nothing(
        self, bench: Bench, target: TargetConnector
    ) -> None:
        target.check()
        assert bench.held() == {bench.carol}

    def test_a_grant_is_applied_once_and_read_back(
        self, bench: Bench, target: TargetConnector, access: Access
    ) -> None:
        assert target.observe(access) is False
        first = target.grant(access, "key-1", NOT_AFTER)
        again = target.grant(access, "key-1", NOT_AFTER)
        assert (first.change, first.verified) == ("applied", True)
        assert (again.change, again.verified) == ("already", True)
        assert target.observe(access) is True
        assert bench.held() == {bench.alice, bench.carol}

    def test_a_native_end_is_never_later_than_ours(
        self, target: TargetConnector, access: Access
    ) -> None:
        effect = target.grant(access, "key-1", NOT_AFTER)
        assert effect.native_not_after is None or effect.native_not_after <= NOT_AFTER

    def test_who_holds_the_access_is_listed(
        self, bench: Bench, target: TargetConnector, access: Access
    ) -> None:
        assert set(target.list_held(bench.entitlement)) == {bench.carol}
        target.grant(access, "key-1", NOT_AFTER)
        assert set(target.list_held(bench.entitlement)) == {bench.alice, bench.carol}

    def test_a_revoke_takes_away_once_and_leaves_the_others(
        self, bench: Bench, target: TargetConnector, access: Access
    ) -> None:
        granted = target.grant(access, "key-1", NOT_AFTER)
        first = target.revoke(access, "key-2", granted.native_ref)
        again = target.revoke(access, "key-2", granted.native_ref)
        assert (first.change, first.verified) == ("applied", True)
        assert (again.change, again.verified) == ("absent", True)
        assert target.observe(access) is False
        assert set(target.list_held(bench.entitlement)) == {bench.carol}
        assert bench.held() == {bench.carol}

    def test_a_revoke_without_a_reference_finds_the_access_by_itself(
        self, bench: Bench, target: TargetConnector, access: Access
    ) -> None:
        """So ends a grant whose answer was lost."""
        target.grant(access, "key-1", NOT_AFTER)
        assert target.revoke(access, "key-2", None).change == "applied"
        assert bench.held() == {bench.carol}

    def test_the_last_one_can_be_taken_away_too(
        self, bench: Bench, target: TargetConnector
    ) -> None:
        effect = target.revoke(Access(bench.carol, bench.entitlement), "key-1", None)
        assert (effect.change, effect.verified) == ("applied", True)
        assert bench.held() == set()
        assert target.list_held(bench.entitlement) == ()
        assert target.observe(Access(bench.carol, bench.entitlement)) is False

    def test_an_account_is_found_by_id_and_by_name(
        self, bench: Bench, target: TargetConnector
    ) -> None:
        assert target.find_principal((bench.alice,)) == bench.alice
        assert target.find_principal((bench.alice_name,)) == bench.alice
        assert target.find_principal((bench.ghost, bench.alice_name)) == bench.alice

    def test_an_account_that_nobody_holds_is_not_found(
        self, bench: Bench, target: TargetConnector
    ) -> None:
        with pytest.raises(NotFound):
            target.find_principal((bench.ghost,))
        with pytest.raises(NotFound):
            target.find_principal(())

    def test_account_ids_of_two_people_are_refused(
        self, bench: Bench, target: TargetConnector
    ) -> None:
        with pytest.raises(Refused):
            target.find_principal((bench.alice, bench.carol))

    def test_a_ghost_gets_nothing(self, bench: Bench, target: TargetConnector) -> None:
        """Some targets take members that do not exist."""
        ghost = Access(bench.ghost, bench.entitlement)
        with pytest.raises(NotFound):
            target.grant(ghost, "key-1", NOT_AFTER)
        assert target.observe(ghost) is False
        assert target.revoke(ghost, "key-2", None).change == "absent"
        assert bench.held() == {bench.carol}

    def test_an_inactive_account_gets_nothing(self, bench: Bench, target: TargetConnector) -> None:
        with pytest.raises(Refused):
            target.grant(Access(bench.mallory, bench.entitlement), "key-1", NOT_AFTER)
        assert bench.held() == {bench.carol}

    def test_an_entitlement_that_does_not_exist_cannot_be_given(
        self, bench: Bench, target: TargetConnector
    ) -> None:
        nowhere = Access(bench.alice, bench.nowhere)
        with pytest.raises(NotFound):
            target.grant(nowhere, "key-1", NOT_AFTER)
        with pytest.raises(NotFound):
            target.observe(nowhere)
        with pytest.raises(NotFound):
            target.list_held(bench.nowhere)

    def test_an_entitlement_that_is_gone_is_absent(
        self, bench: Bench, target: TargetConnector
    ) -> None:
        """Alice is in no group at all, and a read proved it."""
        effect = target.revoke(Access(bench.alice, bench.nowhere), "key-1", None)
        assert (effect.change, effect.verified) == ("absent", True)

    def test_a_target_that_is_down_is_unavailable_to_every_call(
        self, bench: Bench, target: TargetConnector, access: Access
    ) -> None:
        bench.break_(Break.DOWN)
        for call in (
            target.check,
            lambda: target.find_principal((bench.alice,)),
            lambda: target.observe(access),
            lambda: target.grant(access, "key-1", NOT_AFTER),
            lambda: target.revoke(access, "key-2", None),
            lambda: target.list_held(bench.entitlement),
        ):
            with pytest.raises(Unavailable) as told:
                call()
            assert told.value.retryable
        bench.mend()
        assert target.grant(access, "key-1", NOT_AFTER).change == "applied"

    def test_a_throttled_call_says_how_long_to_wait(
        self, bench: Bench, target: TargetConnector, access: Access
    ) -> None:
        bench.break_(Break.THROTTLED)
        with pytest.raises(Throttled) as told:
            target.grant(access, "key-1", NOT_AFTER)
        assert told.value.retry_after > 0
        assert bench.held() == {bench.carol}

    @pytest.mark.parametrize(
        ("how", "applied"), [(Break.TIMEOUT, False), (Break.TIMEOUT_APPLIED, True)]
    )
    def test_a_grant_whose_answer_is_lost_is_unknown_and_can_be_ended(
        self,
        bench: Bench,
        target: TargetConnector,
        access: Access,
        how: Break,
        applied: bool,  # noqa: FBT001 -- a parameter of the table above
    ) -> None:
        bench.break_(how)
        with pytest.raises(OutcomeUnknown):
            target.grant(access, "key-1", NOT_AFTER)
        bench.mend()
        assert target.observe(access) is applied
        effect = target.revoke(access, "key-2", None)
        assert (effect.change, effect.verified) == ("applied" if applied else "absent", True)
        assert bench.held() == {bench.carol}

    @pytest.mark.parametrize(
        ("how", "applied"), [(Break.TIMEOUT, False), (Break.TIMEOUT_APPLIED, True)]
    )
    def test_a_revoke_whose_answer_is_lost_is_unknown_and_can_be_repeated(
        self,
        bench: Bench,
        target: TargetConnector,
        access: Access,
        how: Break,
        applied: bool,  # noqa: FBT001 -- a parameter of the table above
    ) -> None:
        ref = target.grant(access, "key-1", NOT_AFTER).native_ref
        bench.break_(how)
        with pytest.raises(OutcomeUnknown):
            target.revoke(access, "key-2", ref)
        bench.mend()
        assert target.observe(access) is not applied
        effect = target.revoke(access, "key-2", ref)
        assert (effect.change, effect.verified) == ("absent" if applied else "applied", True)
        assert bench.held() == {bench.carol}

    @pytest.mark.parametrize(
        ("how", "then"), [(Break.ERROR, "applied"), (Break.ERROR_APPLIED, "already")]
    )
    def test_a_grant_that_met_an_error_can_be_repeated(
        self, bench: Bench, target: TargetConnector, access: Access, how: Break, then: str
    ) -> None:
        bench.break_(how)
        with pytest.raises(ConnectorError) as told:
            target.grant(access, "key-1", NOT_AFTER)
        assert told.value.retryable
        bench.mend()
        assert target.grant(access, "key-1", NOT_AFTER).change == then
        assert bench.held() == {bench.alice, bench.carol}

    def test_a_grant_that_is_said_and_not_done_is_a_conflict(
        self, bench: Bench, target: TargetConnector, access: Access
    ) -> None:
        bench.break_(Break.DROPPED)
        with pytest.raises(Conflict):
            target.grant(access, "key-1", NOT_AFTER)
        assert bench.held() == {bench.carol}

    def test_a_revoke_that_is_said_and_not_done_is_a_conflict_until_it_is_done(
        self, bench: Bench, target: TargetConnector, access: Access
    ) -> None:
        """Revoked means confirmed (`docs/connectors.md`)."""
        ref = target.grant(access, "key-1", NOT_AFTER).native_ref
        bench.break_(Break.DROPPED)
        for _ in range(2):
            with pytest.raises(Conflict):
                target.revoke(access, "key-2", ref)
            assert bench.alice in bench.held()
        bench.mend()
        assert target.revoke(access, "key-2", ref).change == "applied"
        assert bench.held() == {bench.carol}

    @pytest.mark.parametrize("how", list(Break))
    def test_no_message_holds_the_secret(
        self, bench: Bench, target: TargetConnector, access: Access, how: Break
    ) -> None:
        bench.break_(how)
        with pytest.raises(ConnectorError) as told:
            target.grant(access, "key-1", NOT_AFTER)
        fault: BaseException | None = told.value
        while fault is not None:
            assert SECRET not in f"{fault!r} {fault}"
            fault = fault.__cause__

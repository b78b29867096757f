"""A grant's end, what it is counted by, and how its revocation is tried again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.domain.cast import NOON

from ticketgate.domain.grants.grant import (
    ENDED,
    HOLDING,
    REVOKING,
    Grant,
    GrantState,
    is_due,
)

HOUR = timedelta(hours=1)
ALICES = Grant(
    "grt_1", 1, GrantState.ACTIVE, "req_1", "snow-prod", "sc_req_item", "9d38", "prod-db-admin",
    "corp-scim", {"group": "SG"}, "alice", 3600, NOON + HOUR, not_after=NOON + HOUR,
)  # fmt: skip


def test_a_grant_is_counted_by_what_its_account_holds_at_the_target() -> None:
    held = replace(ALICES, principal="2819c223")
    renamed = replace(held, id="grt_2", entitlement="prod-db-read", subject="alice-2")
    assert held.holding == renamed.holding
    assert ALICES.ticket == ("snow-prod", "sc_req_item", "9d38")


@pytest.mark.parametrize(
    "other", [{"target": "ldap"}, {"principal": "902c246b"}, {"access": {"group": "SG-NEW"}}]
)
def test_another_target_account_or_access_is_another_holding(other: dict[str, Any]) -> None:
    held = replace(ALICES, principal="2819c223")
    assert replace(held, **other).holding != held.holding


def test_what_was_never_called_for_holds_nothing() -> None:
    assert ALICES.holding is None


@pytest.mark.parametrize("state", [*GrantState])
def test_only_what_holds_access_comes_due(state: GrantState) -> None:
    assert is_due(replace(ALICES, state=state), NOON + HOUR) == (state in HOLDING)


def test_a_grant_is_due_at_its_very_end_and_not_before() -> None:
    assert not is_due(ALICES, NOON + HOUR - timedelta(microseconds=1))
    assert is_due(ALICES, NOON + HOUR)


def test_a_grant_that_was_never_activated_is_never_due() -> None:
    assert not is_due(replace(ALICES, not_after=None), NOON + 1000 * HOUR)


def test_states_that_hold_revoke_and_are_over_do_not_overlap() -> None:
    assert HOLDING | REVOKING | ENDED | {GrantState.PLANNED} == set(GrantState)
    assert not HOLDING & REVOKING
    assert not (HOLDING | REVOKING) & ENDED

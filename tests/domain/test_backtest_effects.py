"""What differs in what is asked for one entitlement, and in which direction that is."""

from datetime import timedelta

import pytest
from tests.domain.cast import party

from ticketgate.domain.changes.backtest import asked_effects
from ticketgate.domain.requests.opening import Asked
from ticketgate.domain.tickets.identity_event import Tier


def asked(tier: Tier) -> Asked:
    """One that nothing blocks."""
    alice = party("alice")
    return Asked(
        entitlement="prod-db-admin", target="corp-scim", access={"group": "dba"}, requester=alice,
        beneficiary=alice, seconds=3600, seconds_asked=None, catalog_item="", reason="", tier=tier,
        kinds=(), rule_ids=(), approve_rule="a", rules="", decide_within=timedelta(hours=8),
        reasons=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (Tier.HIGH, Tier.CRITICAL, [("tightened", "a higher tier")]),
        (Tier.HIGH, Tier.MEDIUM, [("loosened", "a lower tier")]),
        (Tier.HIGH, Tier.HIGH, []),
    ],
)
def test_another_tier_has_a_direction(
    was: Tier, now: Tier, expected: list[tuple[str, str]]
) -> None:
    found = asked_effects((asked(was), None), (asked(now), None))
    assert [(one.direction, one.what) for one in found] == expected

"""Counting: grants of one person, target and entitlement share the access; baseline stays."""

from datetime import timedelta
from functools import partial

import pytest
from tests.contracts.fake_target import Fault
from tests.operations.fakes import GROUP, principal
from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket, closed

from ticketgate.domain.command import CommandKind
from ticketgate.domain.grant import CALL_SECONDS_MAX
from ticketgate.operations.enforce import intend_revoke

HOUR = 3600


def grant(gate: Gate, ident: str, seconds: int | None = None) -> None:
    """One more approved grant of Alice's for the same access."""
    gate.clock.at += timedelta(seconds=1)
    gate.deliver(access_ticket(ident))
    gate.approve("bob", "carol", seconds=seconds)
    gate.settle()


def stand(gate: Gate) -> None:
    """Alice has the access already: somebody gave it before us."""
    gate.target.groups[GROUP].add(principal("alice"))


def test_two_overlapping_grants_are_neither_cut_short_nor_left_over(gate: Gate) -> None:
    grant(gate, "t1", HOUR)
    grant(gate, "t2")
    gate.tick(HOUR)
    assert gate.grant_states() == ["released_shared", "active"]
    assert gate.members() == {"alice"}
    gate.tick(HOUR)
    assert gate.grant_states() == ["released_shared", "revoked"]
    assert gate.members() == set()
    assert len(gate.target.called("grant")) == 1


def test_two_that_end_together_are_removed_once(gate: Gate) -> None:
    grant(gate, "t1", HOUR)
    grant(gate, "t2", HOUR - 1)
    gate.tick(HOUR)
    assert gate.grant_states() == ["released_shared", "revoked"]
    assert gate.members() == set()


def test_a_grant_over_standing_access_has_no_effect_and_takes_nothing(gate: Gate) -> None:
    stand(gate)
    grant(gate, "t1")
    (intent,) = gate.records("grant.provisioning")
    assert (intent["before"], intent["baseline"], intent["plan"]) == ("present", True, "keep")
    gate.tick(2 * HOUR)
    assert (gate.grant_states(), gate.members()) == (["revoked"], {"alice"})
    (confirmed,) = gate.records("revocation.confirmed")
    assert confirmed["kept"] == "baseline"
    assert (gate.target.called("grant"), gate.target.called("revoke")) == ([], [])


def test_a_baseline_ends_while_the_target_is_away(gate: Gate) -> None:
    """There is nothing to remove, so nobody needs to look."""
    stand(gate)
    grant(gate, "t1")
    gate.target.down = True
    gate.tick(2 * HOUR)
    assert gate.grant_states() == ["revoked"]


def test_two_grants_over_standing_access_are_both_without_effect(gate: Gate) -> None:
    stand(gate)
    grant(gate, "t1", HOUR)
    grant(gate, "t2")
    gate.tick(HOUR)
    gate.tick(HOUR)
    assert gate.grant_states() == ["released_shared", "revoked"]
    assert gate.members() == {"alice"}


def test_what_was_given_beside_a_grant_over_standing_access_is_removed_in_the_end(
    gate: Gate,
) -> None:
    """The standing access was taken away meanwhile; what the second grant gave is ours."""
    stand(gate)
    grant(gate, "t1")
    gate.target.groups[GROUP].clear()
    grant(gate, "t2", HOUR)
    assert gate.members() == {"alice"}
    gate.tick(HOUR)
    assert gate.grant_states() == ["active", "released_shared"]
    (released,) = gate.records("grant.released_shared")
    assert released["heirs"] == [gate.grants()[0].id]
    assert gate.members() == {"alice"}
    gate.tick(HOUR)
    assert gate.members() == set()


def test_a_failed_grant_beside_a_live_one_is_revoked_without_taking_it_away(gate: Gate) -> None:
    grant(gate, "t1")
    gate.target.groups[GROUP].clear()
    gate.target.fail("grant", Fault.DENIED)
    grant(gate, "t2")
    gate.target.groups[GROUP].add(principal("alice"))
    gate.tick()
    assert gate.grant_states() == ["active", "revoked"]
    assert gate.records("revocation.confirmed")[0]["kept"] == "shared"
    assert gate.members() == {"alice"}


def test_a_grant_waits_until_the_last_one_is_confirmed_gone(gate: Gate) -> None:
    grant(gate, "t1", HOUR)
    gate.target.fail("revoke", *[Fault.DOWN] * 3)
    gate.tick(HOUR)
    grant(gate, "t2")
    assert gate.grant_states()[1] == "planned"
    for _ in range(8):
        gate.tick()
    assert gate.grant_states() == ["revoked", "active"]
    assert gate.members() == {"alice"}
    assert gate.grants()[1].baseline is False


def test_a_call_of_one_grant_that_lands_late_is_swept_by_the_end_of_another(gate: Gate) -> None:
    gate.target.fail("grant", Fault.TIMEOUT_LATE)
    gate.deliver(access_ticket("t1"))
    gate.approve("bob", "carol")
    gate.settle()
    assert gate.grant_states() == ["revoking"]
    gate.tick(CALL_SECONDS_MAX)
    gate.target.land()
    assert gate.grant_states() == ["revoked"]


def test_what_is_kept_no_more_is_looked_at_before_it_is_revoked(gate: Gate) -> None:
    """The other holder ended between looking at the tables and the transaction."""
    grant(gate, "t1")
    gate.deliver(closed(access_ticket("t1")))
    (command,) = gate.due(CommandKind.REVOKE)
    assert gate.write(partial(intend_revoke, ident=command.id, present=None)) is None
    assert gate.grant_states() == ["revoking"]
    gate.settle()
    assert (gate.grant_states(), gate.members()) == (["revoked"], set())


@pytest.mark.parametrize("first", ["t1", "t2"])
def test_closing_either_ticket_leaves_the_other_ones_access(gate: Gate, first: str) -> None:
    grant(gate, "t1")
    grant(gate, "t2")
    gate.deliver(closed(access_ticket(first)))
    gate.settle()
    assert gate.members() == {"alice"}
    gate.deliver(closed(access_ticket("t2" if first == "t1" else "t1")))
    gate.settle()
    assert gate.members() == set()


def test_a_grant_that_is_going_already_is_not_ended_twice(gate: Gate) -> None:
    grant(gate, "t1", HOUR)
    gate.target.down = True
    gate.tick(HOUR)
    gate.deliver(closed(access_ticket("t1")))
    gate.settle()
    assert gate.grants()[0].cause == "expired"
    assert len(gate.records("revocation.begun")) == 1
    gate.target.heal()

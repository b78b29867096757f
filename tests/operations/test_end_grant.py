"""Counting: grants of one account and access at a target share it; baseline stays."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.contracts.fake_target import Account, Fault
from tests.operations.fakes import GROUP, TARGET, principal
from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket, closed, report_ticket

from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.grants.grant import CALL_SECONDS_MAX, Grant
from ticketgate.operations.grants.enforce import intend_revoke
from ticketgate.ports import Transaction

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


# --- what the names mean changes while a grant lives -----------------------------------------


def now_means(gate: Gate, entitlement: str, group: str) -> None:
    """From now on the policy gives this group for the entitlement."""
    changed = tuple(
        replace(one, access={"group": group}) if one.id == entitlement else one
        for one in gate.policy.entitlements
    )
    gate.restart(replace(gate.policy, entitlements=changed, digest="f" * 64))


def test_a_grant_that_gave_another_group_takes_it_away_when_it_ends(gate: Gate) -> None:
    gate.target.groups["SG-NEW"] = set()
    grant(gate, "t1", HOUR)
    now_means(gate, "prod-db-admin", "SG-NEW")
    grant(gate, "t2")
    assert (gate.members(), gate.members("SG-NEW")) == ({"alice"}, {"alice"})
    gate.tick(HOUR)
    assert gate.grant_states() == ["revoked", "active"]
    assert (gate.members(), gate.members("SG-NEW")) == (set(), {"alice"})
    gate.tick(HOUR)
    assert gate.members("SG-NEW") == set()


def test_a_grant_of_another_account_takes_its_own_away_when_it_ends(gate: Gate) -> None:
    gate.target.accounts["id-alice-2"] = Account("alice-2@example.com")
    grant(gate, "t1", HOUR)
    gate.directory.change("alice", accounts={
        **gate.directory.people["alice"].accounts, TARGET: ("alice-2@example.com",)
    })  # fmt: skip
    grant(gate, "t2")
    assert gate.members() == {"alice", "alice-2"}
    gate.tick(HOUR)
    assert (gate.grant_states(), gate.members()) == (["revoked", "active"], {"alice-2"})
    gate.tick(HOUR)
    assert gate.members() == set()


def _noted(tx: Transaction, now: datetime, *, grant: Grant, group: str) -> None:
    """The target's own id of the group that this grant gave."""
    del now
    tx.grants.save(replace(grant, version=grant.version + 1, native_ref=group))


def test_a_group_whose_name_another_one_has_now_is_not_shared(gate: Gate) -> None:
    """The first grant knows its group by the target's own id, and so does the second."""
    grant(gate, "t1", HOUR)
    gate.target.groups[GROUP].clear()  # the name went to a new group, without her
    grant(gate, "t2")
    for held, group in zip(gate.grants(), ("g1", "g2"), strict=True):
        gate.write(partial(_noted, grant=held, group=group))
    gate.clock.at += timedelta(seconds=HOUR)
    gate.keeper.step()
    assert gate.grant_states() == ["revoking", "active"]


def test_two_entitlements_that_are_one_group_do_not_cut_each_other_short(gate: Gate) -> None:
    now_means(gate, "sales-reports", GROUP)
    grant(gate, "t1", HOUR)
    gate.deliver(report_ticket("r1"))
    gate.approve("erin", seconds=2 * HOUR)
    gate.settle()
    assert [one.baseline for one in gate.grants()] == [False, False]
    gate.tick(HOUR)
    assert (gate.grant_states(), gate.members()) == (["released_shared", "active"], {"alice"})
    gate.tick(HOUR)
    assert (gate.grant_states(), gate.members()) == (["released_shared", "revoked"], set())

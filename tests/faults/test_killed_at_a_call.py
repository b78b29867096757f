"""kill -9 between intent and call, between call and record, and inside the record's transaction.

rule 1. The process ends itself at a named point; the target is read by another client.
"""

from typing import Final

import pytest
from tests.faults.ground import BOUND_SECONDS, Fault, Ground, only_oliver

from ticketgate.cli.demo.servers import DemoError
from ticketgate.cli.demo.snow import Record

pytestmark = pytest.mark.slow

FASTER: Final = 20  # so many of the product's seconds in one of ours
GIVEN: Final = ["planned", "provisioning", "active"]
TAKEN: Final = [*GIVEN, "revoking", "revoked"]


def killed_at_the_grant(ground: Ground, fault: Fault) -> Record:
    """Alice's grant is approved; giving it is the last thing that the gateway does."""
    ground.launch(fault)
    ticket = ground.ask()
    ground.approve()
    ground.await_death()
    assert ground.path() == ["planned", "provisioning"]
    return ticket


def killed_at_the_revoke(ground: Ground, fault: Fault) -> None:
    """Alice has her access; taking it away is the last thing that the gateway does."""
    ground.launch(fault)
    ground.cancel(ground.granted())
    ground.await_death()
    assert ground.path() == [*GIVEN, "revoking"]


@pytest.mark.parametrize(
    ("fault", "landed"),
    [(Fault.GRANT_BEFORE, False), (Fault.GRANT_AFTER, True), (Fault.GRANT_COMMIT, True)],
)
def test_a_gateway_killed_while_it_gives_access_gives_it_once(
    ground: Ground, fault: Fault, *, landed: bool
) -> None:
    """One intent, one grant, its end where it was; really there while due, really gone after."""
    ticket = killed_at_the_grant(ground, fault)
    assert ground.in_group() is landed
    ground.start()
    ground.until("the activation", lambda: ground.state() == "active", BOUND_SECONDS)
    assert ground.in_group()
    assert ground.path() == GIVEN
    ground.cancel(ticket)
    ground.until("the removal", lambda: only_oliver(ground), BOUND_SECONDS)
    ground.prove()


@pytest.mark.parametrize(
    ("fault", "gone"),
    [(Fault.REVOKE_BEFORE, False), (Fault.REVOKE_AFTER, True), (Fault.REVOKE_COMMIT, True)],
)
def test_a_gateway_killed_while_it_takes_access_away_takes_it_away(
    ground: Ground, fault: Fault, *, gone: bool
) -> None:
    """Looked at again, and confirmed; the attempt is one record."""
    killed_at_the_revoke(ground, fault)
    assert only_oliver(ground) is gone
    ground.start()
    ground.until("the revocation", lambda: ground.state() == "revoked", BOUND_SECONDS)
    assert only_oliver(ground)
    assert ground.path() == TAKEN
    assert len(ground.of_type("revocation.attempted")) == 1
    ground.prove()


def test_without_recovery_a_grant_that_was_being_given_never_becomes_active(
    ground: Ground,
) -> None:
    """The control: what brings the grant to its end is the recovery, and nothing else."""
    killed_at_the_grant(ground, Fault.GRANT_AFTER)
    ground.launch(Fault.NO_RECOVERY)
    with pytest.raises(DemoError):
        ground.until("the activation", lambda: ground.state() == "active", BOUND_SECONDS)
    assert ground.state() == "provisioning"


def test_without_recovery_access_that_was_being_taken_away_stays(ground: Ground) -> None:
    """The control of the other half: nobody takes up the open intent of a revocation."""
    killed_at_the_revoke(ground, Fault.REVOKE_BEFORE)
    ground.launch(Fault.NO_RECOVERY)
    with pytest.raises(DemoError):
        ground.until("the revocation", lambda: ground.state() == "revoked", BOUND_SECONDS)
    assert ground.in_group()
    assert ground.state() == "revoking"


def test_a_grant_that_lands_after_a_crash_does_not_outlive_its_revocation(ground: Ground) -> None:
    """I6: until the call under way at the kill -9 can land no more, nothing is confirmed."""
    ticket = killed_at_the_grant(ground, Fault.GRANT_BEFORE)
    ground.launch()
    ground.until("the activation", lambda: ground.state() == "active", BOUND_SECONDS)
    ground.cancel(ticket)
    ground.until("the removal", lambda: only_oliver(ground), BOUND_SECONDS)
    ground.put_in()
    assert ground.state() == "revoking"
    ground.kill()
    ground.launch(speed=FASTER)
    ground.until("the revocation", lambda: ground.state() == "revoked")
    assert only_oliver(ground)
    overdue = [*TAKEN[:-1], "revoke_overdue", "revoking", TAKEN[-1]]  # by the fast clock
    assert ground.path() in (TAKEN, overdue)
    assert ground.moves()[-1]["_ts"] >= ground.moves()[1]["deadline"]
    ground.prove()


def test_a_grant_that_expired_while_the_gateway_was_dead_is_being_revoked_before_it_serves(
    ground: Ground,
) -> None:
    """Ready means: what is over has begun to end. Confirmed within seconds of the start."""
    ground.start()
    ground.granted("PT2S")
    ground.kill()
    assert ground.state() == "active"
    over = "SELECT count(*) FROM access_grant WHERE not_after < strftime('%Y-%m-%dT%H:%M:%fZ')"
    ground.until("the end of the grant's time", lambda: ground.look(over) == [(1,)])
    assert ground.in_group()

    ground.start()
    assert ground.state() in {"revoking", "revoked"}
    ground.until("the revocation", lambda: ground.state() == "revoked", BOUND_SECONDS)
    assert only_oliver(ground)
    (confirmed,) = ground.of_type("revocation.confirmed")
    assert confirmed["cause"] == "expired"
    assert confirmed["late_milliseconds"] > 0
    ground.prove()

"""kill -9 between intent and call, between call and record, and inside the record's transaction.

`states.md` rule 1. The process ends itself at a named point; the target is read by another client.
A call under way at a crash can land for 30 seconds more, and so long no removal is confirmed: the
gateway's clock runs faster here.
"""

from typing import Final

import pytest
from tests.faults.ground import BOUND_SECONDS, Fault, Ground, only_oliver

from ticketgate.cli.demo.servers import DemoError

pytestmark = pytest.mark.slow

FAST: Final = 10


@pytest.mark.parametrize(
    ("at_grant", "at_revoke", "landed"),
    [
        (Fault.GRANT_BEFORE, Fault.REVOKE_BEFORE, False),
        (Fault.GRANT_AFTER, Fault.REVOKE_AFTER, True),
        (Fault.GRANT_COMMIT, Fault.REVOKE_COMMIT, True),
    ],
)
def test_a_gateway_killed_at_the_grant_and_at_the_revoke_ends_right(
    ground: Ground, at_grant: Fault, at_revoke: Fault, *, landed: bool
) -> None:
    """One intent, one grant, present while due, really removed; `not_after` stays."""
    ground.launch(at_grant, FAST)
    ticket = ground.ask()
    ground.approve()
    ground.await_death()
    assert ground.path() == ["planned", "provisioning"]
    assert ground.in_group() is landed
    ground.launch(at_revoke, FAST)
    ground.until("the activation", lambda: ground.state() == "active", BOUND_SECONDS)
    assert ground.in_group()

    ground.cancel(ticket)
    ground.await_death()
    assert ground.state() == "revoking"
    assert only_oliver(ground) is landed
    ground.launch(speed=FAST)
    ground.until("the revocation", lambda: ground.state() == "revoked", BOUND_SECONDS)
    assert only_oliver(ground)
    assert ground.path() == ["planned", "provisioning", "active", "revoking", "revoked"]
    assert len(ground.of_type("revocation.attempted")) == 1
    ground.prove()


def test_without_recovery_a_grant_that_was_being_given_never_becomes_active(
    ground: Ground,
) -> None:
    """The control: what brings the grant to its end is the recovery, and nothing else."""
    ground.launch(Fault.GRANT_AFTER, FAST)
    ground.ask()
    ground.approve()
    ground.await_death()
    ground.launch(Fault.NO_RECOVERY, FAST)
    with pytest.raises(DemoError):
        ground.until("the activation", lambda: ground.state() == "active", BOUND_SECONDS)
    assert ground.state() == "provisioning"


def test_without_recovery_access_that_was_being_taken_away_stays(ground: Ground) -> None:
    """The control of the other half: nobody takes up the open intent of a revocation."""
    ground.launch(Fault.REVOKE_BEFORE, FAST)
    ticket = ground.granted()
    ground.cancel(ticket)
    ground.await_death()
    ground.launch(Fault.NO_RECOVERY, FAST)
    with pytest.raises(DemoError):
        ground.until("the revocation", lambda: ground.state() == "revoked", BOUND_SECONDS)
    assert ground.in_group()
    assert ground.state() == "revoking"


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

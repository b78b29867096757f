"""Which object at the target a grant is about, and what becomes of standing access meanwhile."""

from dataclasses import replace
from functools import partial

from tests.operations.fakes import GROUP, principal
from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket

from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.domain.requests.ground import Ground
from ticketgate.operations.grants.end_grant import end_grant, holders
from ticketgate.operations.grants.enforce import Seen, intend_provision


def test_standing_access_that_went_before_the_call_is_not_given_back(approved: Gate) -> None:
    """A baseline intent, a crash, and the admin took it away: nothing is given, nothing stays."""
    gate = approved
    gate.target.groups[GROUP].add(principal("alice"))
    (command,) = gate.due(CommandKind.PROVISION)
    seen = Seen(principal("alice"), present=True, at=gate.clock.at)
    ground = Ground(gate.policy, gate.desk.snapshot())
    gate.write(partial(intend_provision, ident=command.id, seen=seen, ground=ground))
    gate.target.groups[GROUP].discard(principal("alice"))
    gate.restart()
    gate.settle()
    assert not gate.target.called("grant")
    assert gate.members() == set()
    assert gate.grant_states() == ["revoked"]


def overlapping(gate: Gate) -> tuple[Grant, Grant]:
    """Two active grants of the same access; only the first one noted the object that was given."""
    for ident in ("t1", "t2"):
        gate.deliver(access_ticket(ident))
        gate.approve("bob", "carol")
        gate.settle()
    first, second = gate.grants()
    assert first.native_ref is not None
    assert second.native_ref == first.native_ref  # found at its intent
    untold = replace(second, native_ref=None, version=second.version + 1)
    save(gate, untold)
    return first, untold


def save(gate: Gate, grant: Grant) -> None:
    gate.write(lambda tx, _: tx.grants.save(grant))


def test_who_stays_is_told_the_object_that_was_given(gate: Gate) -> None:
    """A name may move to another object; the last end must look at the one that was given."""
    first, second = overlapping(gate)
    gate.write(lambda tx, now: end_grant(tx, now, first, "operator"))
    now_are = {one.id: (one.state, one.native_ref) for one in gate.grants()}
    assert now_are[first.id][0] is GrantState.RELEASED_SHARED
    assert now_are[second.id] == (GrantState.ACTIVE, first.native_ref)


def test_who_is_still_being_given_may_be_given_another_object(gate: Gate) -> None:
    """So it does not count as a holder, unless it found the very object at its intent."""
    first, second = overlapping(gate)
    being_given = replace(second, state=GrantState.PROVISIONING, version=second.version + 1)
    found_it = replace(being_given, native_ref=first.native_ref, version=second.version + 2)
    save(gate, being_given)
    assert gate.write(lambda tx, _: holders(tx, first)) == []
    save(gate, found_it)
    assert gate.write(lambda tx, _: holders(tx, first)) == [found_it]
    save(gate, replace(second, version=second.version + 3))

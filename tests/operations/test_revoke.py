"""The kill switch: by grant, person, ticket or target; recorded with who and why."""

from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest
from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket, report_ticket

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.grants.command import CommandKind, CommandState
from ticketgate.domain.grants.grant import GrantState
from ticketgate.operations.desks.control import carry_out, choice_of
from ticketgate.operations.grants.enforce import intend_revoke
from ticketgate.operations.grants.revoke import GRANTS_PER_RECORD, Choice, chosen, revoke
from ticketgate.ports import Transaction

ACTOR = "os:ops@gate"


@pytest.fixture
def two(gate: Gate) -> Gate:
    """Alice has prod-db-admin, and Bob asked for her to read sales reports."""
    gate.deliver(access_ticket())
    gate.approve("bob", "carol")
    gate.settle()
    gate.deliver(report_ticket())
    gate.approve("erin")
    gate.settle()
    assert gate.grant_states() == ["active", "active"]
    return gate


@pytest.mark.parametrize(
    ("asked", "ended", "cause"),
    [
        ({"ticket": "RITM-t1"}, [0], "kill_switch"),
        ({"ticket": "r1"}, [1], "kill_switch"),
        ({"person": "alice"}, [0, 1], "kill_switch"),
        ({"person": "bob"}, [], ""),
        ({"target": "corp-scim"}, [0, 1], "kill_switch"),
        ({"target": "another"}, [], ""),
        ({"ticket": "t"}, [], ""),
    ],
)
def test_what_is_named_is_revoked(
    two: Gate, asked: dict[str, str], ended: list[int], cause: str
) -> None:
    named = [two.grants()[place].id for place in ended]
    with two.db() as looking:
        assert [one.id for one in chosen(looking, Choice(**asked))] == named
    request = {"do": "revoke", "reason": " leaked laptop ", **asked}
    assert carry_out(two.store, ACTOR, request) == {"revoked": named}
    two.settle()
    assert [two.grants()[place].state.value for place in ended] == ["revoked"] * len(ended)
    assert {two.grants()[place].cause for place in ended} <= {cause}
    (record,) = two.records("operator.revoked")
    assert (record["by"], record["grants"]) == (ACTOR, named)
    assert "laptop" not in str(two.records())


def test_one_grant_is_revoked_by_its_id_and_only_once(two: Gate) -> None:
    ident = two.grants()[0].id
    request = {"do": "revoke", "reason": "mistake", "grant": ident}
    assert carry_out(two.store, ACTOR, request) == {"revoked": [ident]}
    two.settle()
    assert carry_out(two.store, ACTOR, request) == {"revoked": []}
    assert two.grants()[0].cause == "operator"
    nobody = {"do": "revoke", "reason": "mistake", "grant": "grt_nobody"}
    assert carry_out(two.store, ACTOR, nobody) == {"revoked": []}


def test_what_is_being_revoked_already_is_tried_again_at_once(two: Gate) -> None:
    """Whatever it waits for; why it is being revoked stays."""
    two.target.down = True
    two.tick(12 * 3600)
    two.tick(3600)
    assert two.grant_states() == ["revoke_overdue", "revoke_overdue"]
    two.target.heal()
    assert two.due(CommandKind.REVOKE) == []
    request = {"do": "revoke", "reason": "leaver", "person": "alice"}
    ids = [one.id for one in two.grants()]
    assert carry_out(two.store, ACTOR, request) == {"revoked": ids}
    two.settle()
    assert two.grant_states() == ["revoked", "revoked"]
    assert {one.cause for one in two.grants()} == {"expired"}


def test_a_revocation_that_is_being_called_is_left_alone(two: Gate) -> None:
    ident = two.grants()[0].id
    request = {"do": "revoke", "reason": "mistake", "grant": ident}
    carry_out(two.store, ACTOR, request)
    (command,) = two.due(CommandKind.REVOKE)
    two.write(partial(intend_revoke, ident=command.id, present=True))
    assert carry_out(two.store, ACTOR, request) == {"revoked": [ident]}
    with two.db() as looking:
        called = looking.commands.get(command.id)
    assert called is not None
    assert called.state is CommandState.INTENDED


class UndoneError(Exception):
    """Rolls back what a test made up."""


def test_however_many_are_revoked_the_records_hold_them_all(two: Gate) -> None:
    """2,600 ids are too many for one entry."""
    first = two.grants()[0]
    seen: list[int] = []

    def many(tx: Transaction, now: datetime) -> None:
        for _ in range(2600):
            overdue = GrantState.REVOKE_OVERDUE
            tx.grants.save(
                replace(first, id=tx.new_id("grt"), version=1, state=overdue, target="x")
            )
        before = tx.evidence_size()
        done = revoke(tx, now, choice=Choice(target="x"), by=ACTOR, reason="stolen")
        seen.extend([len(done), tx.evidence_size() - before])
        raise UndoneError

    with pytest.raises(UndoneError):
        two.write(many)
    assert seen == [2600, 2600 // GRANTS_PER_RECORD]


def test_a_planned_grant_is_cancelled(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.approve("bob", "carol")
    carry_out(gate.store, ACTOR, {"do": "revoke", "reason": "no", "person": "alice"})
    gate.settle()
    assert gate.grant_states() == ["cancelled"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"do": "grant", "reason": "please", "person": "alice"},
        {"do": "revoke", "person": "alice"},
        {"do": "revoke", "person": "alice", "reason": "  "},
        {"do": "revoke", "person": "alice", "reason": 7},
    ],
)
def test_anything_but_revoking_with_a_reason_is_refused(
    gate: Gate, asked: dict[str, object]
) -> None:
    with pytest.raises(TicketgateError) as refused:
        carry_out(gate.store, ACTOR, asked)
    assert refused.value.code == "usage"
    assert gate.records("operator.revoked") == []


@pytest.mark.parametrize("asked", [{}, {"grant": "a", "person": "b"}, {"grant": 7}])
def test_exactly_one_choice_is_named(asked: dict[str, object]) -> None:
    with pytest.raises(TicketgateError, match="exactly one"):
        choice_of(asked)

"""What a change of the directory does to requests that wait: people named since are asked."""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from tests.operations.kit import Gate, code_of
from tests.operations.tickets import access_ticket

from ticketgate.operations.workers import housekeeping
from ticketgate.operations.workers.housekeeping import TICKETS_AT_ONCE
from ticketgate.operations.workers.sweep import revalidate_ticket
from ticketgate.ports import Transaction


def test_a_new_manager_is_asked_while_the_request_waits(asked: Gate) -> None:
    """Bob, the only one of the first stage, has left: without this nobody could decide."""
    before = asked.requests()[0]
    asked.directory.leave("bob")
    asked.directory.change("alice", manager="erin")
    asked.tick()
    asked.run_mail()
    after = asked.requests()[0]
    assert (after.version, after.round, after.shown) == (before.version + 1, 1, before.shown)
    moved = asked.records("request.awaiting")[-1]
    assert (moved["from"], moved["to"], moved["cause"]) == ("awaiting", "awaiting", "approvers")
    assert [len(asked.tokens(one)) for one in ("bob", "erin")] == [1, 1]
    assert code_of(asked.decide("erin")) == ""


def test_the_links_of_those_who_are_named_still_stay_good(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.approve("bob")
    old = gate.tokens("carol")
    gate.directory.change("erin", groups=frozenset({"sec-iam"}), team="security")
    gate.tick()
    gate.run_mail()
    assert gate.tokens("carol") == old
    assert len(gate.tokens("erin")) == 1
    assert code_of(gate.decide("carol")) == ""


def test_nobody_is_asked_twice_and_nothing_is_recorded_for_nobody(asked: Gate) -> None:
    size = len(asked.records("request.awaiting"))
    asked.directory.change("mallory", name="Mallory M.")
    asked.tick()
    asked.run_mail()
    assert len(asked.tokens("bob")) == 1
    assert len(asked.records("request.awaiting")) == size


def test_whoever_has_decided_in_this_round_is_not_asked_again(gate: Gate) -> None:
    rule = gate.policy.approve[0]
    two = replace(rule, stages=(replace(rule.stages[1], need=2), rule.stages[0]))
    gate.restart(replace(gate.policy, approve=(two,)))
    gate.deliver(access_ticket())
    gate.approve("carol")
    gate.directory.change("mallory", name="Mallory M.")
    gate.tick()
    gate.run_mail()
    assert len(gate.tokens("carol")) == 1


def test_a_blocked_request_asks_nobody(gate: Gate) -> None:
    gate.deliver(access_ticket(role="nothing"))
    gate.directory.change("mallory", name="Mallory M.")
    gate.tick()
    gate.run_mail()
    assert gate.states() == ["blocked"]
    assert gate.post.mails == []


def test_requests_are_asked_again_some_tickets_in_a_transaction(gate: Gate) -> None:
    """Who decides meanwhile waits for a few of them, not for all."""
    many = 2 * TICKETS_AT_ONCE + 1
    for number in range(many):
        gate.deliver(access_ticket(f"t{number}"))
    gate.directory.leave("bob")
    gate.directory.change("alice", manager="erin")
    sizes = [gate.evidence_size()]
    gate.before_commit = lambda: sizes.append(len(gate.records("request.awaiting")))
    gate.keeper.step()
    gate.before_commit = lambda: None
    moved = [after - before for before, after in pairwise(sizes[1:])]
    assert len(gate.records("request.awaiting")) == many
    assert max(moved) <= TICKETS_AT_ONCE


def test_one_request_that_cannot_be_asked_again_keeps_no_other(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asking(
        tx: Transaction,
        now: datetime,
        *,
        ticket: tuple[str, str, str],
        **more: Any,  # noqa: ANN401 -- as the other has them
    ) -> int:
        if ticket[2] == "t0":
            raise RuntimeError("a fault of ours")
        return revalidate_ticket(tx, now, ticket=ticket, **more)

    for name in ("t0", "t1"):
        gate.deliver(access_ticket(name))
    gate.directory.leave("bob")
    gate.directory.change("alice", manager="erin")
    monkeypatch.setattr(housekeeping, "revalidate_ticket", asking)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        gate.keeper.step()
    assert len(gate.records("request.awaiting")) == 1
    monkeypatch.undo()
    gate.keeper.step()
    assert len(gate.records("request.awaiting")) == 2

"""`signals`: what is found in the store, with the exception that tells it."""

from datetime import datetime, timedelta

import pytest
from tests.cli.terminal import Terminal
from tests.cli.test_exceptions import store_of
from tests.domain.cast import request

from ticketgate.domain.cases.signals import Signal, SignalKey
from ticketgate.domain.requests.access_request import RequestState
from ticketgate.domain.requests.approval import Approval
from ticketgate.operations.cases.signals import tell_signals
from ticketgate.operations.people.actors import actor_of
from ticketgate.ports import Transaction

HOUR = timedelta(hours=1)


def _approve(tx: Transaction, now: datetime) -> None:
    at = now - HOUR
    tx.requests.save(request(state=RequestState.APPROVED, opened_at=at, closed_at=at))
    tx.requests.add_approval(Approval("req_1", 1, 1, "bob", "approve", 60, at, 0))
    actor_of(tx, "bob")


@pytest.fixture
def unseen(terminal: Terminal) -> Terminal:
    """Bob approved an hour ago what he had not seen."""
    with store_of(terminal) as store:
        store.write(_approve)
    return terminal


def test_a_quiet_store_has_none(terminal: Terminal) -> None:
    with store_of(terminal):
        pass
    assert terminal("signals").stdout == "no signals\n"
    assert terminal.json("signals") == []


def test_each_is_told_with_who_and_what(unseen: Terminal) -> None:
    lines = unseen("signals").stdout.splitlines()
    assert lines[0].split() == ["CODE", "PEOPLE", "WHAT", "NEWEST", "REQUEST", "EXCEPTION"]
    assert lines[1].startswith("approved_unseen  bob ")
    assert lines[-1].endswith("docs/signals.md")
    (row,) = unseen.json("signals")
    assert (row["code"], row["people"], row["count"]) == ("approved_unseen", ["bob"], 1)
    assert (row["request"], row["exception"]) == ("req_1", "")


def test_the_exception_that_is_open_is_named(unseen: Terminal) -> None:
    with store_of(unseen) as store:

        def tell(tx: Transaction, now: datetime) -> int:
            signal = Signal(SignalKey("approved_unseen", ("bob",)), 1, "req_1", now - HOUR, "so")
            return tell_signals(tx, now, signals=[signal])

        assert store.write(tell) == 1
    (row,) = unseen.json("signals")
    (case,) = unseen.json("exceptions", "list")
    assert row["exception"] == case["id"]
    assert (case["owner"], case["subject"]) == ("role:operator", "approver bob")
    shown = unseen("exceptions", "show", case["id"]).stdout
    assert shown.splitlines()[-1].endswith("docs/signals.md")


def test_what_the_policy_turns_off_is_not_told(unseen: Terminal) -> None:
    path = unseen.folder / "policy.yaml"
    path.write_text(path.read_text() + "\nsignals: { unseen: off, out_of_hours: off }\n")
    assert unseen.json("signals") == []

"""Comments: a ticket is told what it brought about, once each, in nobody's way."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.contracts.fake_target import Fault
from tests.operations.kit import ORIGIN, Gate, only
from tests.operations.platforms import Asking
from tests.operations.tickets import SOURCE, access_ticket, closed, edited

from ticketgate.connector_api import (
    ConnectorError,
    Denied,
    NotFound,
    OutcomeUnknown,
    Refused,
    StateClass,
    Throttled,
    Unavailable,
)
from ticketgate.domain.grants.command import CommandKind, CommandState
from ticketgate.domain.log.checkpoint import Checkpoint
from ticketgate.domain.telling.outcomes import COMMENTED_DEFAULT
from ticketgate.operations.telling.write_back import commented, tell_sources


@pytest.fixture
def asking(gate: Gate) -> Asking:
    gate.write(partial(tell_sources, sources={SOURCE: COMMENTED_DEFAULT}))
    return Asking(gate)


WHAT = "to prod-db-admin at corp-scim"


def test_a_ticket_is_told_its_whole_story_in_order(gate: Gate, asking: Asking) -> None:
    gate.deliver(access_ticket())
    asking.tell()
    gate.approve("bob", "carol", seconds=3600)
    gate.settle()
    asking.tell()
    gate.deliver(closed(access_ticket()))
    gate.settle()
    asking.tell()
    until, by = only(gate).not_after, f"{gate.requests()[0].decide_by:%Y-%m-%d %H:%M}"
    assert until is not None
    assert asking.texts() == [
        f"ticketgate: Access {WHAT} was asked for and waits for approval until {by} UTC.",
        f"ticketgate: Access {WHAT} was approved, for 1:00:00 (h:mm:ss).",
        f"ticketgate: The access {WHAT} is given, until {until:%Y-%m-%d %H:%M} UTC.",
        f"ticketgate: The access {WHAT} is removed; reading the target confirms it.",
    ]
    assert {(table, ticket) for table, ticket, _ in asking.platform.notes} == {
        ("sc_req_item", "t1")
    }
    sent = gate.records("notification.sent")
    assert [one["what"] for one in sent if one["what"] == "comment"] == ["comment"] * 4


def test_each_comment_names_its_record_and_the_newest_root(gate: Gate, asking: Asking) -> None:
    gate.deliver(access_ticket())
    asking.tell()
    (opened,) = gate.records("request.opened")
    _, line, key = asking.platform.notes[0][2].splitlines()
    assert line == f"Evidence: {ORIGIN}#{opened['_seq']}, no signed root at hand"
    gate.signed = Checkpoint(ORIGIN, 30, bytes(range(32)))
    gate.deliver(closed(access_ticket()))
    gate.deliver(access_ticket("t2", role="no-such-role"))
    asking.tell()
    _, line, other = asking.platform.notes[1][2].splitlines()
    assert line.endswith(", root 0001020304050607… at 30")
    assert key != other


def test_no_comment_names_anybody(gate: Gate, asking: Asking) -> None:
    gate.deliver(access_ticket(reason="for Alice's aunt"))
    gate.approve("bob", "carol")
    gate.settle()
    asking.tell()
    told = str(asking.platform.notes).lower()
    assert not [name for name in ("alice", "bob", "carol", "aunt") if name in told]


def test_a_denial_is_told(gate: Gate, asking: Asking) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    gate.decide("bob", "deny")
    asking.tell()
    assert asking.texts()[-1] == f"ticketgate: Access {WHAT} was denied."


def test_what_blocks_is_told_in_the_words_of_the_page_and_once(gate: Gate, asking: Asking) -> None:
    ticket = access_ticket(hours="forever")
    gate.deliver(ticket)
    gate.deliver(edited(ticket, short_description="please!"))
    asking.tell()
    (text,) = asking.texts()
    assert "cannot be approved as it is asked for. The ticket's duration is not one of" in text
    gate.deliver(access_ticket(version=4))
    asking.tell()
    assert "waits for approval" in asking.texts()[-1]


def test_a_new_round_is_not_told_again(gate: Gate, asking: Asking) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.deliver(edited(ticket, reason="another one"))
    assert gate.requests()[0].round == 2
    asking.tell()
    assert len(asking.texts()) == 1


def test_access_that_stays_is_not_called_removed(gate: Gate, asking: Asking) -> None:
    gate.target.groups["SG-PROD-DB-ADMIN"].add("id-alice")
    gate.deliver(access_ticket())
    gate.approve("bob", "carol")
    gate.settle()
    gate.deliver(closed(access_ticket()))
    gate.settle()
    asking.tell()
    assert asking.texts()[-1] == (
        f"ticketgate: The grant of access {WHAT} has ended. The access stood before it, and stays."
    )


def test_a_removal_that_is_overdue_is_told(gate: Gate, asking: Asking) -> None:
    gate.deliver(access_ticket())
    gate.approve("bob", "carol")
    gate.settle()
    gate.target.fail("observe", *[Fault.DOWN] * 100)
    gate.deliver(closed(access_ticket()))
    for _ in range(40):
        gate.tick(30)
    assert gate.grant_states() == ["revoke_overdue"]
    asking.tell()
    assert "is overdue: the target has not confirmed it" in asking.texts()[-1]


def test_sources_without_write_back_are_told_nothing(gate: Gate, asking: Asking) -> None:
    gate.write(partial(tell_sources, sources={"another": COMMENTED_DEFAULT}))
    gate.deliver(access_ticket())
    assert not gate.due(CommandKind.COMMENT)


# --- once, and given up -------------------------------------------------------------------------


def test_a_comment_whose_answer_was_lost_is_written_once(gate: Gate, asking: Asking) -> None:
    gate.deliver(access_ticket())
    asking.platform.after = [OutcomeUnknown("no answer"), KeyError("a bug")]
    for _ in range(3):
        asking.tell()
        gate.clock.at += timedelta(seconds=10)
    assert len(asking.platform.notes) == 1
    assert gate.logged == [
        ("comment.failed", "outcome_unknown"),
        ("comment.failed", "unclassified:KeyError"),
    ]
    assert not gate.due(CommandKind.COMMENT)
    assert len([one for one in gate.records("notification.sent") if one["what"] == "comment"]) == 1


@pytest.mark.parametrize("fault", [NotFound("gone"), Refused("no")])
def test_what_cannot_be_told_is_given_up_with_a_record(
    gate: Gate, asking: Asking, fault: ConnectorError
) -> None:
    gate.deliver(access_ticket())
    asking.platform.faults = [fault]
    asking.tell()
    (failed,) = gate.records("notification.failed")
    assert (failed["what"], failed["about"], failed["code"]) == (
        "comment",
        gate.requests()[0].id,
        fault.code,
    )
    asking.tell()
    assert not asking.platform.notes


@pytest.mark.parametrize("fault", [Unavailable("down"), Denied("the token has expired")])
def test_a_platform_that_is_down_for_a_day_is_given_up(
    gate: Gate, asking: Asking, fault: ConnectorError
) -> None:
    gate.deliver(access_ticket())
    waits: list[float] = []
    for _ in range(1000):
        due = gate.due(CommandKind.COMMENT)
        if not due:
            with gate.db() as looking:
                upcoming = looking.commands.next_due((CommandKind.COMMENT,))
            if upcoming is None:
                break
            waits.append((upcoming - gate.clock.at).total_seconds())
            gate.clock.at = upcoming
            continue
        asking.platform.faults = [fault]
        asking.tell()
    assert waits[:4] == [2.0, 4.0, 8.0, 16.0]
    assert max(waits) == 300.0
    assert timedelta(hours=23) < timedelta(seconds=sum(waits)) < timedelta(hours=24)
    assert [one["code"] for one in gate.records("notification.failed")] == [fault.code]


def test_a_platform_that_asks_to_wait_is_waited_for(gate: Gate, asking: Asking) -> None:
    gate.deliver(access_ticket())
    asking.platform.faults = [Throttled("slowly", 100.0)]
    asking.tell()
    gate.clock.at += timedelta(seconds=99)
    assert not gate.due(CommandKind.COMMENT)
    gate.clock.at += timedelta(seconds=1)
    asking.tell()
    assert len(asking.platform.notes) == 1


def test_a_failing_write_back_holds_up_nothing(gate: Gate, asking: Asking) -> None:
    asking.platform.names = set()
    gate.deliver(access_ticket())
    asking.tell()
    gate.approve("bob", "carol")
    gate.settle()
    assert gate.members() == {"alice"}


def test_an_outcome_that_comes_twice_counts_once(gate: Gate, asking: Asking) -> None:
    gate.deliver(access_ticket())
    (command,) = gate.due(CommandKind.COMMENT)
    for code in ("", "target_refused"):
        gate.write(partial(commented, ident=command.id, code=code, retryable=False))
    gate.write(partial(commented, ident="cmd_none", code="", retryable=False))
    with gate.db() as looking:
        kept = looking.commands.get(command.id)
    assert kept is not None
    assert kept.state is CommandState.DONE
    assert not gate.records("notification.failed")


def test_a_command_without_its_comment_does_nothing(gate: Gate, asking: Asking) -> None:
    gate.deliver(access_ticket())
    (command,) = gate.due(CommandKind.COMMENT)
    asking.comments.run(replace(command, about="cmt_none"), gate.desk.snapshot())
    assert not asking.platform.notes


def test_our_own_comment_comes_back_without_effect(gate: Gate, asking: Asking) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    asking.tell()
    size = gate.requests()[0].version
    assert gate.deliver(edited(ticket, "svc-ticketgate")) == "identity"
    assert (gate.requests()[0].version, gate.requests()[0].round) == (size, 1)
    assert ticket.state_class is StateClass.OPEN
    assert not gate.due(CommandKind.COMMENT)


def test_a_ticket_that_asks_for_an_emergency_is_told_where_one_begins(
    gate: Gate, asking: Asking
) -> None:
    gate.deliver(access_ticket())
    why = "break glass: orders are down"
    gate.deliver(access_ticket("t2", priority="1", short_description=why))
    asking.tell()
    ordinary, emergency = asking.texts()
    assert "/console/emergency" not in ordinary
    assert "begins one, signed in, on the page /console/emergency of the gateway" in emergency
    assert "this ticket does not" in emergency
    assert gate.grants() == []

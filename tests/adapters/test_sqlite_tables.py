"""Every table gives back what was put into it, and finds what it is asked for."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.shelf import NOON, command, delivery

from ticketgate.adapters.sqlite import migrating, schema
from ticketgate.adapters.sqlite.transaction import SqliteReading
from ticketgate.domain.errors import StoreConflictError
from ticketgate.domain.grants.command import CommandKind, CommandState
from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.domain.instants import to_text
from ticketgate.domain.people.sign_in import Code, SessionRow
from ticketgate.domain.requests.access_request import AccessRequest, Party, RequestState
from ticketgate.domain.requests.approval import Approval, Link, LinkState
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.tickets.identity_event import Tier
from ticketgate.domain.tickets.ticket import StateClass, Ticket
from ticketgate.domain.timekeeping import Kept

HOUR = timedelta(hours=1)
KEY = ("snow-prod", "sc_req_item", "9d38")


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[SqliteReading]:
    """The tables of an empty file, without a writer."""
    with closing(schema.connect(tmp_path / "x.db")) as connection:
        migrating.migrate(connection)
        yield SqliteReading(connection)


def grant(ident: str = "grt_1", **changes: Any) -> Grant:  # noqa: ANN401 -- any field
    plain = Grant(
        ident, 1, GrantState.ACTIVE, "req_1", *KEY, "prod-db-admin", "corp-scim", {"group": "SG"},
        "alice", 3600, NOON, not_after=NOON + HOUR,
    )  # fmt: skip
    return replace(plain, **changes)


def request(ident: str = "req_1", **changes: Any) -> AccessRequest:  # noqa: ANN401 -- any field
    alice = Party("alice", "sys-alice")
    plain = AccessRequest(
        ident, 1, RequestState.AWAITING, *KEY, "RITM1", 1, "prod-db-admin", "corp-scim", {}, alice,
        alice, (), 60, None, "", "", Tier.LOW, (), (), "rule", "", "", "", 1, 1, NOON,
        NOON + HOUR,
    )  # fmt: skip
    return replace(plain, **changes)


# --- deliveries and tickets -----------------------------------------------------------------------


def test_deliveries_are_found_by_id_and_by_body(tables: SqliteReading) -> None:
    tables.deliveries.add(delivery(1), b"one")
    tables.deliveries.add(delivery(2, webhook_id="msg_1"), b"two")
    tables.deliveries.add(delivery(3, source="other"), b"three")
    found = tables.deliveries.find("snow-prod", "msg_1")
    assert found == [delivery(1, seq=1), delivery(2, seq=2, webhook_id="msg_1")]
    assert [one.seq for one in tables.deliveries.with_body("snow-prod", f"{2:064x}")] == [2]
    assert tables.deliveries.find("other", "msg_1") == []
    assert tables.deliveries.body(2) == b"two"
    assert tables.deliveries.body(9) is None


def test_the_same_delivery_is_never_stored_twice(tables: SqliteReading) -> None:
    tables.deliveries.add(delivery(1), b"one")
    with pytest.raises(sqlite3.IntegrityError):
        tables.deliveries.add(delivery(1, id="dlv_2"), b"one")


def test_deliveries_wait_in_the_order_they_came_until_they_are_worked_off(
    tables: SqliteReading,
) -> None:
    for number in (1, 2, 3):
        tables.deliveries.add(delivery(number), b"{}")
    tables.deliveries.finish(2, "processed", "", "9d38", "identity")
    assert [one.seq for one in tables.deliveries.waiting(9)] == [1, 3]
    assert [one.seq for one in tables.deliveries.waiting(1)] == [1]
    assert [one.seq for one in tables.deliveries.listed("identity", 9)] == [2]
    assert [one.seq for one in tables.deliveries.listed("accepted", 9)] == [3, 1]
    assert [one.seq for one in tables.deliveries.listed(None, 2)] == [3, 2]


def test_the_backlog_of_a_ticket_is_what_is_or_may_be_of_it(tables: SqliteReading) -> None:
    tables.deliveries.add(delivery(1, ticket="9d38"), b"{}")
    tables.deliveries.add(delivery(2, ticket="other"), b"{}")
    tables.deliveries.add(delivery(3, ticket=None), b"{}")
    tables.deliveries.add(delivery(4, source="jira", ticket="9d38"), b"{}")
    assert tables.deliveries.backlog("snow-prod", "9d38") == 2
    tables.deliveries.finish(1, "processed", "", "9d38", "")
    assert tables.deliveries.backlog("snow-prod", "9d38") == 1


def test_a_parked_delivery_that_may_be_of_the_ticket_is_seen(tables: SqliteReading) -> None:
    tables.deliveries.add(delivery(1, state="quarantined", ticket="9d38"), b"{}")
    assert tables.deliveries.parked_after("snow-prod", "9d38", 0)
    assert not tables.deliveries.parked_after("snow-prod", "9d38", 1)
    assert not tables.deliveries.parked_after("snow-prod", "other", 0)
    assert not tables.deliveries.parked_after("jira", "9d38", 0)
    tables.deliveries.add(delivery(2, state="quarantined", ticket=None), b"{}")
    assert tables.deliveries.parked_after("snow-prod", "other", 1)


def test_bodies_are_dropped_when_worked_off_and_old(tables: SqliteReading) -> None:
    for number in (1, 2, 3):
        tables.deliveries.add(delivery(number), b"body")
    tables.deliveries.finish(1, "processed", "", None, "")
    tables.deliveries.finish(3, "processed", "", None, "")
    assert tables.deliveries.drop_bodies(NOON + timedelta(seconds=3)) == 1
    bodies = [tables.deliveries.body(seq) for seq in (1, 2, 3)]
    assert bodies == [None, b"body", b"body"]


def test_the_last_revision_of_a_ticket_replaces_the_one_before(tables: SqliteReading) -> None:
    ticket = Ticket(*KEY, 1, "2", StateClass.LIVE, "alice", fields={"number": "RITM1"})
    row = TicketRow("tkt_1", ticket, 1, "identity", 7, NOON)
    tables.tickets.save(row)
    later = replace(row, ticket=replace(ticket, version=2), revision=2, verdict="uncertain")
    tables.tickets.save(later)
    assert tables.tickets.find(KEY) == later
    assert tables.tickets.ident(KEY) == "tkt_1"
    assert tables.tickets.ident(("jira", *KEY[1:])) is None
    assert tables.tickets.find(("jira", *KEY[1:])) is None


# --- requests -------------------------------------------------------------------------------------


def test_a_request_is_changed_only_from_the_version_before(tables: SqliteReading) -> None:
    tables.requests.save(request())
    second = request(version=2, state=RequestState.APPROVED, round=2)
    tables.requests.save(second)
    assert tables.requests.get("req_1") == second
    for stale in (2, 4):
        with pytest.raises(StoreConflictError):
            tables.requests.save(request(version=stale))
    with pytest.raises(StoreConflictError):
        tables.requests.save(request("req_2", version=2))
    assert tables.requests.get("req_1") == second
    assert tables.requests.get("req_2") is None


def test_one_live_request_per_ticket_and_entitlement(tables: SqliteReading) -> None:
    tables.requests.save(request())
    with pytest.raises(sqlite3.IntegrityError):
        tables.requests.save(request("req_2", state=RequestState.BLOCKED))
    tables.requests.save(request("req_3", entitlement="another"))
    tables.requests.save(request(version=2, state=RequestState.DENIED))
    tables.requests.save(request("req_4"))
    assert [one.id for one in tables.requests.of_ticket(KEY)] == ["req_1", "req_3", "req_4"]
    assert {one.id for one in tables.requests.live()} == {"req_3", "req_4"}
    assert [one.id for one in tables.requests.listed("denied", 9)] == ["req_1"]
    assert len(tables.requests.listed(None, 2)) == 2


def test_a_request_is_due_at_its_very_deadline_and_only_while_live(tables: SqliteReading) -> None:
    tables.requests.save(request())
    assert tables.requests.due(NOON + HOUR - timedelta(microseconds=1)) == []
    assert [one.id for one in tables.requests.due(NOON + HOUR)] == ["req_1"]
    tables.requests.save(request(version=2, state=RequestState.TIMED_OUT))
    assert tables.requests.due(NOON + 9 * HOUR) == []


def test_one_approval_per_person_and_round(tables: SqliteReading) -> None:
    first = Approval("req_1", 1, 1, "bob", "approve", 60, NOON, 9)
    earlier = Approval("req_1", 1, 1, "carol", "deny", 60, NOON, 5)
    tables.requests.add_approval(first)
    tables.requests.add_approval(earlier)
    with pytest.raises(sqlite3.IntegrityError):
        tables.requests.add_approval(replace(first, stage=2, decision="deny", index=10))
    tables.requests.add_approval(replace(first, round=2, index=11))
    assert tables.requests.approvals("req_1") == [earlier, first, replace(first, round=2, index=11)]


def test_a_view_is_noted_once_an_hour(tables: SqliteReading) -> None:
    views = tables.requests
    assert views.first_view("req_1", "bob") is None
    assert views.add_view("req_1", "bob", "2026-11-22T12", NOON)
    assert not views.add_view("req_1", "bob", "2026-11-22T12", NOON + timedelta(minutes=5))
    assert views.add_view("req_1", "bob", "2026-11-22T13", NOON + HOUR)
    assert views.first_view("req_1", "bob") == NOON
    assert views.first_view("req_1", "carol") is None


def test_a_link_is_found_by_any_of_its_tokens(tables: SqliteReading) -> None:
    link = Link("lnk_1", "req_1", 1, 1, "bob", "person:bob", "5" * 64, LinkState.ISSUED, NOON)
    tables.links.save(link)
    tables.links.add_token("hash-1", "lnk_1", NOON)
    tables.links.add_token("hash-2", "lnk_1", NOON)
    with pytest.raises(sqlite3.IntegrityError):
        tables.links.add_token("hash-2", "lnk_2", NOON)
    used = replace(link, state=LinkState.USED, why="decided")
    tables.links.save(used)
    assert tables.links.by_token("hash-1") == tables.links.by_token("hash-2") == used
    assert tables.links.get("lnk_1") == used
    assert tables.links.of_request("req_1") == [used]
    assert tables.links.by_token("hash-3") is None
    assert tables.links.get("lnk_2") is None


# --- grants and commands ------------------------------------------------------------------------


def test_a_grant_is_changed_only_from_the_version_before(tables: SqliteReading) -> None:
    tables.grants.save(grant())
    revoking = grant(version=2, state=GrantState.REVOKING, cause="expired")
    tables.grants.save(revoking)
    for stale in (2, 4):
        with pytest.raises(StoreConflictError):
            tables.grants.save(grant(version=stale))
    assert tables.grants.get("grt_1") == revoking
    assert tables.grants.get("grt_2") is None


def test_grants_come_due_in_order_and_only_while_they_hold(tables: SqliteReading) -> None:
    tables.grants.save(grant("late", not_after=NOON + 2 * HOUR))
    tables.grants.save(grant("soon"))
    tables.grants.save(grant("over", state=GrantState.REVOKED))
    tables.grants.save(grant("planned", state=GrantState.PLANNED, not_after=None))
    assert tables.grants.next_due() == NOON + HOUR
    assert tables.grants.due(NOON + HOUR - timedelta(microseconds=1)) == []
    assert [one.id for one in tables.grants.due(NOON + 3 * HOUR)] == ["soon", "late"]


def test_grants_that_are_not_ended_are_found_by_ticket_person_and_target(
    tables: SqliteReading,
) -> None:
    tables.grants.save(grant("a"))
    tables.grants.save(grant("b", subject="bob", target="other", state=GrantState.REVOKE_OVERDUE))
    for number, state in enumerate(
        (GrantState.REVOKED, GrantState.CANCELLED, GrantState.RELEASED_SHARED)
    ):
        tables.grants.save(grant(f"ended-{number}", state=state))
    grants = tables.grants
    assert {one.id for one in grants.of_ticket(KEY)} == {"a", "b"}
    assert {one.id for one in grants.matching(subject=None, target=None)} == {"a", "b"}
    assert {one.id for one in grants.matching(subject="bob", target=None)} == {"b"}
    assert {one.id for one in grants.matching(subject=None, target="corp-scim")} == {"a"}
    assert grants.matching(subject="bob", target="corp-scim") == []
    assert [one.id for one in grants.listed("revoked", 9)] == ["ended-0"]


def test_grants_are_found_by_what_their_account_holds_from_the_first_intent_on(
    tables: SqliteReading,
) -> None:
    tables.grants.save(grant("planned", state=GrantState.PLANNED))
    held = grant("a", principal="id-alice")
    tables.grants.save(held)
    tables.grants.save(grant("b", principal="id-alice", state=GrantState.REVOKED, subject="al"))
    tables.grants.save(grant("other", principal="id-alice-2"))
    tables.grants.save(grant("elsewhere", principal="id-alice", access={"group": "SG-2"}))
    assert [one.id for one in tables.grants.sharing(held.holding)] == ["a", "b"]
    assert tables.grants.sharing(None) == []
    intended = grant("planned", version=2, principal="id-alice")
    tables.grants.save(intended)
    assert len(tables.grants.sharing(held.holding)) == 3


def test_grants_that_have_been_revoking_for_long_are_found(tables: SqliteReading) -> None:
    tables.grants.save(grant("a", state=GrantState.REVOKING, revoking_since=NOON))
    tables.grants.save(grant("b", state=GrantState.REVOKE_OVERDUE, revoking_since=NOON))
    tables.grants.save(grant("c", state=GrantState.REVOKING, revoking_since=NOON + HOUR))
    assert [one.id for one in tables.grants.revoking_since(NOON)] == ["a"]
    assert tables.grants.revoking_since(NOON - HOUR) == []


def test_a_target_with_much_to_do_takes_no_other_ones_place(tables: SqliteReading) -> None:
    for number in range(9):
        tables.commands.add(replace(command(f"h{number}", after=number), target="hole"))
    tables.commands.add(command("1", after=99))
    tables.commands.add(replace(command("mail", CommandKind.MAIL_LINK), target="mail"))
    ready = tables.commands.ready((CommandKind.REVOKE,), NOON + HOUR, 2)
    assert [one.id for one in ready] == ["h0", "h1", "1"]


def test_what_waits_can_be_made_due_at_once(tables: SqliteReading) -> None:
    waiting, mail = command("1", after=99), command("2", CommandKind.MAIL_LINK, after=99)
    for one in (waiting, mail, command("0", after=-9)):
        tables.commands.add(one)
    tables.commands.hasten(CommandKind.REVOKE, NOON)
    assert tables.commands.get("1") == replace(waiting, due_at=NOON)
    assert tables.commands.get("2") == mail
    assert tables.commands.get("0") == command("0", after=-9)


def test_commands_are_ready_by_kind_when_due_oldest_first(tables: SqliteReading) -> None:
    for one in (
        command("late", after=9),
        command("soon", after=1),
        command("mail", CommandKind.MAIL_LINK),
    ):
        tables.commands.add(one)
    revoke = (CommandKind.REVOKE,)
    assert tables.commands.ready(revoke, NOON, 9) == []
    ready = tables.commands.ready(revoke, NOON + HOUR, 9)
    assert ready == [command("soon", after=1), command("late", after=9)]
    assert len(tables.commands.ready(revoke, NOON + HOUR, 1)) == 1
    assert tables.commands.next_due(revoke) == NOON + timedelta(seconds=1)
    assert tables.commands.next_due((CommandKind.PROVISION,)) is None
    assert tables.commands.oldest_due() == NOON


def test_an_intended_command_is_open_and_not_ready(tables: SqliteReading) -> None:
    tables.commands.add(command("1"))
    intended = replace(command("1"), state=CommandState.INTENDED, tries=1, deadline=NOON + HOUR)
    tables.commands.save(intended)
    assert tables.commands.intended() == [intended]
    assert tables.commands.of("grt_1", CommandKind.REVOKE) == intended
    assert tables.commands.of("grt_1", CommandKind.PROVISION) is None
    assert tables.commands.ready((CommandKind.REVOKE,), NOON + HOUR, 9) == []
    tables.commands.save(replace(intended, state=CommandState.DONE))
    assert tables.commands.intended() == []
    assert tables.commands.of("grt_1", CommandKind.REVOKE) is None
    assert tables.commands.get("1") == replace(intended, state=CommandState.DONE)
    assert tables.commands.get("2") is None


# --- people ---------------------------------------------------------------------------------------


def test_an_actor_stands_for_one_subject(tables: SqliteReading) -> None:
    tables.people.add_actor("alice", "act_1")
    assert (tables.people.actor("alice"), tables.people.subject("act_1")) == ("act_1", "alice")
    assert tables.people.actor("bob") is None
    assert tables.people.subject("act_2") is None
    for subject, actor in (("alice", "act_2"), ("bob", "act_1")):
        with pytest.raises(sqlite3.IntegrityError):
            tables.people.add_actor(subject, actor)


def test_codes_are_counted_by_person_and_by_link(tables: SqliteReading) -> None:
    told = [("bob", "lnk_1"), ("bob", None), ("carol", "lnk_1"), ("bob", "lnk_2")]
    for number, (subject, link) in enumerate(told):
        asked = NOON + timedelta(minutes=number)
        tables.people.add_code(Code(f"cod_{number}", "b" * 64, subject, link, asked))
    people = tables.people
    before = NOON - HOUR
    assert people.codes_since("bob", None, before) == 1
    assert people.codes_since("bob", "lnk_1", before) == 3
    assert people.codes_since("bob", "lnk_9", before) == 2
    assert people.codes_since("bob", "lnk_1", NOON) == 2
    assert people.codes_since("erin", None, before) == 0


def test_the_open_codes_of_a_browser_come_newest_first(tables: SqliteReading) -> None:
    codes = [Code(f"cod_{number}", "b" * 64, "bob", None, NOON) for number in range(3)]
    for one in codes:
        tables.people.add_code(one)
    used = replace(codes[1], state="used", tries=2, code_hash="c" * 64, expires_at=NOON + HOUR)
    tables.people.save_code(used)
    assert tables.people.codes_of_browser("b" * 64) == [codes[2], codes[0]]
    assert tables.people.codes_of_browser("x" * 64) == []
    assert tables.people.code("cod_1") == used
    assert tables.people.code("cod_9") is None


def test_a_session_ends_once(tables: SqliteReading) -> None:
    row = SessionRow("h" * 64, "bob", "mail_code", NOON, NOON + HOUR)
    tables.people.add_session(row)
    assert tables.people.session("h" * 64) == row
    assert tables.people.session("x" * 64) is None
    tables.people.end_session("h" * 64, NOON + timedelta(minutes=1))
    tables.people.end_session("h" * 64, NOON + timedelta(minutes=2))
    assert tables.people.session("h" * 64) == replace(row, ended_at=NOON + timedelta(minutes=1))


def test_what_is_loaded_is_the_last_that_was_noted(tables: SqliteReading) -> None:
    people = tables.people
    assert (people.loaded("policy"), people.loaded_at("policy")) == (None, None)
    people.note_loaded("policy", "a" * 64, NOON)
    people.note_loaded("policy", "b" * 64, NOON + HOUR)
    people.note_loaded("directory", "c" * 64, NOON)
    assert (people.loaded("policy"), people.loaded_at("policy")) == ("b" * 64, NOON + HOUR)
    assert people.loaded("directory") == "c" * 64


def test_the_clock_is_kept_once(tables: SqliteReading) -> None:
    people = tables.people
    assert people.kept_clock() is None
    for hours in (1, 2):
        people.keep_clock(Kept("boot-a", 10.0 * hours, NOON + hours * HOUR))
    assert people.kept_clock() == Kept("boot-a", 20.0, NOON + 2 * HOUR)


def test_instants_in_the_file_sort_as_time_does(tables: SqliteReading) -> None:
    """What is due is found by comparing text; an early year must not sort behind a late one."""
    early = datetime(99, 1, 1, tzinfo=UTC)
    assert to_text(early) < to_text(NOON)
    tables.grants.save(grant(not_after=early))
    assert [one.id for one in tables.grants.due(NOON)] == ["grt_1"]

"""The lists of the console, over a gate with a request of each kind."""

from collections.abc import Iterator

import pytest
from tests.operations.kit import Gate, folder
from tests.operations.tickets import access_ticket

from ticketgate.adapters.sqlite import schema
from ticketgate.adapters.sqlite.console_tables import SqliteConsole
from ticketgate.domain.grants.command import CommandKind
from ticketgate.ports import RequestFilter

ANY = RequestFilter()


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    """Three of Alice's, of which one is given, one waits and one is blocked; an unreadable one."""
    with folder() as path:
        made = Gate(path)
        try:
            made.deliver(access_ticket("t1"))
            made.approve("bob", "carol")
            made.settle()
            made.deliver(access_ticket("t2"))
            made.run_mail()
            made.deliver(access_ticket("t3", hours="forever"))
            made.deliver(b"[1]", "msg-unreadable")
            yield made
        finally:
            made.stop()


@pytest.fixture
def console(gate: Gate) -> Iterator[SqliteConsole]:
    connection = schema.connect(gate.path, read_only=True)
    yield SqliteConsole(connection)
    connection.close()


def numbers(console: SqliteConsole, whose: str | None, wanted: RequestFilter = ANY) -> list[str]:
    return [one.ticket_number for one in console.requests(whose, wanted, "", 9)]


def test_requests_are_those_of_the_person_or_of_everybody_newest_first(
    console: SqliteConsole,
) -> None:
    assert numbers(console, None) == numbers(console, "alice") == ["RITM-t3", "RITM-t2", "RITM-t1"]
    assert numbers(console, "bob") == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (RequestFilter(state="blocked"), ["RITM-t3"]),
        (RequestFilter(source="nowhere"), []),
        (RequestFilter(entitlement="prod-db-admin", state="awaiting"), ["RITM-t2"]),
        (RequestFilter(people=frozenset({"alice"}), state="approved"), ["RITM-t1"]),
        (RequestFilter(people=frozenset({"bob"})), []),
        (RequestFilter(people=frozenset()), []),
    ],
    ids=["state", "source", "entitlement", "person", "another", "nobody"],
)
def test_requests_are_filtered(
    console: SqliteConsole, wanted: RequestFilter, found: list[str]
) -> None:
    assert numbers(console, None, wanted) == found


def test_each_page_goes_on_behind_the_last_row(console: SqliteConsole) -> None:
    seen, behind = [], ""
    while found := console.requests(None, ANY, behind, 1):
        behind = found[0].id
        seen.append(found[0].ticket_number)
    assert seen == ["RITM-t3", "RITM-t2", "RITM-t1"]
    assert console.requests(None, ANY, "req_unknown", 9) == []


def test_grants_are_found_by_request_and_by_end(gate: Gate, console: SqliteConsole) -> None:
    (grant,) = gate.grants()
    assert dict(console.grants_of([grant.request, "req_none"])) == {grant.request: [grant]}
    assert console.held(None, "", 9) == console.held("alice", "", 9) == [grant]
    assert console.held("bob", "", 9) == console.held(None, grant.id, 9) == []


def test_deliveries_come_newest_first(console: SqliteConsole) -> None:
    states = [one.state for one in console.deliveries("", "", 9)]
    assert states == ["quarantined", "processed", "processed", "processed"]
    (parked,) = console.deliveries("quarantined", "", 9)
    assert len(console.deliveries("", parked.id, 9)) == 3
    assert console.deliveries("", "dlv_none", 9) == []


def test_what_waits_for_an_approver_is_theirs_and_not_decided(console: SqliteConsole) -> None:
    ((link, request),) = console.undecided("bob", 9)
    assert (request.ticket_number, link.approver) == ("RITM-t2", "bob")
    assert console.undecided("alice", 9) == []
    mail = console.last_commands(CommandKind.MAIL_LINK, [link.id, "lnk_none"])
    assert {name: one.last_outcome for name, one in mail.items()} == {link.id: "sent"}


def test_what_waits_for_roles_is_counted(console: SqliteConsole) -> None:
    found = console.counts()
    assert (found.uncertain, found.quarantined) == (0, 1)
    assert found.exceptions >= 0


def test_the_records_of_a_request_are_those_that_name_it(
    gate: Gate, console: SqliteConsole
) -> None:
    (grant,) = gate.grants()
    found = console.records(grant.request, [grant.id], 99)
    named = [
        one["_seq"]
        for one in gate.records()
        if one.get("request") == grant.request or one.get("about") == grant.id
    ]
    assert len(named) > 5
    assert [index for index, _ in found] == named
    assert [index for index, _ in console.records(grant.request, [], 2)] == named[-2:]


def test_no_list_reads_a_whole_table(gate: Gate) -> None:
    """Each query goes by an index; deliveries by their number."""
    asked: list[str] = []
    connection = schema.connect(gate.path, read_only=True)
    connection.set_trace_callback(asked.append)
    console = SqliteConsole(connection)
    everything = RequestFilter("blocked", "s", "e", frozenset({"alice"}))
    for whose in (None, "alice"):
        console.requests(whose, everything, "req_1", 9)
        console.requests(whose, ANY, "", 9)
        console.held(whose, "grt_1", 9)
    console.grants_of(["req_1"])
    console.undecided("bob", 9)
    console.last_commands(CommandKind.MAIL_LINK, ["lnk_1"])
    console.records("req_1", ["lnk_1"], 9)
    console.subjects(["act_1"])
    console.counts()
    connection.set_trace_callback(None)
    for sql in asked:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
        scans = [one.split()[1] for one in plan if one.startswith("SCAN") and "INDEX" not in one]
        assert all(one in {"json_each", "CONSTANT"} or one[0] == "(" for one in scans), (sql, plan)
    connection.close()

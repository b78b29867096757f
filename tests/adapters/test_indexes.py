"""What pages and housekeeping ask is answered from an index, however much lies in the past."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.operations.kit import Gate, folder

from ticketgate.adapters.sqlite import schema
from ticketgate.adapters.sqlite.console_tables import PEOPLE_MANY
from ticketgate.adapters.sqlite.indexes import UNENDED
from ticketgate.adapters.sqlite.transaction import SqliteReading
from ticketgate.domain.grants.grant import ENDED
from ticketgate.ports import RequestFilter

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
Ask = Callable[[SqliteReading], object]
# Each with the index that its rows come from.
ASKED: dict[str, tuple[str, Ask]] = {
    "a ticket by its number": ("ticket_number", lambda r: r.tickets.named("RITM-1")),
    "deliveries of a ticket": ("delivery_ticket", lambda r: r.deliveries.of_ticket("s", "t1")),
    "a delivery by its id": ("delivery_id", lambda r: r.deliveries.get("dlv_1")),
    "what waits of a ticket": ("delivery_waiting", lambda r: r.deliveries.backlog("s", "t1")),
    "what is released of it": ("delivery_released", lambda r: r.deliveries.backlog("s", "t1")),
    "unsettled tickets": ("delivery_parked", lambda r: r.deliveries.unsettled("s", 0, 9)),
    "deliveries of a state": (
        "delivery_of_state",
        lambda r: r.console.deliveries("quarantined", "", 9),
    ),
    "grants that are not ended": (
        "grant_unended",
        lambda r: r.grants.matching(subject=None, target=None),
    ),
    "what they hold": ("grant_unended", lambda r: r.grants.held()),
    "their number": ("grant_unended", lambda r: r.grants.count_unended()),
    "who has access": ("grant_living", lambda r: r.grants.holders()),
    "access beside parked ones": ("grant_living", lambda r: r.grants.beside_parked()),
    "requests of a state": (
        "request_of_state",
        lambda r: r.console.requests(None, RequestFilter("denied"), "", 9),
    ),
    "requests of a source": (
        "request_of_source",
        lambda r: r.console.requests(None, RequestFilter("", "s"), "", 9),
    ),
    "requests of an entitlement": (
        "request_of_entitlement",
        lambda r: r.console.requests(None, RequestFilter("", "", "db"), "", 9),
    ),
    "the same in a search": (
        "request_of_entitlement",
        lambda r: r.requests.of_entitlement("db", 9),
    ),
    "requests put to somebody": ("link_put_to", lambda r: r.requests.put_to("bob", 9)),
    "requests they decided": ("approval_by", lambda r: r.requests.put_to("bob", 9)),
    "requests of somebody": ("approval_behalf", lambda r: r.requests.of_person("bob", 9)),
    "requests of a ticket": ("request_ticket", lambda r: r.requests.of_ticket(("s", "t", "1"))),
    "requests that are late": ("request_due", lambda r: r.requests.due(NOW)),
    "requests that wait": ("request_due", lambda r: r.console.waiting(["s"])),
    "requests that a limit holds": ("request_blocked", lambda r: r.pace.held_sources()),
    "those of a source": ("request_blocked", lambda r: r.pace.held("s", 9)),
    "how many of a code": ("exception_of", lambda r: r.exceptions.count("x")),
    "signals told before": (
        "exception_resolved",
        lambda r: r.signals.cases(["x"], NOW - timedelta(days=1)),
    ),
    "exceptions that wait": ("exception_waiting", lambda r: r.exceptions.waiting(9, "exc_1")),
    "tickets that wait": ("ticket_uncertain", lambda r: r.tickets.uncertain(9, "tkt_1")),
    "emergencies": ("emergency_begun", lambda r: r.emergencies.listed(9)),
    "more of them": ("emergency_begun", lambda r: r.emergencies.listed(9, "emg_1")),
    "asks for consent": ("emergency_asked", lambda r: r.emergencies.asks(NOW)),
    "whose emergencies": ("emergency_subject", lambda r: r.emergencies.concern(["bob"])),
}


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with folder() as path:
        made = Gate(path)
        yield made
        made.stop()


def plan_of(gate: Gate, ask: Ask) -> list[str]:
    """The steps of every query that is asked, as SQLite says it would take them."""
    asked: list[str] = []
    connection = schema.connect(gate.path)
    connection.set_trace_callback(asked.append)
    ask(SqliteReading(connection))
    connection.set_trace_callback(None)
    plans = [connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall() for sql in asked]
    connection.close()
    return [str(row[3]) for plan in plans for row in plan]


def whole_tables(plan: list[str]) -> list[str]:
    """The steps that read a table from end to end."""
    tables = ("request", "ticket", "delivery", "access_grant", "exception", "emergency",
              "link", "approval", "command", "evidence_entry")  # fmt: skip
    return [one for one in plan if any(one == f"SCAN {name}" for name in tables)]


@pytest.mark.parametrize("asked", ASKED)
def test_it_is_answered_from_its_index(gate: Gate, asked: str) -> None:
    index, ask = ASKED[asked]
    plan = plan_of(gate, ask)
    assert any(f"INDEX {index} " in f"{one} " for one in plan), plan
    assert whole_tables(plan) == []


def test_what_is_ended_for_the_tables_is_what_the_machine_ends_in() -> None:
    assert set(re.findall(r"'(\w+)'", UNENDED)) == {one.value for one in ENDED}


def test_a_query_without_an_index_would_be_seen(gate: Gate) -> None:
    with gate.db() as looking:
        db = looking.grants.__dict__["_db"]
    assert whole_tables(
        [row[3] for row in db.execute("EXPLAIN QUERY PLAN SELECT * FROM delivery WHERE effect=''")]
    ) == ["SCAN delivery"]


def test_of_many_people_the_newest_requests_are_read_one_by_one(gate: Gate) -> None:
    many = frozenset(f"p{number}" for number in range(PEOPLE_MANY + 1))
    plan = plan_of(gate, lambda r: r.console.requests(None, RequestFilter(people=many), "", 9))
    assert "SCAN request USING INDEX request_opened" in plan

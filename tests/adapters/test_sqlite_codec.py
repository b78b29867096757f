"""Tickets, requests and grants come back from their columns as they were."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.adapters.sqlite import codec, migrating, schema
from ticketgate.adapters.sqlite.transaction import SqliteReading
from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.domain.requests.access_request import AccessRequest, Party, RequestState, Shaper
from ticketgate.domain.tickets.identity_event import Tier
from ticketgate.domain.tickets.ticket import Missing, Reference, StateClass, Ticket

HOUR = timedelta(hours=1)
KEY = ("snow-prod", "sc_req_item", "9d38")

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TIMES = st.datetimes(timezones=st.just(UTC))
SECONDS = st.integers(0, 10**9)
REFERENCES = st.builds(Reference, st.none() | TEXT, st.none() | TEXT)
TICKETS = st.builds(
    Ticket,
    source=TEXT,
    table=TEXT,
    id=TEXT,
    version=st.none() | st.integers(0, 2**60),
    state=TEXT,
    state_class=st.sampled_from(StateClass),
    updated_by=TEXT,
    bound_to=TEXT,
    fields=st.dictionaries(TEXT, TEXT | REFERENCES | st.just(Missing.ABSENT), max_size=4),
    variables=st.none()
    | st.dictionaries(TEXT, TEXT | st.sampled_from([Missing.ABSENT, Missing.NULL]), max_size=4),
)
PARTIES = st.builds(Party, TEXT, TEXT)
SHAPERS = st.lists(st.builds(Shaper, TEXT, PARTIES), max_size=3).map(tuple)
WORDS = st.lists(TEXT, max_size=3).map(tuple)
REQUESTS = st.builds(
    AccessRequest,
    id=TEXT, version=st.just(1), state=st.sampled_from(RequestState), source=TEXT, table=TEXT,
    ticket_id=TEXT, ticket_number=TEXT, revision=SECONDS, entitlement=TEXT, target=TEXT,
    access=st.dictionaries(TEXT, TEXT, max_size=3), requester=PARTIES, beneficiary=PARTIES,
    shapers=SHAPERS, seconds=SECONDS, seconds_asked=st.none() | SECONDS,
    catalog_item=TEXT, reason=TEXT, tier=st.sampled_from(Tier), kinds=WORDS, rule_ids=WORDS,
    approve_rule=TEXT, salt=TEXT, material=TEXT, rules=TEXT, round=SECONDS, stage=SECONDS,
    opened_at=TIMES, decide_by=TIMES, reasons=WORDS, cut=st.none() | SECONDS,
    closed_at=st.none() | TIMES,
)  # fmt: skip
GRANTS = st.builds(
    Grant,
    id=TEXT, version=st.just(1), state=st.sampled_from(GrantState), request=TEXT, source=TEXT,
    table=TEXT, ticket_id=TEXT, entitlement=TEXT, target=TEXT,
    access=st.dictionaries(TEXT, TEXT, max_size=3), subject=TEXT, seconds=SECONDS,
    activate_by=TIMES, principal=st.none() | TEXT, native_ref=st.none() | TEXT,
    not_after=st.none() | TIMES, baseline=st.booleans(), cause=TEXT,
    late_until=st.none() | TIMES, ended_at=st.none() | TIMES,
)  # fmt: skip


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A file for many examples, each rolled back."""
    path = tmp_path_factory.mktemp("scratch") / "x.db"
    with closing(schema.connect(path)) as connection:
        migrating.migrate(connection)
        yield connection


# --- both ways ------------------------------------------------------------------------------------


@given(TICKETS, SHAPERS)
def test_a_ticket_comes_back_as_it_was(ticket: Ticket, shapers: tuple[Shaper, ...]) -> None:
    text = codec.ticket_text(ticket, shapers)
    assert (codec.ticket_of(text), codec.shapers_of(json.loads(text))) == (ticket, shapers)


@given(REQUESTS)
def test_a_request_comes_back_as_it_was(
    scratch: sqlite3.Connection, request_: AccessRequest
) -> None:
    scratch.execute("BEGIN")
    try:
        requests = SqliteReading(scratch).requests
        requests.save(request_)
        assert requests.get(request_.id) == request_
    finally:
        scratch.execute("ROLLBACK")


@given(GRANTS)
def test_a_grant_comes_back_as_it_was(scratch: sqlite3.Connection, grant_: Grant) -> None:
    scratch.execute("BEGIN")
    try:
        grants = SqliteReading(scratch).grants
        grants.save(grant_)
        assert grants.get(grant_.id) == grant_
        assert grants.sharing(grant_.holding) == ([] if grant_.principal is None else [grant_])
    finally:
        scratch.execute("ROLLBACK")

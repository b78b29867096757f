"""`exceptions`: listed with owner and age, shown with what was seen, as far as it is given."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

import pytest
from tests.cli.terminal import Terminal

from ticketgate.adapters.config.settings_file import load_where
from ticketgate.adapters.ids import RandomIds
from ticketgate.adapters.sqlite.store import SqliteStore, open_store
from ticketgate.domain.evidence import Disclosure
from ticketgate.operations.cases.exceptions import open_exception, resolve_exception
from ticketgate.wiring.commands import wall_time

SUBJECT = "account svc-mallory of snow-prod"


@contextmanager
def store_of(terminal: Terminal) -> Iterator[SqliteStore]:
    """The store of the folder, for what the gateway would write."""
    where = load_where(terminal.folder / "ticketgate.yaml")
    store = open_store(
        where.store, where.origin, RandomIds(), lambda _kept, _last: wall_time, lambda: None
    )
    store.start()
    try:
        yield store
    finally:
        store.stop()


@pytest.fixture
def case(terminal: Terminal) -> str:
    """An open exception of Carol's."""
    with store_of(terminal) as store:
        return store.write(
            partial(
                open_exception,
                code="automation_unowned",
                subject=SUBJECT,
                about="tkt_1",
                owner="person:carol",
                hidden=(Disclosure("account", "svc-mallory\x1b[2J"),),
            )
        ).id


def test_an_empty_list_says_so(terminal: Terminal) -> None:
    assert terminal("exceptions", "list").stdout == "no exceptions\n"
    assert terminal.json("exceptions", "list") == []


def test_they_are_listed_with_owner_and_age(terminal: Terminal, case: str) -> None:
    listed = terminal("exceptions", "list").stdout.splitlines()
    assert listed[0].split() == ["ID", "CODE", "SUBJECT", "OWNER", "STATE", "OPENED", "AGE"]
    assert listed[1].startswith(case)
    assert SUBJECT in listed[1]
    (row,) = terminal.json("exceptions", "list", "--state", "opened")
    assert (row["owner"], row["code"]) == ("person:carol", "automation_unowned")
    assert 0 <= row["age_seconds"] < 600
    assert terminal.json("exceptions", "list", "--state", "resolved") == []


def test_one_is_shown_with_what_was_seen(terminal: Terminal, case: str) -> None:
    shown = terminal("exceptions", "show", case).stdout
    assert "saw account: svc-mallory" in shown
    assert "\x1b" not in shown
    assert "neither directory nor policy knows" in shown
    document = terminal.json("exceptions", "show", case)
    assert document["values"] == {"subject": SUBJECT, "account": "svc-mallory\x1b[2J"}
    assert document["resolver"] == ""


def test_a_resolved_one_says_by_whom_and_when(terminal: Terminal, case: str) -> None:
    with store_of(terminal) as store:
        store.write(partial(resolve_exception, ident=case, person="carol", reason="ours"))
    assert terminal.json("exceptions", "show", case)["resolver"] == "person:carol"
    assert "person:carol" in terminal("exceptions", "show", case).stdout


def test_erased_and_unreadable_values_are_told_as_such(terminal: Terminal, case: str) -> None:
    where = load_where(terminal.folder / "ticketgate.yaml")
    with closing(sqlite3.connect(where.store)) as db:
        index = db.execute("SELECT idx FROM exception").fetchone()[0]
        db.execute("UPDATE exception SET subject = ''")
        db.execute("DROP TRIGGER disclosure_only_erased")
        db.execute("UPDATE evidence_disclosure SET encoded = 'x' WHERE idx = ?", (index,))
        db.execute(
            "UPDATE evidence_disclosure SET encoded = NULL WHERE rowid ="
            " (SELECT max(rowid) FROM evidence_disclosure)"
        )
        db.commit()
    assert "(erased)" in terminal("exceptions", "list").stdout
    assert list(terminal.json("exceptions", "show", case)["values"]) == ["unreadable"]


def test_one_that_does_not_exist_is_a_plain_no(terminal: Terminal, case: str) -> None:
    assert case
    done = terminal("exceptions", "show", "exc_none")
    assert done.exit_code == 1
    assert "there is no exception exc_none" in done.stderr

"""Replaying rebuilds the tables; every column that is compared is seen when it is edited."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from tests.operations.emergencies import form_of, invoke, policy_with, review
from tests.operations.kit import Gate, folder
from tests.operations.passkeys import BOB, Keys
from tests.operations.rebuilt import compared, rebuilt
from tests.operations.tickets import access_ticket, closed, edited, printer_incident, report_ticket

from ticketgate.adapters.sqlite import rebuilt_file, schema
from ticketgate.adapters.sqlite.evidence_tables import SqliteEvidence
from ticketgate.adapters.sqlite.held_rows import OF_CONTENT, PEOPLE, SAME, HeldRows
from ticketgate.domain.errors import StoreUnavailableError
from ticketgate.domain.grants.grant import GrantState
from ticketgate.domain.log.retention import Retention
from ticketgate.domain.verifying.rebuild import TABLES, Difference, differences
from ticketgate.domain.verifying.rebuilding import CannotReplayError, plain, rebuild
from ticketgate.operations.cases.exceptions import (
    assign_exception,
    open_exception,
    resolve_exception,
)
from ticketgate.operations.evidence.erase import Eraser, What

DAY: Final = timedelta(days=1)


def story(gate: Gate) -> None:
    """Everything that has a row: granted, denied, revoked, parked, claimed, looked at."""
    gate.deliver(printer_incident())
    gate.deliver(b'{"parent": "t1", "state": "approved"}')
    gate.deliver(b'{"no": "mapping"}')
    gate.deliver(access_ticket())
    gate.run_mail()
    gate.look("bob")
    gate.approve("bob", "carol")
    gate.settle()
    gate.deliver(closed(access_ticket()))
    gate.settle()
    gate.clock.at += timedelta(minutes=3)
    gate.deliver(access_ticket("t2"))
    gate.approve("bob", "carol")
    gate.settle()
    gate.deliver(report_ticket())
    gate.run_mail()
    gate.decide("erin", "deny")
    gate.deliver(access_ticket("t3"))
    gate.deliver(edited(access_ticket("t3"), reason="another"))
    case = gate.write(
        partial(open_exception, code="automation_unowned", subject="account svc", about="tkt_1")
    )
    gate.write(lambda tx, _: assign_exception(tx, ident=case.id, person="carol", to="bob"))
    gate.write(partial(resolve_exception, ident=case.id, person="carol", reason="ours"))
    Keys(gate).usable("bob", BOB)
    gate.restart(policy_with())
    review(gate, invoke(gate, form=form_of(gate, "bob", drill=True)))


@pytest.fixture(scope="module")
def told() -> Iterator[Path]:
    with folder() as path:
        gate = Gate(path)
        story(gate)
        gate.stop()
        assert compared(gate) == []
        yield gate.path


def copied(path: Path) -> sqlite3.Connection:
    """The database in memory, for editing."""
    made = sqlite3.connect(":memory:", isolation_level=None)
    with closing(sqlite3.connect(path)) as there:
        there.backup(made)
    return made


def found(path: Path, *edits: str) -> list[Difference]:
    with closing(copied(path)) as db:
        for edit in edits:
            assert db.execute(edit).rowcount > 0, edit
        return list(differences(rebuilt(db), HeldRows(db)))


def edits() -> list[tuple[str, str, str]]:
    """(table, column as it is reported, the edit): each column of each table once."""
    listed = [("actor", "subject", "UPDATE actor SET subject = 'mallory' WHERE rowid = 1")]
    numbers = {"seq", "idx", "revision", "delivery_seq", "version", "round", "stage", "seconds"}
    numbers |= {"drill", "within"}
    for table, names in SAME.items():
        for name in names:
            value = f"{name} + 1000" if name in numbers else f"coalesce({name}, '') || 'x'"
            where = f"rowid = (SELECT max(rowid) FROM {table})"  # noqa: S608 -- fixed names
            if table == "request":
                where = "state = 'awaiting'"
            listed.append((table, name, f"UPDATE {table} SET {name} = {value} WHERE {where}"))  # noqa: S608 -- fixed names
    for table, names in OF_CONTENT.items():
        listed += [
            (
                table,
                name,
                f"UPDATE {table} SET content = json_set(content, '$.{name}', 'x') WHERE rowid = 1",  # noqa: S608 -- as above
            )
            for name in names
        ]
    for table, name in ((table, name) for table, names in PEOPLE.items() for name in names):
        last = f"rowid = (SELECT max(rowid) FROM {table})"  # noqa: S608 -- as above
        listed.append((table, name, f"UPDATE {table} SET {name} = 'mallory' WHERE {last}"))  # noqa: S608 -- as above
    for name, place in (
        ("seconds", "seconds"),
        ("seconds", "cut"),
        ("tier", "tier"),
        ("requester", "requester[0]"),
        ("beneficiary", "beneficiary[0]"),
    ):
        edit = f"UPDATE request SET content = json_set(content, '$.{place}', 1) WHERE rowid = 1"  # noqa: S608 -- as above
        listed.append(("request", name, edit))
    listed.append(("delivery", "webhook", "UPDATE delivery SET webhook_id = 'x' WHERE seq = 1"))
    listed.append(
        ("ticket", "content", "UPDATE ticket SET content = json_set(content, '$.state', '9')")
    )
    listed.append(("request", "ticket", "UPDATE request SET ticket_id = 'x' WHERE rowid = 1"))
    return listed


@pytest.mark.parametrize(("table", "column", "edit"), edits(), ids=lambda one: str(one)[:60])
def test_an_edited_column_is_seen(told: Path, table: str, column: str, edit: str) -> None:
    seen = {(one.table, one.column) for one in found(told, edit)}
    assert (table, column) in seen or (table, "") in seen


@pytest.mark.parametrize("table", TABLES)
def test_a_row_that_is_gone_and_one_too_many_are_seen(told: Path, table: str) -> None:
    gone = found(told, f"DELETE FROM {table} WHERE rowid = (SELECT max(rowid) FROM {table})")  # noqa: S608 -- fixed names
    assert (table, "", "a row", None) in {
        (one.table, one.column, one.log, one.database) for one in gone
    }
    name = {"loaded": "kind", "approval": "round", "request_view": "hour"}.get(table, "id")
    value = "999" if name == "round" else "'x'"
    renamed = f"UPDATE {table} SET {name} = {value} WHERE rowid = (SELECT max(rowid) FROM {table})"  # noqa: S608 -- as above
    extra = found(told, renamed)
    assert (table, "", None, "a row") in {
        (one.table, one.column, one.log, one.database) for one in extra
    }


@pytest.mark.parametrize(
    "content", ["'['", "'[]'", "'{}'", '\'{"seconds":1,"cut":"x","tier":99}\'', "NULL"]
)
def test_content_that_cannot_be_read_is_seen(told: Path, content: str) -> None:
    seen = found(told, f"UPDATE request SET content = {content} WHERE rowid = 1")  # noqa: S608 -- as above
    assert {"material", "tier", "requester", "reason"} <= {one.column for one in seen}


def test_a_subject_that_is_an_actor_is_not_that_actor(told: Path) -> None:
    sql = "UPDATE access_grant SET subject = (SELECT id FROM actor WHERE subject = 'alice')"
    assert {(one.table, one.column) for one in found(told, sql)} == {("access_grant", "subject")}


# --- erasure ---------------------------------------------------------------------------------


def erase(gate: Gate, what: What) -> None:
    Eraser(gate.store, Retention(decisions=DAY), gate.clock.now).erase(what, "os:0@host", "x")


def test_what_was_erased_compares_as_erased(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.approve("bob", "carol")
    gate.settle()
    gate.deliver(closed(access_ticket()))
    gate.settle()
    assert gate.grant_states() == [GrantState.REVOKED.value]
    gate.clock.at += 2 * DAY
    for what in (What(person="alice"), What(person="bob")):
        erase(gate, what)
        assert compared(gate) == []
    with closing(copied(gate.path)) as db:
        db.execute("UPDATE request SET content = json_set(content, '$.reason', 'a reason')")
        (one,) = differences(rebuilt(db), HeldRows(db))
    assert (one.column, one.log, one.database) == ("reason", None, "a reason")


def test_one_record_of_several_may_be_erased(gate: Gate) -> None:
    gate.deliver(report_ticket())
    gate.run_mail()
    gate.decide("erin", "deny")
    gate.deliver(closed(report_ticket()))
    for record in gate.records("request.opened", "request.denied", "ticket.classified"):
        erase(gate, What(record=record["_seq"]))
        assert compared(gate) == []


# --- a file to look at -----------------------------------------------------------------------


def test_the_rebuilt_tables_stand_in_a_file_of_the_same_schema(told: Path, tmp_path: Path) -> None:
    with closing(copied(told)) as db:
        made = rebuilt(db)
        rebuilt_file.write(made, tmp_path / "rebuilt.db")
        with closing(schema.connect(tmp_path / "rebuilt.db", read_only=True)) as there:
            for table in TABLES:
                count = f"SELECT count(*) FROM {table}"  # noqa: S608 -- fixed names
                assert there.execute(count).fetchone() == db.execute(count).fetchone()
            for sql in (
                "SELECT id, subject, state, not_after FROM access_grant ORDER BY id",
                "SELECT id, source, tbl, ticket_id, state, decide_by FROM request ORDER BY id",
                "SELECT id, ticket_id, verdict, revision FROM ticket ORDER BY id",
                "SELECT request, round, approver, decision FROM approval ORDER BY idx",
                "SELECT json_extract(content, '$.reason') FROM request ORDER BY id",
            ):
                assert there.execute(sql).fetchall() == db.execute(sql).fetchall()
    with pytest.raises(StoreUnavailableError, match="is there already"):
        rebuilt_file.write(made, tmp_path / "rebuilt.db")


def test_what_was_erased_is_null_there(gate: Gate, tmp_path: Path) -> None:
    gate.deliver(report_ticket())
    gate.deliver(closed(report_ticket()))
    gate.clock.at += 2 * DAY
    erase(gate, What(person="alice"))
    with closing(copied(gate.path)) as db:
        rebuilt_file.write(rebuilt(db), tmp_path / "rebuilt.db")
    with closing(schema.connect(tmp_path / "rebuilt.db", read_only=True)) as there:
        ident, content = there.execute("SELECT ticket_id, content FROM ticket").fetchone()
        (request,) = there.execute("SELECT content FROM request").fetchone()
        subjects = {row[0] for row in there.execute("SELECT subject FROM actor")}
    assert (ident[:4], content) == ("tkt_", None)
    assert json.loads(request)["reason"] is None
    assert "alice" not in subjects


# --- logs that cannot be replayed ------------------------------------------------------------


def test_a_log_that_cannot_be_read_is_not_replayed(told: Path) -> None:
    with closing(copied(told)) as db:
        db.execute("DROP TRIGGER evidence_no_update")
        db.execute("UPDATE evidence_entry SET entry = x'7b7d' WHERE idx = 3")
        with pytest.raises(CannotReplayError, match="entry 3"):
            rebuilt(db)
    with closing(copied(told)) as db:
        db.execute("DROP TRIGGER disclosure_only_erased")
        db.execute("UPDATE evidence_disclosure SET encoded = '!' WHERE rowid = 1")
        with pytest.raises(CannotReplayError):
            rebuilt(db)


def test_values_are_told_as_json() -> None:
    assert [plain(one) for one in (None, "x", 1, b"x", ["x"])] == [None, "x", 1, "b'x'", "['x']"]


def test_disclosures_of_no_entry_are_passed(told: Path) -> None:
    assert rebuild([], [("d", 3, None)], None).tables["actor"] == {}
    with closing(copied(told)) as db:
        (entry,) = SqliteEvidence(db).entries(5, 6)
    assert rebuild([entry], [("d", 3, "!"), ("e", 9, "!")], None).tables

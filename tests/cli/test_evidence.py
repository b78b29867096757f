"""`evidence`: separate verdicts over the live log, and records that can be read."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.e2e.stage import Stage

from ticketgate.domain.evidence import leaf_hash
from ticketgate.wiring.commands import new_signing_key

pytestmark = pytest.mark.slow

BUILT = "structure,semantics,disclosures"


@pytest.fixture(scope="session")
def log(live: Stage) -> Path:
    """A configuration whose database holds a whole story; the gateway runs on."""
    with live.asked() as record:
        live.given(record)
    return live.world.config


@pytest.fixture
def copy(log: Path, tmp_path: Path) -> Terminal:
    """A copy of that database, with keys and checkpoints, that can be tampered with."""
    shutil.copytree(log / "secrets", tmp_path / "secrets")
    shutil.copytree(log / "data" / "checkpoints", tmp_path / "data" / "checkpoints")
    shutil.copy(log / "ticketgate.yaml", tmp_path)
    with (
        closing(sqlite3.connect(log / "data" / "ticketgate.db")) as there,
        closing(sqlite3.connect(tmp_path / "data" / "ticketgate.db")) as here,
    ):
        there.backup(here)
    return Terminal(tmp_path)


def tamper(terminal: Terminal, *statements: str, index: str = "0") -> None:
    """Change the database behind the log's back, as its owner can; `:index` is bound."""
    with closing(sqlite3.connect(terminal.folder / "data" / "ticketgate.db")) as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            database.execute(statement, {"index": index})
        database.commit()


def test_the_live_log_is_verified_while_the_gateway_runs(log: Path) -> None:
    done = Terminal(log)("evidence", "verify")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:-2]] == [
        ["STRUCTURE", "holds"],
        ["SIGNED", "holds:"],
        ["DISCLOSURES", "holds:"],
        ["SEMANTICS", "holds"],
        ["ANCHORED", "none:"],
        ["POLICY", "none:"],
        ["COMPLETENESS", "none:"],
        ["STATE", "holds"],
    ]
    assert re.fullmatch(
        r"\d+ records of gate\.example\.com/evidence, root \w{64}, last leaf \w{64}", lines[-2]
    )
    assert lines[-1].startswith("keys: the operator's own word")
    assert "valid" not in done.stdout


def test_what_nobody_vouches_for_cannot_be_required(log: Path) -> None:
    done = Terminal(log)("evidence", "verify", "--require", "structure,anchored")
    assert done.exit_code == 4
    assert "not enough to judge by: anchored" in done.stderr
    assert Terminal(log).json("evidence", "verify", "--require", "anchored", code=4)["exit"] == 4


def test_unsigned_records_are_told_when_no_gateway_runs_to_sign_them(copy: Terminal) -> None:
    size = copy.json("evidence", "verify", "--require", "structure")["size"]
    latest = copy.folder / "data" / "checkpoints" / "latest"
    kept = min(latest.parent.glob("[0-9]*"))
    latest.write_bytes(kept.read_bytes())
    done = copy("evidence", "verify")
    assert done.exit_code == 4
    assert (
        f"SIGNED       partial: up to {kept.name} records, {size - int(kept.name)}" in done.stdout
    )


def test_what_is_said_to_be_required_really_is_what_is_asked_for(log: Path) -> None:
    report = Terminal(log).json("evidence", "verify", "--require", " Structure, semantics ")
    assert report["required"] == ["structure", "semantics", "state"]
    assert (report["exit"], report["unsigned"]) == (0, report["size"] - report["signed_to"])
    assert {one["name"] for one in report["verdicts"] if one["holds"]} == {
        *("structure", "signed", "disclosures", "semantics", "state"),
    }
    assert report["disclosures"]["given"] > 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--require", "structur"], "no such verdict: structur"),
        (["--require", ""], "no such verdict: none is named"),
        (["--base", "."], "--base goes with the PATH of a bundle"),
    ],
)
def test_what_cannot_be_meant_is_refused(terminal: Terminal, words: list[str], reason: str) -> None:
    done = terminal("evidence", "verify", *words)
    assert done.exit_code == 2
    assert reason in done.stderr
    assert not done.stdout


def test_an_edited_record_is_found_with_its_index(copy: Terminal) -> None:
    tamper(
        copy,
        "UPDATE evidence_entry SET entry = CAST(CAST(entry AS TEXT) || ' ' AS BLOB) WHERE idx = 3",
    )
    done = copy("evidence", "verify", "--require", BUILT)
    assert done.exit_code == 1
    assert "STRUCTURE    FAILS: first bad index 3" in done.stdout
    assert "#3: the stored leaf is not the hash of the entry" in done.stdout
    assert "does not hold: structure" in done.stderr
    report = copy.json("evidence", "verify", code=1)
    (structure,) = [one for one in report["verdicts"] if one["name"] == "structure"]
    assert structure["first_bad"] == 3
    assert structure["faults"][0]["index"] == 3


def test_a_swapped_disclosure_fails_whatever_is_required(copy: Terminal) -> None:
    tamper(copy, "UPDATE evidence_disclosure SET encoded = encoded || 'A' WHERE rowid = 1")
    done = copy("evidence", "verify", "--require", "structure")
    assert done.exit_code == 1
    assert "does not hold: disclosures" in done.stderr


def test_missing_disclosures_are_a_fault_of_the_live_database(copy: Terminal) -> None:
    tamper(copy, "DELETE FROM evidence_disclosure")
    done = copy("evidence", "verify", "--require", BUILT)
    assert done.exit_code == 1
    assert "a disclosure is missing: its row is not there" in done.stdout


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (
            "UPDATE access_grant SET not_after = '2030-01-01T00:00:00.000000Z'",
            "the grant's not_after in the tables is not the log's",
        ),
        ("UPDATE access_grant SET state = 'planned'", "the grant's state in the tables"),
        ("UPDATE access_grant SET content = '['", "the grant's seconds in the tables"),
        (
            "UPDATE access_grant SET content = json_set(content, '$.baseline', json('true'))",
            "the grant's baseline in the tables",
        ),
        ("UPDATE access_grant SET subject = 'mallory'", "the grant's subject in the tables"),
        ("DELETE FROM access_grant", "the tables do not have this grant"),
        ("UPDATE request SET decide_by = decide_by || '9'", "the request's decide_by in the"),
        ("UPDATE request SET content = NULL", "the request's material in the tables"),
        ("UPDATE ticket SET verdict = 'uncertain'", "the ticket's state in the tables"),
        ("UPDATE delivery SET id = 'dlv_0' WHERE seq = 1", "the tables have a delivery that the"),
    ],
)
def test_tables_edited_behind_the_logs_back_are_found(
    copy: Terminal, statement: str, fault: str
) -> None:
    tamper(copy, statement)
    done = copy("evidence", "verify", "--require", "structure,semantics")
    assert done.exit_code == 1
    assert "STATE        FAILS" in done.stdout
    assert fault in done.stdout
    assert "does not hold: state" in done.stderr


def test_a_reader_who_leaves_early_gets_no_message(log: Path) -> None:
    """As `| head` does. The answer was not read, so the exit code is none of the answers."""
    program = Path(sys.executable).with_name("ticketgate")
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [program, "--config", log, "evidence", "verify"],
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (3, b"")


def test_a_log_that_was_never_opened_is_said_to_be_so(terminal: Terminal) -> None:
    done = terminal("evidence", "verify", "--require", BUILT)
    assert done.exit_code == 3
    assert "the log is not opened yet" in done.stderr
    assert "next: `ticketgate serve` opens it" in done.stderr
    assert not done.stdout


def test_a_log_that_was_emptied_is_not_one_that_was_never_opened(copy: Terminal) -> None:
    tamper(
        copy,
        "DELETE FROM evidence_entry",
        "DELETE FROM evidence_disclosure",
        "DELETE FROM evidence_head",
    )
    done = copy("evidence", "verify", "--require", BUILT)
    assert done.exit_code == 1
    assert "the log is empty: entry 0 is missing" in done.stdout


def test_a_pruned_segment_that_is_none_is_a_fault_and_ends(copy: Terminal) -> None:
    tamper(copy, "INSERT INTO evidence_pruned VALUES (0, x'00')")
    assert copy("evidence", "verify", "--require", BUILT).exit_code == 1
    assert copy("evidence", "replay").exit_code in {1, 3}


def test_what_the_document_says_prints_the_log(log: Path) -> None:
    """Its lines, fed to sqlite, give what the chain is made of; every field found is explained."""
    document = (Path(__file__).parents[2] / "docs" / "evidence-format.md").read_text()
    entries, disclosures, head = re.findall(r"^sqlite3 .*?'(SELECT .*?)'", document, re.MULTILINE)
    with closing(sqlite3.connect(log / "data" / "ticketgate.db")) as database:
        told = [line for (line,) in database.execute(entries)]
        hidden = database.execute(disclosures).fetchall()
        size, leaf = database.execute(head).fetchone()
    assert (size, leaf) == (len(told), leaf_hash(told[-1].encode()).hex())
    assert {digest for digest, _, _ in hidden} == {
        digest for line in told for digest in json.loads(line).get("sd", [])
    }
    explained = set(re.findall(r"`(\w+)`", document.split("## Record types")[1]))
    assert {name for line in told for name in json.loads(line)} - explained <= {
        "_prev", "_seq", "_ts", "sd", "type",
    }  # fmt: skip


def test_tampering_outweighs_the_missing_signature(copy: Terminal) -> None:
    tamper(copy, "DELETE FROM evidence_entry WHERE idx = 2")
    assert copy("evidence", "verify").exit_code == 1


def test_another_logs_database_cannot_stand_in(copy: Terminal) -> None:
    copy.edit("ticketgate.yaml", "origin: gate.example.com/evidence", "origin: other/evidence")
    new_signing_key(copy.folder, copy.folder / "secrets" / "signing.key")
    done = copy("evidence", "verify", "--require", "structure")
    assert done.exit_code == 1
    assert "FAILS: first bad index 0" in done.stdout


def test_many_faults_are_counted_and_the_first_are_shown(copy: Terminal) -> None:
    tamper(copy, "UPDATE evidence_entry SET leaf = x'00'")
    done = copy("evidence", "verify", "--require", "structure")
    assert done.stdout.count("the stored leaf is not") == 20
    assert re.search(r"\n +and \d+ more\n", done.stdout)


def test_bytes_that_are_no_text_are_a_fault_and_hide_nothing(copy: Terminal) -> None:
    tamper(copy, "UPDATE evidence_disclosure SET encoded = CAST(x'ff1b' AS TEXT) WHERE rowid = 1")
    done = copy("evidence", "verify", "--require", BUILT)
    assert done.exit_code == 1
    assert "DISCLOSURES  FAILS" in done.stdout
    assert "STRUCTURE    holds" in done.stdout


def test_a_half_written_page_is_unreadable_and_said_so(copy: Terminal) -> None:
    path = copy.folder / "data" / "ticketgate.db"
    data = bytearray(path.read_bytes())
    data[8192:] = b"\x07" * (len(data) - 8192)
    path.write_bytes(data)
    done = copy("evidence", "verify", "--require", BUILT)
    assert done.exit_code == 3
    assert "cannot be read: " in done.stderr


def test_a_database_of_a_newer_version_is_left_alone(copy: Terminal) -> None:
    tamper(copy, "PRAGMA user_version = 99")
    done = copy("evidence", "verify")
    assert done.exit_code == 3
    assert "has schema 99" in done.stderr


# --- records -------------------------------------------------------------------------------------


def index_of(live: Stage, kind: str) -> str:
    """The index of the newest record of a type."""
    return str(live.entries(kind)[-1]["_seq"])


def test_a_record_is_shown_with_what_it_hides(live: Stage, log: Path) -> None:
    index = index_of(live, "decision.recorded")
    done = Terminal(log)("evidence", "show", index)
    assert done.exit_code == 0
    assert done.stdout.startswith(f"gate.example.com/evidence#{index}\nleaf ")
    assert '"type": "decision.recorded"' in done.stdout
    assert "the billing migration is planned for tonight" in done.stdout
    found = Terminal(log).json("evidence", "show", index)
    assert found["record"]["_seq"] == int(index)
    assert {"justification"} <= {one["name"] for one in found["disclosures"]}
    following = Terminal(log).json("evidence", "show", str(int(index) + 1))
    assert following["record"]["_prev"] == found["leaf"]


def test_an_erased_disclosure_is_shown_as_erased(copy: Terminal, live: Stage) -> None:
    index = index_of(live, "decision.recorded")
    tamper(copy, "UPDATE evidence_disclosure SET encoded = NULL WHERE idx = :index", index=index)
    done = copy("evidence", "show", index)
    assert re.search(r"disclosure \S{43}: erased\n", done.stdout)
    assert "billing migration" not in done.stdout
    shown = copy("evidence", "verify", "--require", BUILT)
    assert shown.exit_code == 1
    assert f"#{index}: a disclosure is erased, and no record says so" in shown.stdout


def test_a_record_that_was_tampered_with_is_shown_inert(copy: Terminal, live: Stage) -> None:
    index = index_of(live, "decision.recorded")
    tamper(
        copy,
        "UPDATE evidence_entry SET entry = x'1b5b324aff' WHERE idx = :index",
        "UPDATE evidence_disclosure SET encoded = '!!' WHERE idx = :index",
        index=index,
    )
    done = copy("evidence", "show", index)
    assert done.exit_code == 0
    assert "\x1b" not in done.stdout
    assert "unreadable: " in done.stdout
    assert json.loads(copy("evidence", "show", index, "--json").stdout)["index"] == int(index)


def test_a_record_that_is_not_bytes_is_a_no(copy: Terminal) -> None:
    tamper(
        copy,
        "ALTER TABLE evidence_entry RENAME TO kept",
        "CREATE TABLE evidence_entry (idx INTEGER PRIMARY KEY, leaf BLOB, entry TEXT)",
        "INSERT INTO evidence_entry VALUES (0, x'00', 'text')",
    )
    done = copy("evidence", "show", "0")
    assert done.exit_code == 1
    assert "#0 is not bytes" in done.stderr


def test_a_record_that_is_not_there_is_a_no(log: Path) -> None:
    done = Terminal(log)("evidence", "show", "999999")
    assert done.exit_code == 1
    assert "gate.example.com/evidence#999999 does not exist" in done.stderr

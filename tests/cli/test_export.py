"""`evidence export`, `proof`, `checkpoint`: by the running gateway, and without one."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.terminal import Terminal
from tests.e2e.stage import Stage
from tests.filled import fill
from tests.keys import ORIGIN

from ticketgate.adapters.keys import ed25519
from ticketgate.adapters.process.instance_lock import InstanceLock
from ticketgate.cli.evidence.export import Progress
from ticketgate.domain.evidence import parse_entry
from ticketgate.domain.log.checkpoint import parse_checkpoint
from ticketgate.domain.log.note import parse_vkey
from ticketgate.domain.log.tlog_proof import parse_tlog_proof
from ticketgate.wiring.commands import look

pytestmark = pytest.mark.slow


@pytest.fixture
def filled(terminal: Terminal) -> Terminal:
    """A configuration with a log of 300 records, and no gateway."""
    fill(terminal.folder / "data/ticketgate.db", ORIGIN, 300)
    return terminal


def last_record(terminal: Terminal) -> dict[str, Any]:
    with look(terminal.folder) as seen:
        size = seen.evidence.tree().size
        entry = seen.evidence.entry(size - 1)
    assert entry is not None
    return dict(parse_entry(entry))


def verified(place: Path) -> None:
    """The verifier that came with the copy, run as its README says, and the other one."""
    done = subprocess.run(
        [sys.executable, "-I", str(place / "verify.py"), str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    second = Terminal(Path("nowhere"))("evidence", "verify", str(place))
    assert second.exit_code == 0, second.output


def test_a_copy_is_made_without_a_gateway_recorded_and_verified(filled: Terminal) -> None:
    place = filled.folder.parent / "copy"
    done = filled("evidence", "export", str(place), "--tiles")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"300 records of {ORIGIN} in ")
    assert done.stderr == ""  # nobody watches, and it was fast
    assert "37 disclosures, 0 receipts" in done.stdout
    verified(place)
    record = last_record(filled)
    assert (record["type"], record["size"], record["_seq"]) == ("evidence.exported", 300, 300)
    assert str(record["by"]).startswith("os:")
    newest = parse_checkpoint((filled.folder / "data/checkpoints/latest").read_bytes())
    assert newest.checkpoint.size == 301  # the record of the copy is signed as well


def test_a_later_export_extends_the_copy(filled: Terminal) -> None:
    place = filled.folder.parent / "copy"
    assert filled("evidence", "export", str(place)).exit_code == 0
    told = filled.json("evidence", "export", str(place))
    assert (told["size"], told["entries"], told["origin"]) == (301, 301, ORIGIN)
    verified(place)
    assert filled("evidence", "export", str(filled.folder.parent / "at once")).exit_code == 0
    assert (place / "checkpoints/300").is_file()


def test_no_secret_is_in_a_copy(filled: Terminal) -> None:
    place = filled.folder.parent / "copy"
    assert filled("evidence", "export", str(place), "--tiles").exit_code == 0
    secrets = [path.read_bytes().strip() for path in (filled.folder / "secrets").iterdir()]
    assert len(secrets) > 4
    for path in (one for one in place.rglob("*") if one.is_file()):
        data = path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
        assert not [secret for secret in secrets if secret in data], path


def test_a_folder_with_something_else_is_refused(filled: Terminal) -> None:
    place = filled.folder.parent / "copy"
    place.mkdir()
    (place / "letter.txt").write_text("hers")
    done = filled("evidence", "export", str(place))
    assert done.exit_code == 2
    assert "'letter.txt', which is no part of a copy [usage]" in done.stderr
    assert [one.name for one in place.iterdir()] == ["letter.txt"]
    (place / "letter.txt").unlink()
    (place / "origin").symlink_to(filled.folder / "secrets/signing.key")
    done = filled("evidence", "export", str(place))
    assert done.exit_code == 2
    assert "neither a file nor a folder" in done.stderr


def test_a_ticket_that_is_not_there_writes_nothing(filled: Terminal) -> None:
    place = filled.folder.parent / "copy"
    done = filled("evidence", "export", str(place), "--ticket", "INC404")
    assert done.exit_code == 1
    assert "no ticket INC404" in done.stderr
    assert not place.exists()


@pytest.mark.parametrize(
    "command", [("export", "copy"), ("proof", "0"), ("checkpoint",)], ids=lambda one: one[0]
)
def test_a_log_that_was_never_opened_has_nothing(
    terminal: Terminal, command: tuple[str, ...]
) -> None:
    done = terminal("evidence", *command)
    assert done.exit_code == 3
    assert "the log is not opened yet" in done.stderr
    assert not Path("copy").exists()


def test_a_receipt_stands_alone(filled: Terminal) -> None:
    done = filled("evidence", "proof", "8")
    assert done.exit_code == 0, done.output
    proof = parse_tlog_proof(done.stdout_bytes)
    assert proof.extra is not None
    assert (proof.index, parse_entry(proof.extra)["_seq"], proof.holds()) == (8, 8, True)
    out = filled.folder.parent / "8.tlog-proof"
    assert filled("evidence", "proof", "8", "--out", str(out)).exit_code == 0
    assert out.read_bytes() == done.stdout_bytes
    again = filled("evidence", "proof", "8", "--out", str(out))
    assert again.exit_code == 3  # nothing is overwritten


def test_a_record_that_is_not_there_has_no_receipt(filled: Terminal) -> None:
    done = filled("evidence", "proof", "300")
    assert done.exit_code == 1
    assert "there is no record 300" in done.stderr


def test_the_newest_checkpoint_is_printed_while_something_else_holds_the_lock(
    filled: Terminal,
) -> None:
    lock = InstanceLock(filled.folder / "data/instance.lock")
    try:
        done = filled("evidence", "checkpoint")
        assert done.exit_code == 3
        assert "[locked]" in done.stderr
    finally:
        lock.release()
    first = filled("evidence", "checkpoint").stdout_bytes
    lock = InstanceLock(filled.folder / "data/instance.lock")
    try:
        assert filled("evidence", "checkpoint").stdout_bytes == first
    finally:
        lock.release()
    assert parse_checkpoint(first).checkpoint.size == 300


def test_a_log_that_is_not_the_one_that_was_signed_is_not_copied(filled: Terminal) -> None:
    assert filled("evidence", "checkpoint").exit_code == 0
    for suffix in ("", "-wal", "-shm"):
        (filled.folder / f"data/ticketgate.db{suffix}").unlink(missing_ok=True)
    fill(filled.folder / "data/ticketgate.db", ORIGIN, 200)
    done = filled("evidence", "export", str(filled.folder.parent / "copy"))
    assert done.exit_code == 3
    assert "[rolled_back]" in done.stderr
    assert not (filled.folder.parent / "copy").exists()


# --- beside a running gateway ---------------------------------------------------------------------


def test_the_running_gateway_signs_and_records(live: Stage, beside: Terminal) -> None:
    key = parse_vkey(beside.json("keys", "show")[0]["vkey"])
    found = parse_checkpoint(beside("evidence", "checkpoint").stdout_bytes)
    line = found.note.lines[0]
    assert line.is_of(key)
    assert ed25519.verify(key.public, found.note.text.encode(), line.signature)
    place = live.world.folder / "copy"
    told = beside.json("evidence", "export", str(place))
    assert told["size"] >= found.checkpoint.size
    (record,) = [one for one in live.entries("evidence.exported") if one["size"] == told["size"]]
    assert record["_seq"] >= told["size"]
    verified(place)


def test_receipts_of_a_ticket_are_written_beside_the_log(live: Stage, beside: Terminal) -> None:
    with live.asked() as record:
        live.given(record)
    number = record.columns["number"]
    place = live.world.folder / "with receipts"
    told = beside.json("evidence", "export", str(place), "--ticket", number)
    names = sorted(path.name for path in (place / "proofs").iterdir())
    assert told["receipts"] == len(names) > 10
    types = set()
    for name in names:
        proof = parse_tlog_proof((place / "proofs" / name).read_bytes())
        assert proof.holds()
        assert name == f"{number}-{proof.index}.tlog-proof"
        assert proof.extra is not None
        types.add(parse_entry(proof.extra)["type"])
    assert types >= {
        "delivery.accepted", "ticket.classified", "request.opened", "decision.recorded",
        "grant.activated", "revocation.confirmed",
    }  # fmt: skip
    verified(place)
    shutil.rmtree(place)


# --- progress -------------------------------------------------------------------------------------


def test_progress_is_told_at_once_to_who_watches_and_at_most_twice_a_second(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    progress = Progress(lambda: now[0])
    for step in range(11):
        now[0] = step / 10
        progress.tell(step * 100, 1000)
    told = capsys.readouterr().err
    assert told.count("\r") == 3
    assert told.endswith("\r… 1000 of 1000 records, 100 %, 1000 records/s\n")


def test_progress_is_told_to_a_file_only_when_it_takes_long(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = [0.0]
    progress = Progress(lambda: now[0])
    for step in range(31):
        now[0] = step / 10
        progress.tell(500_000 + step, 1_000_000)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "… 500020 of 1000000 records, 50 %, 10 records/s"
    assert len(lines) == 3


def test_a_copy_says_what_it_leaves_out(filled: Terminal) -> None:
    fill(filled.folder / "data/ticketgate.db", ORIGIN, 65_536 + 10)
    place = filled.folder.parent / "copy"
    done = filled("evidence", "export", str(place), "--since", "65536")
    assert done.exit_code == 0
    assert "65536 records left out: only their leaf hashes are there" in done.stdout
    told = json.loads((place / "log/000001.jsonl").read_text().splitlines()[0])
    assert told["_seq"] == 65_536

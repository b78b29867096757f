"""Starting on a log that is not the one that was signed: what is found, kept, and completed."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.killer import DEAD
from tests.test_signed_start import beat, copy_of, put_back, signed
from tests.test_wiring import built, copied, is_whole, records, running

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.log.restore import Loss
from ticketgate.operations.desks.restore_desk import RestoreView
from ticketgate.operations.restoring.declare_restore import Heard, Said
from ticketgate.web.gateway_app import doors
from ticketgate.wiring.commands import this_user
from ticketgate.wiring.gateway import Gateway

WHY = "the disk died and there is no newer copy anywhere"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied(tmp_path / "config")


def rolled_back(folder: Path) -> tuple[int, int]:
    """A backup is put back: (records that both have, records that were signed)."""
    with running(folder) as gateway:
        backup = copy_of(folder, "backup.db")
        beat(gateway, 5)
    with closing(sqlite3.connect(backup)) as copy:
        kept: int = copy.execute("SELECT size FROM evidence_head").fetchone()[0]
    put_back(folder, backup)
    return kept, signed(folder).size


def declare(gateway: Gateway) -> int:
    """Bob and Carol declare it: the index of the record."""
    for person in ("bob", "carol"):
        view = gateway.restores.view(person)
        assert isinstance(view, RestoreView)
        heard = gateway.restores.declare(Said(person, view.shown, WHY))
        assert isinstance(heard, Heard), heard
        if heard.record is not None:
            return heard.record.index
    raise AssertionError("nothing was recorded")


def loss_of(gateway: Gateway) -> Loss:
    assert gateway.lost is not None
    return gateway.lost


def test_a_log_that_is_fine_is_not_opened_to_be_restored(folder: Path) -> None:
    with pytest.raises(TicketgateError, match="nothing to restore") as told:
        built(folder, restore=True)
    assert told.value.code == "usage"
    with running(folder):
        pass
    with pytest.raises(TicketgateError, match="nothing to restore"):
        built(folder, restore=True)


def test_what_was_found_first_is_what_is_declared_also_after_a_restart(folder: Path) -> None:
    kept, lost = rolled_back(folder)
    found: list[Loss] = []
    for _ in range(2):
        with running(folder, restore=True) as gateway:
            found.append(loss_of(gateway))
            well, told = gateway.readiness()["restore"]
            assert not well
            assert "rolled_back" in told
            beat(gateway, 9)  # longer than what was lost: still the same loss
            with pytest.raises(TicketgateError, match="signs nothing now"):
                gateway.carry_out(this_user(), {"do": "rotate_key"})
        assert signed(folder).size == lost
    assert found[0] == found[1]
    one = found[0]
    assert (one.code, one.kept, one.opened_size, one.lost_size) == ("rolled_back", kept, kept, lost)
    assert one.last_at is not None
    with pytest.raises(TicketgateError) as refused:
        built(folder)
    assert refused.value.code == "forked"


def test_the_declaration_forgets_the_lost_branch_and_signs_this_one(folder: Path) -> None:
    _, lost = rolled_back(folder)
    with running(folder, restore=True) as gateway:
        index = declare(gateway)
        assert signed(folder).size > index
        assert list((folder / "data/checkpoints").glob(f"lost-{lost}-*"))
        assert "start the gateway again" in gateway.readiness()["restore"][1]
    with running(folder) as gateway:
        assert gateway.lost is None
        assert "two operators end it" in gateway.readiness()["restore"][1]
    assert is_whole(folder)


def test_killed_between_declaration_and_forgetting_the_next_start_completes_it(
    folder: Path,
) -> None:
    _, lost = rolled_back(folder)
    killer = Path(__file__).with_name("killer.py")
    done = subprocess.run([sys.executable, str(killer), str(folder), "declare"], check=False)
    assert done.returncode == DEAD
    assert signed(folder).size == lost
    (declared,) = [one for one in records(folder) if one["type"] == "restore.declared"]
    with running(folder):
        assert list((folder / "data/checkpoints").glob(f"lost-{lost}-*"))
    assert signed(folder).size > declared["_seq"]
    assert is_whole(folder)
    with running(folder):
        pass


def test_killed_while_forgetting_the_rest_is_forgotten(folder: Path) -> None:
    """Kept sizes are moved away first, and the newest last: any part of it may be done."""
    _, lost = rolled_back(folder)
    memory = folder / "data" / "checkpoints"
    killer = Path(__file__).with_name("killer.py")
    subprocess.run([sys.executable, str(killer), str(folder), "declare"], check=False)
    name = f"lost-{lost}-{signed(folder).root.hex()[:16]}"
    (memory / name).write_bytes((memory / "latest").read_bytes())
    with running(folder):
        pass
    assert signed(folder).size != lost
    assert is_whole(folder)


def test_of_a_fork_only_what_a_kept_checkpoint_proves_is_common(folder: Path) -> None:
    with running(folder) as gateway:
        backup = copy_of(folder, "backup.db")
        beat(gateway, 2)
    theirs = (folder / "data/checkpoints").rename(folder / "true memory")
    put_back(folder, backup)
    with running(folder) as gateway:
        beat(gateway, 9)
    shutil.rmtree(folder / "data/checkpoints")
    theirs.rename(folder / "data/checkpoints")
    first = min(
        int(one.name) for one in (folder / "data/checkpoints").iterdir() if one.name.isdigit()
    )
    with running(folder, restore=True) as gateway:
        loss = loss_of(gateway)
        assert loss.code == "forked"
        assert loss.kept == first
        declare(gateway)
    with running(folder):
        pass
    assert is_whole(folder)


def test_a_database_that_is_gone_is_declared_lost_from_the_first_record(folder: Path) -> None:
    with running(folder):
        pass
    lost = signed(folder).size
    for path in (folder / "data").glob("ticketgate.db*"):
        path.unlink()
    with running(folder, restore=True) as gateway:
        loss = loss_of(gateway)
        assert (loss.kept, loss.missing, loss.last_at) == (0, (0, lost - 1), None)
        declare(gateway)
    assert is_whole(folder)


def test_a_checkpoint_that_the_backup_contradicts_makes_it_a_fork(folder: Path) -> None:
    kept, _ = rolled_back(folder)
    gateway = built(folder, restore=True)
    memory = folder / "data" / "checkpoints"
    (memory / str(kept)).write_bytes(
        (memory / "latest")
        .read_bytes()
        .replace(f"\n{signed(folder).size}\n".encode(), b"\n%d\n" % kept)
    )
    gateway.stop()
    gateway = built(folder, restore=True)
    code = loss_of(gateway).code
    gateway.stop()
    assert code == "forked"


def test_without_operators_a_restore_is_not_begun(tmp_path: Path) -> None:
    terminal = Terminal(copied(tmp_path / "gate"))
    path = terminal.folder / "ticketgate.yaml"
    path.write_text(path.read_text().partition("\nroles:")[0] + "\n")
    done = terminal("serve", "--restore")
    assert done.exit_code == 2
    assert "no operator is named [usage]" in done.stderr
    path.write_text("version: 2\n" + path.read_text())
    assert terminal("serve", "--restore").exit_code == 2


def test_the_doors_of_a_pending_restore_take_nothing(folder: Path) -> None:
    rolled_back(folder)
    gateway = built(folder, restore=True)
    try:
        assert doors(gateway) is not None
        assert {loop.name for loop in gateway._loops} >= {"mail", "provisions"}
    finally:
        gateway.stop()

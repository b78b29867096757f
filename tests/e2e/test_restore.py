"""A database from a backup, on real parts: refused, declared by two people, held, and ended."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests
from tests.e2e.stage import MAILS, Actor, Stage

from ticketgate.cli.demo.servers import Process, get
from ticketgate.cli.demo.snow import Record
from ticketgate.cli.demo.world import World

pytestmark = pytest.mark.slow

WHY = "the disk of the database died, and no newer copy was found anywhere"
OPERATORS = '["person:bob", "person:carol", "person:alice", "person:alice-admin"]'


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A world of its own, with four operators of whom two are one human."""
    made = Stage(World(tmp_path))
    try:
        path = made.world.config / "ticketgate.yaml"
        text, count = re.subn(r"(?m)^  operator: .*$", f"  operator: {OPERATORS}", path.read_text())
        assert count == 1
        path.write_text(text)
        yield made
    finally:
        made.close()


class Operator(Actor):
    """Somebody who tries the page of a restore."""

    home = ""


def serve(stage: Stage, *options: str) -> None:
    """Start the gateway; a restore keeps it from being ready, so only its life is waited for."""
    program = str(Path(sys.executable).with_name("ticketgate"))
    world = stage.world
    world.gateway = Process(
        [program, "--config", str(world.config), "serve", *options], world.folder / "gateway.log"
    )
    world.gateway.wait_ready(f"{world.url}/healthz")


def stop(stage: Stage) -> None:
    assert stage.world.gateway is not None
    assert stage.world.gateway.stop() == 0
    for actor in stage.cast.values():
        actor.close()
    stage.cast.clear()


def back_up(stage: Stage) -> Path:
    target = stage.world.folder / "backup.db"
    source = stage.world.config / "data" / "ticketgate.db"
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
    return target


def put_back(stage: Stage, backup: Path) -> None:
    data = stage.world.config / "data"
    for suffix in ("-wal", "-shm"):
        (data / f"ticketgate.db{suffix}").unlink(missing_ok=True)
    (data / "ticketgate.db").write_bytes(backup.read_bytes())


def refused_start(stage: Stage, *options: str) -> tuple[int, str]:
    program = str(Path(sys.executable).with_name("ticketgate"))
    done = subprocess.run(
        [program, "--config", str(stage.world.config), "serve", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr


def size_of(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        size: int = connection.execute("SELECT size FROM evidence_head").fetchone()[0]
    return size


def signed_size(stage: Stage) -> int:
    latest = stage.world.config / "data" / "checkpoints" / "latest"
    return int(latest.read_text().splitlines()[1])


def say(actor: Operator, do: str, **filled: str) -> tuple[int, str]:
    """Open the page, fill in its form, send it: (status, code of the problem)."""
    page = actor.open(f"{actor.home}/restore")
    assert page.status_code == 200, page.text
    form = actor.form("shown")
    assert form.fields["do"] == do
    return code_of(actor.send(form, **{"reason": WHY, **filled}))


def code_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"] if answer.status_code >= 400 else ""


def operator(stage: Stage, name: str) -> Operator:
    actor = stage.cast.get(name)
    if not isinstance(actor, Operator):
        actor = Operator(name, MAILS[name], stage.world.mailbox)
        actor.home = stage.world.url
        stage.cast[name] = actor
        first = actor.open(f"{stage.world.url}/restore")
        assert "Your mail address" in first.text
        assert "records" not in first.text
        before = len(stage.world.mailbox.mails)
        actor.post(actor.form("address"), address=actor.address)
        code = stage.world.mailbox.wait_for(actor.address, r"\b(\d{8})\b", before)
        landed = actor.post(actor.form("code"), code=code)
        assert landed.url.endswith("/restore")
    return actor


def checks(stage: Stage) -> dict[str, dict[str, object]]:
    answer = get(f"{stage.world.url}/readyz")
    found: dict[str, dict[str, object]] = answer.json()["checks"]
    return found


def test_a_restore_is_declared_by_two_people_and_holds_until_they_end_it(stage: Stage) -> None:
    stage.world.start()
    record = stage.world.snow.access_request()
    assert stage.tell(record) == "identity"
    old_link = stage.actor("bob").link_of(record.columns["number"])
    backup = back_up(stage)
    kept = size_of(backup)
    stage.given(record)
    assert stage.world.in_group()
    assert refused_start(stage, "--restore")[0] == 3  # it runs
    stop(stage)
    assert refused_start(stage, "--restore") == (2, _nothing_lost())
    lost = signed_size(stage)
    put_back(stage, backup)
    status, told = refused_start(stage)
    assert status == 3
    assert f"records #{kept} to #{lost - 1} are missing [rolled_back]" in told
    mails = len(stage.world.mailbox.mails)
    _declare(stage, record, old_link, (kept, lost))
    stop(stage)
    serve(stage)
    _held(stage, record, mails)
    _end(stage, record)
    stop(stage)
    verified = stage.look("evidence", "verify")
    assert verified["exit"] == 0


def _nothing_lost() -> str:
    return (
        "ticketgate: the log is the one that was signed; there is nothing to restore [usage]\n"
        "next: start it without --restore\n"
    )


def _declare(stage: Stage, record: Record, old_link: str, lost: tuple[int, int]) -> None:
    serve(stage, "--restore")
    assert stage.world.snow.post(record.edit(priority="1")).json()["code"] == "not_ready"
    assert not checks(stage)["restore"]["ok"]
    bob, carol, erin = (operator(stage, name) for name in ("bob", "carol", "erin"))
    answer = bob.browser.get(old_link, headers={"Accept": "application/json"}, timeout=15)
    assert code_of(answer) == (503, "restore_pending")
    page = bob.open(f"{bob.home}/restore").text
    assert f"records #{lost[0]} to #{lost[1] - 1}" in page
    assert f"{lost[1]} records, root" in page
    size = len(stage.entries())
    _refused(stage, bob, erin)
    assert say(bob, "declare") == (303, "")
    stop(stage)  # the first one's word survives
    serve(stage, "--restore")
    bob, carol = operator(stage, "bob"), operator(stage, "carol")
    assert "You have said so." in bob.open(f"{bob.home}/restore").text
    form = carol.form("shown")
    form.fields["csrf_token"] = bob.token()
    assert code_of(bob.send(form, reason=WHY)) == (403, "distinct_people")
    assert not stage.entries("restore.declared")
    assert len(stage.entries()) > size
    assert say(carol, "declare") == (303, "")
    (declared,) = stage.entries("restore.declared")
    assert (declared["kept"], declared["lost_size"]) == lost
    assert len(set(declared["by"])) == 2
    assert "Start the gateway again without" in carol.open(f"{carol.home}/restore").text
    memory = stage.world.config / "data" / "checkpoints"
    assert list(memory.glob(f"lost-{lost[1]}-*"))
    stage.wait("the new branch signed", lambda: signed_size(stage) > declared["_seq"])


def _refused(stage: Stage, bob: Operator, erin: Operator) -> None:
    """Nobody else can say it, and nobody without having read it."""
    answer = erin.browser.get(
        f"{erin.home}/restore", headers={"Accept": "application/json"}, timeout=15
    )
    assert code_of(answer) == (403, "not_operator")
    bob.open(f"{bob.home}/restore")
    form = bob.form("shown")
    assert code_of(bob.send(form, reason=WHY, shown="0" * 64)) == (409, "shown_changed")
    assert code_of(bob.send(form, reason="too short")) == (422, "reason")
    assert code_of(bob.send(form, reason=WHY, csrf_token="no"))[0] == 400
    text = (stage.world.config / "directory.yaml").read_text()
    mine = text[text.index("  bob:") : text.index("  carol:")]
    with stage.directory((mine, mine.replace("active: true", "active: false"))):
        assert code_of(bob.send(form, reason=WHY)) == (403, "approver_inactive")
    erin.open(f"{erin.home}/sign-in")
    form.fields["csrf_token"] = erin.token()
    assert code_of(erin.send(form, reason=WHY)) == (403, "not_operator")


def _held(stage: Stage, record: Record, mails: int) -> None:
    """Bob and Carol are asked anew, decide, and nothing is given."""
    assert not checks(stage)["restore"]["ok"]
    number = record.columns["number"]
    for name in ("bob", "carol"):
        actor = operator(stage, name)
        page = actor.open(actor.link_of(number, mails))
        assert "Approved access waits until the restore is ended" in page.text
        assert actor.approval(actor.form("decision")) == (303, "")
    (request,) = stage.requests(record)
    assert request["state"] == "approved"
    stage.wait("the hold", lambda: "restore_hold" in stage.command("grants", "list"))
    assert stage.grant(record)["state"] == "planned"


def _end(stage: Stage, record: Record) -> None:
    alice, admin, bob = (operator(stage, name) for name in ("alice", "alice-admin", "bob"))
    stage.wait("comparing", lambda: len(stage.entries("drift.found")) >= 2)
    stage.wait(
        "every place", lambda: "Not compared yet" not in bob.open(f"{bob.home}/restore").text
    )
    assert stage.world.alice in bob.text  # given after the backup; nobody here can explain it
    assert "SG-PROD" not in bob.text
    stale = bob.form("shown")
    scim = stage.world.scim
    patch = {"op": "remove", "path": f'members[value eq "{stage.world.alice}"]'}
    schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    scim.ask("PATCH", f"/Groups/{stage.world.group}", {"schemas": schemas, "Operations": [patch]})
    form = bob.form("do")  # the first form of the page with a purpose
    assert form.fields["do"] == "compare"
    assert code_of(bob.send(form)) == (303, "")
    stage.wait(
        "comparing again",
        lambda: (
            "Not compared yet" not in bob.open(f"{bob.home}/restore").text
            and stage.world.alice not in bob.text
        ),
    )
    marked = {"source": "snow-prod"}
    assert code_of(bob.send(stale, reason=WHY, **marked)) == (409, "shown_changed")
    assert say(bob, "end") == (422, "sources")
    alice.open(f"{alice.home}/restore")
    form = alice.form("shown")
    assert say(admin, "end", **marked) == (303, "")
    assert code_of(alice.send(form, reason=WHY, **marked)) == (403, "distinct_people")
    assert "You have said so." in alice.open(f"{alice.home}/restore").text
    assert not stage.entries("restore.ended")
    assert say(bob, "end", **marked) == (303, "")
    (ended,) = stage.entries("restore.ended")
    assert ended["sources"] == ["snow-prod"]
    assert len(set(ended["by"])) == 2
    stage.wait("the access", stage.world.in_group)
    stage.wait("the grant", lambda: stage.grant(record)["state"] == "active")
    stage.wait("readiness", lambda: bool(checks(stage)["restore"]["ok"]))
    assert bob.open(f"{bob.home}/restore").status_code == 404

"""What the tests of faults stand on: a world whose gateway dies, and looks from outside at it."""

import contextlib
import copy
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from tests.faults.launcher import Fault

from ticketgate.adapters.sqlite import evidence_tables
from ticketgate.cli.demo.person import Person
from ticketgate.cli.demo.servers import LOOPBACK, Process, wait_until
from ticketgate.cli.demo.snow import Record, Snow
from ticketgate.cli.demo.world import World
from ticketgate.domain.evidence import Head, parse_entry
from ticketgate.domain.verifying.verification import verify

WHY: Final = "The billing migration is planned for tonight."
ORIGIN: Final = "gate.example.com/evidence"
KILLED: Final = -9
BOUND_SECONDS: Final = 5.0  # within which the end is right after a restart
PATIENCE_SECONDS: Final = 25.0
FIRST_PORT: Final = 20_000
EPHEMERAL_PORT: Final = 32_768  # Linux gives out ports from here on

Entry = dict[str, Any]


class Ground(World):
    """A world of its own on the servers of another one: its own configuration, data and gateway."""

    began: float

    @classmethod
    def beside(cls, world: World, folder: Path) -> "Ground":
        """A fresh ground; the SCIM server and the mailbox are as they were at the start."""
        made = cls.__new__(cls)
        made.__dict__.update(copy.copy(world.__dict__))
        made.folder, made.config, made.gateway = folder, folder / "config", None
        shutil.copytree(world.config, made.config)
        made.began = time.clock_gettime(time.CLOCK_BOOTTIME)
        made.port = quiet_port()
        made.url = f"http://{LOOPBACK}:{made.port}"
        made.snow = Snow(f"{made.url}/hooks/snow-prod", world.snow.secret)
        made.mailbox.mails.clear()
        made.take_out()
        made.point_at(made.scim.url)
        return made

    # --- the gateway --------------------------------------------------------------------------

    def launch(self, fault: Fault = Fault.NONE, speed: int = 1) -> None:
        """Start a gateway with a planted fault, or with a clock that runs faster."""
        launcher = Path(__file__).with_name("launcher.py")
        pace = ["--speed", str(speed), "--since", str(self.began)]
        command = [sys.executable, str(launcher), str(self.config), fault.value, *pace]
        self.gateway = Process(command, self.folder / "gateway.log")
        self.gateway.wait_ready(f"{self.url}/readyz")

    @property
    def running(self) -> Process:
        """The gateway that was started last."""
        assert self.gateway is not None
        return self.gateway

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`ticketgate …` as a person runs it, to its end."""
        program = str(Path(sys.executable).with_name("ticketgate"))
        return subprocess.run(
            [program, "--config", str(self.config), *arguments],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def died(self) -> bool:
        """Whether the gateway has ended by SIGKILL."""
        return self.running.process.poll() == KILLED

    def await_death(self) -> None:
        """Wait until the planted fault has killed the gateway."""
        self.until("the gateway's death", self.died)
        self.running.kill()

    def kill(self) -> None:
        """SIGKILL from outside."""
        self.running.kill()
        assert self.died()

    def end(self) -> None:
        """Stop the gateway only; the servers are shared."""
        if self.gateway is not None:
            self.gateway.stop()

    # --- the target, as its administrator sees it ---------------------------------------------

    def take_out(self) -> None:
        """Remove Alice from the group behind everybody's back."""
        if self.in_group():
            self._patch({"op": "remove", "path": f'members[value eq "{self.alice}"]'})

    def put_in(self) -> None:
        """Add Alice to the group behind everybody's back."""
        self._patch({"op": "add", "path": "members", "value": [{"value": self.alice}]})

    def _patch(self, operation: object) -> None:
        schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
        self.scim.ask(
            "PATCH", f"/Groups/{self.group}", {"schemas": schemas, "Operations": [operation]}
        )

    # --- the story ----------------------------------------------------------------------------

    def ask(self, duration: str = "2h") -> Record:
        """Alice asks for access."""
        record = self.snow.access_request(duration=duration)
        assert self.snow.post(record).status_code == 202
        return record

    def approve(self) -> None:
        """Bob and Carol approve on the real page, in this order."""
        for name, address in (("Bob", "bob@example.com"), ("Carol", "carol@example.com")):
            person = Person(name, address, self.mailbox)
            try:
                person.sign_in(person.link())
                assert person.decide("approve", WHY).status_code == 200
            finally:
                person.close()

    def granted(self, duration: str = "2h") -> Record:
        """Alice asks, both approve, and the grant is active."""
        record = self.ask(duration)
        self.approve()
        self.until("the activation", lambda: self.state() == "active")
        assert self.in_group()
        return record

    def cancel(self, record: Record) -> None:
        """The ticket is cancelled, which ends its grant."""
        assert self.snow.post(record.edit(state="4")).status_code == 202

    def until(self, what: str, test: Any, seconds: float = PATIENCE_SECONDS) -> None:  # noqa: ANN401 -- any condition
        """Wait for a condition."""
        wait_until(what, test, seconds)

    # --- the store, read by a client of its own -----------------------------------------------

    def look(self, sql: str, *arguments: object) -> list[Any]:
        """Rows of the database."""
        path = self.config / "data" / "ticketgate.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, arguments).fetchall()

    def state(self) -> str:
        """The state of the one grant, or "" while there is none."""
        found = self.look("SELECT state FROM access_grant")
        assert len(found) <= 1
        return str(found[0][0]) if found else ""

    def records(self) -> list[Entry]:
        """Every evidence record, oldest first."""
        rows = self.look("SELECT entry FROM evidence_entry ORDER BY idx")
        return [dict(parse_entry(row[0])) for row in rows]

    def moves(self) -> list[Entry]:
        """The moves of the one grant, oldest first."""
        return [record for record in self.records() if record.get("on") == "grant"]

    def path(self) -> list[str]:
        """The states that the one grant went through."""
        return [record["to"] for record in self.moves()]

    def of_type(self, kind: str) -> list[Entry]:
        """Every record of one type."""
        return [record for record in self.records() if record["type"] == kind]

    def prove(self) -> None:
        """The log verifies, and what rule 1 promises of the grant holds."""
        path = self.config / "data" / "ticketgate.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            connection.execute("BEGIN")
            head = connection.execute("SELECT size, leaf FROM evidence_head").fetchone()
            entries = evidence_tables.entries(connection)
            disclosures = evidence_tables.disclosures(connection)
            report = verify(entries, disclosures, Head(*head), ORIGIN)
        assert [verdict.faults for verdict in report.failing] == []
        moves = self.moves()
        assert len({move["id"] for move in moves}) <= 1, "more than one grant"
        assert self.path().count("provisioning") <= 1, "a second intent"
        ends = {move["not_after"] for move in moves if move.get("not_after")}
        assert len(ends) <= 1, "not_after was moved"
        assert self.look("SELECT count(*) FROM access_grant WHERE not_after IS NOT NULL") == [
            (len(ends),)
        ]
        assert ends == {row[0] for row in self.look("SELECT not_after FROM access_grant")} - {None}


def quiet_port() -> int:
    """A free port that no client gets by chance, so that a dead gateway finds it free again."""
    for port in range(FIRST_PORT + os.getpid() % 1000 * 10, EPHEMERAL_PORT):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
    raise OSError("no port is free")


def only_oliver(ground: Ground) -> bool:
    """Whether the group has just the member that it had before."""
    return len(ground.scim.members(ground.group)) == 1 and not ground.in_group()


__all__ = ["BOUND_SECONDS", "Fault", "Ground", "only_oliver"]

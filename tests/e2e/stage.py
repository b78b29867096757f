"""The stage of the end-to-end tests: the real servers, the cast with browsers, and the records.

Nothing here knows the inside of the gateway: pages and hooks are used over HTTP, codes and links
come from real mail, and what was recorded is read from the database by a client of its own.
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import requests
from typing_extensions import override

from ticketgate.cli.demo.person import CODE, Form, Person
from ticketgate.cli.demo.servers import Process, wait_until
from ticketgate.cli.demo.snow import Record
from ticketgate.cli.demo.world import World

PATIENCE_SECONDS: Final = 20.0
WHY: Final = "the billing migration is planned for tonight"
MAILS: Final = {
    "alice": "alice@example.com",
    "alice-admin": "alice.admin@example.com",
    "bob": "bob@example.com",
    "carol": "carol@example.com",
    "erin": "erin@example.com",
}

Entry = dict[str, Any]  # one evidence record, as JSON


class Actor(Person):
    """A person of the cast; one browser, signed in once."""

    def sign_in_by_address(self, home: str) -> None:
        """Sign in without any link, as somebody does who wants to try other people's links."""
        self.open(f"{home}/sign-in")
        before = len(self._mailbox.mails)
        self.post(self.form("address"), address=self.address)
        code = self._mailbox.wait_for(self.address, CODE, before)
        done = self.post(self.form("code"), code=code)
        assert "You are signed in" in done.text

    def link_of(self, number: str, since: int = 0) -> str:
        """The link in the newest mail to this person about this ticket."""
        about = rf"(?s){number}\b.*?(https?://\S+/approve/\S+)"
        return self._mailbox.wait_for(self.address, about, since)

    @property
    def text(self) -> str:
        """The page that is open."""
        assert self.page is not None
        return self.page.text

    def token(self) -> str:
        """The CSRF token of the page that is open."""
        return self.form("csrf_token").fields["csrf_token"]

    def send(self, form: Form, **filled: str) -> requests.Response:
        """Post a form as fetched; refusals come as problems, redirects are not followed."""
        assert self.page is not None
        return self.browser.post(
            urljoin(self.page.url, form.action),
            data={**form.fields, **filled},
            headers={"Accept": "application/json", "Referer": self.page.url},
            timeout=15,
            allow_redirects=False,
        )

    def approval(self, form: Form) -> tuple[int, str]:
        """Approve on a form that was fetched before: (status, code of the problem or "")."""
        answer = self.send(form, decision="approve", justification=WHY)
        return answer.status_code, answer.json()["code"] if answer.status_code >= 400 else ""


class Stage:
    """A world with its cast; tickets are independent, so many tests share one."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cast: dict[str, Actor] = {}

    def close(self) -> None:
        """Close the browsers and stop the world."""
        for actor in self.cast.values():
            actor.close()
        self.world.stop()

    def actor(self, name: str) -> Actor:
        """Somebody of the cast, signed in."""
        if name not in self.cast:
            self.cast[name] = Actor(name, MAILS[name], self.world.mailbox)
            self.cast[name].sign_in_by_address(self.world.url)
        return self.cast[name]

    def wait(self, what: str, holds: Callable[[], bool]) -> None:
        """Look until it holds; a DemoError after `PATIENCE_SECONDS`."""
        wait_until(what, holds, PATIENCE_SECONDS)

    # --- tickets ------------------------------------------------------------------------------

    def post(self, record: Record) -> Entry:
        """Post a revision; the receipt. Returns before the worker has read it."""
        answer = self.world.snow.post(record)
        assert answer.status_code == 202, answer.text
        receipt: Entry = answer.json()
        return receipt

    def tell(self, record: Record) -> str:
        """Post a revision and wait until it is worked off; its effect in a word."""
        ident = self.post(record)["delivery_id"]
        self.wait("the worker", lambda: self.delivery(ident)["state"] != "accepted")
        return str(self.delivery(ident)["effect"])

    def close_ticket(self, record: Record) -> None:
        """Close it on the platform."""
        assert self.tell(record.edit(state="3"))

    @contextmanager
    def asked(self, *, duration: str = "2h", **variables: str) -> Iterator[Record]:
        """A ticket of Alice's whose request awaits; closed at the end, with what it gave."""
        record = self.world.snow.access_request(duration=duration, **variables)
        assert self.tell(record) == "identity"
        try:
            yield record
        finally:
            self.close_ticket(record)
            self.wait("the end of its grants", lambda: not self.live_grants(record))

    def form_of(self, name: str, record: Record, since: int = 0) -> Form:
        """The form that somebody finds behind their link to a ticket."""
        actor = self.actor(name)
        page = actor.open(actor.link_of(record.columns["number"], since))
        assert page.status_code == 200, page.text
        return actor.form("decision")

    def approve(self, record: Record, *names: str) -> None:
        """Everybody named approves on the page; the last one gives the access."""
        for name in names or ("bob", "carol"):
            form = self.form_of(name, record)
            assert self.actor(name).approval(form) == (303, "")

    def given(self, record: Record) -> None:
        """Both approve, and the target has confirmed it."""
        self.approve(record)
        self.wait("the grant", lambda: self.grant(record)["state"] == "active")

    @contextmanager
    def standing_access(self) -> Iterator[None]:
        """Alice is a member already, by somebody else's doing; not any more at the end."""
        self._patch({"op": "add", "path": "members", "value": [{"value": self.world.alice}]})
        assert self.world.in_group()
        try:
            yield
        finally:
            self._patch({"op": "remove", "path": f'members[value eq "{self.world.alice}"]'})
            assert not self.world.in_group()

    def _patch(self, operation: Entry) -> None:
        schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
        body = {"schemas": schemas, "Operations": [operation]}
        self.world.scim.ask("PATCH", f"/Groups/{self.world.group}", body)

    # --- records ------------------------------------------------------------------------------

    def rows(self, sql: str, *args: object) -> list[Entry]:
        """What a reader of the database sees."""
        path = f"file:{self.world.config}/data/ticketgate.db?mode=ro"
        with closing(sqlite3.connect(path, uri=True, timeout=5)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, args)]

    def delivery(self, ident: str) -> Entry:
        """A delivery's row."""
        return self.rows("SELECT * FROM delivery WHERE id = ?", ident)[0]

    def requests(self, record: Record) -> list[Entry]:
        """The requests of a ticket, oldest first."""
        return self.rows(
            "SELECT * FROM request WHERE ticket_id = ? ORDER BY opened_at", record.sys_id
        )

    def request(self, record: Record) -> Entry:
        """The one request of a ticket."""
        (found,) = self.requests(record)
        return found

    def grants(self, record: Record) -> list[Entry]:
        """The grants of a ticket."""
        return self.rows("SELECT * FROM access_grant WHERE ticket_id = ?", record.sys_id)

    def grant(self, record: Record) -> Entry:
        """The one grant of a ticket."""
        (found,) = self.grants(record)
        return found

    def live_grants(self, record: Record) -> list[Entry]:
        """Its grants that have not ended."""
        ended = {"revoked", "cancelled", "released_shared"}
        return [one for one in self.grants(record) if one["state"] not in ended]

    def verdict(self, record: Record) -> str:
        """What its newest revision was classified as."""
        found = self.rows("SELECT verdict FROM ticket WHERE ticket_id = ?", record.sys_id)
        return str(found[0]["verdict"])

    def entries(self, kind: str = "") -> list[Entry]:
        """The evidence records, of one type or all."""
        lines = self.rows("SELECT entry FROM evidence_entry ORDER BY idx")
        found = [json.loads(line["entry"]) for line in lines]
        return [one for one in found if not kind or one["type"] == kind]

    def moves(self, machine: str, ident: str) -> list[tuple[str, str]]:
        """Where a machine went, and why."""
        return [
            (one["to"], one["cause"])
            for one in self.entries()
            if one.get("on") == machine and one.get("id") == ident
        ]

    def refusals(self, record: Record) -> list[str]:
        """The codes of the `decision.refused` records of a ticket's requests, in order."""
        known = {one["id"] for one in self.requests(record)}
        found = [one for one in self.entries("decision.refused") if one["request"] in known]
        return [one["code"] for one in found]

    def tables(self) -> dict[str, list[Entry]]:
        """Every table but the clock, which ticks."""
        names = self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        kept = sorted(one["name"] for one in names if one["name"] != "clock")
        return {name: self.rows(f"SELECT * FROM {name}") for name in kept}  # noqa: S608 -- our own names

    def at_rest(self) -> bool:
        """Whether nothing waits: no delivery, no command."""
        queued = self.rows("SELECT 1 FROM command WHERE state IN ('queued', 'intended')")
        return not queued and not self.rows("SELECT 1 FROM delivery WHERE state = 'accepted'")

    def command(self, *arguments: str) -> str:
        """Run `ticketgate …` as a person at the machine would; it must succeed."""
        program = str(Path(sys.executable).with_name("ticketgate"))
        done = subprocess.run(
            [program, "--config", str(self.world.config), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def look(self, *arguments: str) -> Any:  # noqa: ANN401 -- JSON
        """Run a command that looks, for its JSON."""
        return json.loads(self.command(*arguments, "--json"))

    # --- the directory ------------------------------------------------------------------------

    @contextmanager
    def directory(self, *edits: tuple[str, str]) -> Iterator[None]:
        """Replace texts of directory.yaml for a while: no reload, no restart."""
        path = self.world.config / "directory.yaml"
        before = path.read_text()
        after = before
        for old, new in edits:
            assert after.count(old) == 1, old
            after = after.replace(old, new)
        put(path, after)
        try:
            yield
        finally:
            put(path, before)


def unhurried(settings: str) -> str:
    """These settings without a limit that tests could reach together."""
    line = "    own_users: [svc-ticketgate]"
    assert settings.count(line) == 1
    limits = "{ requests: 1000000 per 1m, deliveries: 1000000 per 1m }"
    return settings.replace(line, f"    velocity: {limits}\n{line}")


def put(path: Path, text: str) -> None:
    """Replace a file at once, as editors and deployments do."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.replace(path)


class HeldWorld(World):
    """A world whose gateway has no sweeper, and whose worker rests while `hold` lies there."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.hold = folder / "hold"

    @override
    def start(self) -> None:
        """Start the gateway from the tests' own launcher."""
        launcher = str(Path(__file__).with_name("launcher.py"))
        self.gateway = Process(
            [sys.executable, launcher, str(self.config), str(self.hold)],
            self.folder / "gateway.log",
        )
        self.gateway.wait_ready(f"{self.url}/readyz")

    @contextmanager
    def resting(self) -> Iterator[None]:
        """The worker reads no delivery meanwhile."""
        self.hold.touch()
        try:
            yield
        finally:
            self.hold.unlink()

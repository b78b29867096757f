"""The real servers around the gateway: a SCIM server, a mail server, and the gateway itself."""

import os
import re
import socket
import subprocess
import sys
import time
from asyncio import Server
from collections.abc import Callable, Mapping, Sequence
from email import message, message_from_bytes, policy
from pathlib import Path
from typing import Any, Final

import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from typing_extensions import override

from ticketgate.domain.errors import TicketgateError

LOOPBACK: Final = "127.0.0.1"
START_SECONDS_MAX: Final = 120.0  # a busy machine is slow; what has ended is seen at once
STOP_SECONDS_MAX: Final = 15.0
POLL_SECONDS: Final = 0.05


class DemoError(TicketgateError):
    """A step of the demo did not come out as it must."""

    code = "demo_failed"


def wait_until(what: str, test: Callable[[], bool], seconds: float) -> None:
    """Look again and again until `test` holds.

    Raises:
        DemoError: it did not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not test():
        if time.monotonic() > deadline:
            raise DemoError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(POLL_SECONDS)


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


class Mailbox:
    """A real SMTP server on loopback that keeps what it gets."""

    def __init__(self) -> None:
        self.mails: list[message.EmailMessage] = []
        self.refuse_with = ""  # an SMTP answer such as "451 later" for what comes next
        self._controller = _OnFreePort(self, hostname=LOOPBACK, port=0)
        self._controller.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._controller.port
        return port

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop()

    async def handle_DATA(  # noqa: N802 -- the hook's name in aiosmtpd
        self, _server: object, _session: object, envelope: Envelope
    ) -> str:
        """Keep a mail."""
        if self.refuse_with:
            return self.refuse_with
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        self.mails.append(message_from_bytes(raw, policy=policy.default))
        return "250 kept"

    def find(self, address: str, pattern: str, since: int = 0) -> str | None:
        """The newest match of `pattern`'s first group in a mail to `address`."""
        for mail in reversed(self.mails[since:]):
            body = mail.get_body(("plain",))
            found = re.search(pattern, "" if body is None else body.get_content())
            if found and address in str(mail["To"]):
                return found[1]
        return None

    def wait_for(self, address: str, pattern: str, since: int = 0, seconds: float = 20.0) -> str:
        """As `find`, once the mail is there."""
        wait_until(
            f"a mail to {address}",
            lambda: self.find(address, pattern, since) is not None,
            seconds,
        )
        return self.find(address, pattern, since) or ""


class _OnFreePort(Controller):
    """Listens on the port that the system picks."""

    @override
    def _trigger_server(self) -> None:
        if isinstance(self.server, Server):
            self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd leaves it untyped


class Process:
    """A server in a process of its own; ended by its pid, and only that."""

    def __init__(
        self, command: Sequence[str], log: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        self._log = log.open("ab")
        self.log = log
        self.process = subprocess.Popen(  # noqa: S603 -- our own programs, no shell
            command,
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, **(environ or {})},
        )

    def stop(self) -> int:
        """Ask it to end; returns its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(STOP_SECONDS_MAX)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self._log.close()
        return status

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        self.process.kill()
        self.process.wait()
        self._log.close()

    def check_alive(self) -> None:
        """Raise DemoError, with the end of its log, when the process has ended."""
        if self.process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise DemoError(f"a server ended with {self.process.returncode}:\n{tail}")

    def wait_ready(self, url: str) -> None:
        """Wait until `url` answers 200.

        Raises:
            DemoError: the process ended, or does not answer.
        """

        def answers() -> bool:
            self.check_alive()
            try:
                return get(url).status_code == 200  # noqa: PLR2004 -- HTTP's own number
            except requests.ConnectionError:
                return False

        wait_until(f"an answer of {url}", answers, START_SECONDS_MAX)


def get(url: str, **more: Any) -> requests.Response:  # noqa: ANN401 -- what requests takes
    """One GET without proxy variables."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=10, **more)


class ScimServer(Process):
    """The real scim2-server, and an administrator's client to it that is not the connector."""

    def __init__(self, token: str, log: Path) -> None:
        self.port = free_port()
        self.token = token
        self.url = f"http://{LOOPBACK}:{self.port}/v2"
        program = str(Path(sys.executable).with_name("scim2-server"))
        super().__init__([program, "--port", str(self.port), f"--bearer-token={token}"], log)
        self.wait_ready_with_token()

    def wait_ready_with_token(self) -> None:
        """Wait until it answers."""

        def answers() -> bool:
            self.check_alive()
            try:
                return bool(self.ask("GET", "/ServiceProviderConfig"))
            except requests.ConnectionError:
                return False

        wait_until("the SCIM server's answer", answers, START_SECONDS_MAX)

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 -- JSON
        """One request that must succeed; the answer's JSON."""
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                method,
                self.url + path,
                json=body,
                headers={
                    "Authorization": f"Bearer {self.token}",
                    "Content-Type": "application/scim+json",
                },
                timeout=10,
            )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def add_user(self, name: str) -> str:
        """A new user; returns the id."""
        schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
        body = {"schemas": schemas, "userName": name, "active": True}
        return str(self.ask("POST", "/Users", body)["id"])

    def add_group(self, name: str, *members: str) -> str:
        """A new group; returns the id."""
        schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"]
        body = {
            "schemas": schemas,
            "displayName": name,
            "members": [{"value": member} for member in members],
        }
        return str(self.ask("POST", "/Groups", body)["id"])

    def members(self, group: str) -> set[str]:
        """Who is in the group with this id."""
        found = self.ask("GET", f"/Groups/{group}")
        return {member["value"] for member in found.get("members") or []}

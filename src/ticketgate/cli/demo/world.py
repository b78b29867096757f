"""A world for the gateway: a copy of the shipped configuration and the real servers it names.

Only addresses, ports and secrets are rewritten; rules, people and limits are as shipped.
"""

import re
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from ticketgate.cli.demo.servers import LOOPBACK, Mailbox, Process, ScimServer, free_port
from ticketgate.cli.demo.snow import Snow
from ticketgate.cli.shipped import shipped_config, write_secrets

GROUP: Final = "SG-PROD-DB-ADMIN"
OTHER_MEMBER: Final = "oliver@example.com"
ALICE: Final = "alice@example.com"


class World:
    """Servers, configuration and the gateway as a process. `start` it, `stop` it at the end."""

    def __init__(self, folder: Path) -> None:
        """Start the servers around the gateway and write the configuration into `folder`."""
        self.folder = folder
        self.config = folder / "config"
        own = shutil.ignore_patterns("secrets", "data")  # of somebody who runs in the checkout
        shutil.copytree(shipped_config(), self.config, ignore=own)
        secrets = write_secrets(self.config)
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.snow = Snow(f"{self.url}/hooks/snow-prod", secrets["snow-prod.whsec"])
        self.gateway: Process | None = None
        with ExitStack() as undo:  # a later step that fails leaves no server behind
            self.mailbox = Mailbox()
            undo.callback(self.mailbox.stop)
            self.scim = ScimServer(secrets["scim.token"], folder / "scim.log")
            undo.callback(self.scim.stop)
            self.alice = self.scim.add_user(ALICE)
            self.group = self.scim.add_group(GROUP, self.scim.add_user(OTHER_MEMBER))
            self.point_at(self.scim.url)
            undo.pop_all()

    def point_at(self, scim_url: str) -> None:
        """Write the addresses into the copy of `ticketgate.yaml`."""
        path = self.config / "ticketgate.yaml"
        text = path.read_text()
        for pattern, value in (
            (r"(?m)^public_url: \S+", f"public_url: {self.url}"),
            (r"(?m)^listen: \{[^}]*\}", f"listen: {{ host: {LOOPBACK}, port: {self.port} }}"),
            (r"(?m)^(    connector: scim\n    url:) \S+", rf"\1 {scim_url}"),
            (
                r"(?m)^  smtp: .*\n(  tls: .*\n)?(  from: .*)(\n  user: .*\n  password: .*)?",
                rf"  smtp: {LOOPBACK}:{self.mailbox.port}\n  tls: false\n\2",
            ),
        ):
            text, count = re.subn(pattern, value, text)
            if count != 1:
                raise ValueError(f"the shipped configuration has no {pattern!r}")
        path.write_text(text)

    def start(self) -> None:
        """Start the gateway as a process and wait until it is ready."""
        program = str(Path(sys.executable).with_name("ticketgate"))
        self.gateway = Process(
            [program, "--config", str(self.config), "serve"], self.folder / "gateway.log"
        )
        self.gateway.wait_ready(f"{self.url}/readyz")

    def stop(self) -> None:
        """Stop everything that was started here."""
        if self.gateway is not None:
            self.gateway.stop()
        self.scim.stop()
        self.mailbox.stop()

    def in_group(self) -> bool:
        """Whether the SCIM group really has Alice, as an administrator's own client reads it."""
        return self.alice in self.scim.members(self.group)

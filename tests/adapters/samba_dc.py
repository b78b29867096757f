"""A real Samba as the domain controller of an Active Directory, on an address of this machine.

It listens on the ports of LDAP themselves, so it needs root, and an address of loopback of its own.
"""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Final

import ldap3
import pytest

SAMBA: Final = shutil.which("samba", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
TOOL: Final = shutil.which("samba-tool")
needs_samba: Final = pytest.mark.skipif(
    SAMBA is None or TOOL is None or os.geteuid() != 0,
    reason="needs root, samba and samba-tool (Debian: samba, samba-ad-provision)",
)
HOST: Final = "127.0.0.77"
BASE: Final = "DC=corp,DC=example"
STAFF: Final = f"OU=Staff,{BASE}"
GROUPS: Final = f"OU=Groups,{BASE}"
ADMIN: Final = f"CN=Administrator,CN=Users,{BASE}"
PASSWORD: Final = "Let-me-read-1"
START_SECONDS: Final = 60.0


class SambaDc:
    """The controller. `folder` is its own; making the domain takes some seconds."""

    def __init__(self, folder: Path) -> None:
        assert TOOL is not None
        self.folder = folder
        self.ca_file = folder / "server.pem"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
                *("-subj", "/CN=dc1.corp.example", "-addext", f"subjectAltName=IP:{HOST}"),
                *("-keyout", str(folder / "server.key"), "-out", str(self.ca_file)),
            ],
            check=True,
            capture_output=True,
        )
        (folder / "server.key").chmod(0o600)
        self._options = [
            f"interfaces={HOST}/8",
            "bind interfaces only=yes",
            "server services=ldap",
            "tls enabled=yes",
            f"tls certfile={self.ca_file}",
            f"tls keyfile={folder / 'server.key'}",
            f"tls cafile={self.ca_file}",
            f"log file={folder / 'samba.log'}",
            f"pid directory={folder}",
            f"ncalrpc dir={folder / 'ncalrpc'}",
        ]
        subprocess.run(
            [
                *(TOOL, "domain", "provision", "--realm=CORP.EXAMPLE", "--domain=CORP"),
                *("--server-role=dc", "--dns-backend=NONE", f"--adminpass={PASSWORD}"),
                *(f"--targetdir={folder / 'dc'}", "--host-name=dc1", f"--host-ip={HOST}"),
                *(f"--option={one}" for one in self._options),
            ],
            check=True,
            capture_output=True,
            env={"PATH": os.environ["PATH"]},  # its own Python, with its own packages
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        """Whether it was started, and not stopped."""
        return self._process is not None

    @property
    def url(self) -> str:
        """TLS from the beginning."""
        return f"ldaps://{HOST}"

    def start(self) -> None:
        """Start it, until it answers."""
        assert SAMBA is not None
        self._process = subprocess.Popen(
            [
                *(SAMBA, "-F", "-M", "single", "-s", str(self.folder / "dc/etc/smb.conf")),
                *(f"--option={one}" for one in self._options),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"]},
        )
        ends = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection((HOST, 636), 1).close()
            except OSError:
                assert self._process.poll() is None, "samba does not start"
                assert time.monotonic() < ends, "samba does not answer"
            else:
                return

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def admin(self) -> Any:  # noqa: ANN401 -- ldap3 has no types
        """An administrator's connection."""
        tls = ldap3.Tls(ca_certs_file=str(self.ca_file))
        server = ldap3.Server(self.url, get_info=ldap3.NONE, tls=tls)
        return ldap3.Connection(
            server,
            ADMIN,
            PASSWORD,
            auto_bind=True,
            check_names=False,
            raise_exceptions=True,
            source_address="127.0.0.1",
        )

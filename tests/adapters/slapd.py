"""A real slapd on a port of this machine, with TLS, and its administrator."""

import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Final

import ldap3
import pytest

SLAPD: Final = shutil.which("slapd") or shutil.which("slapd", path="/usr/sbin:/usr/lib/openldap")
needs_slapd: Final = pytest.mark.skipif(SLAPD is None, reason="needs slapd (Debian: slapd)")
BASE: Final = "dc=corp,dc=example"
PEOPLE: Final = f"ou=people,{BASE}"
GROUPS: Final = f"ou=groups,{BASE}"
ADMIN: Final = f"cn=admin,{BASE}"
PASSWORD: Final = "let me read"
START_SECONDS: Final = 10.0

_CONFIG: Final = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {folder}/slapd.pid
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
database mdb
suffix "{base}"
rootdn "{admin}"
rootpw "{password}"
directory {folder}/db
overlay ppolicy
"""


class Slapd:
    """The server. `folder` is its own; it listens from `start` on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "db").mkdir()
        self.ca_file = folder / "server.pem"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"),
                *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost"),
                *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
                *("-keyout", str(folder / "server.key"), "-out", str(self.ca_file)),
            ],
            check=True,
            capture_output=True,
        )
        words = {"folder": folder, "base": BASE, "admin": ADMIN, "password": PASSWORD}
        (folder / "slapd.conf").write_text(_CONFIG.format(**words))
        self.port, self.tls_port = _free_port(), _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        """Whether it was started, and not stopped."""
        return self._process is not None

    @property
    def url(self) -> str:
        """Plain, for StartTLS, or without TLS on this machine."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """TLS from the beginning."""
        return f"ldaps://localhost:{self.tls_port}"

    def start(self) -> None:
        """Start it, until it answers."""
        assert SLAPD is not None
        listen = f"{self.url} ldaps://127.0.0.1:{self.tls_port}"
        config = str(self.folder / "slapd.conf")
        self._process = subprocess.Popen(
            [SLAPD, "-f", config, "-h", listen, "-d", "0"], stderr=subprocess.DEVNULL
        )
        ends = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert self._process.poll() is None, "slapd does not start"
                assert time.monotonic() < ends, "slapd does not answer"
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
        server = ldap3.Server(self.url, get_info=ldap3.NONE)
        return ldap3.Connection(
            server,
            ADMIN,
            PASSWORD,
            auto_bind=True,
            check_names=False,
            raise_exceptions=True,
            source_address="127.0.0.1",
        )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])

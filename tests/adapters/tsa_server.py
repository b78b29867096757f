"""Time-stamp authorities of the tests: `openssl ts` behind a small HTTP server on loopback."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

import pytest
from tests.adapters.witness_server import served
from typing_extensions import override

CONFIG: Final = """\
[ts]
default_tsa = one
[one]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha3-256
accuracy = secs:1
ess_cert_id_alg = sha256
"""
STAMPS: Final = "extendedKeyUsage=critical,timeStamping"
REPLY: Final = "application/timestamp-reply"


class Authority:
    """A CA, and signers that it vouches for, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("the openssl program is not installed")
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ts.cnf").write_text(CONFIG)
        (folder / "serial").write_text("01")
        self._new("ca", "-x509", "-days", "2", "-addext", "basicConstraints=critical,CA:TRUE")
        self.signer("tsa", STAMPS)

    @property
    def root(self) -> bytes:
        """The certificate of the CA."""
        return (self.folder / "ca.pem").read_bytes()

    def signer(self, name: str, *extensions: str) -> None:
        """A certificate of this name with these extensions."""
        self._new(name, "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", *_added(extensions))

    def _new(self, name: str, *words: str) -> None:
        self.openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-subj", f"/O={self.folder.name}/CN={name}", "-keyout", f"{name}.key"),
            *("-out", f"{name}.pem", *words),
        )

    def openssl(self, *words: str) -> None:
        """One command in the folder."""
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def reply(self, query: bytes) -> bytes:
        """The response of the authority."""
        (self.folder / "query").write_bytes(query)
        self.openssl(
            *("ts", "-reply", "-config", "ts.cnf", "-section", "one", "-queryfile", "query"),
            *("-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "reply"),
        )
        return (self.folder / "reply").read_bytes()

    def signed_by(self, name: str, query: bytes) -> bytes:
        """What this signer would make of it, which `openssl ts` itself refuses to sign with."""
        self.reply(query)
        self.openssl("ts", "-reply", "-config", "ts.cnf", "-in", "reply", "-token_out", "-out", "t")
        self.openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in", "t", "-out", "info")
        self.openssl(
            *("cms", "-sign", "-binary", "-nodetach", "-cades", "-md", "sha256", "-in", "info"),
            *("-econtent_type", "1.2.840.113549.1.9.16.1.4", "-outform", "DER", "-out", "signed"),
            *("-signer", f"{name}.pem", "-inkey", f"{name}.key"),
        )
        body = b"\x30\x03\x02\x01\x00" + (self.folder / "signed").read_bytes()
        return b"\x30\x82" + len(body).to_bytes(2, "big") + body


def _added(extensions: tuple[str, ...]) -> Iterator[str]:
    for one in extensions:
        yield from ("-addext", one)


@contextmanager
def stamping(reply: Callable[[bytes], bytes], kind: str = REPLY) -> Iterator[str]:
    """A server that answers each query so; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            answer = reply(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            return

    with served(Handler) as url:
        yield url

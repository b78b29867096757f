"""The servers under load, each a real process on loopback, ended by its own process object."""

import base64
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import yaml

from ticketgate.adapters.keys.signing_keys import SigningKey

HERE: Final = Path(__file__).resolve().parent
BIN: Final = Path(sys.executable).parent
KEY: Final = b"a key of the bench, 32 bytes long"
PATIENCE_SECONDS: Final = 30.0
STORE: Final = Path("data", "ticketgate.db")


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers on `port`, with its files in `folder`."""

    port: int
    folder: Path


@contextmanager
def flask_app(name: str, folder: Path) -> Iterator[Served]:
    """`bench/{name}.py` on granian: WSGI, one worker, one blocking thread."""
    folder.mkdir()
    port = _free_port()
    command = [
        *(BIN / "granian", f"{name}:app", "--interface", "wsgi", "--port", str(port)),
        *("--workers", "1", "--blocking-threads", "1", "--no-ws", "--log-level", "error"),
    ]
    environ = {
        "BENCH_KEY": base64.b64encode(KEY).decode(),
        "BENCH_STORE": str(folder / "store.db"),
    }
    with _process(command, folder, environ, HERE) as process:
        _until_answering(process, port)
        yield Served(port, folder)


@contextmanager
def mail_sink(folder: Path) -> Iterator[Served]:
    """A mail server that takes everything and keeps nothing."""
    folder.mkdir()
    port = _free_port()
    command = [
        *(sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}"),
        *("-c", "aiosmtpd.handlers.Sink"),
    ]
    with _process(command, folder, {}, folder) as process:
        _until_listening(process, port)
        yield Served(port, folder)


@contextmanager
def ticketgate(folder: Path, mail_port: int) -> Iterator[Served]:
    """`ticketgate serve` on the shipped example, with a store of its own.

    Raises:
        RuntimeError: at the end, when it did not leave with 0.
    """
    _configure(folder, mail_port)
    port = _free_port()
    command = [BIN / "ticketgate", "--config", folder, "serve", "--port", str(port)]
    with _process(command, folder, {}, folder) as process:
        _until_answering(process, port)
        yield Served(port, folder)
    if process.returncode != 0:
        raise RuntimeError(f"ticketgate left with {process.returncode}:\n{_said(folder)}")


def _configure(folder: Path, mail_port: int) -> None:
    """The shipped example; only secrets and the mail server are the bench's own."""
    shutil.copytree(HERE.parent / "config", folder)
    file = folder / "ticketgate.yaml"
    settings: dict[str, Any] = yaml.safe_load(file.read_text())
    settings["mail"] = {"smtp": f"127.0.0.1:{mail_port}", "from": "gate@example.com", "tls": False}
    settings["sources"]["snow-prod"]["velocity"] = dict.fromkeys(
        ("requests", "deliveries"), "1000000 per 1m"
    )
    file.write_text(yaml.safe_dump(settings))
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    for name, text in {
        "session.key": "k" * 48,
        "signing.key": SigningKey(str(settings["origin"]), b"k" * 32).text,
        "snow-prod.whsec": "whsec_" + base64.b64encode(KEY).decode(),
        "scim.token": "t" * 32,
    }.items():
        secret = secrets / name
        secret.touch(mode=0o600)
        secret.write_text(text + "\n")


@contextmanager
def _process(
    command: list[Any], folder: Path, environ: Mapping[str, str], cwd: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **environ}, stdout=said, stderr=said
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{process.args!r} does not answer") from None
            time.sleep(0.02)
        else:
            return


def _until_answering(process: subprocess.Popen[bytes], port: int) -> None:
    """A socket may listen before its server is ready; an answer, whatever it says, is proof."""
    _until_listening(process, port)
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)) as client:
        client.request("GET", "/")
        client.getresponse().read()


def _said(folder: Path) -> str:
    return (folder / "said").read_text(errors="replace")[-2_000:]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port

"""The control socket: who may ask, who asks, and what happens to what is no request."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from ticketgate.adapters.process.control import LINE_BYTES_MAX, actor_name, ask
from ticketgate.adapters.process.control_server import ControlServer
from ticketgate.domain.errors import TicketgateError

READ_SECONDS = 0.5
NOBODY = 65534


class Desk:
    """What the socket leads to: it notes what was asked, and answers or fails as told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.answer: Callable[[], Mapping[str, Any]] = lambda: {"revoked": ["grt_1"]}

    def __call__(self, actor: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append((actor, request))
        return self.answer()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


@pytest.fixture
def server(path: Path, desk: Desk) -> Iterator[ControlServer]:
    made = ControlServer(path, desk, READ_SECONDS)
    made.start()
    yield made
    made.stop()


def test_an_answer_with_thousands_of_grants_comes_whole(
    server: ControlServer, path: Path, desk: Desk
) -> None:
    """It is longer than any question may be."""
    everything = [f"grt_{number:020x}" for number in range(2600)]
    desk.answer = lambda: {"revoked": everything}
    assert len(json.dumps(everything)) > LINE_BYTES_MAX
    assert ask(path, {"do": "revoke"}) == {"revoked": everything}


def send(path: Path, *parts: bytes, close: bool = False) -> bytes:
    """What comes back for these bytes; empty when the gateway hangs up."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(20)
        peer.connect(str(path))
        received = b""
        with suppress(BrokenPipeError, ConnectionResetError):
            for part in parts:
                peer.sendall(part)
            if close:
                peer.shutdown(socket.SHUT_WR)
            while part := peer.recv(65_536):
                received += part
        return received


def test_a_request_is_answered_and_the_actor_is_the_peers_user(
    server: ControlServer, path: Path, desk: Desk
) -> None:
    request = {"do": "revoke", "grant": "grt_1", "reason": "left", "actor": "os:carol@host"}
    assert ask(path, request) == {"revoked": ["grt_1"]}
    assert desk.asked == [(f"os:{os.getuid()}@{socket.gethostname()}", request)]


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("perl") is None, reason="only root can be another user"
)
def test_another_users_request_is_that_users(desk: Desk) -> None:
    """The kernel says who asks. Perl, since that user need not be able to run our Python."""
    asks = (
        "my $peer = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die;"
        ' print $peer qq({}\\n); $peer->flush; <$peer> or die "no answer";'
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "control.sock"
        server = ControlServer(path, desk)
        server.start()
        path.chmod(0o666)
        subprocess.run(
            ["perl", "-MIO::Socket::UNIX", "-e", asks, path],
            check=True,
            timeout=20,
            user=NOBODY,
            cwd="/",
        )
        server.stop()
    [(actor, _)] = desk.asked
    assert actor == f"os:{NOBODY}@{socket.gethostname()}"


def test_a_user_without_a_name_is_a_number() -> None:
    assert actor_name(4_000_000_000).startswith("os:4000000000@")


def test_only_user_and_group_may_ask(server: ControlServer, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o660


def test_the_mask_of_the_process_is_left_as_it_was(path: Path, desk: Desk) -> None:
    before = os.umask(0o022)
    try:
        server = ControlServer(path, desk)
        server.stop()
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


def test_a_socket_file_of_a_dead_gateway_is_replaced(path: Path, desk: Desk) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert path.exists()
    assert ask(path, {}) is None
    server = ControlServer(path, desk)
    server.start()
    assert ask(path, {}) == {"revoked": ["grt_1"]}
    server.stop()
    assert not path.exists()


def test_when_none_runs_there_is_no_answer(path: Path) -> None:
    assert ask(path, {}) is None


def test_a_refusal_is_an_answer_with_its_code(
    server: ControlServer, path: Path, desk: Desk
) -> None:
    def refuse() -> Mapping[str, Any]:
        raise TicketgateError("name one", code="usage", next_step="see --help")

    desk.answer = refuse
    assert ask(path, {}) == {"code": "usage", "reason": "name one", "next_step": "see --help"}


def test_a_fault_of_ours_is_told_logged_by_its_kind_and_ends_nothing(
    server: ControlServer, path: Path, desk: Desk
) -> None:
    def fail() -> Mapping[str, Any]:
        raise KeyError("alice@example.com")

    desk.answer = fail
    with capture_logs() as lines:
        answer = ask(path, {})
    assert answer is not None
    assert answer["code"] == "error"
    assert "alice" not in json.dumps(answer)
    assert lines == [{"event": "control.failed", "error": "KeyError", "log_level": "error"}]
    desk.answer = lambda: {"revoked": []}
    assert ask(path, {}) == {"revoked": []}


@pytest.mark.parametrize(
    "line",
    [b"\n", b"{\n", b"[]\n", b'"revoke"\n', b"null\n", b'{"a":1,"a":2}\n', b"\xff\xfe{\x00}\x00\n",
     b'{"a":NaN}\n', b"[" * 60_000 + b"\n", b"\x00\n"],
)  # fmt: skip
def test_what_is_no_request_is_told_so_and_not_carried_out(
    server: ControlServer, path: Path, desk: Desk, line: bytes
) -> None:
    answer = json.loads(send(path, line))
    assert set(answer) == {"code", "reason", "next_step"}
    assert desk.asked == []
    assert ask(path, {}) is not None


def test_a_request_that_is_too_long_is_not_carried_out(
    server: ControlServer, path: Path, desk: Desk
) -> None:
    send(path, b'{"reason":"' + b"x" * 4 * LINE_BYTES_MAX + b'"}\n')
    assert desk.asked == []
    assert ask(path, {}) is not None


def test_half_a_request_is_not_carried_out(server: ControlServer, path: Path, desk: Desk) -> None:
    assert json.loads(send(path, b'{"do":"revoke"', close=True))["code"] == "not_json"
    assert send(path, b'{"do":"revoke"') == b""  # silent for longer than it may be
    assert desk.asked == []


def test_who_drips_is_hung_up_on_in_time(server: ControlServer, path: Path, desk: Desk) -> None:
    """A byte now and then must not hold the kill switch: the time is for the whole request."""
    stop = threading.Event()

    def drip() -> None:
        with socket.socket(socket.AF_UNIX) as peer, suppress(OSError):
            peer.connect(str(path))
            while not stop.wait(READ_SECONDS / 10):
                peer.sendall(b" ")

    dripping = threading.Thread(target=drip)
    dripping.start()
    began = time.monotonic()
    try:
        answer = ask(path, {})
        waited = time.monotonic() - began
    finally:
        stop.set()
        dripping.join()
    assert answer == {"revoked": ["grt_1"]}
    assert waited < 4 * READ_SECONDS
    assert len(desk.asked) == 1


def test_who_leaves_before_the_answer_harms_nobody(
    server: ControlServer, path: Path, desk: Desk
) -> None:
    left = threading.Event()

    def slow() -> Mapping[str, Any]:
        assert left.wait(20)
        return {"revoked": ["x" * 60] * 10_000}

    desk.answer = slow
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(path))
        peer.sendall(b'{"n":1}\n')
        until = time.monotonic() + 20
        while not desk.asked:
            assert time.monotonic() < until
            threading.Event().wait(0.01)
    left.set()
    desk.answer = lambda: {"revoked": []}
    assert ask(path, {"n": 2}) == {"revoked": []}
    assert [request["n"] for _, request in desk.asked] == [1, 2]


def test_what_takes_long_for_one_holds_up_no_other(
    server: ControlServer, path: Path, desk: Desk
) -> None:
    begun, end = threading.Event(), threading.Event()

    def slow() -> Mapping[str, Any]:
        begun.set()
        assert end.wait(20)
        return {"erased": {}}

    desk.answer = slow
    told: list[Mapping[str, Any] | None] = []
    asking = threading.Thread(target=lambda: told.append(ask(path, {"do": "erase"}, 30)))
    asking.start()
    assert begun.wait(20)
    desk.answer = lambda: {"revoked": ["grt_1"]}
    assert ask(path, {"do": "revoke"}) == {"revoked": ["grt_1"]}
    assert told == []
    end.set()
    asking.join()
    assert told == [{"erased": {}}]


def test_an_answer_that_is_no_object_is_a_fault(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as fake:
        fake.bind(str(path))
        fake.listen()

        def answer() -> None:
            peer, _ = fake.accept()
            with peer:
                peer.recv(999)
                peer.sendall(b"[]\n")

        answering = threading.Thread(target=answer)
        answering.start()
        with pytest.raises(TicketgateError) as told:
            ask(path, {})
        answering.join()
    assert told.value.code == "control"


def test_a_server_that_never_ran_can_be_stopped(path: Path, desk: Desk) -> None:
    ControlServer(path, desk).stop()
    assert not path.exists()


def test_a_socket_that_cannot_be_made_is_let_go_of(tmp_path: Path, desk: Desk) -> None:
    with pytest.raises(OSError, match="too long"):
        ControlServer(tmp_path / ("x" * 108), desk)

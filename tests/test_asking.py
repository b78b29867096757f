"""A running gateway, asked over its socket by another user: the kernel says who that is."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from tests.test_wiring import copied, records, running

from ticketgate.wiring.commands import ask_gateway

NOBODY: Final = 65534
# Perl, since that user need not be able to run our Python.
ASKS: Final = (
    "my $peer = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die;"
    ' print $peer "$ARGV[1]\\n"; $peer->flush; my $line = <$peer>; print $line;'
)

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("perl") is None, reason="only root can be another user"
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A configuration whose socket others can reach, as `chmod 2710 data` lets them."""
    with tempfile.TemporaryDirectory() as outer:
        Path(outer).chmod(0o711)
        made = copied(Path(outer) / "config")
        made.chmod(0o711)
        yield made


def asked_by_nobody(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    path = folder / "data" / "control.sock"
    path.parent.chmod(0o711)
    path.chmod(0o666)
    told = subprocess.run(
        ["perl", "-MIO::Socket::UNIX", "-e", ASKS, path, json.dumps(request)],
        check=True,
        timeout=20,
        user=NOBODY,
        cwd="/",
        stdout=subprocess.PIPE,
    )
    answer: dict[str, Any] = json.loads(told.stdout)
    return answer


def test_who_can_open_the_socket_may_revoke_and_nothing_that_is_not_taken_back(
    folder: Path,
) -> None:
    with running(folder):
        for request in (
            {"do": "erase", "person": "alice", "reason": "x"},
            {"do": "prune", "before": 5, "reason": "x"},
            {"do": "exported", "size": 1},
            {"do": "rotate_key"},
            {"do": "end_key"},
        ):
            assert asked_by_nobody(folder, request)["code"] == "not_allowed", request
        revoked = {"do": "revoke", "person": "alice", "reason": "x"}
        assert asked_by_nobody(folder, revoked) == {"revoked": []}
        assert "checkpoint" in asked_by_nobody(folder, {"do": "checkpoint"})
        assert ask_gateway(folder, {"do": "exported", "size": 1}) == {"recorded": 1}
    told = {str(one["type"]) for one in records(folder)}
    assert not told & {"disclosure.erased", "retention.pruned", "key.rotated", "key.ended"}

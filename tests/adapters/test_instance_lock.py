"""One gateway per store, and none locked out by a dead one."""

import subprocess
import sys
from pathlib import Path

import pytest

from ticketgate.adapters.process.instance_lock import InstanceLock
from ticketgate.domain.errors import StoreUnavailableError

TRY = """
import sys
from pathlib import Path
from ticketgate.adapters.process.instance_lock import InstanceLock
from ticketgate.domain.errors import StoreUnavailableError
try:
    InstanceLock(Path(sys.argv[1]))
except StoreUnavailableError as fault:
    sys.exit(fault.code)
print("taken", flush=True)
sys.stdin.read()
"""


def holder(path: Path) -> "subprocess.Popen[str]":
    """Another process that takes the lock, and holds it until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", TRY, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path / "instance.lock")
    with holder(tmp_path / "instance.lock") as other:
        _, told = other.communicate(timeout=20)
    assert (other.returncode, told.strip()) == (1, "locked")
    lock.release()


def test_a_second_one_in_this_process_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "instance.lock"
    first = InstanceLock(path)
    with pytest.raises(StoreUnavailableError) as told:
        InstanceLock(path)
    assert told.value.code == "locked"
    assert told.value.next_step
    first.release()
    InstanceLock(path).release()


def test_the_lock_goes_with_the_process_that_held_it(tmp_path: Path) -> None:
    path = tmp_path / "instance.lock"
    with holder(path) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "taken\n"
        with pytest.raises(StoreUnavailableError):
            InstanceLock(path)
        other.kill()
    InstanceLock(path).release()


def test_only_its_user_may_open_it(tmp_path: Path) -> None:
    path = tmp_path / "instance.lock"
    InstanceLock(path).release()
    assert path.stat().st_mode & 0o777 == 0o600

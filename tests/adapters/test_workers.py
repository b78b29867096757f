"""Work on many parts in several processes: the same results in the same order, or a clear error."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

import pytest

from ticketgate.adapters.process.workers import processors, working
from ticketgate.domain.errors import StoreUnavailableError, TicketgateError

PARTS: Final = range(50)
LARGE: Final = "x" * 1_000_000  # more than a pipe holds
ORPHANS: Final = """
import os, signal
from ticketgate.adapters.process.workers import working
with working(lambda part: part, 2) as done:
    assert list(done(range(4))) == [0, 1, 2, 3]
    print("begun", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


def by_whom(part: int) -> tuple[int, int]:
    return part, os.getpid()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_results_come_in_the_order_of_the_parts(count: int) -> None:
    with working(by_whom, count) as done:
        found = list(done(PARTS))
    assert [part for part, _ in found] == list(PARTS)
    who = {ident for _, ident in found}
    assert who == {os.getpid()} if count == 1 else os.getpid() not in who
    assert len(who) == count


def test_no_part_is_no_result() -> None:
    with working(by_whom, 2) as done:
        assert list(done([])) == []


def test_one_process_does_it_where_the_system_cannot_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    with working(by_whom, 2) as done:
        assert list(done([1])) == [(1, os.getpid())]


def longer(part: str) -> str:
    return part + LARGE


def test_large_parts_with_large_results_wait_for_each_other_without_end() -> None:
    with working(longer, 2) as done:
        assert {len(one) for one in done([LARGE] * 6)} == {2 * len(LARGE)}


def refused(part: int) -> int:
    if part == 7:
        raise StoreUnavailableError("part 7 is damaged", next_step="mend it")
    return part


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_is_the_same_from_another_process(count: int) -> None:
    found: list[int] = []
    with pytest.raises(StoreUnavailableError) as caught, working(refused, count) as done:
        found.extend(done(PARTS))
    fault = caught.value
    assert (fault.reason, fault.code, fault.next_step) == (
        "part 7 is damaged", "store_unavailable", "mend it",
    )  # fmt: skip


def killed(part: int) -> int:
    if part == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return part


def test_a_process_that_is_killed_ends_the_whole() -> None:
    with pytest.raises(TicketgateError) as caught, working(killed, 2) as done:
        list(done(PARTS))
    assert caught.value.code == "worker_ended"
    assert "(-9)" in caught.value.reason
    assert caught.value.next_step


def crashed(part: int) -> int:
    return part // 0


def test_a_fault_of_ours_ends_the_whole(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TicketgateError, match=r"\(1\)"), working(crashed, 2) as done:
        list(done(PARTS))
    assert "ZeroDivisionError" in capfd.readouterr().err


def killing_all() -> Iterator[int]:
    """The first part, when no process is there any more."""
    for one in multiprocessing.active_children():
        one.kill()
        one.join()
    yield 1


def test_a_process_that_is_gone_before_its_part_came_ends_the_whole() -> None:
    with pytest.raises(TicketgateError) as caught, working(by_whom, 2) as done:
        list(done(killing_all()))
    assert caught.value.code == "worker_ended"


def test_a_block_that_is_left_early_ends_the_processes() -> None:
    with working(by_whom, 2) as done:
        assert next(done(PARTS))[0] == 0
    with pytest.raises(KeyError), working(by_whom, 2) as done:
        raise KeyError
    assert multiprocessing.active_children() == []


def test_processes_end_when_the_one_that_began_them_is_killed() -> None:
    """They hold its standard output, so that its end is seen once all of them have ended."""
    done = subprocess.run(
        [sys.executable, "-c", ORPHANS], stdout=subprocess.PIPE, check=False, timeout=30
    )
    assert (done.stdout, done.returncode) == (b"begun\n", -signal.SIGKILL)


def test_a_processor_that_may_not_be_used_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processors() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 12)
    assert processors() == 12
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processors() == 1

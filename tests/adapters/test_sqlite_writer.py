"""One writer: groups, savepoints, order, and the bounds of its queue."""

import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from tests.adapters.shelf import (
    WAIT_SECONDS,
    Commits,
    deliver,
    error_of,
    fail_after_two_records,
    held,
    is_whole,
    note,
    op,
    opened,
    size,
    unopened,
)

from ticketgate.adapters.net.http import GuardedHttp
from ticketgate.adapters.sqlite.writer import FEW, GROUP_MAX, LATER_MAX, LATER_MIN, QUEUE_MAX
from ticketgate.adapters.telling.mail import Mailer
from ticketgate.adapters.thread_ban import OutwardCallError, forbid_outward_calls
from ticketgate.domain.errors import EvidenceError, StoreUnavailableError
from ticketgate.domain.evidence import Disclosure, Draft
from ticketgate.domain.settings import MailSettings
from ticketgate.ports import Operation, Transaction

if TYPE_CHECKING:
    from concurrent.futures import Future


def nothing(tx: Transaction, now: datetime) -> None:
    del tx, now


# --- groups -------------------------------------------------------------------------------------


def test_operations_that_wait_commit_as_one_group(tmp_path: Path) -> None:
    commits = Commits()
    with opened(tmp_path / "x.db", before_commit=commits) as store:
        with held(store):
            before = commits.groups
            waiting = store.writer.futures([note] * 10)
        assert [one.result(WAIT_SECONDS) for one in waiting] == list(range(2, 12))
        assert commits.groups - before == 2  # the one that held, and the ten
    assert is_whole(tmp_path / "x.db")


def test_a_group_has_a_most(tmp_path: Path) -> None:
    commits = Commits()
    with opened(tmp_path / "x.db", before_commit=commits) as store:
        with held(store):
            before = commits.groups
            waiting = store.writer.futures([note] * (GROUP_MAX + 1))
        waiting[-1].result(WAIT_SECONDS)
        assert commits.groups - before == 3


def test_nothing_is_told_before_it_is_committed(tmp_path: Path) -> None:
    """While a group's COMMIT is still to come, none of its waiters has an answer."""
    seen: list[bool] = []
    waiting: list[Future[int]] = []
    with opened(
        tmp_path / "x.db", before_commit=lambda: seen.append(any(one.done() for one in waiting))
    ) as store:
        with held(store):
            waiting += store.writer.futures([note] * 3)
        assert waiting[-1].result(WAIT_SECONDS) == 4
        assert seen[-1] is False
        assert size(store) == 5


def test_urgent_operations_go_first_in_order(tmp_path: Path) -> None:
    ran: list[str] = []

    def named(name: str) -> Operation[None]:
        return op(lambda _: ran.append(name))

    with opened(tmp_path / "x.db") as store:
        with held(store):
            waiting = store.writer.futures([named("a"), named("b")])
            waiting += store.writer.futures([named("revoke 1"), named("revoke 2")], urgent=True)
        for one in waiting:
            one.result(WAIT_SECONDS)
    assert ran == ["revoke 1", "revoke 2", "a", "b"]


# --- a failing operation --------------------------------------------------------------------------


def test_a_failing_operation_leaves_the_others_and_the_chain_whole(tmp_path: Path) -> None:
    with opened(tmp_path / "x.db") as store:
        with held(store):
            first, failing, last = store.writer.futures([note, fail_after_two_records, note])
        assert (first.result(WAIT_SECONDS), last.result(WAIT_SECONDS)) == (2, 3)
        assert isinstance(error_of(failing), ValueError)
        assert store.write(note) == 4
    assert is_whole(tmp_path / "x.db")


def test_a_record_outside_the_vocabulary_fails_its_operation_only(tmp_path: Path) -> None:
    def wrong(tx: Transaction, now: datetime) -> None:
        note(tx, now)
        tx.append(Draft("gossip", {}))

    with opened(tmp_path / "x.db") as store:
        outcomes = store.write_many([note, wrong, note])
        assert [one if isinstance(one, int) else type(one) for one in outcomes] == [
            2,
            EvidenceError,
            3,
        ]
        assert size(store) == 4


def hide(tx: Transaction) -> str:
    """A record with a disclosure, under a fresh id."""
    ident = tx.new_id("act")
    hidden = Disclosure("name", f"Alice {tx.new_salt()}", "alice")
    tx.append(Draft("actor.minted", {"actor": ident}, (hidden,)))
    return f"{ident} {tx.evidence_size()}"


def test_disclosures_are_kept_and_lost_with_their_record(tmp_path: Path) -> None:
    def hide_and_fail(tx: Transaction) -> NoReturn:
        hide(tx)
        raise ValueError("planted")

    with opened(tmp_path / "x.db") as store:
        first = store.write(op(hide))
        assert (first[:4], first[-2:]) == ("act_", " 3")
        with pytest.raises(ValueError, match="planted"):
            store.write(op(hide_and_fail))
        rows = store._connection.execute("SELECT idx, subject FROM evidence_disclosure").fetchall()
    assert rows == [(2, "alice")]
    assert is_whole(tmp_path / "x.db")


def test_what_sqlite_refuses_one_operation_is_the_stores_refusal(tmp_path: Path) -> None:
    with opened(tmp_path / "x.db") as store:

        def wrong(tx: Transaction) -> None:
            hide(tx)
            store._connection.execute("SELECT * FROM nowhere")

        with held(store):
            failing, fine = store.writer.futures([op(wrong), op(hide)])
        assert isinstance(error_of(failing), StoreUnavailableError)
        assert fine.exception(WAIT_SECONDS) is None
        assert size(store) == 3
    assert is_whole(tmp_path / "x.db")


def test_nothing_can_be_appended_outside_an_operation(tmp_path: Path) -> None:
    kept: list[Transaction] = []
    with opened(tmp_path / "x.db") as store:
        store.write(op(kept.append))
        with pytest.raises(RuntimeError, match="outside an operation"):
            kept[0].append(Draft("clock.disputed", {"disputed": True}))


@pytest.mark.parametrize("way", ["http", "mail"])
def test_an_operation_that_reaches_outside_is_refused_and_nothing_is_kept(
    tmp_path: Path, way: str
) -> None:
    """The fault is planted: an operation that calls on the writer's own thread."""
    mailer = Mailer(MailSettings("127.0.0.1", 9, "gate@example.com", tls=False))

    def planted(tx: Transaction, now: datetime) -> None:
        note(tx, now)
        if way == "http":
            GuardedHttp(1).request("GET", "http://127.0.0.1:9/")
        else:
            mailer.send("bob@example.com", ("s", "t", "<p>h</p>"), "1")

    with opened(tmp_path / "x.db", on_thread=forbid_outward_calls) as store:
        with pytest.raises(OutwardCallError) as told:
            store.write(planted)
        assert told.value.code == "outward_call_in_transaction"
        assert store.write(note) == 2


# --- bounds and ends ----------------------------------------------------------------------------


def test_the_queue_has_an_end_and_revokes_still_pass(tmp_path: Path) -> None:
    with opened(tmp_path / "x.db") as store:
        with held(store):
            waiting = store.writer.futures([nothing] * QUEUE_MAX)
            with pytest.raises(StoreUnavailableError, match="queue is full"):
                store.writer.futures([nothing])
            urgent = store.writer.futures([note], urgent=True)
        assert urgent[0].result(WAIT_SECONDS) == 2
        waiting[-1].result(WAIT_SECONDS)
        assert store.write(note) == 3


def test_stopping_finishes_what_is_queued_and_takes_no_more(tmp_path: Path) -> None:
    store = unopened(tmp_path / "x.db")
    waiting = store.writer.futures([note] * 500)
    store.start()
    store.stop()
    assert [error_of(one) for one in waiting] == [None] * 500
    with pytest.raises(StoreUnavailableError, match="stopped"):
        store.write(note)
    assert not store.writer.alive


def test_a_store_that_never_ran_can_be_closed(tmp_path: Path) -> None:
    unopened(tmp_path / "x.db").stop()


def test_operations_run_one_at_a_time_on_one_thread(tmp_path: Path) -> None:
    threads: set[int] = set()
    inside = threading.Semaphore(1)

    def alone(tx: Transaction, now: datetime) -> None:
        assert inside.acquire(blocking=False)
        threads.add(threading.get_ident())
        note(tx, now)
        inside.release()

    with opened(tmp_path / "x.db") as store:

        def flood() -> None:
            for _ in range(50):
                store.write(alone)

        askers = [threading.Thread(target=flood) for _ in range(4)]
        for one in askers:
            one.start()
        for one in askers:
            one.join()
        assert (len(threads), size(store)) == (1, 202)


def test_background_work_gives_way_but_some_of_it_runs_in_every_group(tmp_path: Path) -> None:
    """A flood of deliveries can delay working them off, never stop it."""
    ran: list[str] = []

    def named(name: str) -> Operation[None]:
        return op(lambda _: ran.append(name))

    with opened(tmp_path / "x.db") as store:
        with held(store):
            waiting = store.writer.futures([named("later")] * (LATER_MAX + 1), later=True)
            waiting += store.writer.futures([named("normal")] * 2 * GROUP_MAX)
            waiting += store.writer.futures([named("urgent")], urgent=True)
        for one in waiting:
            one.result(WAIT_SECONDS)
    first, rest = ran[:GROUP_MAX], ran[GROUP_MAX:]
    assert first[0] == "urgent"
    assert first[-LATER_MIN:] == ["later"] * LATER_MIN
    assert first.count("normal") == GROUP_MAX - 1 - LATER_MIN
    assert rest[GROUP_MAX - LATER_MIN : GROUP_MAX] == ["later"] * LATER_MIN


@pytest.mark.parametrize(
    ("waiters", "in_first"),
    [(0, LATER_MAX), (FEW - 1, LATER_MAX), (FEW, LATER_MIN), (100, LATER_MIN)],
)
def test_when_more_than_a_few_wait_for_an_answer_a_group_has_little_background_work(
    tmp_path: Path, waiters: int, in_first: int
) -> None:
    ran: list[str] = []
    groups: list[int] = []

    def named(name: str) -> Operation[None]:
        return op(lambda _: ran.append(name))

    with opened(tmp_path / "x.db", before_commit=lambda: groups.append(len(ran))) as store:
        with held(store):
            waiting = store.writer.futures([named("later")] * 2 * LATER_MAX, later=True)
            waiting += store.writer.futures([named("normal")] * waiters)
        for one in waiting:
            one.result(WAIT_SECONDS)
    first = ran[: next(count for count in groups if count)]
    assert (first.count("normal"), first.count("later")) == (waiters, in_first)


def test_work_is_announced_once_it_is_committed(tmp_path: Path) -> None:
    told: list[frozenset[str]] = []
    with opened(tmp_path / "x.db") as store:
        store.writer.after_commit = told.append
        store.write(note)
        store.write(op(deliver))
        store.write(nothing)
    assert told == [frozenset({"deliveries"})]


def test_a_waiter_that_gave_up_harms_nobody(tmp_path: Path) -> None:
    with opened(tmp_path / "x.db") as store:
        with held(store):
            gone, patient = store.writer.futures([note, note])
            assert gone.cancel()
        assert patient.result(WAIT_SECONDS) == 3
        assert store.writer.alive


# --- somebody else has the file -----------------------------------------------------------------


def test_what_another_writer_wrote_is_never_written_over(tmp_path: Path) -> None:
    """The lock keeps two gateways apart; where it does not, the second goes on from the file."""
    path = tmp_path / "x.db"
    with opened(path) as one, opened(path) as other:
        behind, ahead = one, other  # the one that opened last has written last
        for operation in (nothing, note):  # either would have put the end of the log back
            before = size(ahead)
            with pytest.raises(StoreUnavailableError, match="another process has written"):
                behind.write(operation)
            assert size(ahead) == before
            assert behind.write(note) == before  # it has read the end anew
            behind, ahead = ahead, behind
    assert is_whole(path)

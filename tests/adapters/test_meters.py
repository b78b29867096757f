"""What is counted, and how well the store and the clock are."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from tests.adapters.shelf import NOON, WAIT_SECONDS, command, delivery, die, op, opened

from ticketgate.adapters.process.meters import OUTBOX_SECONDS_MAX, Meters
from ticketgate.adapters.sqlite.store import SqliteStore
from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.domain.log.anchor import AnchorKind, AnchorRow
from ticketgate.domain.settings import Anchoring, FolderSettings
from ticketgate.ports import Transaction


class Wall:
    """`ports.Clock` with a wall clock that may be off."""

    def __init__(self, *, off: bool = False) -> None:
        self.off = off

    def now(self) -> datetime:
        return NOON

    def wall(self) -> datetime:
        return NOON

    def disputed(self) -> bool:
        return self.off


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with opened(tmp_path / "x.db") as found:
        yield found


def lines(meters: Meters) -> set[str]:
    text = generate_latest(meters.registry).decode()
    return {line for line in text.splitlines() if line.startswith("ticketgate_")}


def readiness(store: SqliteStore, clock: Wall | None = None) -> dict[str, bool]:
    found = Meters(disk_bytes_min=1).readiness(store, clock or Wall())
    return {name: ok for name, (ok, _) in found.items()}


ALL_WELL = dict.fromkeys(("writer", "disk", "outbox", "clock", "anchors"), True)


# --- counts ---------------------------------------------------------------------------------------


def test_deliveries_are_counted_by_source_and_outcome() -> None:
    meters = Meters()
    meters.received("snow-prod", "accepted")
    meters.received("snow-prod", "accepted")
    meters.received("snow-prod", "duplicate")
    meters.refuse("snow-prod", "signature_mismatch")
    seen = lines(meters)
    for line in (
        'ticketgate_deliveries_received_total{source="snow-prod",status="accepted"} 2.0',
        'ticketgate_deliveries_received_total{source="snow-prod",status="duplicate"} 1.0',
        'ticketgate_deliveries_refused_total{code="signature_mismatch",source="snow-prod"} 1.0',
    ):
        assert line in seen


def test_counts_since_last_time_are_taken_once() -> None:
    meters = Meters()
    meters.refuse("snow-prod", "signature_mismatch")
    meters.refuse("snow-prod", "signature_mismatch")
    meters.refuse("unknown", "signature_mismatch")
    meters.received("snow-prod", "duplicate")
    meters.received("snow-prod", "accepted")
    assert meters.take_counts() == (
        {"snow-prod:signature_mismatch": 2, "unknown:signature_mismatch": 1},
        1,
    )
    assert meters.take_counts() == ({}, 0)


def test_no_count_is_lost_between_threads() -> None:
    meters = Meters()
    taken: list[int] = []

    def count() -> None:
        for _ in range(500):
            meters.refuse("s", "c")
            meters.received("s", "duplicate")

    counting = [threading.Thread(target=count) for _ in range(4)]
    for one in counting:
        one.start()
    while any(one.is_alive() for one in counting):
        refused, duplicates = meters.take_counts()
        taken += [*refused.values(), duplicates]
    for one in counting:
        one.join()
    refused, duplicates = meters.take_counts()
    assert sum([*taken, *refused.values(), duplicates]) == 4000


def test_without_a_store_there_are_no_gauges() -> None:
    assert not any("grants" in line for line in lines(Meters()))


def test_gauges_are_read_from_the_store(store: SqliteStore) -> None:
    def grants(tx: Transaction, now: datetime) -> None:
        for number, state in enumerate(
            (GrantState.ACTIVE, GrantState.ACTIVE, GrantState.REVOKE_OVERDUE, GrantState.REVOKED)
        ):
            tx.grants.save(
                Grant(f"grt_{number}", 1, state, "req_1", "s", "t", "1", "e", "c", {}, "a", 1, NOON)
            )
        tx.deliveries.add(delivery(1), b"{}")
        tx.deliveries.add(delivery(2, state="quarantined"), b"{}")

    store.write(grants)
    meters = Meters()
    meters.watch(store, lambda _: ["grt_1"], lambda: NOON, Anchoring())
    seen = lines(meters)
    assert 'ticketgate_grants{state="active"} 2.0' in seen
    assert 'ticketgate_grants{state="revoke_overdue"} 1.0' in seen
    assert "ticketgate_deliveries_waiting 1.0" in seen
    assert "ticketgate_grants_perhaps_closed 1.0" in seen
    assert not any("revoked" in line for line in seen)


def test_tries_to_send_mail_are_counted_by_outcome() -> None:
    meters = Meters()
    for code in ("", "mail_unavailable", "mail_unavailable"):
        meters.mailed(code)
    seen = lines(meters)
    assert 'ticketgate_mails_total{outcome="sent"} 1.0' in seen
    assert 'ticketgate_mails_total{outcome="mail_unavailable"} 2.0' in seen


# --- readiness ------------------------------------------------------------------------------------


def test_a_store_that_writes_with_room_and_nothing_late_is_ready(store: SqliteStore) -> None:
    assert readiness(store) == ALL_WELL
    told = Meters(disk_bytes_min=1).readiness(store, Wall())
    assert told["outbox"][1] == "the oldest command is 0 s late"


def test_a_dead_writer_is_not_ready(store: SqliteStore) -> None:
    [dying] = store.writer.futures([die])
    assert dying.exception(WAIT_SECONDS) is not None
    store.writer._thread.join(WAIT_SECONDS)
    assert readiness(store) == ALL_WELL | {"writer": False}


def test_too_little_room_on_the_disk_is_not_ready(store: SqliteStore) -> None:
    found = Meters(disk_bytes_min=1 << 62).readiness(store, Wall())
    assert found["disk"][0] is False
    assert found["disk"][1].endswith(" MiB free")


@pytest.mark.parametrize(("late", "ready"), [(OUTBOX_SECONDS_MAX, True), (301.0, False)])
def test_a_command_that_is_late_is_not_ready(store: SqliteStore, late: float, ready: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    store.write(op(lambda tx: tx.commands.add(command("1", after=-late))))
    assert readiness(store) == ALL_WELL | {"outbox": ready}


def test_a_command_that_is_due_later_is_no_fault(store: SqliteStore) -> None:
    later = timedelta(days=1).total_seconds()
    store.write(op(lambda tx: tx.commands.add(command("1", after=later))))
    assert readiness(store) == ALL_WELL


def test_a_wall_clock_that_is_off_is_not_ready(store: SqliteStore) -> None:
    assert readiness(store, Wall(off=True)) == ALL_WELL | {"clock": False}


# --- anchors --------------------------------------------------------------------------------------

ANCHORING = Anchoring((FolderSettings("worm", "/mnt/worm"), FolderSettings("new", "/mnt/new")))


def anchored(store: SqliteStore, row: AnchorRow) -> tuple[set[str], tuple[bool, str]]:
    """The lines of metrics, and the check, once this is how it goes with an anchor."""
    store.write(op(lambda tx: tx.anchors.save(row)))
    meters = Meters(disk_bytes_min=1)
    meters.watch(store, lambda _: [], lambda: NOON, ANCHORING)
    return lines(meters), meters.readiness(store, Wall())["anchors"]


def test_without_an_anchor_it_is_ready_and_says_what_that_means(store: SqliteStore) -> None:
    told = Meters(disk_bytes_min=1).readiness(store, Wall())
    assert told["anchors"] == (True, "none: no anchor outside this host")


def test_an_anchor_is_as_old_as_what_it_vouched_for_last(store: SqliteStore) -> None:
    ago = NOON - timedelta(hours=2)
    row = AnchorRow(AnchorKind.COPY, "worm", NOON - timedelta(days=9), 130, ago)
    seen, told = anchored(store, row)
    assert 'ticketgate_anchor_age_seconds{anchor="worm"} 7200.0' in seen
    assert not any('"new"' in line for line in seen)
    assert told == (True, "all vouch")


@pytest.mark.parametrize(("hours", "ready"), [(3.0, True), (3.01, False)])
def test_an_anchor_that_is_late_is_not_ready(
    store: SqliteStore,
    hours: float,
    ready: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    since = NOON - timedelta(hours=hours)
    row = AnchorRow(AnchorKind.COPY, "worm", since, code="anchor_unreachable")
    said = "all vouch" if ready else "worm (anchor_unreachable)"
    assert anchored(store, row)[1] == (ready, said)
    late = AnchorRow(AnchorKind.COPY, "worm", since, 1, since)
    assert anchored(store, late)[1] == (ready, "all vouch" if ready else "worm (late)")


def test_an_anchor_that_contradicts_the_log_is_not_ready_at_once(store: SqliteStore) -> None:
    row = AnchorRow(AnchorKind.COPY, "worm", NOON, 130, NOON, "copy_conflict")
    assert anchored(store, row)[1] == (False, "worm (copy_conflict)")

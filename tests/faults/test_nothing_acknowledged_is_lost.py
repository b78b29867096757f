"""What was answered 202 has its row and its record, once: kill -9, SIGTERM, a full disk.

The control answers before it has committed, and must lose.
"""

import resource
from collections import Counter
from typing import Final

import pytest
from tests.faults.ground import Fault, Ground
from tests.faults.senders import Receipt, Senders

pytestmark = pytest.mark.slow

KILLS: Final = 5
BETWEEN_KILLS: Final = 40
FULL_BYTES: Final = 128 << 10  # no file grows past it


def lost(ground: Ground, acked: dict[str, Receipt]) -> set[str]:
    """What was acknowledged and is not there as it was acknowledged."""
    rows = {
        row[0]: row[1:] for row in ground.look("SELECT webhook_id, id, idx, leaf FROM delivery")
    }
    return {
        webhook_id
        for webhook_id, receipt in acked.items()
        if rows.get(webhook_id)
        != (
            receipt["delivery_id"],
            receipt["evidence"]["index"],
            receipt["evidence"]["leaf"],
        )
    }


def check_all_kept(ground: Ground, acked: dict[str, Receipt]) -> None:
    """Nothing lost, nothing doubled, everything worked off, and the log verifies."""
    waiting = "SELECT count(*) FROM delivery WHERE state = 'accepted'"
    ground.until("the end of the backlog", lambda: ground.look(waiting) == [(0,)])
    assert lost(ground, acked) == set()
    times = Counter(row[0] for row in ground.look("SELECT webhook_id FROM delivery"))
    assert times == dict.fromkeys(acked, 1)
    taken = Counter(
        r["id"] for r in ground.records() if r.get("on") == "delivery" and not r["from"]
    )
    assert taken == {receipt["delivery_id"]: 1 for receipt in acked.values()}
    assert ground.look("SELECT DISTINCT state, effect FROM delivery") == [
        ("processed", "not_identity")
    ]
    ground.prove()


def test_no_acknowledged_delivery_is_lost_or_doubled_by_kill_9(ground: Ground) -> None:
    """Kills under a stream of webhooks whose senders try again."""
    with Senders(ground.snow, 4) as senders:
        for _ in range(KILLS):
            ground.start()
            enough = senders.count + BETWEEN_KILLS
            ground.until("more deliveries", lambda at=enough: senders.count >= at)
            ground.kill()
        ground.start()
    assert senders.count >= KILLS * BETWEEN_KILLS
    check_all_kept(ground, senders.acked)
    verified = ground.command("evidence", "verify", "--require", "structure,semantics")
    assert verified.returncode == 0, verified.stderr


def test_a_gateway_that_answers_before_it_commits_loses_what_it_acknowledged(
    ground: Ground,
) -> None:
    """The control: the same look finds the loss."""
    ground.launch(Fault.ANSWER_FIRST)
    records = [ground.snow.incident("No toner") for _ in range(3)]
    acked = {f"{record.sys_id}-0": ground.snow.post(record).json() for record in records}
    ground.kill()
    ground.start()
    assert f"{records[-1].sys_id}-0" in lost(ground, acked)
    assert ground.look("SELECT count(*) FROM delivery") == [(2,)]


def test_a_gateway_told_to_end_under_load_ends_well_and_loses_nothing(ground: Ground) -> None:
    """SIGTERM: exit 0, and what it acknowledged is there before anything is started again."""
    ground.start()
    with Senders(ground.snow, 4) as senders:
        ground.until("deliveries", lambda: senders.count >= BETWEEN_KILLS)
        assert ground.running.stop() == 0
        assert lost(ground, dict(senders.acked)) == set()
        ground.start()
    check_all_kept(ground, senders.acked)


def test_a_full_disk_refuses_and_heals_by_itself(ground: Ground) -> None:
    """503 with Retry-After while it lasts; no restart and no repair after it."""
    ground.start()
    pid = ground.running.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    with Senders(ground.snow, 2) as senders:
        ground.until("deliveries", lambda: senders.count >= 10)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL_BYTES, before[1]))
        ground.until("refusals", lambda: len(senders.refusals) >= 5)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        enough = senders.count + 10
        ground.until("deliveries again", lambda: senders.count >= enough)
    assert {answer.status_code for answer in senders.refusals} == {503}
    assert all(answer.headers["Retry-After"] for answer in senders.refusals)
    assert {answer.json()["code"] for answer in senders.refusals} == {"store_unavailable"}
    check_all_kept(ground, senders.acked)
    assert ground.running.stop() == 0


def test_a_second_gateway_on_the_same_data_is_refused(ground: Ground) -> None:
    """Exit 3, `locked`, and the first one goes on."""
    ground.start()
    second = ground.command("serve", "--port", "0")
    assert second.returncode == 3
    assert "[locked]" in second.stderr
    assert ground.snow.post(ground.snow.incident("No toner")).status_code == 202

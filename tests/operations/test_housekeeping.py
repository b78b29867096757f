"""What time brings: deadlines, the directory's changes, the clock, the heartbeat, old bodies."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket, closed, report_ticket

from ticketgate.domain.grants.command import CommandKind
from ticketgate.operations.workers import housekeeping
from ticketgate.operations.workers.housekeeping import STEP_SECONDS, Housekeeper
from ticketgate.operations.workers.sweep import expire_grant, time_out_request

HOUR = timedelta(hours=1)


def active(gate: Gate) -> None:
    """Alice has prod-db-admin for two hours."""
    gate.deliver(access_ticket())
    gate.approve("bob", "carol")
    gate.settle()
    assert gate.members() == {"alice"}


# --- deadlines -------------------------------------------------------------------------------


def test_nobody_who_is_asked_in_vain_gets_access(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.deliver(access_ticket("t2", beneficiary="erin"))
    gate.tick(8 * 3600)
    assert gate.states() == ["timed_out", "timed_out"]
    assert {one["cause"] for one in gate.records("request.timed_out")} == {"decide_by"}
    with gate.db() as looking:
        (link,) = looking.links.of_request(gate.requests()[0].id)
    assert (link.state.value, link.why) == ("expired", "decision_late")


def test_a_link_that_was_used_before_the_time_was_over_stays_used(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.approve("bob")
    gate.tick(8 * 3600)
    with gate.db() as looking:
        links = looking.links.of_request(gate.requests()[0].id)
    assert [one.state.value for one in links] == ["used", "expired", "expired"]


def test_what_timed_out_is_asked_again_only_with_other_material(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.tick(8 * 3600)
    gate.deliver(access_ticket(version=2, short_description="hello?"))
    assert gate.states() == ["timed_out"]
    gate.deliver(access_ticket(version=3, reason="hello?"))
    assert gate.states() == ["timed_out", "awaiting"]


def test_what_ended_meanwhile_stays_as_it_is(gate: Gate) -> None:
    """The sweep looks first and moves later; each move looks again."""
    gate.deliver(access_ticket())
    request = gate.requests()[0].id
    gate.write(partial(time_out_request, ident="nobody"))
    gate.write(partial(expire_grant, ident="nobody", by=gate.clock.at))
    gate.deliver(closed(access_ticket()))
    before = gate.states()
    gate.write(partial(time_out_request, ident=request))
    assert gate.states() == before


def test_a_step_says_when_the_next_one_is_due(gate: Gate) -> None:
    assert gate.keeper.step() == STEP_SECONDS
    active(gate)
    assert gate.keeper.step() == STEP_SECONDS
    gate.clock.at += 2 * HOUR - timedelta(milliseconds=300)
    assert gate.keeper.step() == pytest.approx(0.3)


def test_a_wall_clock_that_jumps_ahead_makes_nothing_live_longer(gate: Gate) -> None:
    """What is due by either clock is revoked (rule 11)."""
    active(gate)
    gate.clock.skew = 3 * HOUR
    gate.tick()
    assert gate.members() == set()


# --- the directory ---------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["inactive", "gone"])
def test_a_leaver_loses_everything(gate: Gate, how: str) -> None:
    active(gate)
    gate.deliver(report_ticket())
    gate.approve("erin")
    if how == "inactive":
        gate.directory.leave("alice")
    else:
        del gate.directory.people["alice"]
    gate.tick()
    assert gate.members() == set()
    assert gate.grant_states() == ["revoked", "cancelled"]
    assert {one.cause for one in gate.grants()} == {"leaver"}


def test_who_stays_keeps_everything(gate: Gate) -> None:
    active(gate)
    gate.directory.leave("erin")
    gate.tick()
    assert gate.members() == {"alice"}


def test_a_leaver_whose_access_is_going_already_is_not_revoked_twice(gate: Gate) -> None:
    active(gate)
    gate.target.down = True
    gate.tick(2 * 3600)
    gate.directory.leave("alice")
    gate.tick()
    assert len(gate.records("revocation.begun")) == 1


def test_requests_are_asked_again_when_the_directory_changes(gate: Gate) -> None:
    gate.deliver(access_ticket(beneficiary="erin"))
    assert gate.requests()[0].reasons == ("not_requestable",)
    gate.directory.change("erin", groups=frozenset({"platform-engineering"}))
    gate.tick()
    assert gate.states() == ["awaiting"]
    gate.directory.change("erin", groups=frozenset())
    gate.tick()
    assert gate.states() == ["withdrawn", "blocked"]


def test_a_change_that_matters_to_no_request_moves_none(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.deliver(access_ticket("t2", hours="soon"))
    gate.tick()
    before = gate.requests()
    gate.directory.change("dan", name="Daniel Kowalski")
    gate.tick()
    assert gate.requests() == before


def test_a_directory_that_cannot_be_read_stops_no_deadline(gate: Gate) -> None:
    active(gate)
    gate.directory.unreadable = True
    gate.clock.at += 2 * HOUR
    gate.keeper.step()
    assert gate.grant_states() == ["revoking"]
    gate.directory.unreadable = False


# --- the clock, the heartbeat, old bodies ----------------------------------------------------


def test_the_clock_is_kept_every_half_minute_and_at_the_end(gate: Gate) -> None:
    def kept() -> object:
        with gate.db() as looking:
            return looking.people.kept_clock()

    gate.keeper.step()
    first = kept()
    gate.clock.at += timedelta(seconds=29)
    gate.keeper.step()
    assert kept() == first
    gate.clock.at += timedelta(seconds=1)
    gate.keeper.step()
    second = kept()
    assert second != first
    gate.clock.at += timedelta(seconds=1)
    gate.keeper.last_words()
    assert kept() == gate.clock.kept() != second


def test_a_disputed_clock_is_recorded_once_and_not_kept(gate: Gate) -> None:
    gate.clock.skew = -HOUR
    gate.tick(60)
    gate.tick(60)
    gate.keeper.last_words()
    with gate.db() as looking:
        assert looking.people.kept_clock() is None
    gate.clock.skew = timedelta(0)
    gate.tick()
    assert [one["disputed"] for one in gate.records("clock.disputed")] == [True, False]


def test_a_start_beats_at_once_and_silence_is_never_longer_than_an_hour(gate: Gate) -> None:
    gate.counts = ({"snow-prod authentication": 3}, 2)
    gate.tick()
    assert len(gate.records("heartbeat")) == 1
    for _ in range(180):
        gate.tick(60)
    beats = gate.records("heartbeat")
    assert len(beats) == 4
    assert beats[0]["refused"] == [["snow-prod authentication", 3]]
    assert beats[0]["duplicates"] == 2


def kept_bodies(gate: Gate) -> dict[str, bool]:
    with gate.db() as looking:
        rows = looking.deliveries.listed(None, 10)
        return {row.state: looking.deliveries.body(row.seq) is not None for row in rows}


def test_bodies_are_dropped_in_time_those_of_parked_deliveries_too(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.receive(b"{", quarantine="not_json")
    gate.tick(30 * 86_400)
    assert kept_bodies(gate) == {"processed": True, "quarantined": True}
    gate.clock.at += HOUR
    gate.receive(access_ticket("t2"))
    gate.keeper.step()
    assert kept_bodies(gate) == {"processed": False, "quarantined": False, "accepted": True}


def test_a_gateway_that_is_often_restarted_drops_bodies_all_the_same(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.clock.at += timedelta(days=31)
    gate.restart()
    gate.keeper.step()
    assert kept_bodies(gate) == {"processed": False}


def test_a_restart_is_recorded_and_its_policy_when_it_is_another(gate: Gate) -> None:
    gate.restart()
    assert [one["type"] for one in gate.records()] == [
        "log.opened",
        "gateway.started",
        "policy.loaded",
        "gateway.started",
    ]


def test_a_grant_that_cannot_be_moved_stops_neither_the_others_nor_the_rest(gate: Gate) -> None:
    """What fails is alone in its trouble: loud, and tried again."""
    active(gate)
    gate.deliver(report_ticket())
    gate.approve("erin")
    gate.run_targets()
    broken = gate.grants()[0].id
    with closing(sqlite3.connect(gate.store.path)) as plain:
        plain.execute(
            "CREATE TRIGGER planted BEFORE UPDATE ON access_grant"
            f" WHEN NEW.id = '{broken}' BEGIN SELECT RAISE(ABORT, 'planted'); END"
        )
    gate.clock.at += timedelta(days=40)
    gate.directory.people["new"] = replace(gate.directory.people["erin"], id="new", accounts={})
    with pytest.raises(sqlite3.IntegrityError, match="planted"):
        gate.keeper.step()
    assert gate.grants()[0].state.value == "active"
    assert gate.grants()[1].state.value == "revoking"
    with closing(sqlite3.connect(gate.store.path)) as plain:
        plain.execute("DROP TRIGGER planted")
    gate.keeper.step()
    assert gate.grants()[0].state.value == "revoking"


def bodies(gate: Gate) -> int:
    with closing(sqlite3.connect(gate.path)) as db:
        return int(db.execute("SELECT count(*) FROM delivery_body").fetchone()[0])


def test_raw_bodies_whose_time_is_up_go_at_the_start_also_those_that_are_parked(
    gate: Gate,
) -> None:
    gate.deliver(access_ticket())
    assert gate.deliver(b'{"no": "mapping"}') == "no_mapping"
    gate.receive(access_ticket("t2"))
    gate.clock.at += timedelta(days=30)
    gate.restart()
    gate.keeper.step()
    assert bodies(gate) == 3  # not before
    gate.clock.at += timedelta(seconds=1)
    gate.restart()
    gate.keeper.step()
    assert bodies(gate) == 1  # what waits to be worked off stays
    assert gate.work() == 1
    gate.tick(3600)
    assert bodies(gate) == 0


def keeper(gate: Gate, keep: timedelta | None) -> Housekeeper:
    """One that keeps what was told for so long."""
    return Housekeeper(
        store=gate.store,
        clock=gate.clock,
        policy=None,
        snapshot=gate.known,
        raw_body_keep=timedelta(days=30),
        kept_clock=gate.clock.kept,
        counts=lambda: ({}, 0),
        alarm=lambda *_: None,
        keep_messages=keep,
    )


def test_what_was_told_long_ago_goes_in_small_batches_where_the_settings_say_so(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def left() -> int:
        with closing(sqlite3.connect(gate.path)) as looking:
            return int(looking.execute("SELECT count(*) FROM letter").fetchone()[0])

    monkeypatch.setattr(housekeeping, "DROP_MAX", 1)
    for ticket in (access_ticket(), access_ticket("t2")):
        gate.deliver(ticket)
        gate.deliver(closed(ticket))
    for command in gate.due(CommandKind.MAIL_OUTCOME):
        gate.mailer.run(command, gate.desk.snapshot())
    told = left()
    assert told > 1
    gate.tick(3 * 24 * 3600)
    keeper(gate, None).step()
    assert left() == told  # nothing is dropped unless it is said
    loop = keeper(gate, timedelta(days=3, minutes=5))
    loop.step()
    gate.clock.at += timedelta(minutes=9)
    loop.step()
    assert left() == told  # it is looked at every ten minutes
    gate.clock.at += timedelta(minutes=1)
    loop.step()
    assert left() == told - 1
    loop.step()
    assert left() == told - 2  # and at once again while there are more

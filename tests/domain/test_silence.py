"""A gap between records is told, and is no fault."""

from datetime import timedelta

from tests.domain.evidence_log import life

from ticketgate.domain.verifying.silence import SILENCE_SECONDS, Silence


def test_the_longest_silence_is_told_with_the_record_that_ended_it() -> None:
    log = life()
    for hours in (1, 3, 30, 2):
        log.now += timedelta(hours=hours)
        log.tell("heartbeat")
    semantics = log.report()["semantics"]
    assert semantics.holds
    assert semantics.note == "longest silence 1 d 6 h 1 s, before record 14"


def test_nothing_is_told_of_shorter_ones() -> None:
    log = life()
    log.now += timedelta(seconds=SILENCE_SECONDS - 1)
    log.tell("heartbeat")
    assert log.report()["semantics"].note == ""


def test_before_the_first_record_there_is_no_silence() -> None:
    silence = Silence()
    silence.take(0, "", "2026-11-22T02:40:00.000000Z")
    assert silence.note == ""


def test_time_that_goes_back_is_a_fault_and_no_silence() -> None:
    log = life()
    log.now -= timedelta(hours=5)
    log.tell("heartbeat")
    semantics = log.report()["semantics"]
    assert not semantics.holds
    assert semantics.note == ""

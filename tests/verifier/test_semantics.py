"""SEMANTICS, and the form of what an entry says."""

import json
from pathlib import Path

import pytest
from tests.verifier import bundle_writer as writer
from tests.verifier.asking import Answer
from tests.verifier.bundle_writer import REQUEST, Log


def changed(tmp_path: Path, index: int, **fields: object) -> Answer:
    """The story with fields of one record changed, and everything after it made again."""
    log, told = Log(), Log().story()
    for place, entry in enumerate(told.entries):
        record = json.loads(entry)
        if place == index:
            record |= fields
            record = {name: value for name, value in record.items() if value != "DROP"}
        before = log.leaves[-1].hex() if log.leaves else record["_prev"]
        log.put(writer.canonical(record | {"_prev": before}))
    log.rows = told.rows
    return Answer(log.write(tmp_path / "c"))


@pytest.mark.parametrize(
    ("index", "fields", "bad"),
    [
        (2, {"to": "processed"}, 2),
        (2, {"from": "accepted"}, 2),
        (2, {"on": "nothing"}, 2),
        (2, {"id": 7}, 2),
        (2, {"body": "DROP"}, 2),
        (2, {"type": "no.such"}, 2),
        (2, {"_ts": "2026-11-22T02:39:00.000000Z"}, 2),
        (3, {"revision": True}, 3),
        (4, {"id": "d2"}, 4),
        (5, {"requester": "act_ann"}, 6),
        (5, {"editor": "act_ann"}, 6),
        (5, {"editors": ["act_x", "act_ann"]}, 6),
        (6, {"request": "r2"}, 6),
        (6, {"approver": "act_bob"}, 6),
        (6, {"decision": "deny"}, 7),
        (6, {"decision": "maybe"}, 6),
        (6, {"stage": 2}, 6),
        (6, {"round": 2}, 6),
        (6, {"link": "lnk_2"}, 6),
        (6, {"link": ["lnk_1"]}, 6),
        (5, {"links": []}, 6),
        (5, {"links": [["lnk_1", "act_ann", 1]]}, 5),
        (5, {"stage": "1"}, 5),
        (5, {"decide_by": "2026-11-22T02:40:06.000000Z"}, 6),
        (5, {"decide_by": None}, 6),
        (6, {"material": "m2"}, 6),
        (6, {"rules": "q"}, 6),
        (6, {"need": 2}, 7),
        (6, {"seconds": 599}, 8),
        (7, {"stages": [1, 1]}, 7),
        (7, {"stages": [2]}, 7),
        (7, {"stages": []}, 7),
        (7, {"stages": [0]}, 7),
        (7, {"editors": ["act_ann"]}, 7),
        (7, {"from": "blocked"}, 7),
        (7, {"entitlement": "root"}, 7),
        (7, {"target": "other"}, 7),
        (7, {"beneficiary": "act_eve"}, 7),
        (8, {"subject": "act_eve"}, 8),
        (8, {"target": "other"}, 8),
        (8, {"seconds": 3601}, 8),
        (8, {"request": "r9"}, 8),
        (8, {"seconds": 599}, 9),
        (9, {"not_after": None}, 9),
        (9, {"not_after": "2026-11-22T02:40:00Z"}, 9),
        (10, {"not_after": "2026-11-22T04:00:00.000000Z"}, 10),
        (11, {"target": "other"}, 11),
        (11, {"heirs": ["g9"]}, 11),
        (13, {"confirmed": False}, 13),
        (13, {"confirmed": 1}, 13),
        (13, {"from": "active"}, 13),
    ],
)
def test_what_is_not_possible_is_a_fault_of_semantics(
    tmp_path: Path, index: int, fields: dict[str, object], bad: int
) -> None:
    answer = changed(tmp_path, index, **fields)
    assert answer.failed == {"semantics"}
    assert answer.semantics["first_bad"] == bad


@pytest.mark.parametrize(
    ("index", "fields"),
    [
        (13, {"heirs": ["g1"]}),
        (6, {"seconds": 600}),
        (7, {"more": "fields"}),
        (5, {"editor": "x"}),
        (5, {"decide_by": "2026-11-22T02:40:06.000001Z"}),
        (5, {"links": [["lnk_1", "act_ann"]] * 2}),
    ],
)
def test_what_is_possible_is_none(tmp_path: Path, index: int, fields: dict[str, object]) -> None:
    assert changed(tmp_path, index, **fields).exit == 0


@pytest.mark.parametrize(
    ("fields", "index"),
    [
        ({"_ts": "2026-11-22T02:40:60.000000Z"}, 3),
        ({"_ts": "2026-02-30T02:40:00.000000Z"}, 3),
        ({"_ts": 5}, 3),
        ({"origin": "other"}, 0),
        ({"format": 2}, 0),
        ({"format": True}, 0),
        ({"type": "heartbeat"}, 0),
        ({"_seq": 4}, 3),
        ({"A": 1}, 3),
        ({"a": [[[[[[[[1]]]]]]]]}, 3),
        ({"a": 2**53}, 3),
        ({"a": 1.0}, 3),
    ],
)
def test_what_has_not_its_form_is_a_fault_of_structure(
    tmp_path: Path, fields: dict[str, object], index: int
) -> None:
    answer = changed(tmp_path, index, **fields)
    assert "structure" in answer.failed
    assert answer.structure["first_bad"] == index


def test_two_stages_take_two_people(tmp_path: Path) -> None:
    for second, sound in (("act_cid", True), ("act_ann", False)):
        log = Log().opened()
        log.move("request", "r1", "", "awaiting", "request.opened", **REQUEST)
        log.add("decision.recorded", **writer.DECISION)
        stage = REQUEST | {"stage": 2, "links": []}
        log.move("request", "r1", "awaiting", "awaiting", "request.awaiting", **stage)
        log.add("links.issued", request="r1", round=1, stage=2, links=[["lnk_3", second]])
        decision = {"stage": 2, "approver": second, "link": "lnk_3"}
        told = writer.DECISION | decision
        log.add("decision.recorded", **told | {"shown": writer.shown_of(told)})
        steps = REQUEST | {"stages": [1, 1]}
        log.move("request", "r1", "awaiting", "approved", "request.approved", **steps)
        answer = Answer(log.write(tmp_path / second))
        assert answer.failed == (set() if sound else {"semantics"})


@pytest.mark.parametrize(
    ("before", "revision", "sound"),
    [("", 2, True), ("", 1, False), ("identity", 1, True), ("uncertain", 2, False)],
)
def test_a_ticket_begins_anew_once_for_each_revision(
    tmp_path: Path, before: str, revision: int, *, sound: bool
) -> None:
    log = Log().opened()
    fields = writer.TICKET
    log.move("ticket", "t", "", "identity", "ticket.classified", **fields, revision=1)
    log.move("ticket", "t", before, "identity", "ticket.classified", **fields, revision=revision)
    assert Answer(log.write(tmp_path / "b")).failed == (set() if sound else {"semantics"})


@pytest.mark.parametrize(
    ("by", "sound"), [(["a", "b"], True), (["a", "a"], False), (["a", ""], False), ("ab", False)]
)
def test_a_restore_is_declared_by_two(tmp_path: Path, by: object, *, sound: bool) -> None:
    log = Log().opened()
    log.add("restore.declared", by=by, kept=1, lost_root="", lost_size=1)
    assert Answer(log.write(tmp_path / "b")).failed == (set() if sound else {"semantics"})


def test_who_is_asked_at_a_stage_that_goes_on_decides_beside_the_others(tmp_path: Path) -> None:
    log = Log().opened()
    log.move("request", "r1", "", "awaiting", "request.opened", **REQUEST)
    more = REQUEST | {"links": [["lnk_3", "act_eve"]]}
    log.move("request", "r1", "awaiting", "awaiting", "request.awaiting", **more)
    log.add("decision.recorded", **writer.DECISION)
    log.add("decision.recorded", **writer.DECISION | {"approver": "act_eve", "link": "lnk_3"})
    assert Answer(log.write(tmp_path / "b")).exit == 0
    log.add("decision.recorded", **writer.DECISION | {"approver": "act_eve", "link": "lnk_3"})
    assert Answer(log.write(tmp_path / "c")).semantics["first_bad"] == 5


@pytest.mark.parametrize(("ended", "bad"), [(True, None), (False, 10)])
def test_a_restore_holds_access_back_until_it_has_ended(
    tmp_path: Path, bad: int | None, *, ended: bool
) -> None:
    log, told = Log(), Log().story()
    for entry in told.entries[:9]:
        log.put(entry)
    log.rows = told.rows
    log.add("restore.declared", by=["a", "b"], kept=1, lost_root="", lost_size=1)
    if ended:
        log.add("restore.ended", by=["a", "b"])
    log.move(
        "grant", "g1", "planned", "provisioning", "grant.provisioning", **writer.GRANT,
        not_after=log.stamp(len(log)), baseline=False, before="absent", command="c1",
        deadline=writer.BY, plan="remove",
    )  # fmt: skip
    answer = Answer(log.write(tmp_path / "b"))
    assert (answer.semantics["first_bad"], answer.failed) == (bad, {"semantics"} if bad else set())


@pytest.mark.parametrize(("kept", "bad"), [(10, 9), (11, 10), (12, None), (14, None)])
def test_at_the_end_of_the_log_no_access_is_left_behind_its_end(
    tmp_path: Path, kept: int, bad: int | None
) -> None:
    log, told = Log(), Log().story()
    for entry in told.entries[:kept]:
        log.put(entry)
    log.rows = told.rows
    log.beats(660 + 9 - kept + 1)  # the last one is a minute after the end
    assert Answer(log.write(tmp_path / "b")).exit == 0
    log.beats(1)
    bundle = log.write(tmp_path / "c")
    answer = Answer(bundle)
    assert (answer.semantics["first_bad"], answer.failed) == (bad, {"semantics"} if bad else set())
    assert Answer(bundle, "--quick").exit == 0

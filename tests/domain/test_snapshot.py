"""Snapshot: replaying goes on from it as if all had been replayed. Its form is the document's."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.evidence_log import BY, Log, Row, life, rewritten
from tests.domain.evidence_walk import walk
from tests.domain.signing import signer
from tests.domain.signing import verify as verify_ed25519
from tests.segments import SHORT

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Json, canonical, parse_entry
from ticketgate.domain.log.machines import NEW
from ticketgate.domain.log.trust import LogKey, Trust
from ticketgate.domain.verifying.anchor_check import Vouching
from ticketgate.domain.verifying.log_life import KeyTrust
from ticketgate.domain.verifying.replay import Replay
from ticketgate.domain.verifying.report import Asked, Report
from ticketgate.domain.verifying.snapshot import (
    Pruned,
    SnapshotError,
    begin,
    digest_of_snapshot,
    from_snapshot,
    to_snapshot,
)
from ticketgate.domain.verifying.snapshot_form import is_element
from ticketgate.domain.verifying.verification import Stored, verify_store

pytestmark = pytest.mark.usefixtures("in_short_segments")
AT: Final = SHORT
NEXT: Final = signer("gate.example.com/evidence", "next").key
GATE: Final = signer("gate.example.com/evidence", "gate").key


def replayed(rows: list[Row], replay: Replay | None = None) -> Replay:
    replay = replay or Replay()
    for index, _, entry in rows:
        replay.take(index, parse_entry(entry))
    return replay


def told(replay: Replay) -> tuple[bytes, int]:
    return to_snapshot(replay, AT), replay.faults.count


def full() -> Replay:
    """A replay in which every part of a snapshot holds something."""
    log = life()
    asked: dict[str, Json] = {"round": 1, "stage": 1, "stages": [1], "material": "m"}
    asked |= {"requester": "act_2", "beneficiary": "act_2", "seconds": 60}
    asked |= {"target": "t", "entitlement": "e", "decide_by": BY}
    asked["links"] = [["l9", "act_9"], ["l8", "act_8"], ["l7", "act_7"]]
    at: dict[str, Json] = {"round": 1, "stage": 1, "need": 1, "material": "m", "seconds": 60}
    for ident in ("r2", "r3"):
        log.move("request", ident, NEW, "awaiting", **asked)
        for one in "98":
            said: dict[str, Json] = {"approver": f"act_{one}", "link": f"l{one}"}
            said |= {"on_behalf_of": "act_5"} if one == "8" else {}
            log.tell("decision.recorded", None, request=ident, decision="approve", **said | at)
    log.move("request", "r3", "awaiting", "approved", **asked)
    signed = "A" * 86 + "=="
    keys: dict[str, Json] = {"old": GATE.text, "new": NEXT.text}
    log.tell("key.rotated", None, **keys, signature=signed, possession=signed)
    log.tell("key.ended", key=GATE.text)
    return replayed(log.rows)


@given(st.integers(0, 10_000), st.integers(5, 60), st.integers(1, 60))
def test_replaying_from_a_snapshot_is_replaying_all(seed: int, steps: int, cut: int) -> None:
    rows = walk(seed, steps).rows
    first = replayed(rows[:cut])
    boundary, going_on = from_snapshot(to_snapshot(first, AT))
    assert boundary == AT
    assert told(going_on) == told(first)
    assert told(replayed(rows[cut:], going_on)) == told(replayed(rows))


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_fault_behind_the_snapshot_shows_as_it_would_have(cut: int) -> None:
    rows = life().rows
    for late in range(cut, len(rows)):
        bad = [*rows[:late], *rows[late + 1 :]]
        _, going_on = from_snapshot(to_snapshot(replayed(bad[:cut]), AT))
        assert told(replayed(bad[cut:], going_on)) == told(replayed(bad))


def test_a_snapshot_is_what_the_document_says() -> None:
    found = json.loads(to_snapshot(full(), AT))
    parts = "approved automatic ballots boundary folded keys restoring revisions time"
    assert sorted(found) == parts.split()
    assert found["approved"] == [["r3", "act_2", "e", "t", 60]]
    assert found["ballots"] == [
        {
            "approvers": [["m", 1, 1, ["act_8", "act_9"]]],
            "denied": False,
            "id": "r2",
            "links": [["l7", "act_7"]],
            "need": [["m", 1, 1, 1]],
            "parties": ["act_2"],
            "represented": [["m", 1, ["act_5"]]],
            "seconds": [["m", 1, 60]],
        }
    ]
    assert found["revisions"] == [["t", 1]]
    assert found["keys"] == sorted([[NEXT.text, 19, None], [GATE.text, 0, 21]], key=str)
    assert [(one["on"], one["id"], one["state"]) for one in found["folded"]] == [
        ("delivery", "d", "accepted"),
        ("grant", "g", "revoked"),
        ("request", "r", "approved"),
        ("request", "r2", "awaiting"),
        ("request", "r3", "approved"),
        ("ticket", "t", "identity"),
    ]
    grant = found["folded"][1]["said"]
    assert grant == {
        "activate_by": "2026-11-22T03:30:00.000000Z",
        "baseline": None,
        "not_after": "2026-11-22T03:30:00.000000Z",
        "request": "r",
        "seconds": 3600,
        "subject": "act_alice",
    }


def test_every_part_comes_back() -> None:
    first = full()
    _, again = from_snapshot(to_snapshot(first, AT))
    assert told(again) == told(first)


def edits() -> list[tuple[str, Any]]:
    """(name of a part, what it becomes): each is no snapshot any more."""
    found: list[tuple[str, Any]] = [("boundary", 0), ("boundary", 7), ("boundary", "x")]
    found += [("time", 7), ("time", None), ("boundary", AT + 1)]
    for name in ("approved", "automatic", "ballots", "folded", "keys", "revisions"):
        found += [(name, None), (name, {}), (name, [7]), (name, [[]]), (name, [{}])]
    return found


@pytest.mark.parametrize(("name", "value"), edits())
def test_what_is_no_snapshot_is_refused(name: str, value: Any) -> None:  # noqa: ANN401 -- JSON
    found = json.loads(to_snapshot(full(), AT))
    with pytest.raises(EvidenceError):
        from_snapshot(canonical(found | {name: value}))


@pytest.mark.parametrize("name", ["approvers", "need", "seconds", "parties"])
@pytest.mark.parametrize(
    "value", [[7], [[]], [["m", 1, 1, [7]]], [["m", 1, 1, "x"]], "x"], ids=repr
)
def test_ballots_are_read_part_by_part(name: str, value: Any) -> None:  # noqa: ANN401 -- JSON
    found = json.loads(to_snapshot(full(), AT))
    found["ballots"][0][name] = value
    with pytest.raises(SnapshotError):
        from_snapshot(canonical(found))


def test_more_or_less_than_a_snapshot_has_is_refused() -> None:
    found = json.loads(to_snapshot(full(), AT))
    for part in ("ballots", "folded"):
        more = deepcopy(found)
        more[part][0]["more"] = 1
        with pytest.raises(SnapshotError):
            from_snapshot(canonical(more))
    with pytest.raises(SnapshotError, match="without what it must have"):
        from_snapshot(canonical(found | {"more": 1}))
    with pytest.raises(SnapshotError, match="no list"):
        from_snapshot(canonical(found | {"folded": 7}))
    with pytest.raises(SnapshotError, match="canonical"):
        from_snapshot(to_snapshot(full(), AT) + b"\n")


def test_keys_of_a_snapshot_go_on_from_those_that_are_trusted() -> None:
    """A key that is trusted already may only end; one that the log brought is accepted."""
    data = to_snapshot(full(), AT)
    trust = KeyTrust("gate.example.com/evidence", (LogKey(GATE),), verify_ed25519)
    _, replay = from_snapshot(data, trust)
    assert set(replay.life.keys) == {LogKey(GATE, end=21), LogKey(NEXT, above=19)}
    assert to_snapshot(replay, AT) == data
    earlier = KeyTrust("gate.example.com/evidence", (LogKey(GATE, end=5),), verify_ed25519)
    assert LogKey(GATE, end=5) in from_snapshot(data, earlier)[1].life.keys


# --- a log whose beginning was pruned --------------------------------------------------------


def pruned(log: Log, cut: int) -> tuple[list[Row], Pruned]:
    """The rest of a log, as if its first `cut` records had been a whole segment."""
    rows = log.rows
    snapshot = to_snapshot(replayed(rows[:cut]), AT)
    return rows[cut:], Pruned(AT, rows[cut - 1][1], snapshot)


def moved(log: Log, cut: int) -> tuple[Log, Pruned]:
    """The same log whose records from `cut` on stand behind a pruned segment."""
    rest, start = pruned(log, cut)
    after = Log(log.origin)
    after.rows, after.hidden = [], []
    after.head = type(log.head)(AT, start.leaf)
    for _, _, entry in rest:
        record = parse_entry(entry)
        again = rewritten((0, b"", entry), _seq=after.head.size, _prev=after.head.leaf.hex())
        after.rows.append((after.head.size, again[1], again[2]))
        after.hidden += [
            (digest, after.head.size, encoded)
            for digest, _, encoded in log.hidden
            if digest in _listed(record)
        ]
        after.head = type(log.head)(after.head.size + 1, again[1])
        after.now = log.now
    return after, start


def _listed(record: dict[str, Json]) -> list[Json]:
    found = record.get("sd", [])
    assert isinstance(found, list)
    return found


def report(log: Log, start: Pruned) -> Report:
    """Of a store that kept the leaf hashes of what was pruned, the last of them as `start` says."""
    runs = [bytes(32 * (AT - 1)), start.leaf]
    rows = Stored(log.origin, log.rows, log.hidden, log.head, None, start, runs)
    nobody = Asked(Trust(()), lambda *_: False, log.now)
    return verify_store(rows, nobody, Vouching())


def texts(found: Report) -> list[tuple[int, str]]:
    return [(one.index, one.text) for verdict in found.verdicts for one in verdict.faults]


def said_so(log: Log, start: Pruned) -> tuple[Log, Pruned]:
    digest = digest_of_snapshot(start.snapshot or b"")
    log.tell("retention.pruned", boundary=AT, snapshot=digest)
    return log, start


@pytest.mark.parametrize("cut", range(1, 11))
def test_a_log_is_verified_from_where_retention_left_it(cut: int) -> None:
    log, start = said_so(*moved(life(), cut))
    found = report(log, start)
    assert texts(found) == []
    assert found.size == log.head.size == AT + 12 - cut + 1


def test_a_snapshot_that_no_record_names_is_a_fault_at_its_boundary() -> None:
    log, start = moved(life(), 6)
    assert texts(report(log, start)) == [(AT, "no record names what replaying began with")]


def test_another_snapshot_than_the_record_names_is_a_fault_at_its_boundary() -> None:
    log, start = said_so(*moved(life(), 6))
    other = json.loads(start.snapshot or b"")
    other["time"] = "2026-11-22T02:40:00.000000Z"
    edited = Pruned(start.boundary, start.leaf, canonical(other))
    assert texts(report(log, edited)) == [(AT, "no record names what replaying began with")]


def test_a_snapshot_of_another_boundary_is_a_fault_at_this_one() -> None:
    log, start = said_so(*moved(life(), 10))
    other = (start.snapshot or b"").replace(b'"boundary":%d' % AT, b'"boundary":%d' % (2 * AT))
    found = report(log, Pruned(AT, start.leaf, other))
    assert (AT, "a snapshot of another boundary") in texts(found)


@pytest.mark.parametrize("data", [None, b"", b"{}", b"\xff", b'{"boundary":%d}' % AT])
def test_a_snapshot_that_cannot_be_read_is_a_fault_at_the_boundary(data: bytes | None) -> None:
    log, start = said_so(*moved(life(), 10))
    found = report(log, Pruned(AT, start.leaf, data))
    assert found["semantics"].first_bad == AT
    assert not found["semantics"].holds
    assert found["structure"].holds


def test_a_snapshot_of_another_boundary_is_a_fault() -> None:
    replay = begin(Pruned(2 * AT, b"", to_snapshot(full(), AT)))
    assert [one.text for one in replay.faults.kept] == ["a snapshot of another boundary"]


def test_the_chain_begins_at_the_last_leaf_that_was_pruned() -> None:
    log, start = said_so(*moved(life(), 6))
    found = report(log, Pruned(AT, b"\x00" * 32, start.snapshot))
    assert texts(found) == [(AT, "_prev is not the leaf hash of the entry before")]


def test_leaf_hashes_of_what_was_pruned_that_are_not_there_are_a_fault() -> None:
    log, start = said_so(*moved(life(), 6))
    nobody = Asked(Trust(()), lambda *_: False, log.now)
    rows = Stored(log.origin, log.rows, log.hidden, log.head, None, start, [bytes(32)])
    assert texts(verify_store(rows, nobody, Vouching())) == [
        (1, "the leaf hashes of what was pruned are not all there")
    ]


def test_an_erasure_may_be_of_what_was_pruned_since() -> None:
    log, start = moved(life(), 6)
    log.tell("disclosure.erased", digests=["g" * 43])
    assert texts(report(*said_so(log, start))) == []
    log.tell("disclosure.erased", digests=[7])
    assert len(texts(report(log, start))) == 1


def of(name: str, value: Any) -> Callable[[Any], Any]:  # noqa: ANN401 -- JSON
    """A change of one key of the first element."""
    return lambda rows: [rows[0] | {name: value}, *rows[1:]]


def edited(name: str, value: Any) -> bytes:  # noqa: ANN401 -- JSON
    found = json.loads(to_snapshot(full(), AT))
    found[name] = value(found[name]) if callable(value) else value
    return canonical(found)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (edited("time", "zzz"), "of no time"),
        (edited("time", 7), "of no time"),
        (edited("boundary", AT + 1), "of a boundary that is none"),
        (edited("folded", {}), "a part of a snapshot that is no list"),
        (edited("keys", lambda rows: rows[::-1]), "keys of a snapshot that are not sorted"),
        (edited("folded", lambda rows: rows[::-1]), "not sorted, or come twice"),
        (edited("approved", lambda rows: rows * 2), "not sorted, or come twice"),
        (edited("approved", [["r", "a", "e", "t", True]]), "an element of `approved`"),
        (edited("approved", [["r"]]), "an element of `approved`"),
        (edited("revisions", [["t", "1"]]), "an element of `revisions`"),
        (edited("revisions", [[1, 1]]), "an element of `revisions`"),
        (edited("keys", [["k", True, None]]), "an element of `keys`"),
        (edited("keys", [7]), "an element of `keys`"),
        (edited("ballots", [{}]), "an element of `ballots`"),
        (edited("ballots", []), "ballots on other requests than those that await decisions"),
        (edited("ballots", of("id", "r3")), "ballots on other requests"),
        (edited("ballots", of("links", [["l", "a"], ["l", "b"]])), "not sorted, or come twice"),
        (edited("ballots", of("links", [["l", "a"], ["k", "b"]])), "not sorted, or come twice"),
        (edited("restoring", 0), "does not say whether a restore goes on"),
        (edited("restoring", None), "does not say whether a restore goes on"),
    ],
)
def test_what_to_snapshot_would_not_write_is_none(data: bytes, reason: str) -> None:
    with pytest.raises(SnapshotError, match=reason):
        from_snapshot(data)


BALLOT: dict[str, Any] = {
    "approvers": [["m", 1, 1, ["a"]]], "denied": False, "id": "r",
    "links": [["l", "a"]], "need": [["m", 1, 1, 1]], "parties": ["p"], "seconds": [["m", 1, 60]],
}  # fmt: skip
THING: dict[str, Any] = {
    "id": "g", "index": 3, "on": "grant", "said": {"seconds": 60}, "state": "active",
}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"approvers": [["m", 1, 1, []]]},
        {"approvers": [["m", 1, 1, "ab"]]},
        {"approvers": [7]},
        {"need": [["m", 1, 1, 0]]},
        {"need": [7]},
        {"seconds": [["m", 1, "60"]]},
        {"seconds": [7]},
        {"parties": ["b", "a"]},
        {"denied": 0},
        {"links": {}},
        {"links": [["l"]]},
        {"links": [["l", 7]]},
        {"links": [[None, "a"]]},
    ],
)
def test_a_ballot_of_another_form_is_none(changes: dict[str, Any]) -> None:
    assert is_element("ballots", BALLOT, AT)
    assert not is_element("ballots", BALLOT | changes, AT)


@pytest.mark.parametrize(
    "changes",
    [
        {"index": AT},
        {"index": "3"},
        {"on": "nothing"},
        {"state": "bogus"},
        {"said": {"more": 1}},
        {"said": {"seconds": None}},
        {"said": {"subject": None}},
        {"said": {"baseline": 1}},
        {"extra": 1},
    ],
)
def test_a_thing_of_another_form_is_none(changes: dict[str, Any]) -> None:
    assert is_element("folded", THING, AT)
    assert not is_element("folded", THING | changes, AT)

"""Snapshot: what replaying starts from where earlier entries were pruned.

The form is that of docs/evidence-format.md, "Snapshots": one canonical JSON object, the same bytes
for the same log whoever replays it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Json, canonical, parse_canonical
from ticketgate.domain.instants import is_instant
from ticketgate.domain.log.folded import Ballot, Folded
from ticketgate.domain.log.note import parse_vkey
from ticketgate.domain.log.trust import LogKey
from ticketgate.domain.verifying.log_life import SEGMENT_ENTRIES, KeyTrust
from ticketgate.domain.verifying.replay import Replay
from ticketgate.domain.verifying.snapshot_form import is_element

_KEYS: Final = frozenset(
    {"approved", "automatic", "ballots", "boundary", "folded", "keys"}
    | {"restoring", "revisions", "time"}
)

_GIVEN: Final = ("subject", "entitlement", "target", "seconds")  # of an approval, in this order


class SnapshotError(EvidenceError):
    """Not a snapshot; or what was folded has none."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """Where a log begins whose first entries were pruned.

    `leaf` is that of entry `boundary`-1; `snapshot` what replaying starts from, None where it is
    missing. Nothing of it is trusted: the log behind it says what it must be.
    """

    boundary: int
    leaf: bytes
    snapshot: bytes | None


def _plain(replay: Replay, boundary: int) -> dict[str, Json]:
    return {
        "approved": [
            [ident, *(given[name] for name in _GIVEN)]
            for ident, given in sorted(replay.approved_for.items())
        ],
        "automatic": [[rule, *last] for rule, last in sorted(replay.automatic.last.items())],
        "ballots": [_ballot(replay, ident) for ident in sorted(replay.ballots)],
        "boundary": boundary,
        "folded": [_thing(replay, on, ident) for on, ident in sorted(replay.folded)],
        "keys": replay.life.told,
        "restoring": replay.life.restoring,
        "revisions": [list(one) for one in sorted(replay.revisions)],
        "time": replay.time,
    }


def digest_of_snapshot(data: bytes) -> str:
    """SHA-256 (hex), as `retention.pruned` names a snapshot."""
    return sha256(data).hexdigest()


def to_snapshot(replay: Replay, boundary: int) -> bytes:
    """What a replay knows after the entry `boundary`-1.

    Raises:
        EvidenceError: what a record said is nested too deep to stand in a snapshot.
    """
    return canonical(_plain(replay, boundary))


def from_snapshot(data: bytes, trust: KeyTrust | None = None) -> tuple[int, Replay]:
    """The boundary, and a replay that goes on from it.

    Raises:
        SnapshotError: not in the form that `to_snapshot` writes.
    """
    try:
        found = parse_canonical(data)
    except EvidenceError as fault:
        raise SnapshotError(f"not a snapshot: {fault.reason}") from fault
    if found.keys() != _KEYS:
        raise SnapshotError("a snapshot without what it must have")
    boundary, replay = _begun(found, trust)
    for name in _READERS:
        _read(replay, name, _list(found[name]), boundary)
    if found["keys"] != sorted(_list(found["keys"]), key=str):
        raise SnapshotError("keys of a snapshot that are not sorted")
    if replay.ballots.keys() != _awaiting(replay):
        raise SnapshotError("ballots on other requests than those that await decisions")
    whole = canonical({**_plain(replay, boundary), "keys": found["keys"]})
    if whole != data:
        raise SnapshotError("a snapshot whose parts are not sorted, or come twice")
    return boundary, replay


def _begun(found: Mapping[str, Json], trust: KeyTrust | None) -> tuple[int, Replay]:
    """Where a snapshot stands, and a replay that knows how far the log as a whole had come."""
    boundary, time, restoring = found["boundary"], found["time"], found["restoring"]
    if type(boundary) is not int or boundary <= 0 or boundary % SEGMENT_ENTRIES:
        raise SnapshotError("a snapshot of a boundary that is none")
    if not isinstance(time, str) or not is_instant(time):
        raise SnapshotError("a snapshot of no time")
    if not isinstance(restoring, bool):
        raise SnapshotError("a snapshot that does not say whether a restore goes on")
    replay = Replay(trust)
    replay.time, replay.life.restoring = time, restoring
    return boundary, replay


def _read(replay: Replay, name: str, part: Sequence[Json], boundary: int) -> None:
    """Take in one list of a snapshot."""
    for one in part:
        if not is_element(name, one, boundary):
            raise SnapshotError(f"an element of `{name}` in a snapshot that is none")
        _READERS[name](replay, one)


def _awaiting(replay: Replay) -> set[str]:
    folded = replay.folded.items()
    return {ident for (on, ident), one in folded if (on, one.state) == ("request", "awaiting")}


def begin(pruned: Pruned | None, trust: KeyTrust | None = None) -> Replay:
    """The replay of a log, from its first entry or from where retention has left it.

    What is wrong with a snapshot is a fault at its boundary; whether it is the one that the log
    names shows at that record.
    """
    if pruned is None:
        return Replay(trust)
    data = pruned.snapshot or b""
    try:
        boundary, replay = from_snapshot(data, trust)
        if boundary != pruned.boundary:
            raise SnapshotError("a snapshot of another boundary")
    except EvidenceError as fault:
        replay = Replay(trust)
        replay.faults.add(pruned.boundary, fault.reason)
    replay.life.expect(pruned.boundary, digest_of_snapshot(data))
    return replay


def _thing(replay: Replay, on: str, ident: str) -> dict[str, Json]:
    one = replay.folded[on, ident]
    return {"id": ident, "index": one.index, "on": on, "said": one.said, "state": one.state}


def _ballot(replay: Replay, ident: str) -> dict[str, Json]:
    ballot, links = replay.ballots[ident], replay.links.get(ident, {})
    represented: list[Json] = [
        [*at, sorted(people)] for at, people in sorted(ballot.represented.items())
    ]
    stood_for: dict[str, Json] = {"represented": represented} if represented else {}
    return {
        "approvers": [
            [*place, sorted(people)] for place, people in sorted(ballot.approvers.items())
        ],
        "denied": ballot.denied,
        "id": ident,
        "links": [list(pair) for pair in sorted(links.items())],
        "need": [[*place, count] for place, count in sorted(ballot.need.items())],
        "parties": sorted(ballot.parties),
        "seconds": [[*at, seconds] for at, seconds in sorted(ballot.seconds.items())],
        **stood_for,  # logs of before there were delegates have no such key
    }


def _list(value: Json) -> Sequence[Json]:
    if not isinstance(value, list):
        raise SnapshotError("a part of a snapshot that is no list")
    return value


# `is_element` has looked at the form of what is read here.
def _read_approved(replay: Replay, one: Any) -> None:  # noqa: ANN401 -- JSON of a known form
    replay.approved_for[one[0]] = dict(zip(_GIVEN, one[1:], strict=True))


def _read_automatic(replay: Replay, one: Any) -> None:  # noqa: ANN401 -- as above
    rule, day, count = one
    replay.automatic.last[rule] = (day, count)


def _read_ballot(replay: Replay, one: Any) -> None:  # noqa: ANN401 -- as above
    ballot = Ballot(one["denied"], frozenset(one["parties"]))
    for material, round_, stage, people in one["approvers"]:
        ballot.approvers[material, round_, stage] = set(people)
    for material, round_, stage, count in one["need"]:
        ballot.need[material, round_, stage] = count
    for material, round_, least in one["seconds"]:
        ballot.seconds[material, round_] = least
    for material, round_, people in one.get("represented", ()):
        ballot.represented[material, round_] = set(people)
    replay.ballots[one["id"]] = ballot
    replay.links[one["id"]] = dict(one["links"])


def _read_folded(replay: Replay, one: Any) -> None:  # noqa: ANN401 -- as above
    replay.folded[one["on"], one["id"]] = Folded(one["state"], one["index"], one["said"])
    if one["on"] == "review":
        replay.emergencies.know(one["id"], one["state"], one["said"])
    elif one["on"] == "passkey":
        replay.signed.know(one["state"], one["said"])


def _read_key(replay: Replay, one: Any) -> None:  # noqa: ANN401 -- as above
    text, above, end = one
    replay.life.go_on(LogKey(parse_vkey(text), above, end))


def _read_revision(replay: Replay, one: Any) -> None:  # noqa: ANN401 -- as above
    ticket, revision = one
    replay.revisions.add((ticket, revision))


_READERS: Final[Mapping[str, Callable[[Replay, Json], None]]] = {
    "approved": _read_approved,
    "automatic": _read_automatic,
    "ballots": _read_ballot,
    "folded": _read_folded,
    "keys": _read_key,
    "revisions": _read_revision,
}

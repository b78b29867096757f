"""Log life: what a log tells of itself: keys that follow, restores, what retention pruned."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Json
from ticketgate.domain.log.note import (
    LOG_KEY,
    SIGNATURE_BYTES,
    VerifierKey,
    VerifyEd25519,
    parse_vkey,
    unb64,
)
from ticketgate.domain.log.trust import LogKey, follow_key
from ticketgate.domain.verifying.approval_check import ApproverTrust

SEGMENT_ENTRIES: Final = 65_536  # what is exported in one file, and pruned at a time
DECLARERS: Final = 2  # so many people declare a restore, and its end
TYPES: Final = frozenset(
    {"key.rotated", "key.ended", "restore.declared", "restore.ended", "retention.pruned"}
)

Record = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class KeyTrust:
    """Whose signatures are believed at the start of a log: keys, and how one is verified."""

    origin: str
    keys: tuple[LogKey, ...]
    verify: VerifyEd25519
    ends: Mapping[str, int] = field(default_factory=dict)  # of keys to come, by label
    approvers: ApproverTrust = field(default_factory=ApproverTrust)


class LogLife:
    """Follows the keys and what was pruned, record by record.

    Without `trust` only the form of a key's records is checked, and they are taken at their word.
    `keys` are those accepted now; `pruned` is the greatest boundary that a record named, and
    `snapshots` the SHA-256 (hex) that it named for each;
    `restoring` whether a restore was declared and has not ended;
    `confirmed_at` the index of the record that named the snapshot which replaying began with.
    """

    def __init__(self, trust: KeyTrust | None = None) -> None:
        self._trust = trust
        self.keys = () if trust is None else trust.keys
        self.pruned = 0
        self.snapshots: dict[int, str] = {}
        self.restoring = False
        self.confirmed_at: int | None = None
        self._expected: tuple[int, str] | None = None

    @property
    def told(self) -> list[list[Json]]:
        """`[vkey, from index, end or null]` of the keys that the log brought, or ended; sorted."""
        start = () if self._trust is None else self._trust.keys
        keys = sorted((one for one in self.keys if one not in start), key=lambda one: one.key.text)
        return [[one.key.text, one.above, one.end] for one in keys]

    def go_on(self, key: LogKey) -> None:
        """Take over a key that was told before: one that is trusted already may only end."""
        known = next((one for one in self.keys if one.key == key.key), key)
        ends = [known.end, key.end]
        if self._trust is not None:
            ends.append(self._trust.ends.get(key.key.label))
        self._put(replace(known, end=min((one for one in ends if one is not None), default=None)))

    def expect(self, boundary: int, snapshot: str) -> None:
        """Replay began at this boundary, with a snapshot of this SHA-256: a record must say so."""
        self._expected = (boundary, snapshot)

    def take(self, index: int, kind: str, record: Record) -> None:
        """Follow one record of `TYPES`.

        Raises:
            EvidenceError: it cannot be so; then nothing follows from it.
        """
        match kind:
            case "key.rotated" | "key.ended":
                self._follow(index, record)
            case "retention.pruned":
                self._prune(index, record)
            case _:
                _declare(record)
                self.restoring = kind == "restore.declared"

    @property
    def unmet(self) -> int | None:
        """The boundary of the snapshot that was expected and is not named so far."""
        return None if self._expected is None else self._expected[0]

    def _follow(self, index: int, record: Record) -> None:
        if self._trust is not None:
            trust = self._trust
            self.keys = follow_key(self.keys, trust.origin, index, record, trust.verify, trust.ends)
        elif record["type"] == "key.rotated":
            self._put(_brought(index, record))
        else:
            self._put(self._ended(index, record))

    def _ended(self, index: int, record: Record) -> LogKey:
        key = _vkey(record["key"])
        known = next((one for one in self.keys if one.key == key), LogKey(key))
        end = index + 1 if known.end is None else min(index + 1, known.end)
        return replace(known, end=end)

    def _put(self, key: LogKey) -> None:
        self.keys = (*(one for one in self.keys if one.key != key.key), key)

    def _prune(self, index: int, record: Record) -> None:
        boundary = record["boundary"]
        if type(boundary) is not int or boundary % SEGMENT_ENTRIES:
            raise EvidenceError("a boundary that is not a multiple of 65,536")
        if not self.pruned < boundary <= index:
            raise EvidenceError("pruned to a boundary that is not above the last one, or not yet")
        snapshot = record["snapshot"]
        if not isinstance(snapshot, str):
            raise EvidenceError("pruned without a snapshot")
        self.pruned = boundary
        self.snapshots[boundary] = snapshot
        if (boundary, snapshot) == self._expected:
            self._expected = None
            self.confirmed_at = index


def _brought(index: int, record: Record) -> LogKey:
    """The new key of a rotation in form; nobody has verified it."""
    _vkey(record["old"])
    for name in ("signature", "possession"):
        value = record[name]
        if not isinstance(value, str) or len(unb64(value)) != SIGNATURE_BYTES:
            raise EvidenceError(f"a key rotation whose {name} is none")
    return LogKey(_vkey(record["new"]), above=index)


def _vkey(value: Json) -> VerifierKey:
    if not isinstance(value, str):
        raise EvidenceError("a key is a text")
    key = parse_vkey(value)
    if key.type != LOG_KEY:
        raise EvidenceError("a key that signs no log")
    return key


def _declare(record: Record) -> None:
    by = record["by"]
    people = {one for one in by if isinstance(one, str) and one} if isinstance(by, list) else ()
    if not isinstance(by, list) or len(people) != DECLARERS or len(by) != DECLARERS:
        raise EvidenceError("a restore that two different people did not declare")

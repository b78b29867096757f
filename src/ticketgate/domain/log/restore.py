"""Restore: what a database that came from a backup has lost, who declared it, and what is held.

Nouns only. `docs/rules.md` rule 13: a restore is declared by two named people; nothing is given
until every target was compared and every source asked for what it sent since.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from ticketgate.domain.evidence import Json, canonical

DECLARE: Final = "declare"
END: Final = "end"
UNEXPLAINED: Final = "unexplained"  # held at the target; no live grant and no baseline says why
MISSING: Final = "missing"  # a live grant says so; not held at the target
NOT_THERE: Final = "target_not_found"  # `connector_api.NotFound`
REASON_CHARS_MIN: Final = 20
REASON_CHARS_MAX: Final = 4000


@dataclass(frozen=True, slots=True)
class Loss:
    """What was signed and is not there. Roots are hex; `kept` records are in both trees.

    `code` is `rolled_back` (the database ends before) or `forked` (a record is another one; then
    `kept` is what is proved to be the same, and more may be). `opened_*` is the log as it was
    found, before anything was written into it; `last_at` is the time of its last record.
    """

    code: str
    lost_size: int
    lost_root: str
    kept: int
    opened_size: int
    opened_root: str
    last_at: datetime | None

    @property
    def missing(self) -> tuple[int, int]:
        """The first and the last index of the records that are missing, or are other ones."""
        return self.kept, self.lost_size - 1

    def is_of(self, other: "Loss") -> bool:
        """Whether both are about the same signed tree."""
        return (self.lost_size, self.lost_root) == (other.lost_size, other.lost_root)

    @property
    def shown(self) -> str:
        """The digest of what is declared: both trees, and what they have in common."""
        said: list[Json] = [self.code, self.lost_size, self.lost_root, self.kept]
        return sha256(canonical([*said, self.opened_size, self.opened_root])).hexdigest()


@dataclass(frozen=True, slots=True)
class Hold:
    """Provisioning is held since the `restore.declared` at `index`. Roots are hex.

    `since` is the time of the backup's last record: what changed after it must be sent again.
    """

    index: int
    lost_size: int
    lost_root: str
    kept: int
    at: datetime
    since: datetime | None


def to_abandon(grant: str) -> str:
    """What a word is kept for that says to give up on removing this grant."""
    return f"abandon {grant}"


WORD_LIFE: Final = timedelta(days=7)  # behind it what somebody knew may not be so any more


@dataclass(frozen=True, slots=True)
class Statement:
    """One person's word, which counts together with another person's on the same `shown`.

    It counts for `WORD_LIFE`; who still means it says it again.
    """

    purpose: str  # DECLARE, END, or of `to_abandon`
    subject: str
    shown: str
    reason: str
    at: datetime

    def counts(self, shown: str, now: datetime) -> bool:
        """Whether it is of what is shown now, and not too old."""
        return self.shown == shown and now - self.at < WORD_LIFE


@dataclass(frozen=True, slots=True)
class Place:
    """An entitlement at its target; `entitlement` is the name that policy or grant gives it."""

    target: str
    entitlement: str
    access: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """How comparing one place ended: `code` is empty, or why its holders could not be listed.

    What does not exist at the target has no holders, so `NOT_THERE` is an answer too.
    """

    target: str
    entitlement: str
    code: str
    held: int
    at: datetime

    @property
    def listed(self) -> bool:
        """Whether it is known who holds it."""
        return self.code in {"", NOT_THERE}


@dataclass(frozen=True, slots=True)
class Drift:
    """What a target holds, or does not hold, otherwise than our grants say. `index` records it."""

    target: str
    entitlement: str
    principal: str
    found: str  # unexplained | missing
    grant: str
    index: int


def shown_at_end(
    hold: Hold, compared: tuple[Compared, ...], drift: tuple[Drift, ...], sources: tuple[str, ...]
) -> str:
    """The digest of what two people end the hold on: what was compared, found and asked."""
    said: list[Json] = [
        hold.index,
        [[one.target, one.entitlement, one.code, one.held] for one in compared],
        [[one.target, one.entitlement, one.principal, one.found, one.grant] for one in drift],
        list(sources),
    ]
    return sha256(canonical(said)).hexdigest()

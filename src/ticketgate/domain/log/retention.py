"""Retention: how long what is kept, and until when what may not be taken away."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Retention:
    """How long entries, decisions and hidden values are kept; None is for good.

    `entries` go in whole segments, once all of one are older. `decisions` count from the end of
    what was decided: before, neither their entries are pruned, nor is it erased who asked and who
    approved. `disclosures` that are older are erased, where nothing holds them back. `messages`
    are letters, comments, and notes of reminders and digests; they are no part of the evidence.
    """

    entries: timedelta | None = None
    decisions: timedelta | None = None
    disclosures: timedelta | None = None
    messages: timedelta | None = None

    def decided_since(self, now: datetime) -> datetime | None:
        """What ended after this moment is kept; None where all of it is."""
        return None if self.decisions is None else now - self.decisions

    def kept_until(self, ended: datetime | None) -> datetime | None:
        """Until when a decision is kept that has ended then; None while nobody can say."""
        return None if ended is None or self.decisions is None else ended + self.decisions

"""Signal rules: which patterns of approvals a person is told of, as the policy says (`signals`).

A signal blocks nothing; docs/signals.md says what each means. Part of a rule set that is None, or
False, is off. The values here are those of a policy that says nothing.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

LOOKED_BACK: Final = timedelta(days=30)  # where a rule has no span of its own


@dataclass(frozen=True, slots=True)
class InTurn:
    """Two people approve for each other: at least `each` times in both directions, `within`."""

    each: int = 3
    within: timedelta = LOOKED_BACK


@dataclass(frozen=True, slots=True)
class OutOfHours:
    """At least `in_a_row` approvals of one person on end, none of them in working hours.

    Working hours are from `begins` up to, and without, `ends`, on `days` (0 is Monday), on the
    clock of the person's own zone where the directory has one, else of `zone`.
    """

    in_a_row: int = 5
    begins: time = time(8)
    ends: time = time(18)
    days: frozenset[int] = frozenset(range(5))
    zone: tzinfo = UTC

    def is_outside(self, moment: datetime, own: tzinfo | None) -> bool:
        """Whether this moment is out of the hours of somebody with this zone (None: `zone`)."""
        local = moment.astimezone(own or self.zone)
        return local.weekday() not in self.days or not self.begins <= local.time() < self.ends


@dataclass(frozen=True, slots=True)
class Load:
    """One person carries too much.

    More than `a_day` approvals within 24 hours; or, of all approvals `within`, more than `share`
    per cent, and at least `least`.
    """

    share: int = 50
    least: int = 50
    a_day: int = 30
    within: timedelta = LOOKED_BACK


@dataclass(frozen=True, slots=True)
class SignalRules:
    """Every rule; `at_once` is less than how long after the first view, `shopping` how far apart.

    `where` is the line of the policy, empty where it says nothing.
    """

    at_once: timedelta | None = timedelta(seconds=10)
    unseen: bool = True
    in_turn: InTurn | None = field(default_factory=InTurn)
    out_of_hours: OutOfHours | None = field(default_factory=OutOfHours)
    load: Load | None = field(default_factory=Load)
    shopping: timedelta | None = timedelta(days=7)
    where: str = field(default="", compare=False)

    @property
    def looked_back(self) -> timedelta:
        """How far back approvals matter to any of them."""
        spans = [one.within for one in (self.in_turn, self.load) if one is not None]
        return max([LOOKED_BACK, *spans])


QUIET: Final = SignalRules(None, False, None, None, None, None)

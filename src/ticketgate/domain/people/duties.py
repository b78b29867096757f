"""Duties: who stands in for whom, who is away, and who is on call; each within a window of time.

A window is half open: it holds from `starts` on, and at `ends` it does not any more.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

DELEGATION_MAX: Final = timedelta(days=90)  # of one window


@dataclass(frozen=True, slots=True)
class Window:
    """`starts` is before `ends`; both are aware."""

    starts: datetime
    ends: datetime

    def holds(self, now: datetime) -> bool:
        """Whether `now` is within it."""
        return self.starts <= now < self.ends

    def meets(self, other: "Window") -> bool:
        """Whether some moment is within both."""
        return self.starts < other.ends and other.starts < self.ends


@dataclass(frozen=True, slots=True)
class Delegation:
    """While the window holds, `delegate` may decide in place of `principal`: both subject ids."""

    principal: str
    delegate: str
    window: Window
    because: str


@dataclass(frozen=True, slots=True)
class Shift:
    """While the window holds, `person` is on call."""

    person: str
    window: Window


@dataclass(frozen=True)
class Duties:
    """All delegations, and the rotas by name: name -> shifts."""

    delegations: tuple[Delegation, ...] = ()
    on_call: Mapping[str, tuple[Shift, ...]] = field(default_factory=dict)

    def given_to(self, delegate: str, now: datetime) -> tuple[Delegation, ...]:
        """What is delegated to this subject now, in the order of the directory."""
        return tuple(one for one in self._by_delegate.get(delegate, ()) if one.window.holds(now))

    def given_by(self, principal: str, now: datetime) -> tuple[Delegation, ...]:
        """What this subject has delegated now."""
        return tuple(one for one in self._by_principal.get(principal, ()) if one.window.holds(now))

    def called(self, rota: str, now: datetime) -> frozenset[str]:
        """Who is on call in this rota now; nobody in a rota that does not exist."""
        shifts = self.on_call.get(rota, ())
        return frozenset(one.person for one in shifts if one.window.holds(now))

    @property
    def windows(self) -> Iterable[Window]:
        """The windows of all of them."""
        yield from (one.window for one in self.delegations)
        yield from (one.window for shifts in self.on_call.values() for one in shifts)

    @cached_property
    def _by_delegate(self) -> dict[str, list[Delegation]]:
        found: dict[str, list[Delegation]] = {}
        for one in self.delegations:
            found.setdefault(one.delegate, []).append(one)
        return found

    @cached_property
    def _by_principal(self) -> dict[str, list[Delegation]]:
        found: dict[str, list[Delegation]] = {}
        for one in self.delegations:
            found.setdefault(one.principal, []).append(one)
        return found


def turns(windows: Iterable[Window]) -> tuple[datetime, ...]:
    """Every moment at which one of these windows begins or ends, sorted."""
    return tuple(sorted({moment for one in windows for moment in (one.starts, one.ends)}))


def passed(moments: tuple[datetime, ...], now: datetime) -> int:
    """How many of the sorted moments are over: while it stays equal, the same windows hold."""
    return bisect_right(moments, now)

"""Signals diff: what a new policy changes of the signals; what is seen no longer loosens."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from ticketgate.domain.changes.policy_change import (
    LOOSENED,
    OTHER,
    TIGHTENED,
    Change,
    Judged,
    changed,
)
from ticketgate.domain.instants import whole_seconds
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.policy.signal_rules import SignalRules

_SECTION: Final = "signals"
_OFF: Final = "off"
# More of these and more is told; of every other number, less.
_MORE_TELLS: Final = frozenset({"at_once", "shopping"})
# Neither more nor less: with a longer span one pattern is found, by a smaller share another is not.
_OTHER: Final = frozenset({"load.within", "out_of_hours.hours"})
_Values = dict[str, int | str]


def signal_changes(old: Policy, new: Policy) -> Iterator[Change]:
    """Every difference of the section, part by part."""
    change = changed(_SECTION, _SECTION, new.signals.where or old.signals.where or "policy.yaml")
    before, after = _parts(old.signals), _parts(new.signals)
    for part, was in before.items():
        now = after[part]
        if was is None and now is not None:
            yield change(part, _OFF, "on", Judged(TIGHTENED, "is told now"))
        elif was is not None and now is None:
            yield change(part, "on", _OFF, Judged(LOOSENED, "is not told any more"))
        elif was is not None and now is not None:
            for name in (name for name in was if was[name] != now[name]):
                judged = _judged(name, was[name], now[name])
                yield change(name, str(was[name]), str(now[name]), judged)


def _judged(name: str, was: int | str, now: int | str) -> Judged:
    if name in _OTHER or isinstance(was, str) or isinstance(now, str):
        return Judged(OTHER, "other patterns are told")
    more = (now > was) == (name in _MORE_TELLS or name.endswith(".within"))
    return Judged(TIGHTENED, "more is told") if more else Judged(LOOSENED, "less is told")


def _parts(rules: SignalRules) -> dict[str, _Values | None]:
    """Each part by its values; None where it is off."""
    turn, hours, load = rules.in_turn, rules.out_of_hours, rules.load
    return {
        "at_once": _span("at_once", rules.at_once),
        "unseen": {} if rules.unseen else None,
        "in_turn": None
        if turn is None
        else {"in_turn.each": turn.each, "in_turn.within": whole_seconds(turn.within)},
        "out_of_hours": None
        if hours is None
        else {
            "out_of_hours.in_a_row": hours.in_a_row,
            "out_of_hours.hours": f"{hours.begins:%H:%M} to {hours.ends:%H:%M} {hours.zone}"
            f" on {' '.join(map(str, sorted(hours.days)))}",
        },
        "load": None
        if load is None
        else {
            "load.share": load.share,
            "load.least": load.least,
            "load.a_day": load.a_day,
            "load.within": whole_seconds(load.within),
        },
        "shopping": _span("shopping", rules.shopping),
    }


def _span(name: str, span: timedelta | None) -> _Values | None:
    return None if span is None else {name: whole_seconds(span)}

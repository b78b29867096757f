"""What a new policy changes of the signals: what is seen no longer loosens."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.shipped import own_policy

from ticketgate.domain.changes.policy_diff import compare
from ticketgate.domain.policy.signal_rules import QUIET, InTurn, Load, OutOfHours, SignalRules

RULES = SignalRules()
DAY = timedelta(days=1)


def directions(old: SignalRules, new: SignalRules) -> list[tuple[str, str]]:
    policy = own_policy()
    found = compare(replace(policy, signals=old), replace(policy, signals=new))
    return [(one.field, one.direction.value) for one in found]


def test_all_of_it_off_loosens_and_on_tightens() -> None:
    parts = ["at_once", "unseen", "in_turn", "out_of_hours", "load", "shopping"]
    assert directions(RULES, QUIET) == [(one, "loosened") for one in parts]
    assert directions(QUIET, RULES) == [(one, "tightened") for one in parts]
    assert directions(QUIET, QUIET) == directions(RULES, replace(RULES, where="x:1")) == []


@pytest.mark.parametrize(
    ("field", "value", "told", "direction"),
    [
        ("at_once", timedelta(seconds=20), "at_once", "tightened"),
        ("at_once", timedelta(seconds=5), "at_once", "loosened"),
        ("shopping", 14 * DAY, "shopping", "tightened"),
        ("shopping", DAY, "shopping", "loosened"),
        ("in_turn", InTurn(each=4), "in_turn.each", "loosened"),
        ("in_turn", InTurn(each=2), "in_turn.each", "tightened"),
        ("in_turn", InTurn(within=60 * DAY), "in_turn.within", "tightened"),
        ("out_of_hours", OutOfHours(in_a_row=9), "out_of_hours.in_a_row", "loosened"),
        ("out_of_hours", OutOfHours(begins=time(6)), "out_of_hours.hours", "other"),
        ("out_of_hours", OutOfHours(days=frozenset({6})), "out_of_hours.hours", "other"),
        (
            "out_of_hours",
            OutOfHours(zone=ZoneInfo("Europe/Berlin")),
            "out_of_hours.hours",
            "other",
        ),
        ("load", Load(share=60), "load.share", "loosened"),
        ("load", Load(least=10), "load.least", "tightened"),
        ("load", Load(a_day=31), "load.a_day", "loosened"),
        ("load", Load(within=60 * DAY), "load.within", "other"),
    ],
)
def test_each_part(field: str, value: Any, told: str, direction: str) -> None:  # noqa: ANN401
    assert directions(RULES, replace(RULES, **{field: value})) == [(told, direction)]

"""What is shown: tables that line up, JSON of nouns, and nothing that acts on a terminal."""

import json
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.cli import showing
from ticketgate.domain.grants.grant import GrantState
from ticketgate.domain.tickets.identity_event import Tier


class Pair(NamedTuple):
    left: int
    right: str


@dataclass(frozen=True)
class Noun:
    state: GrantState
    tier: Tier
    at: datetime
    groups: frozenset[str]
    pair: Pair
    none: None = None


def printed(*cells: str) -> str:
    """A table of one row as a terminal gets it."""

    @click.command()
    def command() -> None:
        showing.echo_table(["A"] * len(cells), [cells], "nothing")

    return CliRunner().invoke(command).stdout


def test_a_noun_is_written_in_the_words_of_the_field() -> None:
    noun = Noun(
        GrantState.ACTIVE,
        Tier.HIGH,
        datetime(2026, 11, 22, 2, 40, tzinfo=UTC),
        frozenset({"b", "a"}),
        Pair(1, "x"),
    )
    assert showing.plain({"noun": noun, "list": (noun.tier,)}) == {
        "noun": {
            "state": "active",
            "tier": "high",
            "at": "2026-11-22T02:40:00.000000Z",
            "groups": ["a", "b"],
            "pair": {"left": 1, "right": "x"},
            "none": None,
        },
        "list": ["high"],
    }
    json.dumps(showing.plain(noun))


def test_a_span_is_in_seconds() -> None:
    assert showing.plain(timedelta(hours=1)) == 3600


def test_what_has_no_form_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        showing.plain(object())


@given(cell=st.text(max_size=40))
def test_no_cell_can_act_or_break_the_line(cell: str) -> None:
    lines = printed(cell, "end").splitlines()
    assert len(lines) == 2
    assert not {unicodedata.category(char) for char in lines[1]} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert lines[1].endswith("end")


def test_an_empty_cell_is_a_dash() -> None:
    assert printed("", "x").splitlines()[1] == "-  x"

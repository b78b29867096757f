"""`surface`: listed, also without a command, and what nobody answers for alone."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from tests.cli.terminal import Terminal
from tests.cli.test_exceptions import store_of

from ticketgate.domain.classifying.surface import SEEN, SurfaceRow
from ticketgate.operations.intake.surface import note_surface

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ROW = SurfaceRow(
    "", SEEN, "snow-prod", "sc_req_item", "Elevated\x1b[2J access", "snow-flow", "svc-flow",
    ("access.grant",), 1, "person:carol", "access.grant at corp-scim", NOW, NOW,
)  # fmt: skip


@pytest.fixture
def filled(terminal: Terminal) -> Terminal:
    """An automation of Carol's, and an account of nobody's."""
    rows = (ROW, replace(ROW, automation="", account="svc-mallory", owner="", boundary=""))
    with store_of(terminal) as store:
        store.write(lambda tx, _: partial(note_surface, tx)(rows))
    return terminal


def test_nothing_seen_says_so(terminal: Terminal) -> None:
    assert terminal("surface").stdout == "nothing was seen to touch access\n"


def test_where_all_is_owned_nothing_here_is_unowned(terminal: Terminal) -> None:
    assert terminal("surface", "--unowned").stdout == "nothing here is unowned\n"
    with store_of(terminal) as store:
        store.write(lambda tx, _: partial(note_surface, tx)((ROW,)))
    assert "svc-flow" in terminal("surface", "list").stdout
    assert terminal("surface", "list", "--unowned").stdout == "nothing here is unowned\n"


def test_all_is_listed_and_acts_on_no_terminal(filled: Terminal) -> None:
    shown = filled("surface").stdout
    assert shown == filled("surface", "list").stdout
    assert "\x1b" not in shown
    assert {"svc-flow", "svc-mallory"} <= set(shown.split())
    assert "NOBODY" in shown


def test_what_nobody_answers_for_is_listed_alone(filled: Terminal) -> None:
    (row,) = filled.json("surface", "--unowned")
    assert (row["account"], row["unowned"], row["owner"]) == ("svc-mallory", True, "")
    assert len(filled.json("surface", "list")) == 2
    assert len(filled.json("surface", "--limit", "1")) == 1


def test_one_is_shown_whole(filled: Terminal) -> None:
    idents = {one["account"]: one["id"] for one in filled.json("surface")}
    shown = filled("surface", "show", idents["svc-flow"]).stdout
    assert "access.grant at corp-scim" in shown
    assert "person:carol" in shown
    assert "nobody answers for it" in filled("surface", "show", idents["svc-mallory"]).stdout
    assert filled.json("surface", "show", idents["svc-flow"])["automation"] == "snow-flow"


def test_one_that_does_not_exist_is_a_plain_no(filled: Terminal) -> None:
    done = filled("surface", "show", "srf_none")
    assert done.exit_code == 1
    assert "there is no surface srf_none" in done.stderr


def test_help_is_help(terminal: Terminal) -> None:
    assert "Commands:" in terminal("surface", "--help").stdout

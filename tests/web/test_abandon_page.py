"""The page where operators give up on a revocation: who finds it, what it shows, what it takes."""

from collections.abc import Iterator

import pytest
from tests.web.page_desk import Forms
from tests.web.whole import WHY, Whole, whole

LIST = "/console/grants"
PAGE = "/console/revocations/<ident>"
LINK = "Give up on this revocation"


@pytest.fixture
def made() -> Iterator[Whole]:
    with whole() as found:
        yield found


def test_operators_find_it_in_the_list_and_others_do_not(made: Whole) -> None:
    page = made.path(PAGE)
    found = made.look("olga", LIST).text
    assert LINK in found
    assert f'href="{page}"' in found
    for who in ("tina", "aude", "bob"):
        assert LINK not in made.look(who, LIST).text


def test_it_says_whose_access_it_is_where_and_that_it_may_still_be_there(made: Whole) -> None:
    text = made.look("olga", made.path(PAGE)).text
    for told in ("Henry (henry)", "sales-reports", "It may still be there", "claimed", "none"):
        assert told in text, told


def test_a_word_without_a_reason_comes_back_as_it_was_typed(made: Whole) -> None:
    page = made.path(PAGE)
    answer = made.send("olga", page, made.form("olga", page, page) | {"justification": "gone"})
    assert answer.status_code == 422
    assert "gone</textarea>" in answer.text


def test_the_first_word_is_kept_and_said_so_and_moves_nothing(made: Whole) -> None:
    page = made.path(PAGE)
    fields = made.form("olga", page, page) | {"justification": WHY}
    answer = made.send("olga", page, fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, LIST)
    again = made.look("olga", page).text
    assert "You have said so" in again
    assert page not in [where for where, _ in Forms(again).forms]
    assert made.send("olga", page, fields).status_code == 403
    assert made.gate.records("revocation.abandoned") == []


def test_a_word_about_what_was_not_shown_is_none(made: Whole) -> None:
    page = made.path(PAGE)
    fields = made.form("olga", page, page) | {"justification": WHY, "shown": "0" * 64}
    answer = made.send("olga", page, fields)
    assert answer.status_code == 409
    assert "shown_changed" in answer.text

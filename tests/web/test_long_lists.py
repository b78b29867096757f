"""A list on a page of the console is some rows; it tells of the rest, and links to it."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from tests.operations.lane import doubtful
from tests.web.whole import Whole, whole

from ticketgate.operations.cases.exceptions import open_exception
from ticketgate.ports import Transaction
from ticketgate.web.lane import ROWS_MAX

MORE = ROWS_MAX + 5


def _open(tx: Transaction, now: datetime) -> None:
    for number in range(MORE):
        subject = f"automation long-{number}"
        open_exception(tx, now, "automation_unowned", subject, about=f"tkt_{number}")


def _doubt(made: Whole) -> None:
    for number in range(MORE):
        made.gate.deliver(doubtful(f"long-{number}"))


def _park(made: Whole) -> None:
    for number in range(MORE):
        made.gate.receive(b"[%d]" % number, quarantine="not_a_record")


LISTS: dict[str, Callable[[Whole], None]] = {
    "exceptions": lambda made: made.gate.write(_open),
    "triage": _doubt,
    "quarantine": _park,
}


@pytest.fixture(scope="module")
def made() -> Iterator[Whole]:
    with whole() as one:
        for fill in LISTS.values():
            fill(one)
        yield one


def rows(page: str, name: str) -> list[str]:
    return re.findall(rf'<h2 id="\w+"><a href="/console/{name}/([^"?]+)"', page)


@pytest.mark.parametrize("name", LISTS)
def test_a_long_list_comes_in_pages_that_link_to_each_other(made: Whole, name: str) -> None:
    address, seen = f"/console/{name}", list[str]()
    for _ in range(9):
        page = made.look("tina", address).text
        found = rows(page, name)
        assert 0 < len(found) <= ROWS_MAX
        assert " of more" in page
        seen += found
        link = re.search(rf'<a href="(/console/{name}\?behind=[^"]+)" rel="next">', page)
        if link is None:
            break
        address = link[1]
    assert len(seen) == len(set(seen)) >= MORE


@pytest.mark.parametrize("name", LISTS)
def test_behind_an_unknown_row_is_nothing(made: Whole, name: str) -> None:
    answer = made.look("tina", f"/console/{name}?behind=nothing")
    assert answer.status_code == 200
    assert rows(answer.text, name) == []
    assert "No more" in answer.text


def test_a_short_list_tells_of_no_more() -> None:
    with whole() as few:
        for name in LISTS:
            page = few.look("tina", f"/console/{name}").text
            assert rows(page, name)
            assert 'rel="next"' not in page
            assert " of more" not in page

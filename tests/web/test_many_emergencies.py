"""The list of emergencies comes in pages that are all of it, each for those who may see it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.web.whole import Whole, whole

from ticketgate.domain.emergencies.emergency import ReviewState
from ticketgate.operations.desks.emergency_desk import LOOKED_MAX, PAGE_MAX
from ticketgate.ports import Transaction

MORE = LOOKED_MAX + PAGE_MAX + 5
OWN = 3  # of Alice, older than one look of hers goes


def _many(tx: Transaction, now: datetime) -> None:
    one = tx.emergencies.listed(1)[0]
    for number in range(MORE):
        tx.emergencies.save(
            replace(
                one,
                id=f"emg_many{number:04}",
                version=1,
                state=ReviewState.DONE,
                outcome="justified",
                reviewer="carol",
                subject="alice" if number < OWN else "nobody-here",
                entered_by="",
                grant="",
                invoked_at=now - timedelta(days=400) + timedelta(hours=number),
            )
        )


@pytest.fixture(scope="module")
def made() -> Iterator[Whole]:
    with whole() as one:
        one.gate.write(_many)
        yield one


def pages(made: Whole, who: str) -> list[list[str]]:
    address, seen = "/console/emergency", list[list[str]]()
    for _ in range(9):
        page = made.look(who, address)
        assert page.status_code == 200
        seen.append(re.findall(r'<h3 id="e\d+"><a href="/console/emergency/([^"]+)"', page.text))
        assert len(seen[-1]) <= PAGE_MAX
        link = re.search(r'<a href="(/console/emergency\?behind=[^"]+)" rel="next">', page.text)
        if link is None:
            return seen
        assert " of more" in page.text
        address = link[1]
    raise AssertionError(seen)


def test_who_reads_everything_finds_each_once_the_newest_first(made: Whole) -> None:
    seen = [one for page in pages(made, "aude") for one in page]
    assert len(seen) == len(set(seen)) > MORE
    with made.gate.db() as looking:
        assert seen == [one.id for one in looking.emergencies.listed(1000)]


def test_whose_own_are_far_behind_finds_them_and_no_others(made: Whole) -> None:
    first, *rest = pages(made, "alice")
    mine = {f"emg_many{number:04}" for number in range(OWN)}
    assert mine.isdisjoint(first)
    assert {one for page in rest for one in page if one.startswith("emg_many")} == mine


def test_who_may_see_none_of_them_finds_no_page_however_many_there_are(made: Whole) -> None:
    assert made.look("mallory", "/console/emergency").status_code == 404
    assert made.look("mallory", "/console/emergency?behind=emg_many0100").status_code == 404


def test_behind_an_unknown_one_is_nothing_and_said_so(made: Whole) -> None:
    page = made.look("aude", "/console/emergency?behind=nothing")
    assert page.status_code == 200
    assert "There are no older ones" in page.text
    assert "<h3" not in page.text


def test_a_short_list_tells_of_no_more() -> None:
    with whole() as few:
        page = few.look("aude", "/console/emergency").text
        assert "<h3" in page
        assert " of more" not in page
        assert 'rel="next"' not in page

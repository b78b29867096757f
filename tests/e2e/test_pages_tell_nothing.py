"""What a page shows to whom, and that looking changes nothing (states.md rules 14, 16)."""

import re
from collections.abc import Iterator

import pytest
import requests
from tests.e2e.stage import Stage

NOBODYS = "x" * 43
HTML = {"Accept": "text/html"}


@pytest.fixture
def stranger() -> Iterator[requests.Session]:
    """A browser that nobody has signed in with, such as a link scanner's."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


def masked(answer: requests.Response, token: str) -> tuple[int, list[str], str]:
    """Status, headers and page, without the token of the link and that of the form."""
    form = r'(name="csrf_token" value=")[^"]*'
    page = re.sub(form, r"\1", answer.text.replace(token, "TOKEN"))
    told = [
        f"{name}: {value}"
        for name, value in answer.headers.items()
        if name.lower() not in {"date", "set-cookie", "content-length"}
    ]
    return answer.status_code, sorted(told), page


def test_thirty_visits_without_a_session_change_nothing(
    stage: Stage, stranger: requests.Session
) -> None:
    """Link scanners follow every link in a mail, some of them several times."""
    with stage.asked() as record:
        link = stage.actor("bob").link_of(record.columns["number"])
        stage.wait("rest", stage.at_rest)
        before = stage.tables()
        for number in range(30):
            method = ("GET", "HEAD", "OPTIONS")[number % 3]
            assert stranger.request(method, link, headers=HTML, timeout=10).status_code == 200
        assert stage.tables() == before
        form = stage.form_of("bob", record)
        assert stage.actor("bob").approval(form) == (303, "")


def test_looking_while_signed_in_moves_no_request_and_no_link(stage: Stage) -> None:
    """A view is recorded once per person and hour, and nothing else."""
    with stage.asked() as record:
        bob = stage.actor("bob")
        link = bob.link_of(record.columns["number"])
        stage.wait("rest", stage.at_rest)
        before = stage.tables()
        for method in ("GET", "HEAD", "OPTIONS") * 3:
            assert bob.browser.request(method, link, headers=HTML, timeout=10).status_code == 200
        after = stage.tables()
        changed = {name for name in after if after[name] != before[name]}
        assert changed <= {"request_view", "evidence_entry", "evidence_naming", "evidence_head"}
        fresh = after["evidence_entry"][len(before["evidence_entry"]) :]
        assert 1 <= len(fresh) <= 2  # two if the hour turns meanwhile
        assert all(b'"type":"view.recorded"' in one["entry"] for one in fresh)


def test_before_sign_in_a_link_shows_nothing_of_its_request(
    stage: Stage, stranger: requests.Session
) -> None:
    """Not even that there is one: a link that nobody has looks the same."""
    with stage.asked() as record:
        link = stage.actor("bob").link_of(record.columns["number"])
        base, _, token = link.rpartition("/")
        seen = stranger.get(link, headers=HTML, timeout=10)
        for text in (record.columns["number"], "Alice", "Bob", "prod-db-admin", "billing"):
            assert text not in seen.text
        unknown = stranger.get(f"{base}/{NOBODYS}", headers=HTML, timeout=10)
        assert masked(seen, token) == masked(unknown, NOBODYS)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_the_link_of_somebody_else_looks_like_one_that_does_not_exist(
    stage: Stage, accept: str
) -> None:
    with stage.asked() as record:
        link = stage.actor("bob").link_of(record.columns["number"])
        base, _, token = link.rpartition("/")
        carol = stage.actor("carol").browser
        hers = carol.get(link, headers={"Accept": accept}, timeout=10)
        unknown = carol.get(f"{base}/{NOBODYS}", headers={"Accept": accept}, timeout=10)
        assert hers.status_code == 404
        assert masked(hers, token) == masked(unknown, NOBODYS)
        assert record.columns["number"] not in hers.text


def test_asking_for_a_code_answers_alike_for_everybody(
    stage: Stage, stranger: requests.Session
) -> None:
    """Nobody learns which addresses or links the gateway knows."""
    page = stranger.get(f"{stage.world.url}/sign-in", headers=HTML, timeout=10)
    found = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
    assert found
    answers = [
        stranger.post(
            f"{stage.world.url}/sign-in",
            data={"csrf_token": found[1], "address": address},
            headers=HTML,
            timeout=10,
        )
        for address in ("erin@example.com", "nobody@example.com", "frank@example.com")
    ]
    told = [masked(answer, "no token") for answer in answers]
    assert told[0][0] == 200
    assert told == [told[0]] * 3

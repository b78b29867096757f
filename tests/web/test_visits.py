"""Whoever only visits changes nothing: scanners of mail, browsers that prefetch, headless ones.

Thirty GETs, thirty HEADs, thirty prefetches, and thirty visits of a real Chromium that runs
scripts, all without a session, leave every table as it was, byte for byte; then Bob still decides.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import pytest
from tests.chromium import ARGUMENTS, CHROMIUM, needs_chromium
from tests.web.page_desk import BROWSER
from tests.web.posts import POSTS
from tests.web.test_oidc_in_chromium import serving
from tests.web.whole import Whole, whole

from ticketgate.cli.demo.servers import free_port

VISITS: Final = 30
SCANNER: Final = {"User-Agent": "Mozilla/5.0 (compatible; link scanner)"}
KINDS: Final[Mapping[str, tuple[str, dict[str, str]]]] = {
    "GET": ("GET", BROWSER),
    "HEAD": ("HEAD", SCANNER),
    "prefetch": ("GET", BROWSER | {"Purpose": "prefetch", "Sec-Purpose": "prefetch"}),
    "prerender": ("GET", BROWSER | {"Sec-Purpose": "prefetch;prerender", "X-Moz": "prefetch"}),
    "OPTIONS": ("OPTIONS", SCANNER | {"Access-Control-Request-Method": "POST"}),
}


@pytest.fixture
def made() -> Iterator[Whole]:
    with whole() as one:
        yield one


def looks(made: Whole) -> list[str]:
    """Every address that can be looked at, that of the link among them."""
    rules = [one for one in made.app.url_map.iter_rules() if "GET" in (one.methods or ())]
    return sorted({made.path(one.rule) for one in rules})


def bob_decides(made: Whole) -> None:
    """By the link that all of them have visited."""
    answer = POSTS["/approve/<link>", "approve"](made)("bob")
    assert answer.status_code == 303, answer.text
    assert "Kate" in made.look("bob", f"/approve/{made.link}").text
    (decision,) = made.gate.records("decision.recorded")
    assert decision["decision"] == "approve"


@pytest.mark.parametrize("kind", KINDS)
def test_thirty_visits_without_a_session_change_nothing_and_bob_still_decides(
    made: Whole, kind: str
) -> None:
    method, headers = KINDS[kind]
    before, addresses = made.state(), looks(made)
    assert f"/approve/{made.link}" in addresses
    for number in range(VISITS):
        fresh = made.app.test_client()  # no two of them know of each other
        asked = [f"/approve/{made.link}"] if number else addresses
        for address in asked:
            answer = fresh.open(address, method=method, headers=headers, buffered=True)
            assert answer.status_code < 500
            assert b"Kate" not in answer.data
    assert made.state() == before
    bob_decides(made)


def test_a_visit_that_changes_something_is_seen(made: Whole) -> None:
    """Bob's own look is kept, as his; so the digest tells one look from none."""
    before = made.state()
    made.look("bob", f"/approve/{made.link}")
    assert made.state() != before


@pytest.mark.slow
@needs_chromium
def test_thirty_visits_of_a_browser_that_runs_scripts_change_nothing(made: Whole) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    port = free_port()
    link = f"http://127.0.0.1:{port}/approve/{made.link}"
    with serving(made.app, port), playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        before = made.state()
        context = browser.new_context()
        page = context.new_page()
        for number in range(VISITS):
            context.clear_cookies()
            answer = page.goto(link, wait_until="load")
            assert answer.status == 200
            assert "Kate" not in page.content()
            if number == 0:  # and it follows every address that the page has
                for address in page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)"):
                    page.goto(address, wait_until="load")
        browser.close()
        assert made.state() == before
    bob_decides(made)

"""In real Chromium: the page of a record checks itself, and says so when anything is changed."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from tests.chromium import ARGUMENTS, CHROMIUM, needs_chromium
from tests.web.test_oidc_in_chromium import serving
from tests.web.whole import Whole, whole

from ticketgate.cli.demo.servers import free_port

Tamper = Callable[[str], str]

pytestmark = [
    pytest.mark.slow,
    needs_chromium,
]


class Browser:
    """An auditor's browser at a real server, over a signed log."""

    def __init__(self, chromium: Any, made: Whole, home: str) -> None:  # noqa: ANN401 -- no types
        self.made, self.home = made, home
        cookie = made.clients["aude"].get_cookie("ticketgate")
        assert cookie is not None
        self._kept = [{"name": "ticketgate", "value": cookie.value, "url": home}]
        self._chromium = chromium

    def page(self, *, scripts: bool = True, tamper: Tamper | None = None) -> Any:  # noqa: ANN401
        """A page; `tamper` changes what the server answers on its way."""
        context = self._chromium.new_context(java_script_enabled=scripts)
        context.add_cookies(self._kept)
        page = context.new_page()
        if tamper is not None:

            def changed(route: Any) -> None:  # noqa: ANN401
                answer = route.fetch()
                before = answer.text()
                after = tamper(before)
                assert sum(one != two for one, two in zip(before, after, strict=True)) == 1
                route.fulfill(response=answer, body=after)

            page.route("**/console/evidence/*", changed)
        return page

    def verdict(self, index: int, tamper: Tamper | None = None) -> tuple[str, str]:
        """(class, words) of what the page says of record `index`."""
        page = self.page(tamper=tamper)
        page.goto(f"{self.home}/console/evidence/{index}")
        page.locator("#verdict[data-done]").wait_for()
        found = page.locator("#verdict")
        told = (found.get_attribute("class"), found.inner_text())
        page.context.close()
        return told

    def index(self, type_: str) -> int:
        """The first record of this type."""
        return int(self.made.gate.records(type_)[0]["_seq"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    port = free_port()
    with whole() as made, playwright.sync_playwright() as started, serving(made.app, port):
        made.sign()
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield Browser(chromium, made, f"http://127.0.0.1:{port}")
        chromium.close()


def test_every_record_leads_to_the_root_of_the_checkpoint_in_the_browser(browser: Browser) -> None:
    last = browser.made.gate.evidence_size() - 1
    kinds = ("log.opened", "request.opened", "actor.minted", "emergency.invoked")
    for index in {32, *map(browser.index, kinds)} & set(range(last)):
        kind, words = browser.verdict(index)
        assert (index, kind) == (index, "banner good"), words
        assert "Not checked here: the checkpoint's signature" in words
    assert "The value shown beside it" in browser.verdict(browser.index("actor.minted"))[1]


def _flip(pattern: str, swap: str) -> Tamper:
    """Change the one character behind `pattern` to another of `swap`."""

    def changed(text: str) -> str:
        found = re.search(pattern, text, re.DOTALL)
        assert found is not None, "nothing to change"
        at = found.end()
        other = next(one for one in swap if one != text[at])
        return text[:at] + other + text[at + 1 :]

    return changed


FLIPS: Final = {
    "record": (_flip(r'<pre id="entry".*?_prev&#34;:&#34;', "01"), "leaf hash shown"),
    "form": (_flip(r'<pre id="entry"[^>]*>\n\{', " '"), "not JSON"),
    "leaf": (_flip(r'<code id="leaf" class="hash">', "01"), "leaf hash shown"),
    "proof": (_flip(r'<ol id="proof"><li><code class="hash">', "01"), "to the root"),
    "size": (_flip(r'<pre id="checkpoint".*?\n[^\n]+\n', "12"), ""),
    "root": (_flip(r'<pre id="checkpoint".*?\n[^\n]+\n[0-9]+\n', "AB"), "to the root"),
    "value": (_flip(r'data-encoded="', "Ab"), "digest"),
    "digest": (_flip(r'data-digest="', "Ab"), "digest"),
    "index": (_flip(r'<span id="index">', "98"), "another index"),
}


@pytest.mark.parametrize("what", list(FLIPS))
def test_one_changed_character_is_reported(browser: Browser, what: str) -> None:
    tamper, why = FLIPS[what]
    kind, words = browser.verdict(browser.index("emergency.invoked"), tamper)
    assert kind == "banner bad", words
    assert why in words


def test_without_javascript_the_page_says_what_to_run(browser: Browser) -> None:
    page = browser.page(scripts=False)
    page.goto(f"{browser.home}/console/evidence/1")
    text = page.locator("main").inner_text()
    assert "Without JavaScript this page checks nothing" in text
    assert "python3 verify.py --proof record-1.proof --trust TRUST" in text
    page.context.close()


def test_on_paper_a_record_has_the_head_of_the_log_and_no_navigation(browser: Browser) -> None:
    page = browser.page()
    page.goto(f"{browser.home}/console/evidence/1")
    assert not page.locator(".printed").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".printed").is_visible()
    for gone in (".pages", ".top", "nav[aria-label=Records]"):
        assert not page.locator(gone).is_visible(), gone
    page.context.close()

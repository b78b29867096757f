"""A browser that is shown answers kept before, with what lies in `static/`; nothing is sent."""

from datetime import datetime
from typing import Any, Final

from tests.web.every_page import Seen
from werkzeug.test import Client

HOME: Final = "http://localhost:9"  # nobody serves there; a browser computes hashes on `localhost`
WIDE: Final = {"width": 1280, "height": 900}
NARROW: Final = {"width": 390, "height": 844}


class Shown:
    """One page of a browser, in a context of its own."""

    def __init__(self, browser: Any, static: Client, now: datetime | None = None) -> None:  # noqa: ANN401 -- no types
        """`now` is what its clock says and goes on saying; without it, the time that it is."""
        self.context = browser.new_context(reduced_motion="reduce")
        self.page = self.context.new_page()
        if now is not None:
            self.page.clock.set_fixed_time(now)
        self._static = static
        self._now: Seen | None = None
        self.context.route("**/*", self._answer)

    def _answer(self, route: Any) -> None:  # noqa: ANN401
        path = route.request.url.removeprefix(HOME)
        now = self._now
        if path.startswith("/static/"):
            found = self._static.get(path, buffered=True)
            route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.data)
        elif now is not None and route.request.is_navigation_request():
            route.fulfill(status=now.status, headers=dict(now.headers), body=now.text)
        else:
            route.abort()

    def show(self, page: Seen) -> None:
        """Go to a page as it was answered, until what runs there is done."""
        self._now = page
        self.page.goto(f"{HOME}/page")
        if self.page.locator("#verdict").count():
            self.page.locator("#verdict[data-done]").wait_for()

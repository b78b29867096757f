"""What axe-core finds on a page, in light and dark, wide and narrow."""

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.node_parts import node_packages
from tests.web.every_page import Seen
from werkzeug.test import Client

HOME: Final = "http://localhost:9"  # answered by `Shown`; a browser trusts `localhost` with hashes
SERIOUS: Final = ("serious", "critical")
WIDE: Final = {"width": 1280, "height": 900}
NARROW: Final = {"width": 390, "height": 844}
# Dark and light differ in colours alone, and no colour hangs on the width.
COLOURS: Final = ["color-contrast", "link-in-text-block"]
LOOKS: Final[tuple[tuple[Mapping[str, int], str, list[str]], ...]] = (
    (WIDE, "light", []),
    (WIDE, "dark", COLOURS),
    (NARROW, "dark", []),
)
_RUN: Final = """async (rules) => {
  const only = rules.length ? { runOnly: { type: "rule", values: rules } } : {};
  const found = await axe.run(document, { ...only, resultTypes: ["violations"] });
  return found.violations.map(({ id, impact, help, nodes }) =>
    ({ id, impact, help, where: nodes.map((one) => [one.html, one.failureSummary]) }));
}"""
_WIDER: Final = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Shown:
    """A browser that is shown answers kept before, with what lies in `static/`; nothing is sent."""

    def __init__(self, browser: Any, static: Client) -> None:  # noqa: ANN401 -- no types
        self.axe = (node_packages("axe-core") / "axe-core" / "axe.min.js").read_text()
        self.context = browser.new_context(reduced_motion="reduce")
        self.page = self.context.new_page()
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
        self.page.set_viewport_size(dict(WIDE))
        self.page.goto(f"{HOME}/page")
        if self.page.locator("#verdict").count():
            self.page.locator("#verdict[data-done]").wait_for()
        self.page.evaluate(self.axe)  # by the debugger, which no policy of the page stops

    def faults(self) -> list[str]:
        """The serious faults of the page that is shown, in every look; none twice."""
        found: dict[str, None] = {}
        for size, colours, rules in LOOKS:
            self.page.set_viewport_size(dict(size))
            self.page.emulate_media(color_scheme=colours)
            look = f"{size['width']} {colours}"
            for fault in self.page.evaluate(_RUN, rules):
                if fault["impact"] in SERIOUS:
                    found[f"{look}: {fault['id']}: {json.dumps(fault['where'])[:600]}"] = None
            over = self.page.evaluate(_WIDER)
            if over > 0:
                found[f"{look}: wider than the window by {over} px"] = None
        return list(found)

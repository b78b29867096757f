"""What axe-core finds on a page, in light and dark, wide and narrow."""

import json
from collections.abc import Mapping
from typing import Final

from tests.node_parts import node_packages
from tests.web.every_page import Seen
from tests.web.shown import NARROW, WIDE, Shown

SERIOUS: Final = ("serious", "critical")
COLOURS: Final = ["color-contrast", "link-in-text-block"]
ALL: Final[Mapping[str, object]] = {}
ONLY_COLOURS: Final = {"runOnly": {"type": "rule", "values": COLOURS}}
NO_COLOURS: Final = {"rules": {one: {"enabled": False} for one in COLOURS}}
# Dark and light differ in colours alone, and no colour hangs on the width.
LOOKS: Final[tuple[tuple[Mapping[str, int], str, Mapping[str, object]], ...]] = (
    (WIDE, "light", ALL),
    (WIDE, "dark", ONLY_COLOURS),
    (NARROW, "dark", NO_COLOURS),
)
_RUN: Final = """async (rules) => {
  const how = { ...rules, resultTypes: ["violations"], preload: false, iframes: false };
  const found = await axe.run(document, how);
  return found.violations.map(({ id, impact, help, nodes }) =>
    ({ id, impact, help, where: nodes.map((one) => [one.html, one.failureSummary]) }));
}"""
_WIDER: Final = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Axe:
    """axe, over pages as they are shown."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self._axe = (node_packages("axe-core") / "axe-core" / "axe.min.js").read_text()

    def faults(self, seen: Seen) -> list[str]:
        """The serious faults of a page, in every look; none twice."""
        self.shown.show(seen)
        page, found = self.shown.page, dict[str, None]()
        page.evaluate(self._axe)  # by the debugger, which no policy of the page stops
        for size, colours, rules in LOOKS:
            page.set_viewport_size(dict(size))
            page.emulate_media(color_scheme=colours)
            look = f"{size['width']} {colours}"
            for fault in page.evaluate(_RUN, dict(rules)):
                if fault["impact"] in SERIOUS:
                    found[f"{look}: {fault['id']}: {json.dumps(fault['where'])[:600]}"] = None
            over = page.evaluate(_WIDER)
            if over > 0:
                found[f"{look}: wider than the window by {over} px"] = None
        return list(found)

"""Write docs/screenshots/*.png: `python -m tools.screenshots [FOLDER]`.

The pages are those of tests/web/evening.py, so that each run shows the same: names, times, ids. The
clock of the browser stands still. How letters look is up to the fonts of the machine.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.chromium import launched
from tests.web.evening import Evening, evening
from tests.web.every_page import seen
from tests.web.shown import Shown

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
BYTES_MAX: Final = 200_000
SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Picture:
    """Who looks at what, in a window of this many pixels; `top` is where the picture begins."""

    who: str
    route: str
    width: int
    height: int
    colours: str = "light"
    top: str = "body"


PICTURES: Final[Mapping[str, Picture]] = {
    "approve": Picture("bob", "/approve/<link>", 900, 935),
    "decide": Picture("bob", "/approve/<link>", 390, 844, top="#decide"),
    "home": Picture("bob", "/console", 1180, 620),
    "request": Picture("aude", "/console/requests/<ident>", 1180, 1300),
    "grants": Picture("olga", "/console/grants", 1180, 520),
    "grants-dark": Picture("olga", "/console/grants", 1180, 520, "dark"),
    "emergency-review": Picture("carol", "/console/emergency/<ident>", 1180, 1500),
    "record": Picture("aude", "/console/evidence/<index>", 1180, 860, top="#checked"),
}


def write(folder: Path) -> dict[str, int]:
    """Write every picture; name -> bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    with evening() as made, launched() as browser:
        shown = Shown(browser, made.app.test_client(), now=made.gate.clock.at)
        return {name: _shoot(made, shown, name, folder) for name in PICTURES}


def _shoot(made: Evening, shown: Shown, name: str, folder: Path) -> int:
    picture = PICTURES[name]
    path = made.path(picture.route)
    answer = made.look(picture.who, path)
    if answer.status_code != 200:  # noqa: PLR2004
        raise RuntimeError(f"{name}: {path} answers {answer.status_code}")
    shown.page.set_viewport_size({"width": picture.width, "height": picture.height})
    shown.page.emulate_media(color_scheme=picture.colours, reduced_motion="no-preference")
    shown.show(seen(picture.route, picture.who, answer))
    if picture.top != "body":
        shown.page.locator(picture.top).evaluate("one => one.scrollIntoView()")
    taken: bytes = shown.page.screenshot()
    if len(taken) > BYTES_MAX:
        raise RuntimeError(f"{name}: {len(taken)} bytes are more than {BYTES_MAX}")
    (folder / f"{name}.png").write_bytes(taken)
    return len(taken)


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; each picture is told with its size."""
    folder = Path(arguments[0]) if arguments else FOLDER
    for name, size in write(folder).items():
        print(f"{folder / name}.png: {size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

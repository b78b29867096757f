"""Pictures of pages: those of the README are there and small, and show the same each time."""

import re
from pathlib import Path
from typing import Final

from tests.web.evening import evening
from tools.screenshots import BYTES_MAX, FOLDER, PICTURES, SIGNATURE

ROOT: Final = Path(__file__).resolve().parent.parent
_OF_PAGES: Final = re.compile(r"docs/screenshots/([\w.-]+)")
_TOKENS: Final = re.compile(r'name="csrf_token" value="[^"]*"')


def shown(text: str) -> list[Path]:
    """The pictures of pages that a text shows."""
    return [FOLDER / name for name in _OF_PAGES.findall(text)]


def faults(path: Path) -> list[str]:
    """What is wrong with a picture."""
    if not path.is_file():
        return ["not there"]
    data = path.read_bytes()
    kinds = (("no PNG", not data.startswith(SIGNATURE)), ("too large", len(data) > BYTES_MAX))
    return [what for what, wrong in kinds if wrong]


def test_every_picture_of_the_readme_is_there_and_small() -> None:
    pictures = shown((ROOT / "README.md").read_text())
    assert len(pictures) >= 2
    assert {path.name: faults(path) for path in pictures if faults(path)} == {}


def test_the_folder_has_what_the_tool_writes_and_nothing_else() -> None:
    assert {path.stem for path in FOLDER.glob("*")} == set(PICTURES)
    assert {path.name: faults(path) for path in FOLDER.glob("*") if faults(path)} == {}


def test_a_picture_that_is_missing_large_or_none_is_seen(tmp_path: Path) -> None:
    large, text = tmp_path / "large.png", tmp_path / "text.png"
    large.write_bytes(SIGNATURE + bytes(BYTES_MAX))
    text.write_bytes(b"GIF89a")
    assert faults(large) == ["too large"]
    assert faults(text) == ["no PNG"]
    assert faults(tmp_path / "none.png") == ["not there"]
    assert shown("![one](docs/screenshots/one.png)") == [FOLDER / "one.png"]


def _pages() -> dict[str, str]:
    with evening() as made:
        return {
            name: _TOKENS.sub("", made.look(one.who, made.path(one.route)).text)
            for name, one in PICTURES.items()
        }


def test_what_is_pictured_is_the_same_each_time() -> None:
    assert _pages() == _pages()

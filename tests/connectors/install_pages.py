"""The set-up pages of the platforms, as tests read them."""

import base64
import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final

PAGES: Final = Path(__file__).parents[2] / "connectors"


def page(kind: str) -> str:
    """The page of a kind."""
    return (PAGES / kind / "INSTALL.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a page, without the indentation of the list that they stand in."""
    found = re.findall(rf"( *)```{language}\n(.*?)```", text, re.DOTALL)
    return [re.sub(rf"^{indent}", "", inner, flags=re.MULTILINE) for indent, inner in found]


def secrets_of(block: str) -> Iterable[tuple[str, str]]:
    """Each file that a `sources:` block names, and a secret of the scheme's form for it."""
    form = "whsec_" if "scheme: standard_webhooks" in block else ""
    for name in re.findall(r"file:(secrets/[\w.-]+)", block):
        yield name, form + base64.b64encode(sha256(name.encode()).digest()).decode()

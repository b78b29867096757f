"""The one browser of the tests: Debian's Chromium, driven by playwright; else a skip with why."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

CHROMIUM: Final = shutil.which("chromium")
ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]

needs_chromium: Final = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")


@contextmanager
def launched() -> Iterator[Any]:
    """A browser, closed at the end; every context of it is a person's own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()

"""`mail` of the settings: when the end of access is announced."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.adapters.test_configuration import edit, folder, load

__all__ = ["folder"]


@pytest.mark.parametrize(
    ("said", "notice"),
    [
        ("", timedelta(hours=1)),
        ("  remind_before_end: 30m\n", timedelta(minutes=30)),
        ("  remind_before_end: never\n", timedelta(0)),
    ],
    ids=["default", "said", "never"],
)
def test_an_end_is_announced_so_long_before(folder: Path, said: str, notice: timedelta) -> None:
    edit(folder, "ticketgate.yaml", "  user: gate\n", f"  user: gate\n{said}")
    assert load(folder).settings.mail.remind_before_end == notice

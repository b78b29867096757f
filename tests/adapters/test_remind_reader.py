"""`remind`: when approvers are reminded; without it nobody is."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.adapters.test_configuration import KNOWN, folder

from ticketgate.adapters.config.configuration import load_configuration
from ticketgate.domain.errors import ConfigurationError
from ticketgate.domain.telling.reminding import Reminding

__all__ = ["folder"]


def read(folder: Path, said: str) -> Reminding:
    path = folder / "ticketgate.yaml"
    path.write_text(path.read_text() + f"\nremind: {said}\n")
    return load_configuration(folder, environ={}, connectors=KNOWN).settings.reminding


def test_without_the_section_nobody_is_reminded(folder: Path) -> None:
    found = load_configuration(folder, environ={}, connectors=KNOWN).settings.reminding
    assert (found.before, found.per_day) == ((), 5)


def test_times_and_how_many_a_day_are_read(folder: Path) -> None:
    hour = timedelta(hours=1)
    assert read(folder, "{ before: [6h, 2h], per_day: 3 }") == Reminding((2 * hour, 6 * hour), 3)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("{}", "the key 'before' is missing"),
        ("{ before: [] }", "the list is empty"),
        ("{ before: [1m] }", "5m before the deadline or earlier"),
        ("{ before: [31d] }", "is longer than 30 days"),
        ("{ before: [soon] }", "is not a duration"),
        ("{ before: [2h, 120m] }", "listed twice"),
        (f"{{ before: [{', '.join(f'{n}h' for n in range(1, 10))}] }}", "at most 8 times"),
        ("{ before: [2h], per_day: 0 }", "from 1 to 50"),
        ("{ before: [2h], per_day: 51 }", "from 1 to 50"),
        ("{ before: [2h], quiet: true }", "unknown key 'quiet'"),
        ("[2h]", "must be a mapping"),
    ],
    ids=[
        "nothing", "empty", "short", "long", "word", "twice", "many", "none", "flood", "key",
        "list",
    ],
)  # fmt: skip
def test_what_is_not_in_order_is_refused(folder: Path, said: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(folder, said)
    assert says in " | ".join(one.text for one in caught.value.faults)

"""`velocity` of a source: what is said, what is not said, and what is refused."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.adapters.test_channels_reader import LINE
from tests.adapters.test_configuration import KNOWN, folder

from ticketgate.adapters.config.configuration import load_configuration
from ticketgate.domain.errors import ConfigurationError
from ticketgate.domain.requests.velocity import Rate, Velocity

__all__ = ["folder"]


def read(folder: Path, velocity: str | None) -> Velocity:
    """The limits of the shipped source with this key."""
    path = folder / "ticketgate.yaml"
    said = LINE if velocity is None else f"{LINE}\n    velocity: {velocity}"
    path.write_text(path.read_text().replace(LINE, said))
    known = load_configuration(folder, environ={}, connectors=KNOWN)
    return known.settings.sources["snow-prod"].velocity


def test_without_the_key_the_defaults_hold(folder: Path) -> None:
    ten = timedelta(minutes=10)
    assert read(folder, None) == Velocity(
        requests=Rate(50, ten), deliveries=Rate(60_000, ten), closings=Rate(20, ten)
    )


def test_what_is_not_said_keeps_its_default(folder: Path) -> None:
    found = read(folder, "{ requests: 5 per 1h }")
    assert found == Velocity(requests=Rate(5, timedelta(hours=1)))
    assert found.deliveries == Velocity().deliveries


@pytest.mark.parametrize(
    ("velocity", "why"),
    [
        ("{ requests: 50 }", "is not a rate such as `50 per 10m`"),
        ("{ deliveries: 0 per 10m }", "is not a rate"),
        ("{ requests: [1 per 1m] }", "must be text"),
        ("{ logins: 5 per 1h }", "unknown key 'logins'"),
        ("50 per 10m", "must be a mapping"),
    ],
)
def test_what_cannot_be_read_is_refused(folder: Path, velocity: str, why: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(folder, velocity)
    assert why in " | ".join(one.text for one in caught.value.faults)

"""I12: the same history comes to the same under any time zone, and over daylight saving.

Its log is compared, record by record: byte for byte where the history begins at the same moment,
and by the time since the beginning where it begins at another time of the year.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from tests.operations import fakes
from tests.operations.emergencies import HOUR
from tests.operations.kit import folder
from tests.operations.mixes import MACHINES, Deed
from tests.operations.whole_life import WholeLife

from ticketgate.domain import instants
from ticketgate.domain.instants import from_text, is_instant
from ticketgate.operations.requests import automatic

ZONES: Final = ("UTC", "America/New_York", "Asia/Kathmandu")
PLAIN: Final = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)
BACK: Final = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # New York sets its clocks at 06:00 UTC
FORWARD: Final = datetime(2027, 3, 14, 5, 30, tzinfo=UTC)  # and here at 07:00 UTC
DIGEST: Final = re.compile(r"[0-9a-f]{64}|sha256:.*|[A-Za-z0-9+/_=-]{43,}")
# By a rule once a day: the second waits for midnight in UTC. Then an extension, and an emergency.
OF_TIME: Final[list[Deed]] = [
    ("policy", "automatic"),
    ("ask", "r1"),
    ("ask", "r2"),
    ("give", "t1", None),
    ("longer", 4 * HOUR),
    ("invoke", "bob", False),
    ("tick", HOUR),
    ("tick", 18 * HOUR + HOUR // 2),
    ("tick", 26 * HOUR),
    ("review", "carol", "justified"),
]


@contextmanager
def zone(name: str) -> Iterator[None]:
    """The machine is in this time zone."""
    try:
        with patch.dict(os.environ, {"TZ": name}):
            time.tzset()
            yield
    finally:
        time.tzset()


def told(deeds: list[Deed], where: str, start: datetime = PLAIN) -> list[dict[str, Any]]:
    """The log that a history writes there and then."""
    with zone(where), folder() as path, patch.object(fakes, "MORNING", start):
        life = WholeLife(path)
        try:
            life.play(deeds)
            life.heal()
            return life.gate.records()
        finally:
            life.stop()


def since(start: datetime, value: Any) -> Any:  # noqa: ANN401 -- any JSON
    """A record with its times as distances from the start; a digest of a time tells nothing."""
    if isinstance(value, dict):
        return {name: since(start, one) for name, one in value.items()}
    if isinstance(value, list):
        return [since(start, one) for one in value]
    if not isinstance(value, str):
        return value
    if is_instant(value):
        return str(from_text(value) - start)
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return str(datetime.fromisoformat(value).replace(tzinfo=UTC) - start)
    return "digest" if DIGEST.fullmatch(value) else value


def compare(deeds: list[Deed]) -> None:
    first = told(deeds, ZONES[0])
    for other in ZONES[1:]:
        assert told(deeds, other) == first, other
    plain = since(PLAIN, first)
    for start in (BACK, FORWARD):
        assert since(start, told(deeds, "America/New_York", start)) == plain, start


@pytest.mark.untraced
def test_one_history_over_every_kind_of_time() -> None:
    compare(OF_TIME)
    types = {one["type"] for one in told(OF_TIME, "UTC")}
    assert {"grant.extended", "emergency.invoked", "review.done", "request.approved"} <= types


@pytest.mark.untraced
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(MACHINES["everything"])
def test_the_time_zone_of_the_machine_changes_nothing(deeds: list[Deed]) -> None:
    compare(deeds)


def _local_day(now: datetime) -> datetime:
    """The last moment of the day before, where the machine stands."""
    midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(UTC) - timedelta(microseconds=1)


def _local_text(moment: datetime) -> str:
    return moment.astimezone().replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("module", "name", "bug"),
    [(automatic, "before_today", _local_day), (instants, "_utc_text", _local_text)],
    ids=["a day is a local day", "times are written as local ones"],
)
def test_what_is_local_is_found(
    module: object, name: str, bug: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(module, name, bug)
    with pytest.raises((AssertionError, ValueError)):
        compare(OF_TIME)

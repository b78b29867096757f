"""What tests of the domain share."""

from collections.abc import Iterator

import pytest
from tests.segments import short_segments


@pytest.fixture(scope="module")
def in_short_segments() -> Iterator[None]:
    """What is left out is as many hashes as a segment has entries, and each takes its time."""
    with short_segments():
        yield

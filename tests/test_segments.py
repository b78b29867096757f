"""Short segments are short wherever the product looks, and only while they are asked for."""

from pathlib import Path

from tests.segments import HOLDERS, NAME, SHORT, WHOLE, short_segments
from tests.verifier import bundle_writer

import ticketgate
from ticketgate.verifier import verify


def test_every_module_that_knows_the_size_of_a_segment_is_on_the_list() -> None:
    package = Path(ticketgate.__path__[0])
    found = {path for path in package.rglob("*.py") if NAME in path.read_text()}
    assert found == {Path(module.__file__ or "") for module in HOLDERS}


def test_they_are_short_only_meanwhile() -> None:
    with short_segments(verify):
        assert {getattr(module, NAME) for module in HOLDERS} == {SHORT}
        assert verify.SEGMENT == bundle_writer.SEGMENT == SHORT
    assert {getattr(module, NAME) for module in HOLDERS} == {WHOLE}
    assert verify.SEGMENT == bundle_writer.SEGMENT == WHOLE

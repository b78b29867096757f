"""Segments of 1,024 entries: what is done to one is the same as to one of 65,536, and sooner.

Of what is tried with them something is tried with whole ones as well (`tests/cli/test_keeping.py`,
`tests/agreement/test_large.py`, `tests/verifier/test_segments.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

import pytest
from tests.verifier import bundle_writer

from ticketgate.adapters.copies import bundle_folder
from ticketgate.adapters.sqlite import evidence_tables, keeping
from ticketgate.domain.verifying import log_life, snapshot
from ticketgate.operations.evidence import export_evidence, prune

SHORT: Final[int] = 1 << 10
WHOLE: Final[int] = 1 << 16
NAME: Final = "SEGMENT_ENTRIES"
# `tests/test_segments.py` holds this against the sources.
HOLDERS: Final[tuple[ModuleType, ...]] = (
    bundle_folder, evidence_tables, keeping, log_life, snapshot, export_evidence, prune,
)  # fmt: skip


@contextmanager
def short_segments(*verifiers: ModuleType) -> Iterator[None]:
    """Segments are short meanwhile, in this process; to these verifiers and their writer too."""
    with pytest.MonkeyPatch.context() as patch:
        for module in HOLDERS:
            assert getattr(module, NAME) == WHOLE, module
            patch.setattr(module, NAME, SHORT)
        for module in verifiers and (bundle_writer, *verifiers):
            assert module.SEGMENT == WHOLE, module
            patch.setattr(module, "SEGMENT", SHORT)
        yield

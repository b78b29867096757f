"""What `policy test` needs: cases, and a gateway to rehearse each of them on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from ticketgate.adapters.config.configuration import Configuration
from ticketgate.adapters.config.connectors import configured_sources
from ticketgate.adapters.config.policy_test_file import load_cases
from ticketgate.adapters.rehearsal_stage import MemoryTargets, fresh_store
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.policy.policy_case import Case
from ticketgate.operations.trying.rehearsal import ORIGIN, Rehearsal, SetClock


def read_cases(path: Path, configuration: Configuration, now: datetime) -> tuple[Case, ...]:
    """The cases of a test file, on the configured directory and sources.

    Raises:
        ConfigurationError: with every fault of the file.
        TicketgateError: code `directory_unreadable`.
    """
    sources = configured_sources(configuration.settings.sources)
    return load_cases(path, configuration.directory.read(now), sources)


@contextmanager
def rehearsal(case: Case, policy: Policy) -> Iterator[Rehearsal]:
    """A gateway for one case, gone afterwards."""
    clock = SetClock(case.now)
    with fresh_store(ORIGIN, clock) as store:
        yield Rehearsal(store, clock, MemoryTargets(), policy, case.snapshot)
